/* SPDX-License-Identifier: MIT */
#ifndef LIB_MESSAGE_H
#define LIB_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct message {
	uint32_t number;
	const char *text;
};

extern const struct message messages[];
extern const size_t message_count;

/* NULL: there is none. */
const char *message_find(uint32_t number);

#endif
