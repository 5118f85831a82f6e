/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM winusb

#if !defined(WINUSB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define WINUSB_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"
#include "interface.h"

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

/* A URB is handed to the host controller. Bytes asked for. */
TRACE_EVENT(winusb_submit,
	TP_PROTO(struct winusb_pipe *pipe, u32 length),
	TP_ARGS(pipe, length),
	TP_STRUCT__entry(
		__string(name, dev_name(&pipe->wi->dev))
		__field(u8, pipe)
		__field(u32, length)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&pipe->wi->dev));
		__entry->pipe = pipe->address;
		__entry->length = length;
	),
	TP_printk("%s pipe=0x%02x length=%u", __get_str(name), __entry->pipe, __entry->length)
);

/* It came back. Bytes moved, and the error of the contract. */
TRACE_EVENT(winusb_complete,
	TP_PROTO(struct winusb_pipe *pipe, u32 length, int error),
	TP_ARGS(pipe, length, error),
	TP_STRUCT__entry(
		__string(name, dev_name(&pipe->wi->dev))
		__field(u8, pipe)
		__field(u32, length)
		__field(int, error)
	),
	TP_fast_assign(
		winusb_assign_str(name, dev_name(&pipe->wi->dev));
		__entry->pipe = pipe->address;
		__entry->length = length;
		__entry->error = error;
	),
	TP_printk("%s pipe=0x%02x length=%u error=%d", __get_str(name), __entry->pipe,
		  __entry->length, __entry->error)
);

#endif /* WINUSB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
