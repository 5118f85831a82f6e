/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_POLICY_H
#define WINUSB_POLICY_H

#include <linux/types.h>
#include <linux/usb/ch9.h>

#include <uapi/linux/winusb.h>

#define WINUSB_CONTROL_TIMEOUT_MS 5000	/* default of pipe 0 (winusb.md 2.1) */
#define WINUSB_UNLISTED_TRANSFER_SIZE 65536	/* without scatter lists: one piece of memory */

/**
 * struct winusb_policies - The policies of a pipe
 * @value: By their number. Each is written with WRITE_ONCE() under the pipe's lock, and may be read
 *	without it.
 */
struct winusb_policies {
	u32 value[WINUSB_POLICY_RESET_PIPE_ON_RESUME + 1];
};

void winusb_policy_set_defaults(struct winusb_policies *policies, bool control);
int winusb_policy_get(const struct winusb_policies *policies, u32 policy, u32 *value);
int winusb_policy_set(struct winusb_policies *policies, u32 policy, u32 value);
int winusb_policy_check(u32 policy, bool write);
u32 winusb_policy_transfer_size(enum usb_device_speed speed, u16 maxp, bool lists);

static inline u32 winusb_policy(const struct winusb_policies *policies, u32 policy)
{
	return READ_ONCE(policies->value[policy]);
}

#endif /* WINUSB_POLICY_H */
