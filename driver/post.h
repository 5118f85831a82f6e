/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_POST_H
#define WINUSB_POST_H

#include <linux/kref.h>
#include <linux/types.h>

struct winusb_handle;

/**
 * struct winusb_post - What a program posted to the listeners of a function
 * @ref: One for the poster, one for each queue that it is in.
 * @guid: As the program gave it. Constant.
 * @length: Bytes at @data. Constant.
 * @data: What came with it. Constant once it was sent.
 */
struct winusb_post {
	struct kref ref;
	u8 guid[16];
	u32 length;
	u8 data[];
};

struct winusb_post *winusb_post_alloc(const u8 *guid, u32 length);
struct winusb_post *winusb_post_copy(const u8 *guid, u64 address, u32 length);
void winusb_post_put(struct winusb_post *post);
int winusb_post_send(struct winusb_handle *wh, struct winusb_post *post);

#endif /* WINUSB_POST_H */
