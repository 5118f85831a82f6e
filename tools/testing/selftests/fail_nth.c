// SPDX-License-Identifier: MIT
/*
 * Every allocation and every copy that a sequence of calls makes fails once, by the kernel's fault
 * injection (/proc/self/fail-nth): the calls give an error of the contract or succeed, nothing is
 * lost, and afterwards all works. On a kernel with fault injection only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

static struct board *fx2, *composite;
static int fail_fd = -1;

static void attribute(const char *capability, const char *name, const char *value)
{
	char path[128];
	int result;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", capability, name);
	result = file_write(path, value);
	if (result)
		test_bail("write %s to %s: %s", value, path, test_errno(result));
}

/*
 * vhci_hcd loses a transfer for which it has no memory, and whoever waits for it waits for ever.
 * So no failure where its functions are on the stack.
 */
static void spare_vhci(const char *capability)
{
	char modules[8192], value[32];
	unsigned long long start;
	unsigned long size;
	const char *p;

	file_read("/proc/modules", modules, sizeof(modules));
	p = strstr(modules, "vhci_hcd ");
	if (!p || sscanf(p, "%*s %lu %*s %*s %*s %llx", &size, &start) != 2 || !start)
		test_bail("cannot tell where vhci_hcd is from /proc/modules");
	snprintf(value, sizeof(value), "0x%llx", start);
	attribute(capability, "reject-start", value);
	snprintf(value, sizeof(value), "0x%llx", start + size);
	attribute(capability, "reject-end", value);
	attribute(capability, "verbose", "0");
}

void test_setup(void)
{
	if (access("/proc/self/fail-nth", W_OK))
		test_skip_all("this kernel has no fault injection (uml-debug has)");
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
	spare_vhci("failslab");
	spare_vhci("fail_page_alloc");
	spare_vhci("fail_usercopy");
	/* All else may fail, also what may sleep. */
	attribute("failslab", "ignore-gfp-wait", "N");
	attribute("fail_page_alloc", "ignore-gfp-wait", "N");
	attribute("fail_page_alloc", "min-order", "0");
}

/* These calls copy too, so while something is armed they may be what fails. */
static void arm(int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", nth), tries;

	for (tries = 0; tries < 3; tries++) {
		if (pwrite(fail_fd, text, n, 0) == n)
			return;
		if (errno != EFAULT)
			break;
	}
	FAIL("fail-nth: %s", strerror(errno));
}

/* True if the failure hit the calls before this one. Nothing is armed afterwards. */
static bool disarm(void)
{
	char text[16] = "";
	ssize_t n = pread(fail_fd, text, sizeof(text) - 1, 0);
	bool used = n > 0 && atoi(text) == 0;

	if (n < 0 && errno != EFAULT)
		FAIL("fail-nth: %s", strerror(errno));
	arm(0);
	return used;
}

static bool is_allowed(int result)
{
	return result >= 0 || result == -ENOMEM || result == -EFAULT;
}

struct sequence {
	const char *label;
	int (*run)(void);
};

static int open_and_close(void)
{
	int fd = node_open(board_node(fx2, 0), O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd;
}

static int listen_and_close(void)
{
	int fd = node_open(board_node(fx2, 0), O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* The file and the handle that the sequences work on. */
static int fd;
static uint32_t handle;

static int initialize_and_free(void)
{
	uint32_t out;
	int result = node_initialize(fd, &out);

	return result ? result : node_free(fd, out);
}

static int associate_and_free(void)
{
	uint32_t out;
	int result = node_associated(fd, handle, 0, &out);

	return result ? result : node_free(fd, out);
}

static int read_descriptor(void)
{
	uint8_t data[255];

	return node_descriptor(fd, handle, 3, 1, 0x0409, data, sizeof(data), NULL);
}

static int control(void)
{
	uint8_t data[64];

	return node_control(fd, handle, 0xc1, 0xe5, 0, 0, 8, data, 8, NULL);
}

static int write_pipe(void)
{
	uint8_t data[700] = { 1 };

	return node_transfer(fd, handle, 0x01, data, sizeof(data), NULL);
}

static int read_pipe(void)
{
	uint8_t data[100];

	return node_transfer(fd, handle, 0x81, data, sizeof(data), NULL);
}

static int reset_pipe(void)
{
	return node_reset_pipe(fd, handle, 0x81);
}

static int policy(void)
{
	return node_timeout(fd, handle, 0x81, 5000 * test_scale());
}

static const struct sequence sequences[] = {
	{ "open", open_and_close }, { "listen", listen_and_close },
	{ "INITIALIZE", initialize_and_free }, { "GET_ASSOCIATED_INTERFACE", associate_and_free },
	{ "GET_DESCRIPTOR", read_descriptor }, { "TRANSFER_control", control },
	{ "TRANSFER_write", write_pipe }, { "TRANSFER_read", read_pipe },
	{ "RESET_PIPE", reset_pipe }, { "SET_PIPE_POLICY", policy },
};

static void works(void)
{
	uint8_t out[32], in[32];
	uint32_t moved;

	pattern(out, sizeof(out), 3);
	CHECK_OK(node_transfer(fd, handle, 0x01, out, sizeof(out), &moved));
	CHECK_EQ(moved, sizeof(out));
	CHECK_OK(node_transfer(fd, handle, 0x81, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(in));
	CHECK_MEM(in, out, sizeof(in));
}

static void drain(void)
{
	uint8_t data[4096];

	CHECK_OK(node_timeout(fd, handle, 0x81, 50 * test_scale()));
	while (node_transfer(fd, handle, 0x81, data, sizeof(data), NULL) == 0)
		;
	node_reset_pipe(fd, handle, 0x81);
	CHECK_OK(node_timeout(fd, handle, 0x81, 0));
}

TEST_EACH(each_failure_in_turn_is_survived, struct sequence, sequence, sequences)
{
	int nth, result = 0, failed = 0;

	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	CHECK(fail_fd >= 0);
	fd = node_open(board_node(composite, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	/* What a read of the sequence finds. */
	if (sequence->run == read_pipe)
		board_set(composite, "source=0x81");
	for (nth = 1; nth < 200; nth++) {
		arm(nth);
		result = sequence->run();
		if (!disarm())
			break;
		if (!is_allowed(result))
			FAIL("failure %d gave %s", nth, test_errno(result));
		failed += result < 0;
		/* A FREE that was not reached, or that failed, leaves a handle: begin anew. */
		if (sequence->run == associate_and_free || sequence->run == initialize_and_free) {
			close(fd);
			fd = node_open(board_node(composite, 0), O_RDWR);
			CHECK_OK(fd);
			CHECK_OK(node_initialize(fd, &handle));
		}
	}
	CHECK_OK(result);
	CHECK(nth < 200);
	test_note("%s: %d failures were injected, %d of them ended the call", sequence->label,
		  nth - 1, failed);
	if (sequence->run == read_pipe)
		board_set(composite, "normal=0x81");
	drain();
	works();
	close(fd);
	close(fail_fd);
}
