/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM winusb

#if !defined(WINUSB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define WINUSB_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"
#include "handle.h"
#include "interface.h"
#include "request.h"

/* What happens to an interface. */
DECLARE_EVENT_CLASS(winusb_interface,
	TP_PROTO(struct winusb_interface *wi),
	TP_ARGS(wi),
	TP_STRUCT__entry(
		__string(name, dev_name(&wi->dev))
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&wi->dev));
	),
	TP_printk("%s", __get_str(name))
);

DEFINE_EVENT(winusb_interface, winusb_bind,
	TP_PROTO(struct winusb_interface *wi),
	TP_ARGS(wi)
);

DEFINE_EVENT(winusb_interface, winusb_unbind,
	TP_PROTO(struct winusb_interface *wi),
	TP_ARGS(wi)
);

DEFINE_EVENT(winusb_interface, winusb_reset,
	TP_PROTO(struct winusb_interface *wi),
	TP_ARGS(wi)
);

DEFINE_EVENT(winusb_interface, winusb_close,
	TP_PROTO(struct winusb_interface *wi),
	TP_ARGS(wi)
);

TRACE_EVENT(winusb_open,
	TP_PROTO(struct winusb_interface *wi, bool listener),
	TP_ARGS(wi, listener),
	TP_STRUCT__entry(
		__string(name, dev_name(&wi->dev))
		__field(bool, listener)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&wi->dev));
		__entry->listener = listener;
	),
	TP_printk("%s%s", __get_str(name), __entry->listener ? " listener" : "")
);

/* The interface stops, "withdrawn" reads wait. */
TRACE_EVENT(winusb_suspend,
	TP_PROTO(struct winusb_interface *wi, bool automatic, unsigned int withdrawn),
	TP_ARGS(wi, automatic, withdrawn),
	TP_STRUCT__entry(
		__string(name, dev_name(&wi->dev))
		__field(bool, automatic)
		__field(unsigned int, withdrawn)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&wi->dev));
		__entry->automatic = automatic;
		__entry->withdrawn = withdrawn;
	),
	TP_printk("%s auto=%d withdrawn=%u", __get_str(name), __entry->automatic,
		  __entry->withdrawn)
);

TRACE_EVENT(winusb_suspend_refused,
	TP_PROTO(struct winusb_interface *wi, const char *reason),
	TP_ARGS(wi, reason),
	TP_STRUCT__entry(
		__string(name, dev_name(&wi->dev))
		__string(reason, reason)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&wi->dev));
		winusb_assign_str(reason, reason);
	),
	TP_printk("%s reason=%s", __get_str(name), __get_str(reason))
);

TRACE_EVENT(winusb_resume,
	TP_PROTO(struct winusb_interface *wi, bool reset),
	TP_ARGS(wi, reset),
	TP_STRUCT__entry(
		__string(name, dev_name(&wi->dev))
		__field(bool, reset)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&wi->dev));
		__entry->reset = reset;
	),
	TP_printk("%s reset=%d", __get_str(name), __entry->reset)
);

/* A request has had the device woken. */
TRACE_EVENT(winusb_wake,
	TP_PROTO(struct winusb_interface *wi, int error),
	TP_ARGS(wi, error),
	TP_STRUCT__entry(
		__string(name, dev_name(&wi->dev))
		__field(int, error)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&wi->dev));
		__entry->error = error;
	),
	TP_printk("%s error=%d", __get_str(name), __entry->error)
);

/* What happens to a request. "length" is the bytes that were asked for. */
DECLARE_EVENT_CLASS(winusb_request,
	TP_PROTO(struct winusb_request *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__string(name, dev_name(&req->wh->wi->dev))
		__field(u8, pipe)
		__field(u32, length)
		__field(const void *, request)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&req->wh->wi->dev));
		__entry->pipe = req->address;
		__entry->length = req->buffer.length;
		__entry->request = req;
	),
	TP_printk("%s pipe=0x%02x length=%u request=%p", __get_str(name), __entry->pipe,
		  __entry->length, __entry->request)
);

/* It was accepted. */
DEFINE_EVENT(winusb_request, winusb_submit,
	TP_PROTO(struct winusb_request *req),
	TP_ARGS(req)
);

/* A URB of it is handed to the host controller. "chunk" is what that asks for. */
TRACE_EVENT(winusb_urb,
	TP_PROTO(struct winusb_request *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__string(name, dev_name(&req->wh->wi->dev))
		__field(u8, pipe)
		__field(u32, chunk)
		__field(unsigned int, segments)
		__field(const void *, request)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&req->wh->wi->dev));
		__entry->pipe = req->address;
		__entry->chunk = req->chunk;
		__entry->segments = req->urb->num_sgs;
		__entry->request = req;
	),
	TP_printk("%s pipe=0x%02x chunk=%u segments=%u request=%p", __get_str(name),
		  __entry->pipe, __entry->chunk, __entry->segments, __entry->request)
);

/* It is to end early. */
TRACE_EVENT(winusb_cancel,
	TP_PROTO(struct winusb_request *req, int error),
	TP_ARGS(req, error),
	TP_STRUCT__entry(
		__string(name, dev_name(&req->wh->wi->dev))
		__field(u8, pipe)
		__field(int, error)
		__field(const void *, request)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&req->wh->wi->dev));
		__entry->pipe = req->address;
		__entry->error = error;
		__entry->request = req;
	),
	TP_printk("%s pipe=0x%02x error=%d request=%p", __get_str(name), __entry->pipe,
		  __entry->error, __entry->request)
);

/* It is done. Bytes moved, the error of the contract, and the time since it was accepted. */
TRACE_EVENT(winusb_complete,
	TP_PROTO(struct winusb_request *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__string(name, dev_name(&req->wh->wi->dev))
		__field(u8, pipe)
		__field(u32, length)
		__field(int, error)
		__field(u64, latency_ns)
		__field(const void *, request)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&req->wh->wi->dev));
		__entry->pipe = req->address;
		__entry->length = req->moved;
		__entry->error = req->status;
		__entry->latency_ns = req->submitted_ns ? ktime_get_ns() - req->submitted_ns : 0;
		__entry->request = req;
	),
	TP_printk("%s pipe=0x%02x length=%u error=%d latency_ns=%llu request=%p",
		  __get_str(name), __entry->pipe, __entry->length, __entry->error,
		  __entry->latency_ns, __entry->request)
);

#endif /* WINUSB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
