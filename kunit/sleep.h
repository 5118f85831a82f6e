/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_KUNIT_SLEEP_H
#define WINUSB_KUNIT_SLEEP_H

#include "bench.h"

#define WINUSB_SLEEP_MS	20	/* SUSPEND_DELAY from when it is to sleep, ... */
#define WINUSB_SLEEP_LATER 10000	/* ... and before, so that the test has time to begin */

int winusb_sleep_plug(struct kunit *test);
void winusb_sleep_allow(struct winusb_handle *wh, u32 delay);
struct winusb_handle *winusb_sleep_handle(struct kunit *test);
void winusb_sleep_begins(struct kunit *test);
void winusb_sleep_ends(struct kunit *test);
void winusb_sleep_wake(struct kunit *test);
void winusb_sleep_never(struct kunit *test);
void winusb_sleep_remote_wake(struct kunit *test, struct winusb_handle *wh);
unsigned int winusb_sleep_in_flight(struct kunit *test, u8 address);

#endif
