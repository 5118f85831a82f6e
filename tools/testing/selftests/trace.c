// SPDX-License-Identifier: MIT
/* The tracepoints tell the story of a transfer: submit, URB, cancel, complete. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "test.h"

#define TRACING "/sys/kernel/tracing"

static struct board *fx2;
static int fd;
static uint32_t handle, moved;
static char story[65536];

void test_setup(void)
{
	if (access(TRACING "/trace", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "/events/winusb", F_OK))
		test_skip_all("this kernel has no tracefs, or no events of winusb in it");
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void begin(void)
{
	/* That it is cut to nothing is what clears it. */
	int trace = open(TRACING "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	CHECK(trace >= 0);
	close(trace);
	CHECK_OK(file_write(TRACING "/events/winusb/enable", "1"));
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static void end(void)
{
	CHECK_OK(file_write(TRACING "/events/winusb/enable", "0"));
	CHECK(file_read(TRACING "/trace", story, sizeof(story)) > 0);
}

/* The line of EVENT that has WORDS too, or a failure. */
static const char *line_of(const char *event, const char *words)
{
	static char line[512];
	const char *p, *stop;

	for (p = story; (p = strstr(p, event)); p = stop) {
		stop = p + strcspn(p, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(stop - p), p);
		if (strstr(line, words))
			return line;
	}
	FAIL("no %s with \"%s\" in the trace", event, words);
}

/* A number behind " key=". */
static long long number(const char *line, const char *key)
{
	const char *p = strstr(line, key);

	if (!p)
		FAIL("no %s in \"%s\"", key, line);
	return atoll(p + strlen(key));
}

TEST(a_transfer_is_told_from_submit_to_complete)
{
	char in[700];

	begin();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 1));
	test_sleep_ms(20);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "traced", 6, &moved));
	async_expect(fd, 1, 0, 6);
	end();
	CHECK_EQ(number(line_of("winusb_submit:", "pipe=0x88"), " length="), 700);
	CHECK_EQ(number(line_of("winusb_urb:", "pipe=0x88"), " chunk="), 1024);
	CHECK_EQ(number(line_of("winusb_complete:", "pipe=0x88"), " error="), 0);
	CHECK_EQ(number(line_of("winusb_complete:", "pipe=0x88"), " length="), 6);
	/* The latency is at least the time that it waited. */
	CHECK(number(line_of("winusb_complete:", "pipe=0x88"), " latency_ns=") >= 20000000);
	CHECK_EQ(number(line_of("winusb_complete:", "pipe=0x06"), " length="), 6);
}

TEST(a_cancel_is_told)
{
	char in[64];

	begin();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 1));
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, 0);
	end();
	CHECK_EQ(number(line_of("winusb_cancel:", "pipe=0x88"), " error="), -ECANCELED);
	CHECK_EQ(number(line_of("winusb_complete:", "pipe=0x88"), " error="), -ECANCELED);
}
