// SPDX-License-Identifier: GPL-2.0-only
/*
 * The node: what open, close, read, poll and mmap mean. ioctl.c has the commands.
 */
#include <linux/poll.h>

#include "chardev.h"
#include "compat.h"
#include "event.h"
#include "file.h"
#include "interface.h"
#include "isoch_buffer.h"
#include "record.h"
#include "uring.h"

static int winusb_open(struct inode *inode, struct file *file)
{
	/* The cdev is a child of the device object, so the VFS holds this while it opens. */
	struct winusb_interface *wi = container_of(inode->i_cdev, struct winusb_interface, cdev);
	bool listener = !(file->f_mode & FMODE_WRITE);
	struct winusb_file *wf;

	if (!(file->f_mode & FMODE_READ))
		return -EINVAL;
	wf = winusb_file_open(wi, listener);
	if (IS_ERR(wf))
		return PTR_ERR(wf);
	wf->file = file;
	file->private_data = wf;
	return nonseekable_open(inode, file);
}

static int winusb_release(struct inode *inode, struct file *file)
{
	winusb_file_close(file->private_data);
	return 0;
}

static int winusb_flush(struct file *file, fl_owner_t owner)
{
	winusb_file_flush(file->private_data, owner);
	return 0;
}

static ssize_t winusb_read(struct file *file, char __user *buffer, size_t length, loff_t *ppos)
{
	struct winusb_file *wf = file->private_data;

	if (!wf->listener)
		return winusb_records_read(wf, buffer, length, file->f_flags & O_NONBLOCK);
	return winusb_events_read(wf, buffer, length, file->f_flags & O_NONBLOCK);
}

static __poll_t winusb_poll(struct file *file, poll_table *wait)
{
	struct winusb_file *wf = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &wf->wi->wait, wait);
	poll_wait(file, wf->listener ? &wf->events->wait : &wf->wait, wait);
	/* Asked first: then the record of the removal is seen, too. */
	if (winusb_interface_is_gone(wf->wi))
		mask |= EPOLLHUP | EPOLLERR;
	if (wf->listener ? winusb_events_pending(wf->events, wf->wi) : winusb_records_pending(wf))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static const struct file_operations winusb_fops = {
	.owner = THIS_MODULE,
	.open = winusb_open,
	.release = winusb_release,
	.flush = winusb_flush,
	.read = winusb_read,
	.poll = winusb_poll,
	.mmap = winusb_isoch_buffer_mmap,
	.unlocked_ioctl = winusb_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
#ifdef WINUSB_HAVE_URING
	.uring_cmd = winusb_uring_cmd,
#endif
};

/**
 * winusb_chardev_init - Prepare the cdev of an interface
 * @cdev: The cdev.
 */
void winusb_chardev_init(struct cdev *cdev)
{
	cdev_init(cdev, &winusb_fops);
	cdev->owner = THIS_MODULE;
}
