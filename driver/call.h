/* SPDX-License-Identifier: GPL-2.0-only */
/* One call of a command: what ioctl.c hands to the function that carries it out. */
#ifndef WINUSB_CALL_H
#define WINUSB_CALL_H

#include <linux/string.h>
#include <linux/types.h>

#include <uapi/linux/winusb.h>

#include "handle.h"

struct winusb_file;

#define WINUSB_ARGUMENT_MAX 4096	/* bytes of a structure, whatever its tail */

union winusb_argument {
	struct winusb_query query;
	struct winusb_initialize initialize;
	struct winusb_get_associated_interface associated;
	struct winusb_free free;
	struct winusb_get_descriptor descriptor;
	struct winusb_query_interface_settings settings;
	struct winusb_query_device_information information;
	struct winusb_query_pipe query_pipe;
	struct winusb_get_alternate_setting get_setting;
	struct winusb_set_alternate_setting set_setting;
	struct winusb_pipe_policy policy;
	struct winusb_transfer transfer;
	struct winusb_pipe_command pipe;
	struct winusb_reset_device reset;
	struct winusb_submit submit;
	struct winusb_cancel cancel;
	struct winusb_set_eventfd eventfd;
	struct winusb_set_interface_state state;
	struct winusb_post_event post;
	struct winusb_listen listen;
	struct winusb_power_policy power;
	struct winusb_register_isoch_buffer register_buffer;
	struct winusb_unregister_isoch_buffer unregister_buffer;
	struct winusb_get_frame frame;
	struct winusb_reap reap;
};

/**
 * struct winusb_call - One call of a command
 * @wf: The file. The VFS holds it.
 * @nonblock: The file is in non-blocking mode.
 * @user: The caller's structure.
 * @user_size: Its size as the caller says.
 * @size: Its size as the kernel knows it.
 * @reply_first: Where its results begin, or what is copied out along with them.
 * @reply_end: Where they end.
 * @replied: The results were copied out already.
 * @arg: Our copy.
 */
struct winusb_call {
	struct winusb_file *wf;
	bool nonblock;
	void __user *user;
	u32 user_size;
	u32 size;
	u32 reply_first;
	u32 reply_end;
	bool replied;
	union winusb_argument arg;
};

/* Every structure begins with these, QUERY's without the handle. */
struct winusb_header {
	u32 size;
	u32 handle;
};

#define WINUSB_IS_ZERO(field) (!memchr_inv(&(field), 0, sizeof(field)))

static inline struct winusb_handle *winusb_call_handle(struct winusb_call *call)
{
	const struct winusb_header *header = (const void *)&call->arg;

	return winusb_handle_get(call->wf, header->handle);
}

#endif /* WINUSB_CALL_H */
