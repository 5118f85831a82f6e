// SPDX-License-Identifier: MIT
/*
 * Memory that takes its time: userfaultfd lets a page fault wait for us, and so does a file system
 * of ours. That one is a process of its own: whoever waits for it could not be killed otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/fuse.h>
#include <linux/userfaultfd.h>

#include "slow.h"
#include "test.h"

enum { PAGE = 4096, FILE_INODE = 2 };

static enum slow_kind current;
static uint8_t *slow;
static int faults, file;

/* What this process and the file system's have in common. */
static struct shared {
	int serving;		/* reads are answered */
	int waiting;		/* there is one that is not */
} *shared;

static int get(const int *value)
{
	return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

static void put(int *value, int to)
{
	__atomic_store_n(value, to, __ATOMIC_RELEASE);
}

static void open_userfaultfd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);	/* or poll(2) does not wait */
	if (faults < 0)
		test_skip("this kernel has no userfaultfd: %s", strerror(errno));
	CHECK_EQ(ioctl(faults, UFFDIO_API, &api), 0);
	slow = mmap(NULL, SLOW_LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(slow != MAP_FAILED);
	area.range.start = (uintptr_t)slow;
	area.range.len = SLOW_LENGTH;
	CHECK_EQ(ioctl(faults, UFFDIO_REGISTER, &area), 0);
}

/* The file system: a directory and one file of zeros, whose reads wait. */

static void fill_attributes(struct fuse_attr *attr, uint64_t inode)
{
	attr->ino = inode;
	attr->mode = inode == FILE_INODE ? S_IFREG | 0600 : S_IFDIR | 0700;
	attr->nlink = 1;
	attr->size = inode == FILE_INODE ? SLOW_LENGTH : 0;
	attr->blksize = PAGE;
}

static size_t answer_read(const struct fuse_read_in *in, uint8_t *out)
{
	uint32_t size = in->size;

	put(&shared->waiting, 1);
	while (!get(&shared->serving))
		usleep(1000);
	put(&shared->waiting, 0);
	if (in->offset >= SLOW_LENGTH)
		return 0;
	if (size > SLOW_LENGTH - in->offset)
		size = SLOW_LENGTH - in->offset;
	memset(out, 0, size);
	return size;
}

/* The length of the answer at OUT, or a negative errno. */
static ssize_t answer(const struct fuse_in_header *head, const void *in, void *out)
{
	struct fuse_init_out *init = out;
	struct fuse_entry_out *entry = out;
	struct fuse_attr_out *attr = out;
	struct fuse_open_out *open = out;

	switch (head->opcode) {
	case FUSE_INIT:
		memset(init, 0, sizeof(*init));
		init->major = FUSE_KERNEL_VERSION;
		init->minor = 31;
		init->max_write = PAGE;
		return sizeof(*init);
	case FUSE_LOOKUP:
		memset(entry, 0, sizeof(*entry));
		entry->nodeid = FILE_INODE;
		entry->entry_valid = 3600;
		entry->attr_valid = 3600;
		fill_attributes(&entry->attr, FILE_INODE);
		return sizeof(*entry);
	case FUSE_GETATTR:
		memset(attr, 0, sizeof(*attr));
		attr->attr_valid = 3600;
		fill_attributes(&attr->attr, head->nodeid);
		return sizeof(*attr);
	case FUSE_OPEN:
		memset(open, 0, sizeof(*open));
		return sizeof(*open);
	case FUSE_READ:
		return answer_read(in, out);
	}
	return -ENOSYS;
}

static void file_system(int device)
{
	static uint8_t request[SLOW_LENGTH + 2 * PAGE], reply[SLOW_LENGTH + 2 * PAGE];
	const struct fuse_in_header *head = (void *)request;
	struct fuse_out_header *out = (void *)reply;
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		n = read(device, request, sizeof(request));
		if (n < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (n < (ssize_t)sizeof(*head))
			_exit(0);
		if (head->opcode == FUSE_FORGET || head->opcode == FUSE_BATCH_FORGET)
			continue;
		n = answer(head, head + 1, out + 1);
		out->len = sizeof(*out) + (n > 0 ? n : 0);
		out->error = n < 0 ? n : 0;
		out->unique = head->unique;
		if (write(device, reply, out->len) < 0 && errno == ENODEV)
			_exit(0);
	}
}

static void open_fuse(void)
{
	char directory[] = "/tmp/winusb-slow-XXXXXX", options[100], path[100];
	int device;
	pid_t pid;

	if (access("/dev/fuse", F_OK) && system("modprobe -q fuse 2>/dev/null"))
		test_note("modprobe does not know fuse");
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		test_skip("this kernel has no FUSE: %s", strerror(errno));
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK(mkdtemp(directory));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (mount("winusb-slow", directory, "fuse", MS_NOSUID | MS_NODEV, options))
		test_skip("FUSE cannot be mounted here: %s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		file_system(device);
	close(device);
	snprintf(path, sizeof(path), "%s/slow", directory);
	file = open(path, O_RDONLY | O_CLOEXEC);
	umount2(directory, MNT_DETACH);
	rmdir(directory);
	CHECK(file >= 0);
	slow = mmap(NULL, SLOW_LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	CHECK(slow != MAP_FAILED);
}

uint8_t *slow_open(enum slow_kind kind)
{
	current = kind;
	if (kind == SLOW_FUSE)
		open_fuse();
	else
		open_userfaultfd();
	return slow;
}

void slow_wait_fault(void)
{
	struct pollfd poll_fd = { .fd = faults, .events = POLLIN };
	uint64_t end = test_now_ms() + 10000 * test_scale();

	if (current == SLOW_USERFAULTFD && poll(&poll_fd, 1, 10000 * test_scale()) == 1) {
		CHECK_EQ(poll_fd.revents, POLLIN);
		return;
	}
	while (current == SLOW_FUSE && test_now_ms() < end) {
		if (get(&shared->waiting))
			return;
		test_sleep_ms(1);
	}
	FAIL("nobody touched the slow memory");
}

void slow_serve(void)
{
	struct uffdio_zeropage zero = { 0 };
	uint8_t *page;
	size_t i;

	if (current == SLOW_FUSE)
		put(&shared->serving, 1);
	for (i = 0; i < SLOW_LENGTH; i += PAGE) {
		page = slow + i;
		zero.range.start = (uintptr_t)page;
		zero.range.len = PAGE;
		if (current == SLOW_FUSE)
			__atomic_load_n(page, __ATOMIC_RELAXED);
		else if (ioctl(faults, UFFDIO_ZEROPAGE, &zero))
			CHECK_EQ(errno, EEXIST);
	}
}

void slow_forget(void)
{
	if (current == SLOW_FUSE)
		put(&shared->serving, 0);
	CHECK_EQ(madvise(slow, SLOW_LENGTH, MADV_DONTNEED), 0);
	if (current == SLOW_FUSE)
		CHECK_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
}
