/* SPDX-License-Identifier: MIT */
/* Blocks of memory of all of Windows' allocators. */
#ifndef LIB_MEMORY_H
#define LIB_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct heap;

/* In front of each block; the memory begins behind it and is aligned as malloc()'s. */
struct block {
	struct block *next, **link;	/* among its heap's blocks; unused in the process heap */
	struct heap *heap;
	size_t size;			/* as asked for */
	uint32_t magic;
	uint32_t flags;			/* LMEM_MOVEABLE */
} __attribute__((__aligned__(16)));

#endif
