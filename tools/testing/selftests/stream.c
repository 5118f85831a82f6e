// SPDX-License-Identifier: MIT
/* The bytes of the gadget's streams. */
#include "gadget.h"
#include "test.h"

uint8_t gadget_byte(enum gadget_pipe pipe, unsigned int epoch, uint64_t place)
{
	uint32_t word = (place / 4 + 1) * 2654435761u ^ (epoch * GADGET_PIPES + pipe) * 40503u;

	return (word ^ word >> 15) >> place % 4 * 8;
}

void gadget_fill(enum gadget_pipe pipe, unsigned int epoch, uint64_t place, void *out,
		 size_t length)
{
	uint8_t *bytes = out;
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = gadget_byte(pipe, epoch, place + i);
}

size_t gadget_compare(enum gadget_pipe pipe, unsigned int epoch, uint64_t place,
		      const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (data[i] != gadget_byte(pipe, epoch, place + i))
			break;
	return i;
}

void gadget_check(enum gadget_pipe pipe, unsigned int epoch, uint64_t place, const void *data,
		  size_t length)
{
	const uint8_t *bytes = data;
	size_t good = gadget_compare(pipe, epoch, place, bytes, length);
	uint64_t from;

	if (good == length)
		return;
	/* Where they are from is the best hint. */
	for (from = place > 65536 ? place - 65536 : 0; from < place + 65536; from++)
		if (length - good >= 8 && gadget_compare(pipe, epoch, from, bytes + good, 8) == 8)
			FAIL("pipe 0x%02x: byte %zu of %zu is not that at %llu, but that at %llu",
			     gadget_address(pipe), good, length, (unsigned long long)place + good,
			     (unsigned long long)from);
	FAIL("pipe 0x%02x: byte %zu of %zu, at %llu of epoch %u, is wrong", gadget_address(pipe),
	     good, length, (unsigned long long)place + good, epoch);
}
