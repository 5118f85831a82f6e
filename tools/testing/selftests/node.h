/* SPDX-License-Identifier: MIT */
/* The driver's commands as C calls that give 0 or a negative errno. */
#ifndef WINUSB_SELFTEST_NODE_H
#define WINUSB_SELFTEST_NODE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/winusb.h>

int node_ioctl(int fd, unsigned long command, void *argument);

/* Opens the node NAME, for example "1-1:1.0"; a file descriptor or a negative errno. */
int node_open(const char *name, int flags);
/* The path of a node, in a buffer of the calling thread. */
const char *node_path(const char *name);

int node_initialize(int fd, uint32_t *handle);
int node_associated(int fd, uint32_t handle, unsigned int index, uint32_t *out);
int node_free(int fd, uint32_t handle);
int node_query(int fd, struct winusb_query *query);
int node_descriptor(int fd, uint32_t handle, uint8_t type, uint8_t index, uint16_t language,
		    void *buffer, uint32_t length, uint32_t *out_length);
int node_settings(int fd, uint32_t handle, uint8_t index, uint8_t descriptor[9]);
int node_speed(int fd, uint32_t handle, uint32_t *value);
int node_query_pipe(int fd, uint32_t handle, uint8_t setting, uint8_t index,
		    struct winusb_query_pipe *pipe);
int node_get_setting(int fd, uint32_t handle, uint8_t *setting);
int node_set_setting(int fd, uint32_t handle, uint8_t setting);
int node_get_policy(int fd, uint32_t handle, uint8_t pipe, uint32_t policy, uint32_t *value);
int node_set_policy(int fd, uint32_t handle, uint8_t pipe, uint32_t policy, uint32_t value);
int node_get_power(int fd, uint32_t handle, uint32_t policy, uint32_t *value);
int node_set_power(int fd, uint32_t handle, uint32_t policy, uint32_t value);
/* The transfer timeout policy. */
int node_timeout(int fd, uint32_t handle, uint8_t pipe, uint32_t ms);
int node_get_timeout(int fd, uint32_t handle, uint8_t pipe, uint32_t *ms);
int node_transfer(int fd, uint32_t handle, uint8_t pipe, void *buffer, uint32_t length,
		  uint32_t *out_length);
/* Fills a setup packet, eight bytes. */
void node_setup(uint8_t *setup, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
		uint16_t length);
int node_control(int fd, uint32_t handle, uint8_t type, uint8_t request, uint16_t value,
		 uint16_t index, uint16_t setup_length, void *buffer, uint32_t length,
		 uint32_t *out_length);
int node_abort(int fd, uint32_t handle, uint8_t pipe);
int node_reset_pipe(int fd, uint32_t handle, uint8_t pipe);
int node_flush(int fd, uint32_t handle, uint8_t pipe);
int node_reset_device(int fd, uint32_t handle);
int node_set_enabled(int fd, uint32_t handle, uint32_t enable);
int node_post(int fd, uint32_t handle, const uint8_t guid[16], const void *data, uint32_t length);
int node_listen(int fd, uint32_t flags);

/* A transfer in a thread of its own. */
struct job {
	pthread_t thread;
	int fd;
	uint32_t handle;
	uint8_t pipe;
	uint8_t setup[8];
	void *buffer;
	uint32_t length;
	int result;		/* 0 or a negative errno, after job_wait() */
	uint32_t moved;
	uint64_t order;		/* 1 for the first job that ended, and so on */
	uint64_t ended_ms;
	pid_t tid;
	int state;
};

/* Starts a transfer; the caller fills fd, handle, pipe, buffer, length (and setup). */
void job_start(struct job *job);
/* Starts it and returns when its thread sleeps in the kernel. */
void job_start_blocked(struct job *job);
void job_wait_blocked(struct job *job);
bool job_done(struct job *job);
/* Waits for its end and gives its result. Fails the test after SECONDS (scaled). */
int job_wait(struct job *job, unsigned int seconds);

/* True once the thread TID of this process, or process TID, sleeps. */
void wait_asleep(pid_t tid);

/* Fills with a pattern that differs at every place and for every seed. */
void pattern(void *buffer, size_t length, uint32_t seed);

#endif
