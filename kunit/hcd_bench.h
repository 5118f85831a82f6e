/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_KUNIT_HCD_BENCH_H
#define WINUSB_KUNIT_HCD_BENCH_H

#include <linux/completion.h>
#include <linux/usb.h>

#include "../tools/testing/hcd/winusb_hcd.h"
#include "winusb_kunit.h"

#define WINUSB_HCD_URBS		16
#define WINUSB_HCD_PACKETS	8	/* of an isochronous URB, at most */
#define WINUSB_HCD_PACKET	512	/* bytes of one */
#define WINUSB_HCD_BUF		4096
#define WINUSB_HCD_IN		0x84
#define WINUSB_HCD_OUT		0x05
#define WINUSB_HCD_START	1000	/* what the clock begins with */
#define WINUSB_HCD_PRODUCT	0x0002	/* not what winusb is told to bind to */

struct winusb_hcd_variant {
	const char *name;
	unsigned int flags;
	enum usb_device_speed speed;
};

struct winusb_hcd_test_urb {
	struct urb *urb;
	void *buf;
	struct completion done;
	unsigned int order;	/* of completion, counted from 1 */
	bool in_softirq;
	u64 end;		/* when it completed, for who notes it */
	struct winusb_hcd_fixture *fix;
};

#define WINUSB_HCD_OTHERS	3
#define WINUSB_HCD_KINDS	8	/* combinations of the flags used */

struct winusb_hcd_fixture {
	struct winusb_hcd *hc;
	enum usb_device_speed speed;
	struct winusb_hcd_dev *dev;
	struct winusb_hcd_dev *others[WINUSB_HCD_OTHERS];
	struct winusb_hcd_dev **spare;	/* where the next test finds @dev */
	bool spoilt;			/* no other test may have @dev */
	struct usb_device *udev;
	unsigned int nr_urbs;
	unsigned int completions;
	struct winusb_hcd_test_urb urbs[WINUSB_HCD_URBS];
};

/* The ways to complete that most cases run with. */
#define WINUSB_HCD_VARIANTS	3
extern const struct winusb_hcd_variant winusb_hcd_variants[WINUSB_HCD_VARIANTS];
#define WINUSB_HCD_SPEEDS	4
extern const struct winusb_hcd_variant winusb_hcd_speeds[WINUSB_HCD_SPEEDS];
void winusb_hcd_variant_desc(const struct winusb_hcd_variant *v, char *desc);

/* For suites that say KUNIT_ARRAY_PARAM(winusb_hcd_variant, ...). */
#define WINUSB_HCD_CASE(name) WINUSB_CASE_PARAM(name, winusb_hcd_variant)

struct winusb_hcd_dev *winusb_hcd_test_dev(struct winusb_hcd *hc,
					   enum usb_device_speed speed);
int winusb_hcd_suite_init(struct kunit_suite *suite);
void winusb_hcd_suite_exit(struct kunit_suite *suite);
int winusb_hcd_test_init(struct kunit *test);
void winusb_hcd_test_exit(struct kunit *test);
struct winusb_hcd_fixture *winusb_hcd_own_dev(struct kunit *test);
struct winusb_hcd_fixture *winusb_hcd_plugged(struct kunit *test);
struct winusb_hcd_test_urb *winusb_hcd_test_urb(struct kunit *test, u8 address,
						size_t length);
struct winusb_hcd_test_urb *winusb_hcd_submit(struct kunit *test, u8 address,
					      size_t length);
struct winusb_hcd_test_urb *winusb_hcd_isoc_urb(struct kunit *test, u8 address,
						unsigned int packets);
struct winusb_hcd_fixture *winusb_hcd_isoc_bench(struct kunit *test,
						 enum winusb_hcd_kind kind);
struct winusb_hcd_test_urb *winusb_hcd_isoc_submit(struct kunit *test,
						   u8 address,
						   unsigned int packets,
						   unsigned int flags);
void winusb_hcd_expect(struct kunit *test, struct winusb_hcd_test_urb *tu,
		       int status, u32 length);
void winusb_hcd_rule1(struct kunit *test, u8 address,
		      struct winusb_hcd_rule rule);

#endif
