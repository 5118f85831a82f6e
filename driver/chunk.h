/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_CHUNK_H
#define WINUSB_CHUNK_H

#include <linux/types.h>

struct winusb_request;

int winusb_chunk_fill(struct winusb_request *req);
bool winusb_chunk_take(struct winusb_request *req, size_t got);

#endif /* WINUSB_CHUNK_H */
