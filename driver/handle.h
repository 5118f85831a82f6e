/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_HANDLE_H
#define WINUSB_HANDLE_H

#include <linux/kref.h>
#include <linux/types.h>

struct winusb_file;
struct winusb_interface;

/**
 * struct winusb_handle - What a program holds of an interface
 * @ref: One for the table, one for each call and request that uses it.
 * @wf: The file it is valid in. Outlives it: calls hold the file, and close frees the table.
 * @wi: The interface, held.
 * @number: Its number in the table.
 * @associated: It came from GET_ASSOCIATED_INTERFACE. Constant once published.
 * @shell: Takes its place in the table when the interface of its file leaves.
 */
struct winusb_handle {
	struct kref ref;
	struct winusb_file *wf;
	struct winusb_interface *wi;
	u32 number;
	bool associated;
	struct winusb_handle *shell;
};

struct winusb_handle *winusb_handle_initialize(struct winusb_file *wf);
struct winusb_handle *winusb_handle_get_associated(struct winusb_file *wf, u32 number, u8 index);
void winusb_handle_publish(struct winusb_handle *wh);
void winusb_handle_discard(struct winusb_handle *wh);
struct winusb_handle *winusb_handle_get(struct winusb_file *wf, u32 number);
void winusb_handle_put(struct winusb_handle *wh);
int winusb_handle_enter(struct winusb_handle *wh, bool nonblock);
void winusb_handle_leave(struct winusb_handle *wh);
int winusb_handle_set_setting(struct winusb_handle *wh, u8 alternate, bool nonblock);
int winusb_handle_free(struct winusb_file *wf, u32 number);
void winusb_handle_kill_associated(struct winusb_file *wf);
void winusb_handle_free_all(struct winusb_file *wf);

#endif /* WINUSB_HANDLE_H */
