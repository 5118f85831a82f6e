// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: the numbers that stand for WINUSB_INTERFACE_HANDLE, in a table of each file (winusb.md
 * 1.2). A number is reserved, the handle is filled, its number is copied to user space, and only
 * then it is published, so that nothing visible ever needs to be undone. Numbers are given out in
 * turn: one that was freed comes back late.
 *
 * An associated handle makes its interface acquired (&winusb_interface.associated) until its last
 * reference is gone, which may be after FREE if requests are still running. Whoever drops that one
 * makes the interface as it was before, unless the file has the whole function and its close does.
 *
 * When the interface of the file leaves, each of its associated handles is replaced in the table
 * by a shell, which was made along with it: the number stays valid and answers queries, and the
 * interface is given up in that same way.
 */
#include <linux/lockdep.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "compat.h"
#include "file.h"
#include "function.h"
#include "handle.h"
#include "interface.h"

static void winusb_handle_set_interface(struct winusb_handle *wh, struct winusb_interface *wi)
{
	winusb_interface_get(wi);	/* put in winusb_handle_dispose() */
	wh->wi = wi;
}

/* It has no interface yet. */
static struct winusb_handle *winusb_handle_alloc(struct winusb_file *wf)
{
	struct winusb_handle *wh;

	wh = kzalloc(sizeof(*wh), GFP_KERNEL_ACCOUNT);
	if (!wh)
		return NULL;
	kref_init(&wh->ref);	/* the table's */
	wh->wf = wf;
	return wh;
}

/*
 * Give up the interface if this handle made it acquired. A file that has the whole function
 * restores it at its end, see winusb_file_take(); this is decided in one step with giving it up.
 * @locked: the caller holds the device lock.
 */
static void winusb_handle_disassociate(struct winusb_handle *wh, bool locked)
{
	struct winusb_interface *wi = wh->wi;

	mutex_lock(&winusb_functions_lock);
	if (wi->associated == wh && (wi->fn->opener != wh->wf || wh->wf->gone)) {
		/* Nobody else can become the one that has it while it is us. */
		mutex_unlock(&winusb_functions_lock);
		winusb_interface_restore(wi, locked);
		mutex_lock(&winusb_functions_lock);
	}
	if (wi->associated == wh)
		wi->associated = NULL;
	mutex_unlock(&winusb_functions_lock);
}

static void winusb_handle_dispose(struct winusb_handle *wh)
{
	if (wh->wi)
		winusb_interface_put(wh->wi);
	kfree(wh);
}

static void winusb_handle_destroy(struct winusb_handle *wh, bool locked)
{
	if (wh->associated)
		winusb_handle_disassociate(wh, locked);
	if (wh->shell)	/* nobody else ever saw it */
		winusb_handle_dispose(wh->shell);
	winusb_handle_dispose(wh);
}

static void winusb_handle_release(struct kref *ref)
{
	winusb_handle_destroy(container_of(ref, struct winusb_handle, ref), false);
}

static void winusb_handle_release_locked(struct kref *ref)
{
	winusb_handle_destroy(container_of(ref, struct winusb_handle, ref), true);
}

/**
 * winusb_handle_put - Drop a reference to a handle
 * @wh: The handle. The caller can sleep and, if it is a published one, holds no lock.
 */
void winusb_handle_put(struct winusb_handle *wh)
{
	kref_put(&wh->ref, winusb_handle_release);
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_put);

/* Give the handle a number that nobody finds yet. Takes the handle, also on failure. */
static struct winusb_handle *winusb_handle_reserve(struct winusb_file *wf,
						   struct winusb_handle *wh)
{
	if (!wh)
		return ERR_PTR(-ENOMEM);
	if (atomic_inc_return(&wf->num_handles) <= WINUSB_MAX_HANDLES &&
	    xa_alloc_cyclic(&wf->handles, &wh->number, NULL, XA_LIMIT(1, S32_MAX),
			    &wf->next_handle, GFP_KERNEL_ACCOUNT) >= 0)
		return wh;
	atomic_dec(&wf->num_handles);
	winusb_handle_put(wh);
	return ERR_PTR(-ENOMEM);
}

/* What takes the place of an associated handle in the table. */
static struct winusb_handle *winusb_handle_take_shell(struct winusb_handle *wh)
{
	struct winusb_handle *shell = wh->shell;

	wh->shell = NULL;
	shell->number = wh->number;
	return shell;
}

/**
 * winusb_handle_publish - Make a new handle known by its number
 * @wh: The handle. The table owns it from now on. Can't fail.
 *
 * The policies of the interface are the defaults from now on.
 */
void winusb_handle_publish(struct winusb_handle *wh)
{
	struct winusb_file *wf = wh->wf;
	struct winusb_handle *entry = wh;

	winusb_interface_set_defaults(wh->wi);
	mutex_lock(&winusb_functions_lock);
	if (wf->gone && wh->associated)	/* it left in the meantime */
		entry = winusb_handle_take_shell(wh);
	xa_store(&wf->handles, wh->number, entry, 0);	/* was reserved */
	mutex_unlock(&winusb_functions_lock);
	if (entry != wh)
		winusb_handle_put(wh);
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_publish);

/**
 * winusb_handle_discard - Undo the making of a handle that was not published
 * @wh: The handle.
 */
void winusb_handle_discard(struct winusb_handle *wh)
{
	xa_erase(&wh->wf->handles, wh->number);
	atomic_dec(&wh->wf->num_handles);
	winusb_handle_put(wh);
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_discard);

/**
 * winusb_handle_initialize - Make a handle of the file's own interface (WinUsb_Initialize)
 * @wf: The file.
 *
 * Return: The handle, to be published or discarded, or an error of the contract.
 */
struct winusb_handle *winusb_handle_initialize(struct winusb_file *wf)
{
	struct winusb_handle *wh;

	if (READ_ONCE(wf->gone) || winusb_interface_is_gone(wf->wi))
		return ERR_PTR(-ENODEV);
	wh = winusb_handle_reserve(wf, winusb_handle_alloc(wf));
	if (!IS_ERR(wh))
		winusb_handle_set_interface(wh, wf->wi);
	return wh;
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_initialize);

/* Why is an interface of the function not among those that are bound? */
static int winusb_handle_why_unbound(struct winusb_file *wf, u8 number)
{
	struct usb_interface *intf = usb_ifnum_to_if(wf->wi->udev, number);

	return intf && READ_ONCE(intf->dev.driver) &&
	       READ_ONCE(intf->dev.driver) != READ_ONCE(wf->wi->intf->dev.driver) ?
	       -EBUSY : -EAGAIN;
}

/* With its shell. It is marked as associated when it has its interface. */
static struct winusb_handle *winusb_handle_alloc_associated(struct winusb_file *wf)
{
	struct winusb_handle *wh = winusb_handle_alloc(wf);

	if (!wh)
		return NULL;
	wh->shell = winusb_handle_alloc(wf);
	if (!wh->shell) {
		winusb_handle_put(wh);
		return NULL;
	}
	return wh;
}

/* The interface that an associated handle with this index would have, if it can have it now. */
static struct winusb_interface *winusb_handle_find_associated(struct winusb_file *wf, u8 index)
{
	struct winusb_function *fn = wf->wi->fn;
	struct winusb_interface *wi;
	unsigned int position;
	int own;

	lockdep_assert_held(&winusb_functions_lock);

	/* Under the lock an interface in its function stays bound, and its device configured. */
	if (wf->gone || list_empty(&wf->wi->sibling))
		return ERR_PTR(-ENODEV);
	own = winusb_descriptor_position(&fn->grouping, winusb_interface_number(wf->wi));
	position = own + 1 + index;
	if (own < 0 || position >= fn->grouping.count)
		return ERR_PTR(-ENOENT);
	position = array_index_nospec(position, fn->grouping.count);

	wi = winusb_function_find(fn, fn->grouping.numbers[position]);
	if (!wi)
		return ERR_PTR(winusb_handle_why_unbound(wf, fn->grouping.numbers[position]));
	if (wi->associated)
		return ERR_PTR(wi->associated->wf == wf ? -EEXIST : -EBUSY);
	if (wi->opener)
		return ERR_PTR(-EBUSY);
	return wi;
}

static void winusb_handle_associate(struct winusb_handle *wh, struct winusb_interface *wi)
{
	lockdep_assert_held(&winusb_functions_lock);

	winusb_handle_set_interface(wh, wi);
	winusb_handle_set_interface(wh->shell, wi);
	wh->associated = true;
	wh->shell->associated = true;
	wi->associated = wh;
}

/**
 * winusb_handle_get_associated - Make a handle of a sibling (WinUsb_GetAssociatedInterface)
 * @wf: The file.
 * @number: A handle of the file's own interface.
 * @index: 0 for the interface after the file's in the function.
 *
 * Return: The handle, to be published or discarded, or an error of the contract.
 */
struct winusb_handle *winusb_handle_get_associated(struct winusb_file *wf, u32 number, u8 index)
{
	struct winusb_handle *parent, *wh;
	struct winusb_interface *wi;
	bool associated;

	parent = winusb_handle_get(wf, number);
	if (IS_ERR(parent))
		return parent;
	associated = parent->associated;
	winusb_handle_put(parent);
	if (associated || index == 0xff)	/* index + 1 must not wrap (winusb.md 1.2) */
		return ERR_PTR(-EINVAL);

	/* Before the lock, which all devices share. Having no memory is the least of the errors. */
	wh = winusb_handle_reserve(wf, winusb_handle_alloc_associated(wf));
	mutex_lock(&winusb_functions_lock);
	wi = winusb_handle_find_associated(wf, index);
	if (!IS_ERR(wi) && !IS_ERR(wh))
		winusb_handle_associate(wh, wi);
	mutex_unlock(&winusb_functions_lock);
	if (!IS_ERR(wi))
		return wh;
	if (!IS_ERR(wh))
		winusb_handle_discard(wh);
	return ERR_CAST(wi);
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_get_associated);

/**
 * winusb_handle_get - Look a handle up
 * @wf: The file.
 * @number: Its number. A listener's is 0.
 *
 * Return: The handle with a reference, or -EBADF.
 */
struct winusb_handle *winusb_handle_get(struct winusb_file *wf, u32 number)
{
	struct winusb_handle *wh;

	if (wf->listener) {
		if (number)
			return ERR_PTR(-EBADF);
		kref_get(&wf->self->ref);
		return wf->self;
	}
	xa_lock(&wf->handles);
	wh = xa_load(&wf->handles, number);
	if (!wh)
		wh = ERR_PTR(-EBADF);
	else
		kref_get(&wh->ref);	/* the table has one while it is in it */
	xa_unlock(&wf->handles);
	return wh;
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_get);

/**
 * winusb_handle_enter - Go through the gate of a handle's interface
 * @wh: The handle.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * The interface of an associated handle may stay when the one of its file leaves. It is not given
 * to another file before the last call that uses the handle is over.
 *
 * Return: 0 with the gate held; -ENODEV after removal, -EAGAIN, or -EINTR.
 */
int winusb_handle_enter(struct winusb_handle *wh, bool nonblock)
{
	int ret;

	ret = winusb_interface_enter(wh->wi, nonblock);
	if (!ret && READ_ONCE(wh->wf->gone)) {
		winusb_interface_leave(wh->wi);
		ret = -ENODEV;
	}
	return ret;
}

/**
 * winusb_handle_leave - The counterpart of winusb_handle_enter()
 * @wh: The handle.
 */
void winusb_handle_leave(struct winusb_handle *wh)
{
	winusb_interface_leave(wh->wi);
}

/**
 * winusb_handle_set_setting - Change the setting (WinUsb_SetCurrentAlternateSetting)
 * @wh: A handle of the interface.
 * @alternate: bAlternateSetting.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract, and then nothing has changed.
 */
int winusb_handle_set_setting(struct winusb_handle *wh, u8 alternate, bool nonblock)
{
	int ret;

	ret = winusb_interface_enter_write(wh->wi, nonblock);
	if (ret)
		return ret;
	if (READ_ONCE(wh->wf->gone))
		ret = -ENODEV;
	else
		ret = winusb_interface_set_setting(wh->wi, alternate);
	winusb_interface_leave_write(wh->wi);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_set_setting);

/**
 * winusb_handle_free - Free a handle (WinUsb_Free)
 * @wf: The file.
 * @number: Its number.
 *
 * Return: 0, or -EBADF.
 */
int winusb_handle_free(struct winusb_file *wf, u32 number)
{
	struct winusb_handle *wh;

	xa_lock(&wf->handles);
	wh = xa_load(&wf->handles, number);
	if (wh)
		__xa_erase(&wf->handles, number);
	xa_unlock(&wf->handles);
	if (!wh)
		return -EBADF;
	atomic_dec(&wf->num_handles);
	winusb_handle_put(wh);
	return 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_handle_free);

/**
 * winusb_handle_kill_associated - The interface of a file left: give up what it had beside it
 * @wf: The file; gone. Its device is locked.
 *
 * The interfaces are free for others when the calls that still use them are over.
 */
void winusb_handle_kill_associated(struct winusb_file *wf)
{
	struct winusb_handle *wh;
	unsigned long number;

	xa_for_each(&wf->handles, number, wh) {
		xa_lock(&wf->handles);
		wh = xa_load(&wf->handles, number);	/* FREE may have been quicker */
		if (wh && wh->shell)
			__xa_store(&wf->handles, number, winusb_handle_take_shell(wh), 0);
		else
			wh = NULL;
		xa_unlock(&wf->handles);
		if (wh)
			kref_put(&wh->ref, winusb_handle_release_locked);
	}
}

/**
 * winusb_handle_free_all - Free all handles of a file that is being closed
 * @wf: The file; no call is running on it.
 */
void winusb_handle_free_all(struct winusb_file *wf)
{
	struct winusb_handle *wh;
	unsigned long number;

	xa_for_each(&wf->handles, number, wh)
		winusb_handle_free(wf, number);
}
