/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels this driver builds for. Nothing outside this file looks at a
 * kernel version. Where a stable kernel may carry a change back, the symbol is probed instead.
 */
#ifndef WINUSB_COMPAT_H
#define WINUSB_COMPAT_H

#include <linux/device.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/usb.h>
#include <linux/version.h>

/* 6.4 dropped the owner argument of class_create(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define winusb_class_create(name) class_create(THIS_MODULE, name)
#else
#define winusb_class_create(name) class_create(name)
#endif

/* 6.2 made the device constant in the devnode callback. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define WINUSB_DEVNODE_CONST
#else
#define WINUSB_DEVNODE_CONST const
#endif

/*
 * 6.8 removed the wrapper around the driver core's structure, and stable kernels followed at
 * different times: Kbuild looks for it in the target's header.
 */
#ifdef WINUSB_HAVE_DRVWRAP
#define WINUSB_DRIVER_GROUPS drvwrap.driver.groups
#else
#define WINUSB_DRIVER_GROUPS driver.groups
#endif

/* 6.10 took the second argument away: the string is the one that __string() was given. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define winusb_assign_str(field, source) __assign_str(field, source)
#else
#define winusb_assign_str(field, source) __assign_str(field)
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
