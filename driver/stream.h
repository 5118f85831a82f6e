/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_STREAM_H
#define WINUSB_STREAM_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/usb.h>

struct winusb_pipe;
struct winusb_request;

/**
 * struct winusb_stream - What an isochronous pipe has beside its requests
 * @maximum_bytes: Bytes of an interval.
 * @interval: The interval, as URBs have it.
 * @microframes: And in microframes.
 * @running: Somebody moves it on, see winusb_stream_run().
 * @again: And shall look once more.
 * @full: The host controller took no more; until a URB is back.
 * @in_flight: URBs that the host controller has.
 * @ahead: Microframes that they take.
 * @begun: There is a stream, and @base and @sent are valid.
 * @placed: @base is what the host controller said, or the clock says.
 * @base: The microframe that the stream began in.
 * @sent: Microframes since then that were handed over.
 * @end: The microframe after the last one that was asked for, if requests are pending and it is
 *	known, else 0.
 * @stale: @end is not what is known by now.
 * @latency: Frames between the submission of a new stream and its beginning, the least that was
 *	seen; 0 as long as there was none.
 * @latency_rough: What was seen took longer than a frame: it may be too low.
 * @timer: Begins a request whose time comes.
 *
 * The first three are constant as long as the pipe is. All others are under the pipe's lock.
 */
struct winusb_stream {
	u32 maximum_bytes;
	u32 interval;
	u32 microframes;
	bool running;
	bool again;
	bool full;
	unsigned int in_flight;
	u64 ahead;
	bool begun;
	bool placed;
	u64 base;
	u64 sent;
	u64 end;
	bool stale;
	u32 latency;
	bool latency_rough;
	struct hrtimer timer;
};

void winusb_stream_init(struct winusb_pipe *pipe);
void winusb_stream_setup(struct winusb_pipe *pipe, const struct usb_host_endpoint *ep);
int winusb_stream_check(struct winusb_pipe *pipe, struct winusb_request *req);
void winusb_stream_enter(struct winusb_request *req);
void winusb_stream_run(struct winusb_pipe *pipe);
u32 winusb_stream_planned(struct winusb_request *req);
void winusb_stream_skip(struct winusb_request *req);
bool winusb_stream_end(struct winusb_request *req, int error);
void winusb_stream_stop(struct winusb_pipe *pipe);

#endif /* WINUSB_STREAM_H */
