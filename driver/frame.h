/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_FRAME_H
#define WINUSB_FRAME_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct hc_driver;
struct usb_device;
struct winusb_handle;

#define WINUSB_MICROFRAMES 8	/* in a frame */
#define WINUSB_MICROFRAME_BITS 3

/**
 * struct winusb_frames - The frames of a bus, as a device on it sees them
 * @udev: The device. Constant.
 * @counts: The host controller has a counter that can be asked. Constant.
 * @shift: Bits of the host controller's numbers below those of frames. Constant.
 * @lock: Guards what is below. In any context, inside a pipe's lock.
 * @valid: It is known how frames are numbered.
 * @moved: They may be numbered otherwise since.
 * @earliest: When frame 0 began at the earliest, CLOCK_MONOTONIC in ns.
 * @latest: And at the latest.
 * @seen: When that was found out.
 * @generation: How often the numbering has changed.
 *
 * Frames are counted in 64 bits here; programs see 32 of them.
 */
struct winusb_frames {
	struct usb_device *udev;
	bool counts;
	u8 shift;
	spinlock_t lock;
	bool valid;
	bool moved;
	s64 earliest;
	s64 latest;
	u64 seen;
	u32 generation;
};

/**
 * struct winusb_frame - A moment
 * @frame: The frame.
 * @microframe: In that, 0 to 7.
 * @now: CLOCK_MONOTONIC, ns.
 * @start: When the frame began.
 * @accuracy: How far that may be off, ns.
 * @generation: See &winusb_frames.
 */
struct winusb_frame {
	u64 frame;
	u32 microframe;
	u64 now;
	u64 start;
	u32 accuracy;
	u32 generation;
};

void winusb_frames_know(struct winusb_frames *frames, const struct hc_driver *driver);
void winusb_frames_init(struct winusb_frames *frames, struct usb_device *udev);
int winusb_frames_now(struct winusb_frames *frames, struct winusb_frame *moment);
int winusb_frames_guess(struct winusb_frames *frames, struct winusb_frame *moment);
int winusb_frames_boundary(struct winusb_frames *frames, struct winusb_frame *moment);
u64 winusb_frames_place(u64 guess, u32 hardware, u8 before, u8 after);
void winusb_frames_fit(struct winusb_frames *frames, u64 microframe, u64 now);
void winusb_frames_moved(struct winusb_frames *frames);
int winusb_frames_get(struct winusb_handle *wh, bool boundary, struct winusb_frame *moment,
		      bool nonblock);

#endif /* WINUSB_FRAME_H */
