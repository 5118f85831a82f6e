/* SPDX-License-Identifier: MIT */
/* Asynchronous transfers and their records, as C calls that give 0 or a negative errno. */
#ifndef WINUSB_SELFTEST_ASYNC_H
#define WINUSB_SELFTEST_ASYNC_H

#include <stdint.h>

#include "node.h"

/* An element for SUBMIT, or an argument of TRANSFER. */
struct winusb_transfer async_transfer(uint32_t handle, uint8_t pipe, void *buffer,
				      uint32_t length, uint64_t cookie);
/* TRANSFER with WINUSB_TRANSFER_ASYNC. */
int async_start(int fd, uint32_t handle, uint8_t pipe, void *buffer, uint32_t length,
		uint64_t cookie);
/* OUT_COUNT may be NULL. */
int async_submit(int fd, const struct winusb_transfer *transfers, unsigned int count,
		 uint32_t *out_count);
int async_cancel(int fd, uint64_t cookie, uint32_t *out_count);
int async_cancel_all(int fd, uint32_t *out_count);
/* And what threads of this process are blocked in. */
int async_cancel_blocked(int fd, uint32_t *out_count);
int async_eventfd(int fd, int eventfd);

/* True if poll(2) says POLLIN within MS milliseconds. */
bool async_ready(int fd, unsigned int ms);
/* Waits for the next record. Fails the test if none comes within ten seconds (scaled). */
struct winusb_completion async_wait(int fd);
/* Waits for it and checks the most important of it. */
void async_expect(int fd, uint64_t cookie, int status, uint32_t length);
/* There is no record. */
void async_expect_none(int fd);

#endif
