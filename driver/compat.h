/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels this driver builds for. Nothing outside this file looks at a
 * kernel version. Where a stable kernel may carry a change back, the symbol is probed instead.
 */
#ifndef WINUSB_COMPAT_H
#define WINUSB_COMPAT_H

#include <linux/device.h>
#include <linux/export.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/usb.h>
#include <linux/version.h>

/* 6.4 dropped the owner argument of class_create(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define winusb_class_create(name) class_create(THIS_MODULE, name)
#else
#define winusb_class_create(name) class_create(name)
#endif

/* 6.2 made the device constant in the callbacks of a class. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define WINUSB_CLASS_CONST
#else
#define WINUSB_CLASS_CONST const
#endif

/*
 * 6.8 removed the wrapper around the driver core's structure, and stable kernels followed at
 * different times: Kbuild looks for it in the target's header.
 */
#ifdef WINUSB_HAVE_DRVWRAP
#define WINUSB_CORE_DRIVER drvwrap.driver
#else
#define WINUSB_CORE_DRIVER driver
#endif

/* 6.10 took the second argument away: the string is the one that __string() was given. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define winusb_assign_str(field, source) __assign_str(field, source)
#else
#define winusb_assign_str(field, source) __assign_str(field)
#endif

/* 6.5 dropped an argument. One page of another process, to be written; its mmap lock is held. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define winusb_pin_remote(mm, address, page) \
	pin_user_pages_remote(mm, address, 1, FOLL_WRITE, page, NULL, NULL)
#else
#define winusb_pin_remote(mm, address, page) \
	pin_user_pages_remote(mm, address, 1, FOLL_WRITE, page, NULL)
#endif

/* 6.8 dropped the number to add, which nearly everybody had as 1. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define winusb_eventfd_signal(context) eventfd_signal(context, 1)
#else
#define winusb_eventfd_signal(context) eventfd_signal(context)
#endif

/* 6.3 took away the way to write the flags of a mapping. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define winusb_vm_flags_set(vma, flags) ((vma)->vm_flags |= (flags))
#else
#define winusb_vm_flags_set(vma, flags) vm_flags_set(vma, flags)
#endif

/* 6.13 made one function of two steps. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void winusb_hrtimer_setup(struct hrtimer *timer,
					enum hrtimer_restart (*callback)(struct hrtimer *timer),
					clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = callback;
}
#else
#define winusb_hrtimer_setup hrtimer_setup
#endif

/* What the PM core knows of a device. In a kernel without it a device does not sleep. */
#ifdef CONFIG_PM
static inline bool winusb_pm_is_allowed(const struct device *dev)
{
	return dev->power.runtime_auto;
}

static inline int winusb_pm_delay(const struct device *dev)
{
	return READ_ONCE(dev->power.autosuspend_delay);
}

static inline bool winusb_pm_is_active(const struct device *dev)
{
	return READ_ONCE(dev->power.runtime_status) == RPM_ACTIVE;
}

/* It is on its way to sleep, or back after all. */
static inline bool winusb_pm_is_suspending(const struct device *dev)
{
	return READ_ONCE(dev->power.runtime_status) == RPM_SUSPENDING;
}

static inline bool winusb_pm_has_active_children(struct device *dev)
{
	return atomic_read(&dev->power.child_count) > 0;
}

static inline bool winusb_pm_waits(struct device *dev)
{
	return READ_ONCE(dev->power.timer_expires) || pm_runtime_autosuspend_expiration(dev);
}
#else
static inline bool winusb_pm_is_allowed(const struct device *dev)
{
	return false;
}

static inline int winusb_pm_delay(const struct device *dev)
{
	return -1;
}

static inline bool winusb_pm_is_active(const struct device *dev)
{
	return true;
}

static inline bool winusb_pm_is_suspending(const struct device *dev)
{
	return false;
}

static inline bool winusb_pm_has_active_children(struct device *dev)
{
	return false;
}

static inline bool winusb_pm_waits(struct device *dev)
{
	return false;
}
#endif

/*
 * Commands of io_uring can be cancelled from 6.7 on; before that, a pending one would keep exec()
 * from ending. They have a header of their own since 6.8. 6.15 gave the import of a registered
 * buffer the issue flags, 6.18 made one function for short and one for long completions, and 6.19
 * changed the task work.
 */
#if IS_ENABLED(CONFIG_IO_URING) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring/cmd.h>

#define WINUSB_HAVE_URING

static inline int winusb_uring_import(struct io_uring_cmd *cmd, u64 address, size_t length, int rw,
				      struct iov_iter *iter, unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	return io_uring_cmd_import_fixed(address, length, rw, iter, cmd);
#else
	return io_uring_cmd_import_fixed(address, length, rw, iter, cmd, issue_flags);
#endif
}

static inline void winusb_uring_done(struct io_uring_cmd *cmd, int ret, u64 extra, bool wide,
				     unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(cmd, ret, wide ? extra : 0, issue_flags);
#else
	if (wide)
		io_uring_cmd_done32(cmd, ret, extra, issue_flags);
	else
		io_uring_cmd_done(cmd, ret, issue_flags);
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define WINUSB_URING_TASK_WORK(name, function) \
	static void name(struct io_uring_cmd *cmd, unsigned int issue_flags) \
	{ \
		function(cmd, issue_flags); \
	}
#else
#define WINUSB_URING_TASK_WORK(name, function) \
	static void name(struct io_tw_req tw_req, io_tw_token_t token) \
	{ \
		function(io_uring_cmd_from_tw(tw_req), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS); \
	}
#endif
#endif

/*
 * The KUnit suites call the driver's inner functions. Only kernels with KUnit export them, in a
 * namespace of their own. 6.13 turned the namespace into a string.
 */
#if !IS_ENABLED(CONFIG_KUNIT)
#define WINUSB_EXPORT_FOR_TESTS(sym)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define WINUSB_EXPORT_FOR_TESTS(sym) EXPORT_SYMBOL_NS_GPL(sym, WINUSB_TESTS)
#define WINUSB_IMPORT_FOR_TESTS() MODULE_IMPORT_NS(WINUSB_TESTS)
#else
#define WINUSB_EXPORT_FOR_TESTS(sym) EXPORT_SYMBOL_NS_GPL(sym, "WINUSB_TESTS")
#define WINUSB_IMPORT_FOR_TESTS() MODULE_IMPORT_NS("WINUSB_TESTS")
#endif

#endif /* WINUSB_COMPAT_H */
