// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs post to the listeners of a function (winusb.md 6.2). It is copied once, before any
 * lock, and shared by the queues that it is in. Whoever posts waits for no listener.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "event.h"
#include "file.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "post.h"

/* The longest one is what the allocator has for 64 KiB, not the next size. */
static_assert(sizeof(struct winusb_post) + WINUSB_MAX_EVENT_DATA <= SZ_64K);

/**
 * winusb_post_alloc - Make a post
 * @guid: Its 16 bytes.
 * @length: Bytes of data, at most WINUSB_MAX_EVENT_DATA, for the caller to fill in.
 *
 * Return: The post, or NULL without memory.
 */
struct winusb_post *winusb_post_alloc(const u8 *guid, u32 length)
{
	struct winusb_post *post;

	post = kvmalloc(struct_size(post, data, length), GFP_KERNEL_ACCOUNT);
	if (!post)
		return NULL;
	kref_init(&post->ref);
	memcpy(post->guid, guid, sizeof(post->guid));
	post->length = length;
	return post;
}
WINUSB_EXPORT_FOR_TESTS(winusb_post_alloc);

/**
 * winusb_post_copy - Make a post from what a program has
 * @guid: Its 16 bytes.
 * @address: Where its data are in the program's memory. Not looked at if there are none.
 * @length: How many bytes, at most WINUSB_MAX_EVENT_DATA.
 *
 * Return: The post, -ENOMEM, or -EFAULT.
 */
struct winusb_post *winusb_post_copy(const u8 *guid, u64 address, u32 length)
{
	struct winusb_post *post;

	post = winusb_post_alloc(guid, length);
	if (!post)
		return ERR_PTR(-ENOMEM);
	if (length && (address != (unsigned long)address ||
		       copy_from_user(post->data, u64_to_user_ptr(address), length))) {
		winusb_post_put(post);
		return ERR_PTR(-EFAULT);
	}
	return post;
}

static void winusb_post_release(struct kref *ref)
{
	kvfree(container_of(ref, struct winusb_post, ref));
}

/**
 * winusb_post_put - Drop a reference to a post
 * @post: The post. The caller can sleep.
 */
void winusb_post_put(struct winusb_post *post)
{
	kref_put(&post->ref, winusb_post_release);
}
WINUSB_EXPORT_FOR_TESTS(winusb_post_put);

/**
 * winusb_post_send - Put a post into the queues of the listeners that want such
 * @wh: A handle of the function.
 * @post: The post. The caller keeps its reference.
 *
 * The lock gives all posts of a function one order, for all listeners.
 *
 * Return: 0, or -ENODEV after removal.
 */
int winusb_post_send(struct winusb_handle *wh, struct winusb_post *post)
{
	struct winusb_interface *wi;
	int ret = -ENODEV;

	mutex_lock(&winusb_functions_lock);
	if (!wh->wf->gone && !list_empty(&wh->wi->sibling)) {
		list_for_each_entry(wi, &wh->wi->fn->interfaces, sibling)
			winusb_events_post_custom(wi, post);
		ret = 0;
	}
	mutex_unlock(&winusb_functions_lock);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_post_send);
