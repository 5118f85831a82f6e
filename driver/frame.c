// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frames of a bus: which one it is, and when it began (winusb.md 1.7, 1.8).
 *
 * Host controllers count frames in 8 bits at least, and not all of them in more. Between two looks
 * at the counter the clock tells which of the frames with these bits it is. Each look also says
 * when frame 0 must have begun, by this clock: not after the counter had the number, and less than
 * a frame before that. The looks together make that exact to some microseconds. The two clocks
 * drift apart, so what is known becomes less certain with time.
 *
 * A virtual controller such as that of USB/IP has no counter, and says so in the log when it is
 * asked. There the frames are those that the isochronous transfers which complete say they were in.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "compat.h"
#include "device.h"
#include "frame.h"
#include "function.h"
#include "handle.h"
#include "interface.h"

#define WINUSB_FRAME_NS		1000000LL
#define WINUSB_MICROFRAME_NS	125000LL
#define WINUSB_DRIFT		4096	/* ns in which the clocks drift one apart, at most */
#define WINUSB_JUMP_NS		(2 * WINUSB_FRAME_NS)	/* no drift explains that */
#define WINUSB_FIT_NS		WINUSB_FRAME_NS	/* what it takes until a transfer completes */
#define WINUSB_FIT_LASTS_NS	(1000 * WINUSB_FRAME_NS)
#define WINUSB_LOOK_NS		(10000 * WINUSB_FRAME_NS)
#define WINUSB_BOUNDARY_NS	(4 * WINUSB_FRAME_NS)
#define WINUSB_COUNTER_NS	(254 * WINUSB_FRAME_NS)	/* its bits, less one for either side */

/* Host controllers whose counter is none, or counts microframes of a high-speed bus. */
static const struct {
	const char *description;
	bool microframes;
} winusb_frames_quirks[] = {
	{ "vhci_hcd", false },
	{ "xen-hcd", false },
	{ "greybus-hcd", false },
	{ "dwc2_hsotg", true },
	{ "Octeon USB", true },
};

/* How fast is the bus that begins at the root port? */
static enum usb_device_speed winusb_frames_bus_speed(const struct usb_device *udev)
{
	while (udev->parent && udev->parent->parent)
		udev = udev->parent;
	return udev->speed;
}

/**
 * winusb_frames_know - What is the host controller's counter?
 * @frames: The frames.
 * @driver: The driver of the host controller: usbcore has no flag for it.
 */
void winusb_frames_know(struct winusb_frames *frames, const struct hc_driver *driver)
{
	unsigned int i;

	frames->counts = driver->get_frame_number;
	frames->shift = 0;
	for (i = 0; i < ARRAY_SIZE(winusb_frames_quirks); i++) {
		if (strcmp(driver->description, winusb_frames_quirks[i].description))
			continue;
		if (!winusb_frames_quirks[i].microframes)
			frames->counts = false;
		else if (winusb_frames_bus_speed(frames->udev) == USB_SPEED_HIGH)
			frames->shift = WINUSB_MICROFRAME_BITS;
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_know);

/**
 * winusb_frames_init - Begin to count
 * @frames: The frames.
 * @udev: The device, which is held as long.
 */
void winusb_frames_init(struct winusb_frames *frames, struct usb_device *udev)
{
	spin_lock_init(&frames->lock);
	frames->udev = udev;
	winusb_frames_know(frames, bus_to_hcd(udev->bus)->driver);
}

/**
 * winusb_frames_place - Which frame does a host controller mean?
 * @guess: The frame that it should be.
 * @hardware: Its number, of which 8 bits count.
 * @before: So many frames it may be before the guess.
 * @after: And so many after it.
 *
 * Return: The frame with this number that is next to the guess, or the guess if it is far away:
 * not all controllers say a number.
 */
u64 winusb_frames_place(u64 guess, u32 hardware, u8 before, u8 after)
{
	u8 ahead = hardware - guess, behind = guess - hardware;

	if (ahead <= after)
		return guess + ahead;
	return behind <= before ? guess - behind : guess;
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_place);

static s64 winusb_frames_epoch(const struct winusb_frames *frames)
{
	return frames->earliest + (frames->latest - frames->earliest) / 2;
}

/* What is known is less certain now. */
static void winusb_frames_age(struct winusb_frames *frames, u64 now)
{
	s64 drift = div_s64(now - frames->seen, WINUSB_DRIFT);

	frames->earliest -= drift;
	frames->latest += drift;
	frames->seen = now;
}

/* Frame 0 began between these. The caller holds the lock. */
static void winusb_frames_narrow(struct winusb_frames *frames, s64 earliest, s64 latest)
{
	if (earliest <= frames->latest && latest >= frames->earliest) {
		frames->earliest = max(frames->earliest, earliest);
		frames->latest = min(frames->latest, latest);
		return;
	}
	if (earliest - frames->latest > WINUSB_JUMP_NS ||
	    frames->earliest - latest > WINUSB_JUMP_NS)
		frames->generation++;
	frames->earliest = earliest;
	frames->latest = latest;
}

/* The counter had this value between two moments. The caller holds the lock. */
static u64 winusb_frames_look(struct winusb_frames *frames, u32 hardware, u64 before, u64 after)
{
	s64 earliest, latest;
	u64 frame = hardware;

	if (frames->valid) {
		winusb_frames_age(frames, before);
		/* So long ago that its bits may have gone round. */
		if (frames->latest - frames->earliest > WINUSB_COUNTER_NS && !frames->moved) {
			frames->moved = true;
			frames->generation++;
		}
		frame = div_s64(before - winusb_frames_epoch(frames), WINUSB_FRAME_NS);
		frame += (s8)((u8)hardware - (u8)frame);
	}
	latest = after - frame * WINUSB_FRAME_NS;
	earliest = before - (frame + 1) * WINUSB_FRAME_NS;
	if (frames->valid && !frames->moved) {
		winusb_frames_narrow(frames, earliest, latest);
	} else {
		frames->earliest = earliest;
		frames->latest = latest;
		frames->seen = before;
	}
	frames->valid = true;
	frames->moved = false;
	return frame;
}

/* The caller holds the lock. */
static void winusb_frames_tell(struct winusb_frames *frames, u64 frame, s64 epoch, u64 now,
			       struct winusb_frame *moment)
{
	s64 into;

	moment->frame = frame;
	moment->now = now;
	moment->start = epoch + frame * WINUSB_FRAME_NS;
	into = div_s64(now - moment->start, WINUSB_MICROFRAME_NS);
	moment->microframe = clamp_t(s64, into, 0, WINUSB_MICROFRAMES - 1);
	moment->accuracy = min_t(s64, frames->latest - frames->earliest, U32_MAX);
	moment->generation = frames->generation;
}

static int winusb_frames_count(struct winusb_frames *frames, struct winusb_frame *moment)
{
	u64 before, after, frame;
	int hardware;

	before = ktime_get_ns();
	hardware = usb_get_current_frame_number(frames->udev);
	after = ktime_get_ns();
	if (hardware < 0)
		return -EOPNOTSUPP;
	frame = winusb_frames_look(frames, hardware >> frames->shift, before, after);
	winusb_frames_tell(frames, frame, winusb_frames_epoch(frames), after, moment);
	return 0;
}

static int winusb_frames_remember(struct winusb_frames *frames, struct winusb_frame *moment,
				  bool rough)
{
	u64 now = ktime_get_ns();

	if (!frames->valid || frames->moved)
		return -EOPNOTSUPP;
	if (!rough && now - frames->seen > WINUSB_FIT_LASTS_NS)
		return -EOPNOTSUPP;
	winusb_frames_tell(frames, div_s64(now - frames->latest, WINUSB_FRAME_NS), frames->latest,
			   now, moment);
	return 0;
}

static int winusb_frames_ask(struct winusb_frames *frames, struct winusb_frame *moment, bool rough)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&frames->lock, flags);
	ret = frames->counts ? winusb_frames_count(frames, moment) :
	      winusb_frames_remember(frames, moment, rough);
	spin_unlock_irqrestore(&frames->lock, flags);
	return ret;
}

/**
 * winusb_frames_now - Which frame is it?
 * @frames: The frames. The device is awake.
 * @moment: Where the answer goes.
 *
 * In any context.
 *
 * Return: 0, or -EOPNOTSUPP if there is nothing that says it.
 */
int winusb_frames_now(struct winusb_frames *frames, struct winusb_frame *moment)
{
	return winusb_frames_ask(frames, moment, false);
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_now);

/**
 * winusb_frames_guess - Which frame should it be?
 * @frames: The frames. The device is awake.
 * @moment: As of winusb_frames_now().
 *
 * What was known long ago is good enough to see which frame a number of a few bits means, so that
 * frames do not begin to count anew with each stream.
 *
 * Return: 0, or -EOPNOTSUPP.
 */
int winusb_frames_guess(struct winusb_frames *frames, struct winusb_frame *moment)
{
	return winusb_frames_ask(frames, moment, true);
}

/**
 * winusb_frames_boundary - Wait for the beginning of a frame, for exact times
 * @frames: The frames. The device is awake.
 * @moment: As of winusb_frames_now().
 *
 * Return: 0, or -EOPNOTSUPP.
 */
int winusb_frames_boundary(struct winusb_frames *frames, struct winusb_frame *moment)
{
	u64 until = ktime_get_ns() + WINUSB_BOUNDARY_NS;
	int ret = winusb_frames_now(frames, moment);
	u64 first = moment->frame;

	while (!ret && frames->counts && moment->frame == first && moment->now < until) {
		usleep_range(20, 50);
		ret = winusb_frames_now(frames, moment);
	}
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_boundary);

/**
 * winusb_frames_fit - An isochronous transfer is over, by the numbers of the host controller
 * @frames: The frames.
 * @microframe: The one after its last, counted from frame 0.
 * @now: CLOCK_MONOTONIC, ns.
 *
 * It takes its time until that is known: the quickest ones count.
 */
void winusb_frames_fit(struct winusb_frames *frames, u64 microframe, u64 now)
{
	s64 latest = now - microframe * WINUSB_MICROFRAME_NS, off;
	struct winusb_frame moment;
	unsigned long flags;

	if (frames->counts) {
		/* So that its bits do not go round unseen while a stream runs. */
		if ((s64)(now - READ_ONCE(frames->seen)) > WINUSB_LOOK_NS)
			winusb_frames_now(frames, &moment);
		return;
	}
	spin_lock_irqsave(&frames->lock, flags);
	if (frames->valid && !frames->moved) {
		off = latest - frames->latest;
		winusb_frames_age(frames, now);
		if (abs(off) > 1000 * WINUSB_JUMP_NS ||
		    frames->latest - frames->earliest > WINUSB_COUNTER_NS)
			frames->generation++;
		else
			latest = min(latest, frames->latest);
	}
	frames->latest = latest;
	frames->earliest = latest - WINUSB_FIT_NS;
	frames->seen = now;
	frames->valid = true;
	frames->moved = false;
	spin_unlock_irqrestore(&frames->lock, flags);
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_fit);

/**
 * winusb_frames_moved - The host controller may have slept, or was reset
 * @frames: The frames.
 */
void winusb_frames_moved(struct winusb_frames *frames)
{
	unsigned long flags;

	spin_lock_irqsave(&frames->lock, flags);
	frames->moved = true;
	frames->generation++;
	spin_unlock_irqrestore(&frames->lock, flags);
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_moved);

/**
 * winusb_frames_get - Which frame is it on the bus of an interface?
 * @wh: A handle of the interface.
 * @boundary: Wait for the beginning of a frame, for exact times.
 * @moment: Where the answer goes.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0, or an error of the contract.
 */
int winusb_frames_get(struct winusb_handle *wh, bool boundary, struct winusb_frame *moment,
		      bool nonblock)
{
	struct winusb_interface *wi = wh->wi;
	struct winusb_frames *frames = &wi->fn->device->frames;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	ret = winusb_interface_wake(wi);
	if (!ret) {
		ret = boundary ? winusb_frames_boundary(frames, moment) :
		      winusb_frames_now(frames, moment);
		usb_autopm_put_interface_async(wi->intf);
	}
	winusb_handle_leave(wh);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_frames_get);
