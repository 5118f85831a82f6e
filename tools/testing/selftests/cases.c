// SPDX-License-Identifier: MIT
/* What the behaviour cases of doors.c share. */
#include <fcntl.h>
#include <stdlib.h>

#include "cases.h"

enum { GUARD = 64, UNTOUCHED = 0xcc };

struct board *case_fx2, *case_full, *case_composite;
int case_fd;
uint32_t case_handle, case_moved;

static enum door case_door;

void case_begin(enum door door)
{
	case_door = door;
}

void case_open(struct board *board, unsigned int interface)
{
	case_fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(case_fd);
	CHECK_OK(node_initialize(case_fd, &case_handle));
	door_enter(case_door, case_fd, case_handle);
}

void case_open_fx2(void)
{
	case_open(case_fx2, 0);
}

void case_policy(uint8_t pipe, uint32_t policy, uint32_t value)
{
	CHECK_OK(node_set_policy(case_fd, case_handle, pipe, policy, value));
}

/* What a ring has to do in this thread may end a write in the middle; then the rest follows. */
void case_feed_pipe(uint8_t pipe, const void *data, uint32_t length)
{
	uint8_t *rest = (uint8_t *)(uintptr_t)data;
	int result;

	do {
		result = node_transfer(case_fd, case_handle, pipe, rest, length, &case_moved);
		rest += case_moved;
		length -= case_moved;
	} while (result == -EINTR && length);
	if (result != -EINTR)
		CHECK_OK(result);
	CHECK_EQ(length, 0);
}

void case_feed(const void *data, uint32_t length)
{
	case_feed_pipe(FX2_BULK_OUT, data, length);
}

void case_feed_text(const char *text)
{
	case_feed(text, strlen(text));
}

/*
 * Short ones begin at an odd place, so that nothing depends on how memory is laid out, and long
 * ones where a host controller can write to them.
 */
void *case_buffer(uint32_t length)
{
	uint32_t odd = length < PACKET ? 1 : 0;
	uint8_t *memory = malloc(GUARD + odd + length + GUARD);

	CHECK(memory);
	memset(memory, UNTOUCHED, GUARD + odd + length + GUARD);
	return memory + GUARD + odd;
}

static void check_untouched(const uint8_t *from, uint32_t length, const char *where)
{
	uint32_t i;

	for (i = 0; i < length; i++)
		if (from[i] != UNTOUCHED)
			FAIL("byte %u %s is 0x%02x", i, where, from[i]);
}

void case_check(struct trip *trip, int status, const void *expected, uint32_t length)
{
	const uint8_t *in = trip->buffer;

	if (door_wait(trip) != status)
		FAIL("the transfer on pipe 0x%02x ended with %s, not %s, and moved %u bytes",
		     trip->pipe, test_errno(trip->status), test_errno(status), trip->moved);
	CHECK_EQ(trip->moved, length);
	if (length)
		CHECK_MEM(in, expected, length);
	check_untouched(in + length, trip->length - length, "behind what was counted");
	check_untouched(in - GUARD, GUARD, "of the guard before the buffer");
	check_untouched(in + trip->length, GUARD, "behind the buffer");
}

bool case_in_order(const struct trip *first, const struct trip *second)
{
	return case_door == DOOR_BLOCKING || first->order < second->order;
}

void case_read(uint32_t ask, int status, const void *expected, uint32_t length)
{
	struct trip trip;

	door_start_read(&trip, FX2_BULK_IN, case_buffer(ask), ask);
	case_check(&trip, status, expected, length);
}

void case_read_text(uint32_t ask, const char *expected)
{
	case_read(ask, 0, expected, strlen(expected));
}

void case_write(const void *data, uint32_t length)
{
	CHECK_OK(door_move(FX2_BULK_OUT, (void *)(uintptr_t)data, length, &case_moved));
	CHECK_EQ(case_moved, length);
}

void case_counting(uint8_t *data, uint32_t length, uint32_t from)
{
	uint32_t i;

	for (i = 0; i < length; i++)
		data[i] = (from + i) % 251;
}

void case_works(void)
{
	char out[] = "works";

	case_write(out, 5);
	case_read_text(64, "works");
}
