// SPDX-License-Identifier: MIT
/* Transfers in threads of their own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node.h"
#include "test.h"

enum { JOB_NEW, JOB_CALLING, JOB_DONE };

static uint64_t jobs_ended;

static void *job_main(void *data)
{
	struct job *job = data;
	struct winusb_transfer arg = {
		.size = sizeof(arg), .handle = job->handle, .pipe_id = job->pipe,
		.buffer = (uintptr_t)job->buffer, .length = job->length,
	};

	memcpy(arg.setup, job->setup, sizeof(arg.setup));
	__atomic_store_n(&job->tid, gettid(), __ATOMIC_RELEASE);
	__atomic_store_n(&job->state, JOB_CALLING, __ATOMIC_RELEASE);
	job->result = ioctl(job->fd, WINUSB_IOC_TRANSFER, &arg) < 0 ? -errno : 0;
	job->moved = arg.out_length;
	job->ended_ms = test_now_ms();
	job->order = __atomic_add_fetch(&jobs_ended, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&job->state, JOB_DONE, __ATOMIC_RELEASE);
	return NULL;
}

void job_start(struct job *job)
{
	pthread_attr_t attr;
	int error;

	job->state = JOB_NEW;
	job->tid = 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	error = pthread_create(&job->thread, &attr, job_main, job);
	pthread_attr_destroy(&attr);
	if (error)
		FAIL("pthread_create: %s", strerror(error));
}

static char thread_state(pid_t tid)
{
	char path[64], text[256], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	p = strrchr(text, ')');
	return p && p[1] ? p[2] : 0;
}

void wait_asleep(pid_t tid)
{
	int asleep = 0;

	/* Asleep at three looks in a row: a short sleep on a mutex is not the one that is meant. */
	while (asleep < 3) {
		char state = thread_state(tid);

		asleep = state == 'S' || state == 'D' ? asleep + 1 : 0;
		if (!state)
			return;
		test_sleep_ms(2);
	}
}

void job_wait_blocked(struct job *job)
{
	while (__atomic_load_n(&job->state, __ATOMIC_ACQUIRE) == JOB_NEW)
		test_sleep_ms(1);
	wait_asleep(job->tid);
}

void job_start_blocked(struct job *job)
{
	job_start(job);
	job_wait_blocked(job);
}

bool job_done(struct job *job)
{
	return __atomic_load_n(&job->state, __ATOMIC_ACQUIRE) == JOB_DONE;
}

int job_wait(struct job *job, unsigned int seconds)
{
	uint64_t end = test_now_ms() + (uint64_t)seconds * 1000 * test_scale();

	while (!job_done(job)) {
		if (test_now_ms() > end)
			FAIL("a transfer on pipe 0x%02x did not end in %u s", job->pipe,
			     seconds * test_scale());
		test_sleep_ms(1);
	}
	pthread_join(job->thread, NULL);
	return job->result;
}
