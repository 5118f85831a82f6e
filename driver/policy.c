// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pipe policies: their numbers, ranges, defaults and limits (winusb.md 2.1). What they do is in
 * queue.c. No I/O, no locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/nospec.h>

#include "compat.h"
#include "policy.h"

/* What current Windows says (winusb.md 2.1), 2043 packets of 1024 bytes. */
#define WINUSB_TRANSFER_SIZE_HIGH 0x1fec00
#define WINUSB_TRANSFER_SIZE_FULL 0x40000

/**
 * winusb_policy_set_defaults - Set what a program may change to what it finds first
 * @policies: The policies. MAXIMUM_TRANSFER_SIZE stays.
 * @control: They are the control pipe's.
 */
void winusb_policy_set_defaults(struct winusb_policies *policies, bool control)
{
	u32 policy, value;

	for (policy = 1; policy < ARRAY_SIZE(policies->value); policy++) {
		if (policy == WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE)
			continue;
		value = 0;
		if (policy == WINUSB_POLICY_ALLOW_PARTIAL_READS)
			value = 1;
		if (policy == WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT && control)
			value = WINUSB_CONTROL_TIMEOUT_MS;
		WRITE_ONCE(policies->value[policy], value);
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_policy_set_defaults);

/**
 * winusb_policy_check - Is there such a policy?
 * @policy: WINUSB_POLICY_ number.
 * @write: And can it be set?
 *
 * Return: 0, or -EINVAL.
 */
int winusb_policy_check(u32 policy, bool write)
{
	if (policy < WINUSB_POLICY_SHORT_PACKET_TERMINATE ||
	    policy > WINUSB_POLICY_RESET_PIPE_ON_RESUME)
		return -EINVAL;
	return write && policy == WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE ? -EINVAL : 0;
}

/**
 * winusb_policy_get - Read a policy
 * @policies: The policies.
 * @policy: WINUSB_POLICY_ number.
 * @value: Where the value goes.
 *
 * Return: 0, or -EINVAL for an unknown number.
 */
int winusb_policy_get(const struct winusb_policies *policies, u32 policy, u32 *value)
{
	int ret = winusb_policy_check(policy, false);

	if (ret)
		return ret;
	policy = array_index_nospec(policy, ARRAY_SIZE(policies->value));
	*value = winusb_policy(policies, policy);
	return 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_policy_get);

/**
 * winusb_policy_set - Set a policy
 * @policies: The policies.
 * @policy: WINUSB_POLICY_ number.
 * @value: The value. For a switch, anything but 0 is on.
 *
 * Return: 0, or -EINVAL for an unknown number or one that can only be read.
 */
int winusb_policy_set(struct winusb_policies *policies, u32 policy, u32 value)
{
	int ret = winusb_policy_check(policy, true);

	if (ret)
		return ret;
	policy = array_index_nospec(policy, ARRAY_SIZE(policies->value));
	WRITE_ONCE(policies->value[policy],
		   policy == WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT ? value : !!value);
	return 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_policy_set);

/**
 * winusb_policy_transfer_size - The MAXIMUM_TRANSFER_SIZE of a pipe
 * @speed: Of the device.
 * @maxp: Bytes of a packet, not 0.
 * @lists: The host controller takes scatter lists for this pipe.
 *
 * Return: Bytes, a multiple of @maxp.
 */
u32 winusb_policy_transfer_size(enum usb_device_speed speed, u16 maxp, bool lists)
{
	u32 size = speed >= USB_SPEED_HIGH ? WINUSB_TRANSFER_SIZE_HIGH : WINUSB_TRANSFER_SIZE_FULL;

	if (!lists)
		size = WINUSB_UNLISTED_TRANSFER_SIZE;
	return rounddown(size, maxp);
}
WINUSB_EXPORT_FOR_TESTS(winusb_policy_transfer_size);
