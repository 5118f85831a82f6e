// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stream: how isochronous requests follow each other through a pipe (winusb.md 1.7, 7.3).
 *
 * Requests wait in &winusb_pipe.queue, and are in &winusb_pipe.raw from the hand-over of their
 * first URB until all of those are back. URBs of a pipe are handed over in order, as long as the
 * host controller has not too many frames of them; a URB that is back makes room for the next one.
 * A host controller puts URBs one behind the other as long as it has some; when it has none the
 * next one begins a new stream, in a frame that it chooses. So a request that is to begin in a
 * certain frame goes along with the stream, or waits until that has ended and its time has come.
 *
 * Threads that submit, completions, and the timer all come to winusb_stream_run(). One of them runs
 * at one time and does what there is to do; the others leave a note and go. So the order of URBs
 * needs no lock that is held while they are handed over, and requests are finished in order. Who
 * runs finishes the last request of a pipe before it leaves: whoever waits until a pipe is empty
 * waits for that, too (winusb_stream_stop()).
 *
 * Frames are counted from the beginning of the stream. When that was is known from the host
 * controller, or guessed from the clock, see frame.c.
 */
#include <linux/usb.h>

#include "compat.h"
#include "descriptor.h"
#include "device.h"
#include "frame.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "isoch.h"
#include "pipe.h"
#include "queue.h"
#include "request.h"
#include "status.h"
#include "stream.h"
#include "suspend.h"
#include "trace.h"

#define WINUSB_STREAM_AHEAD (256 * WINUSB_MICROFRAMES)	/* that a host controller has to take */
#define WINUSB_STREAM_SLOW 32	/* microframes; where longer intervals begin is told late */
#define WINUSB_STREAM_NEAR 16	/* frames that are enough for any host controller to begin */
#define WINUSB_STREAM_LATE 128	/* frames that an interrupt is late, at most */
#define WINUSB_LONGEST_FULL 1024	/* frames of an interval, for usbcore */
#define WINUSB_LONGEST_HIGH 8192	/* microframes, likewise */
#define WINUSB_LONGEST_SUPER 32768

static struct winusb_frames *winusb_stream_frames(struct winusb_pipe *pipe)
{
	return &pipe->wi->fn->device->frames;
}

/* Whoever stops the stream waits for this. */
static enum hrtimer_restart winusb_stream_timer(struct hrtimer *timer)
{
	struct winusb_stream *stream = container_of(timer, struct winusb_stream, timer);

	winusb_stream_run(container_of(stream, struct winusb_pipe, stream));
	return HRTIMER_NORESTART;
}

/**
 * winusb_stream_init - Prepare the stream of a pipe object, once
 * @pipe: The pipe.
 */
void winusb_stream_init(struct winusb_pipe *pipe)
{
	winusb_hrtimer_setup(&pipe->stream.timer, winusb_stream_timer, CLOCK_MONOTONIC,
			     HRTIMER_MODE_REL_SOFT);
}

/**
 * winusb_stream_setup - Make it that of an endpoint
 * @pipe: The pipe; no request is in it.
 * @ep: The endpoint, of any type.
 */
void winusb_stream_setup(struct winusb_pipe *pipe, const struct usb_host_endpoint *ep)
{
	enum usb_device_speed speed = pipe->wi->udev->speed;
	struct winusb_stream *stream = &pipe->stream;
	u32 interval = 1U << (clamp_t(u8, ep->desc.bInterval, 1, 16) - 1);

	interval = min_t(u32, interval, speed >= USB_SPEED_SUPER ? WINUSB_LONGEST_SUPER :
			 speed == USB_SPEED_HIGH ? WINUSB_LONGEST_HIGH : WINUSB_LONGEST_FULL);
	stream->maximum_bytes = winusb_descriptor_interval_bytes(ep, speed);
	stream->interval = interval;
	stream->microframes = speed >= USB_SPEED_HIGH ? interval : interval * WINUSB_MICROFRAMES;
	stream->begun = false;
	stream->end = 0;
	stream->stale = false;
	stream->latency = 0;
}

static bool winusb_stream_is_pending(const struct winusb_pipe *pipe)
{
	return !list_empty(&pipe->raw) || !list_empty(&pipe->queue);
}

/* The microframe after what was handed over, if that is known. */
static u64 winusb_stream_next(const struct winusb_stream *stream)
{
	return stream->begun && stream->placed ? stream->base + stream->sent : 0;
}

/* Is there a URB of it to be handed over? */
static bool winusb_stream_has_more(const struct winusb_request *req)
{
	const struct winusb_isoch *isoch = req->isoch;

	return isoch->sent < isoch->num_parts && !isoch->failed && !req->cancel;
}

/*
 * Where do those end that are pending, by what is known of the stream? There may be thousands:
 * whoever asks looks at them all, once, and no completion does.
 */
static void winusb_stream_set_end(struct winusb_pipe *pipe)
{
	struct winusb_stream *stream = &pipe->stream;
	u64 end = stream->in_flight ? winusb_stream_next(stream) : 0, rest;
	struct winusb_request *req;

	list_for_each_entry(req, &pipe->raw, pipe_node) {
		if (!end || !winusb_stream_has_more(req))
			continue;
		rest = req->isoch->num_packets - req->isoch->parts[req->isoch->sent].first;
		end += rest * stream->microframes;
	}
	list_for_each_entry(req, &pipe->queue, pipe_node) {
		if (req->isoch->placed)
			end = max(end, req->isoch->begin);
		if (end)
			end += winusb_isoch_span(req->isoch);
	}
	stream->end = end;
	stream->stale = false;
}

/* 32 bits of a frame number, near another one: which frame is meant? */
static u64 winusb_stream_widen(u64 near, u32 frame)
{
	return near + (s32)(frame - (u32)near);
}

/**
 * winusb_stream_check - May a request be entered, as things are?
 * @pipe: The pipe. The caller is inside the gate.
 * @req: The request.
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP if it is to begin in a frame and frames are not known.
 */
int winusb_stream_check(struct winusb_pipe *pipe, struct winusb_request *req)
{
	struct winusb_stream *stream = &pipe->stream;
	struct winusb_isoch *isoch = req->isoch;
	struct winusb_frame now;
	unsigned long flags;
	int ret = 0;
	u64 frame;

	if (isoch->follow) {
		spin_lock_irqsave(&pipe->lock, flags);
		if (!winusb_stream_is_pending(pipe))
			ret = -EINVAL;
		spin_unlock_irqrestore(&pipe->lock, flags);
	}
	if (!isoch->placed)
		return ret;
	ret = winusb_frames_now(winusb_stream_frames(pipe), &now);
	if (ret)
		return ret;
	frame = winusb_stream_widen(now.frame, isoch->start);
	if ((s64)(frame - now.frame) <= 0 || frame > now.frame + WINUSB_MAX_ISOCH_AHEAD)
		return -EINVAL;
	isoch->begin = frame * WINUSB_MICROFRAMES;
	isoch->start_ns = now.start + (frame - now.frame) * NSEC_PER_MSEC + now.accuracy / 2;
	spin_lock_irqsave(&pipe->lock, flags);
	if (stream->stale)
		winusb_stream_set_end(pipe);
	if (winusb_stream_is_pending(pipe) && isoch->begin < rounddown(stream->end, 8))
		ret = -EINVAL;
	spin_unlock_irqrestore(&pipe->lock, flags);
	return ret;
}

/**
 * winusb_stream_enter - Enter a request into its pipe
 * @req: The request. The caller holds the pipe's lock, and calls winusb_stream_run() afterwards.
 */
void winusb_stream_enter(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_stream *stream = &pipe->stream;
	struct winusb_isoch *isoch = req->isoch;

	lockdep_assert_held(&pipe->lock);

	if (stream->stale || !winusb_stream_is_pending(pipe))
		winusb_stream_set_end(pipe);
	if (isoch->placed)
		stream->end = isoch->begin + winusb_isoch_span(isoch);
	else if (stream->end)
		stream->end += winusb_isoch_span(isoch);
	isoch->planned = stream->end;
	req->state = WINUSB_REQUEST_QUEUED;
	list_add_tail(&req->pipe_node, &pipe->queue);
}

static bool winusb_stream_is_done(const struct winusb_request *req)
{
	return req->isoch->back == req->isoch->sent && !winusb_stream_has_more(req);
}

/* A request that is to begin in a frame of its own: is it time? Otherwise the timer will tell. */
static bool winusb_stream_is_time(struct winusb_pipe *pipe, struct winusb_request *req)
{
	struct winusb_stream *stream = &pipe->stream;
	u64 next = winusb_stream_next(stream);
	s64 wait;

	if (stream->in_flight)	/* if it is not known where they are, one of them will tell */
		return next && req->isoch->begin <= next;
	wait = req->isoch->start_ns - ktime_get_ns();
	if (stream->latency)	/* one frame less than the least that was seen */
		wait -= (s64)(stream->latency - 1) * NSEC_PER_MSEC;
	if (wait <= 0)
		return true;
	hrtimer_start(&stream->timer, ns_to_ktime(wait), HRTIMER_MODE_REL_SOFT);
	return false;
}

/* Nothing is in flight, but the interval after the last one that was is far away still. */
static bool winusb_stream_is_in_time(struct winusb_pipe *pipe)
{
	u64 next = winusb_stream_next(&pipe->stream);
	struct winusb_frame now;

	return pipe->stream.microframes > WINUSB_STREAM_SLOW && next &&
	       !winusb_frames_now(winusb_stream_frames(pipe), &now) &&
	       next > (now.frame + WINUSB_STREAM_NEAR) * WINUSB_MICROFRAMES;
}

/* The next in line begins, if there is one and it may. */
static struct winusb_request *winusb_stream_begin(struct winusb_pipe *pipe)
{
	struct winusb_request *req;

	req = list_first_entry_or_null(&pipe->queue, struct winusb_request, pipe_node);
	if (!req || (req->isoch->placed && !winusb_stream_is_time(pipe, req)))
		return NULL;
	if (req->isoch->follow && !pipe->stream.in_flight) {
		if (winusb_stream_is_in_time(pipe))
			req->isoch->follow = false;	/* it does anyway */
		else
			req->isoch->failed = -EINVAL;
	}
	list_move_tail(&req->pipe_node, &pipe->raw);
	req->state = WINUSB_REQUEST_RUNNING;
	return req;
}

/* The part that is to be handed over now. The caller holds the pipe's lock. */
static struct winusb_isoch_part *winusb_stream_pick(struct winusb_pipe *pipe)
{
	struct winusb_stream *stream = &pipe->stream;
	struct winusb_request *req, *found = NULL;
	struct winusb_isoch_part *part;

	if (winusb_pipe_waits(pipe) || stream->full ||
	    (stream->in_flight && stream->ahead >= WINUSB_STREAM_AHEAD))
		return NULL;
	list_for_each_entry(req, &pipe->raw, pipe_node) {
		if (winusb_stream_has_more(req)) {
			found = req;
			break;
		}
	}
	if (!found)
		found = winusb_stream_begin(pipe);
	if (!found || !winusb_stream_has_more(found))
		return NULL;
	part = &found->isoch->parts[found->isoch->sent++];
	part->fresh = !stream->in_flight;
	if (part->fresh) {
		stream->begun = true;
		stream->placed = false;
		stream->sent = 0;
	}
	part->at = stream->sent;
	stream->sent += winusb_isoch_part_span(part);
	stream->ahead += winusb_isoch_part_span(part);
	stream->in_flight++;
	return part;
}

/* It did not go away after all. The caller holds the pipe's lock. */
static void winusb_stream_put_back(struct winusb_pipe *pipe, struct winusb_isoch_part *part)
{
	struct winusb_stream *stream = &pipe->stream;

	part->req->isoch->sent--;
	stream->sent -= winusb_isoch_part_span(part);
	stream->ahead -= winusb_isoch_part_span(part);
	stream->in_flight--;
}

/* What a URB of a full-speed device says, in frames. */
static u64 winusb_stream_start(struct winusb_pipe *pipe, const struct urb *urb)
{
	return (u32)urb->start_frame >> winusb_stream_frames(pipe)->shift;
}

/*
 * The frame that a URB says it begins in, near to what it should be. An interrupt may be late; and
 * where no counter is, what the other side says is what counts.
 */
static u64 winusb_stream_place(struct winusb_pipe *pipe, const struct urb *urb, u64 guess,
			       bool interrupt)
{
	bool counts = winusb_stream_frames(pipe)->counts;
	u8 before = interrupt ? WINUSB_STREAM_LATE : WINUSB_STREAM_NEAR;
	u8 after = interrupt && !counts ? WINUSB_STREAM_LATE - 1 : WINUSB_STREAM_NEAR;
	u64 frame = guess / WINUSB_MICROFRAMES, placed;

	if (urb->start_frame < 0)
		return guess;	/* it says nothing, see winusb_isoch_fill() */
	if (pipe->wi->udev->speed < USB_SPEED_HIGH)
		return winusb_frames_place(frame, winusb_stream_start(pipe, urb), before, after) *
		       WINUSB_MICROFRAMES;
	placed = winusb_frames_place(frame, urb->start_frame / WINUSB_MICROFRAMES, before, after);
	return placed * WINUSB_MICROFRAMES + (placed == frame ? guess % WINUSB_MICROFRAMES :
					      urb->start_frame % WINUSB_MICROFRAMES);
}

/*
 * So many frames lie between the hand-over and the beginning. If it took longer than a frame it is
 * not known when in that the host controller looked: one frame too few begins late, one too many
 * would begin early. Better than that is what was seen in a single frame.
 */
static void winusb_stream_set_latency(struct winusb_stream *stream, u32 latency, bool exact)
{
	if (stream->latency && !(exact && stream->latency_rough) &&
	    (exact == stream->latency_rough || latency >= stream->latency))
		return;
	stream->latency = latency;
	stream->latency_rough = !exact;
}

/*
 * A stream begins: where? It was handed over between the frames @before and @after. The caller
 * holds the pipe's lock. Host controllers begin in an interval of the endpoint: if that may be far
 * away their few bits do not say which one, and it is known when the URB is back.
 */
static void winusb_stream_was_begun(struct winusb_pipe *pipe, struct winusb_isoch_part *part,
				    u64 before, u64 after)
{
	struct winusb_stream *stream = &pipe->stream;
	u64 guess = (after + 1) * WINUSB_MICROFRAMES;
	u32 latency;

	if (stream->microframes > WINUSB_STREAM_SLOW)
		return;
	stream->placed = true;
	stream->stale = true;
	stream->base = winusb_stream_place(pipe, part->urb, guess, false);
	if (stream->base == guess)
		return;
	/* It may have been as much more as an interval is longer than a frame. */
	latency = stream->base / WINUSB_MICROFRAMES - after -
		  (stream->microframes - 1) / WINUSB_MICROFRAMES;
	if ((s32)latency > 0)
		winusb_stream_set_latency(stream, latency, before == after);
}

static void winusb_stream_completed(struct urb *urb);

static int winusb_stream_error(struct winusb_interface *wi, int error)
{
	switch (error) {
	case -ENOSPC:
		return error;
	case -EMSGSIZE:
		return -EINVAL;
	case -ENOENT:	/* see winusb_interface_select() */
		if (wi->intf->condition == USB_INTERFACE_BOUND)
			return -EIO;
		fallthrough;
	default:
		return winusb_status_to_errno(error);
	}
}

/* Hand a part over. The caller runs the stream, without a lock. */
static void winusb_stream_submit(struct winusb_pipe *pipe, struct winusb_isoch_part *part)
{
	struct winusb_stream *stream = &pipe->stream;
	struct winusb_request *req = part->req;
	bool known = false, unlink = false;
	struct winusb_frame before, after;
	unsigned long flags;
	int ret;

	if (part->fresh)
		known = !winusb_frames_now(winusb_stream_frames(pipe), &before);
	winusb_isoch_fill(req, part, winusb_stream_completed);
	req->chunk = part->urb->transfer_buffer_length;
	trace_winusb_urb(req);
	ret = usb_submit_urb(part->urb, GFP_ATOMIC);
	if (known)
		known = !winusb_frames_now(winusb_stream_frames(pipe), &after);

	spin_lock_irqsave(&pipe->lock, flags);
	if (ret == -EFBIG && !part->fresh) {
		winusb_stream_put_back(pipe, part);
		stream->full = stream->in_flight;	/* otherwise there is room by now */
	} else if (ret) {
		winusb_stream_put_back(pipe, part);
		req->isoch->failed = winusb_stream_error(pipe->wi, ret);
	} else {
		if (part->fresh && known && !part->back)
			winusb_stream_was_begun(pipe, part, before.frame, after.frame);
		/* What it was to follow is over, and there may be a gap. */
		if (req->isoch->follow && req->isoch->sent == 1 && !part->back &&
		    stream->in_flight == 1 && !req->cancel)
			WRITE_ONCE(req->cancel, -EINVAL);
		unlink = req->cancel;
	}
	spin_unlock_irqrestore(&pipe->lock, flags);
	if (unlink)
		usb_unlink_urb(part->urb);	/* whoever wanted that may have come too early */
}

/*
 * A request of the pipe that is over, and has none before it unless somebody ends it. The caller
 * holds the pipe's lock.
 */
static struct winusb_request *winusb_stream_find_done(struct winusb_pipe *pipe)
{
	struct winusb_request *req;

	list_for_each_entry(req, &pipe->raw, pipe_node)
		if (winusb_stream_is_done(req) &&
		    (req->cancel || list_is_first(&req->pipe_node, &pipe->raw)))
			return req;
	return NULL;
}

/*
 * Move the pipe on. The caller holds its lock, which this gives up; afterwards the pipe may be gone
 * with the last request that was in it.
 */
static void winusb_stream_move(struct winusb_pipe *pipe, unsigned long flags)
	__releases(&pipe->lock)
{
	struct winusb_stream *stream = &pipe->stream;
	struct winusb_isoch_part *part;
	struct winusb_request *req;

	stream->again = true;
	if (stream->running) {
		spin_unlock_irqrestore(&pipe->lock, flags);
		return;
	}
	stream->running = true;
	while (stream->again) {
		stream->again = false;
		while ((part = winusb_stream_pick(pipe))) {
			spin_unlock_irqrestore(&pipe->lock, flags);
			winusb_stream_submit(pipe, part);
			spin_lock_irqsave(&pipe->lock, flags);
		}
		req = winusb_stream_find_done(pipe);
		if (req) {
			stream->again = true;
			spin_unlock_irqrestore(&pipe->lock, flags);
			winusb_queue_raw_done(req, winusb_isoch_status(req));
			spin_lock_irqsave(&pipe->lock, flags);
		}
	}
	stream->running = false;
	wake_up_all(&pipe->idle);
	spin_unlock_irqrestore(&pipe->lock, flags);
}

/**
 * winusb_stream_run - Move an isochronous pipe on, as far as that is possible now
 * @pipe: The pipe. The caller is inside the gate, or is its timer.
 *
 * In any context, without the pipe's lock.
 */
void winusb_stream_run(struct winusb_pipe *pipe)
{
	bool thread = !irqs_disabled();
	unsigned long flags;

	/* Whoever moves it on does so for all others: the bus does not wait for the scheduler. */
	if (thread)
		local_bh_disable();
	spin_lock_irqsave(&pipe->lock, flags);
	winusb_stream_move(pipe, flags);
	if (thread)
		local_bh_enable();
}

/* When was the stream, by what the URB says? The caller holds the pipe's lock. */
static void winusb_stream_learn(struct winusb_pipe *pipe, struct winusb_isoch_part *part, u64 time)
{
	struct winusb_frames *frames = winusb_stream_frames(pipe);
	struct winusb_stream *stream = &pipe->stream;
	u64 unit = pipe->wi->udev->speed < USB_SPEED_HIGH ? WINUSB_MICROFRAMES : 1;
	/* It is back after its last packet, and does not wait for the end of the interval. */
	u64 span = winusb_isoch_part_span(part) - stream->microframes + unit;
	struct winusb_frame now;

	if (part->fresh && !stream->placed) {
		/* The first thing that is heard of frames, or the clock says where it was. */
		stream->base = max(part->urb->start_frame, 0);
		if (pipe->wi->udev->speed < USB_SPEED_HIGH && stream->base)
			stream->base = winusb_stream_start(pipe, part->urb) * WINUSB_MICROFRAMES;
		if (!winusb_frames_guess(frames, &now))
			stream->base = winusb_stream_place(pipe, part->urb,
							   max(now.frame * WINUSB_MICROFRAMES,
							       span) - span, true);
		stream->placed = true;
		stream->stale = true;
	} else if (part->fresh && !frames->counts) {
		stream->base = winusb_stream_place(pipe, part->urb, stream->base, true);
	}
	if (!part->urb->status)
		winusb_frames_fit(frames, stream->base + part->at + span, time);
}

/* A URB is back. In any context, also inside usb_submit_urb(). */
static void winusb_stream_completed(struct urb *urb)
{
	struct winusb_isoch_part *part = urb->context;
	struct winusb_request *req = part->req;
	struct winusb_isoch *isoch = req->isoch;
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_stream *stream = &pipe->stream;
	u64 now = ktime_get_ns();
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	winusb_isoch_take(req, part);
	winusb_stream_learn(pipe, part, now);
	if (part == isoch->parts) {
		isoch->begin = stream->base + part->at;
		isoch->known = true;
	}
	stream->ahead -= winusb_isoch_part_span(part);
	stream->in_flight--;
	stream->full = false;
	isoch->back++;
	winusb_stream_move(pipe, flags);
}

/**
 * winusb_stream_planned - The frame after the last one of a request that was entered
 * @req: The request. The caller is inside the gate, and has a reference.
 *
 * Return: The frame, or 0 if it is not known.
 */
u32 winusb_stream_planned(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	unsigned long flags;
	u64 end;

	spin_lock_irqsave(&pipe->lock, flags);
	if (pipe->stream.stale)
		winusb_stream_set_end(pipe);
	end = req->isoch->planned ? req->isoch->planned : pipe->stream.end;
	spin_unlock_irqrestore(&pipe->lock, flags);
	return end / WINUSB_MICROFRAMES;
}

/**
 * winusb_stream_skip - A request that waits is to end: those behind it need not wait for its frame
 * @req: The request. The caller holds the pipe's lock, and takes it out of the pipe.
 *
 * The caller may be anywhere, so the timer moves them on.
 */
void winusb_stream_skip(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;

	lockdep_assert_held(&pipe->lock);

	pipe->stream.stale = true;
	if (list_is_first(&req->pipe_node, &pipe->queue) && !list_is_singular(&pipe->queue))
		hrtimer_start(&pipe->stream.timer, 0, HRTIMER_MODE_REL_SOFT);
}

/**
 * winusb_stream_end - A request that runs is to end: is it over by that?
 * @req: The request; its state is running. The caller holds the pipe's lock.
 * @error: The error it ends with.
 *
 * Return: true if the caller is to finish it: it is in no list any more. Otherwise its URBs are to
 * be unlinked, and it finishes when they are back.
 */
bool winusb_stream_end(struct winusb_request *req, int error)
{
	struct winusb_pipe *pipe = req->pipe;

	lockdep_assert_held(&pipe->lock);

	if (!req->cancel)
		WRITE_ONCE(req->cancel, error);
	pipe->stream.stale = true;
	if (pipe->stream.running) {
		pipe->stream.again = true;
		return false;
	}
	if (req->isoch->back != req->isoch->sent)
		return false;	/* the last of its URBs is it that sees to it */
	list_del_init(&req->pipe_node);
	return true;
}

/**
 * winusb_stream_stop - Wait until nobody moves the pipe on
 * @pipe: The pipe. No request is in it, and none can come.
 */
void winusb_stream_stop(struct winusb_pipe *pipe)
{
	hrtimer_cancel(&pipe->stream.timer);
	wait_event(pipe->idle, !READ_ONCE(pipe->stream.running));
	/* Whoever woke us, here or in winusb_pipe_uncount(), lets go of the lock, too. */
	spin_lock_irq(&pipe->lock);
	spin_unlock_irq(&pipe->lock);
}
