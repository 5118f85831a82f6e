// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: the clock that counts microframes.
 */

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "internal.h"

#define WINUSB_HCD_MICROFRAME_NS	(125 * NSEC_PER_USEC)

/* So that a frame number in microframes is never negative in an int. */
#define WINUSB_HCD_FRAME_BITS_MAX	28

static u64 winusb_hcd_real(const struct winusb_hcd *hc)
{
	return div_u64(ktime_get_ns() * hc->pace, WINUSB_HCD_MICROFRAME_NS);
}

u64 winusb_hcd_now_locked(struct winusb_hcd *hc)
{
	lockdep_assert_held(&hc->lock);
	if (hc->clock == WINUSB_HCD_MANUAL)
		return hc->base;
	return winusb_hcd_real(hc) + hc->base;
}

/* When a microframe of a real clock begins, by CLOCK_MONOTONIC. */
static u64 winusb_hcd_begins_locked(struct winusb_hcd *hc, u64 microframe)
{
	lockdep_assert_held(&hc->lock);
	return div_u64((microframe - hc->base) * WINUSB_HCD_MICROFRAME_NS +
		       hc->pace - 1, hc->pace);
}

static void winusb_hcd_set_now_locked(struct winusb_hcd *hc, u64 microframe)
{
	hc->base = microframe;
	if (hc->clock != WINUSB_HCD_MANUAL)
		hc->base -= winusb_hcd_real(hc);
}

/*
 * Hardware interrupts come when a URB ends; this does for them. The data is not
 * moved in it but in the tasklet.
 */
static enum hrtimer_restart winusb_hcd_fired(struct hrtimer *timer)
{
	struct winusb_hcd *hc = container_of(timer, struct winusb_hcd, timer);

	WRITE_ONCE(hc->ticked, true);
	tasklet_schedule(&hc->tasklet);
	return HRTIMER_NORESTART;
}

void winusb_hcd_clock_init(struct winusb_hcd *hc)
{
#ifdef WINUSB_HCD_HAVE_HRTIMER_SETUP
	hrtimer_setup(&hc->timer, winusb_hcd_fired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS);
#else
	hrtimer_init(&hc->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	hc->timer.function = winusb_hcd_fired;
#endif
	hc->armed = U64_MAX;
	hc->pace = 1;
	winusb_hcd_clock_reset(hc);
}

/* No URB is left. */
void winusb_hcd_clock_exit(struct winusb_hcd *hc)
{
	hrtimer_cancel(&hc->timer);
}

/* Sees to it that the timer fires when the next URB ends, if one does. */
void winusb_hcd_arm_locked(struct winusb_hcd *hc)
{
	u64 due = U64_MAX;

	lockdep_assert_held(&hc->lock);
	if (hc->clock == WINUSB_HCD_REAL)
		due = winusb_hcd_isoc_due_locked(hc);
	if (due == hc->armed)
		return;
	hc->armed = due;
	if (due == U64_MAX)
		hrtimer_try_to_cancel(&hc->timer);
	else
		hrtimer_start(&hc->timer,
			      ns_to_ktime(winusb_hcd_begins_locked(hc, due)),
			      HRTIMER_MODE_ABS);
}

/* In the tasklet, after the timer. */
void winusb_hcd_tick_locked(struct winusb_hcd *hc)
{
	if (!READ_ONCE(hc->ticked))
		return;
	WRITE_ONCE(hc->ticked, false);
	hc->armed = U64_MAX;
	winusb_hcd_isoc_run_locked(hc);
}

int winusb_hcd_frame_number(struct usb_hcd *hcd)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	unsigned long flags;
	int frame = 0;

	atomic_inc(&hc->frame_asked);
	spin_lock_irqsave(&hc->lock, flags);
	if (!(hc->flags & WINUSB_HCD_F_NO_FRAMES))
		frame = (winusb_hcd_now_locked(hc) >>
			 (hc->flags & WINUSB_HCD_F_MICROFRAMES ? 0 : 3)) &
			(BIT(hc->frame_bits) - 1);
	spin_unlock_irqrestore(&hc->lock, flags);
	return frame;
}

/**
 * winusb_hcd_clock - choose what counts microframes
 * @hc: the controller
 * @clock: see enum winusb_hcd_clock
 *
 * The counter goes on from where it is.
 */
void winusb_hcd_clock(struct winusb_hcd *hc, enum winusb_hcd_clock clock)
{
	unsigned long flags;
	u64 now;

	spin_lock_irqsave(&hc->lock, flags);
	now = winusb_hcd_now_locked(hc);
	hc->clock = clock;
	winusb_hcd_set_now_locked(hc, now);
	winusb_hcd_isoc_run_locked(hc);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_clock);

/**
 * winusb_hcd_pace - let a real clock run faster than time
 * @hc: the controller, without isochronous URBs in flight
 * @pace: how many times as fast, from 1 to 64
 *
 * What a stream costs can be told from all else that goes on by that.
 */
void winusb_hcd_pace(struct winusb_hcd *hc, unsigned int pace)
{
	unsigned long flags;
	u64 now;

	if (WARN_ON(!pace || pace > WINUSB_HCD_PACE_MAX))
		return;
	spin_lock_irqsave(&hc->lock, flags);
	now = winusb_hcd_now_locked(hc);
	hc->pace = pace;
	winusb_hcd_set_now_locked(hc, now);
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_pace);

/**
 * winusb_hcd_clock_reset - forget what was set of the clock, the schedule and the
 *	bandwidth
 * @hc: the controller
 *
 * As after winusb_hcd_create() without flags that can be changed, for a test
 * that leaves the controller to the next one.
 */
void winusb_hcd_clock_reset(struct winusb_hcd *hc)
{
	winusb_hcd_clock(hc, WINUSB_HCD_FREE);
	winusb_hcd_pace(hc, 1);
	winusb_hcd_flags(hc, WINUSB_HCD_F_SWITCHES, false);
	winusb_hcd_frame_bits(hc, WINUSB_HCD_FRAME_BITS);
	winusb_hcd_schedule(hc, WINUSB_HCD_XHCI, 1);
	winusb_hcd_horizon(hc, 0);
	winusb_hcd_bandwidth(hc, 0);
	atomic_set(&hc->frame_asked, 0);
	atomic_set(&hc->isoc_preemptible, 0);
}
EXPORT_SYMBOL_GPL(winusb_hcd_clock_reset);

/**
 * winusb_hcd_now - the counter
 * @hc: the controller
 *
 * Return: the microframe that goes on now, not wrapped.
 */
u64 winusb_hcd_now(struct winusb_hcd *hc)
{
	unsigned long flags;
	u64 now;

	spin_lock_irqsave(&hc->lock, flags);
	now = winusb_hcd_now_locked(hc);
	spin_unlock_irqrestore(&hc->lock, flags);
	return now;
}
EXPORT_SYMBOL_GPL(winusb_hcd_now);

/**
 * winusb_hcd_begins - when does a microframe begin?
 * @hc: the controller, with a real clock
 * @microframe: the microframe, not wrapped
 *
 * Return: the time, CLOCK_MONOTONIC in nanoseconds.
 */
u64 winusb_hcd_begins(struct winusb_hcd *hc, u64 microframe)
{
	unsigned long flags;
	u64 ns;

	spin_lock_irqsave(&hc->lock, flags);
	ns = winusb_hcd_begins_locked(hc, microframe);
	spin_unlock_irqrestore(&hc->lock, flags);
	return ns;
}
EXPORT_SYMBOL_GPL(winusb_hcd_begins);

/**
 * winusb_hcd_set_now - set the counter
 * @hc: the controller, without isochronous URBs in flight
 * @microframe: the microframe that goes on now
 */
void winusb_hcd_set_now(struct winusb_hcd *hc, u64 microframe)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	winusb_hcd_set_now_locked(hc, microframe);
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_set_now);

/**
 * winusb_hcd_advance - let a manual clock go on
 * @hc: the controller
 * @microframes: how far
 *
 * All at once, as if the interrupts of that time were late: see
 * winusb_hcd_advance_wait() for the other way.
 */
void winusb_hcd_advance(struct winusb_hcd *hc, unsigned int microframes)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	if (!WARN_ON(hc->clock != WINUSB_HCD_MANUAL))
		hc->base += microframes;
	winusb_hcd_isoc_run_locked(hc);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_advance);

/**
 * winusb_hcd_timer_runs - is a real clock waiting for the end of a URB
 * @hc: the controller
 *
 * Return: true while its timer is armed, or has fired right now.
 */
bool winusb_hcd_timer_runs(struct winusb_hcd *hc)
{
	return hrtimer_active(&hc->timer);
}
EXPORT_SYMBOL_GPL(winusb_hcd_timer_runs);

/**
 * winusb_hcd_frame_bits - how wide frame numbers are
 * @hc: the controller
 * @bits: from 1 to 28; urb->start_frame in microframes has three more
 */
void winusb_hcd_frame_bits(struct winusb_hcd *hc, unsigned int bits)
{
	unsigned long flags;

	if (WARN_ON(!bits || bits > WINUSB_HCD_FRAME_BITS_MAX))
		return;
	spin_lock_irqsave(&hc->lock, flags);
	hc->frame_bits = bits;
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_frame_bits);

/**
 * winusb_hcd_frame_asked - how often somebody wanted the frame number
 * @hc: the controller
 *
 * Return: calls of usb_get_current_frame_number() since the clock was reset.
 */
unsigned int winusb_hcd_frame_asked(struct winusb_hcd *hc)
{
	return atomic_read(&hc->frame_asked);
}
EXPORT_SYMBOL_GPL(winusb_hcd_frame_asked);

/**
 * winusb_hcd_isoc_preemptible - how often a submitter could have been stopped in the middle
 * @hc: the controller
 *
 * Return: isochronous URBs since the clock was reset that came from a thread which the scheduler
 * may take its processor from.
 */
unsigned int winusb_hcd_isoc_preemptible(struct winusb_hcd *hc)
{
	return atomic_read(&hc->isoc_preemptible);
}
EXPORT_SYMBOL_GPL(winusb_hcd_isoc_preemptible);
