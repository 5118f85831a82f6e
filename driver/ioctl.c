// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands: a table gives the structure of each, the dispatcher copies it in and out, and the
 * functions here check fields and call the layer below. Nothing else happens here.
 */
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/usb.h>

#include "buffer.h"
#include "call.h"
#include "chardev.h"
#include "compat.h"
#include "control.h"
#include "descriptor.h"
#include "event.h"
#include "file.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "post.h"
#include "power.h"
#include "reset.h"
#include "transfer.h"

#define WINUSB_CAPABILITIES (WINUSB_CAP_TRANSFER | WINUSB_CAP_EVENTS | WINUSB_CAP_RESET_DEVICE | \
			     WINUSB_CAP_POLICIES | WINUSB_CAP_ASYNC | \
			     WINUSB_CAP_INTERFACE_STATE | WINUSB_CAP_CUSTOM_EVENTS | \
			     WINUSB_CAP_POWER | WINUSB_CAP_ISOCHRONOUS | WINUSB_CAP_REAP | \
			     WINUSB_CAP_CANCEL_BLOCKED | WINUSB_CAP_OF_KERNEL)
#ifdef WINUSB_HAVE_URING
#define WINUSB_CAP_OF_KERNEL WINUSB_CAP_URING
#else
#define WINUSB_CAP_OF_KERNEL 0
#endif

/* Copy the results out. A caller with an older, shorter structure gets what it knows. */
static int winusb_call_write(struct winusb_call *call, u32 first, u32 end)
{
	end = min(end, call->user_size);
	return copy_to_user(call->user + first, (u8 *)&call->arg + first, end - first) ?
	       -EFAULT : 0;
}

/* Could it be written, all of it? It is smaller than a page: so in at most two. */
static bool winusb_call_is_writable(struct winusb_call *call)
{
	u32 last = min(call->size, call->user_size) - 1;
	u8 *arg = (u8 *)&call->arg;

	BUILD_BUG_ON(sizeof(call->arg) >= PAGE_SIZE);
	return !put_user(arg[0], (u8 __user *)call->user) &&
	       !put_user(arg[last], (u8 __user *)call->user + last);
}

static int winusb_call_reply(struct winusb_call *call)
{
	call->replied = true;
	return winusb_call_write(call, call->reply_first, call->reply_end);
}

static int winusb_ioctl_query(struct winusb_call *call)
{
	struct winusb_query *arg = &call->arg.query;
	struct winusb_interface *wi = call->wf->wi;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	arg->out_version = WINUSB_VERSION;
	arg->out_capabilities = WINUSB_CAPABILITIES;
	arg->out_max_control_length = WINUSB_MAX_CONTROL_LENGTH;
	arg->out_max_handles = WINUSB_MAX_HANDLES;
	arg->out_busnum = wi->busnum;
	arg->out_devnum = wi->devnum;
	arg->out_interface = winusb_interface_number(wi);
	arg->out_default_interface = wi->fn->grouping.numbers[0];
	arg->out_interfaces = wi->fn->grouping.count;
	return 0;
}

/* The number is copied out before the handle is published, so that failure leaves no trace. */
static int winusb_call_publish(struct winusb_call *call, struct winusb_handle *wh, u32 *number)
{
	int ret;

	if (IS_ERR(wh))
		return PTR_ERR(wh);
	*number = wh->number;
	ret = winusb_call_reply(call);
	if (ret)
		winusb_handle_discard(wh);
	else
		winusb_handle_publish(wh);
	return ret;
}

static int winusb_ioctl_initialize(struct winusb_call *call)
{
	return winusb_call_publish(call, winusb_handle_initialize(call->wf),
				   &call->arg.initialize.out_handle);
}

static int winusb_ioctl_get_associated_interface(struct winusb_call *call)
{
	struct winusb_get_associated_interface *arg = &call->arg.associated;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	return winusb_call_publish(call,
				   winusb_handle_get_associated(call->wf, arg->handle, arg->index),
				   &arg->out_handle);
}

static int winusb_ioctl_free(struct winusb_call *call)
{
	return winusb_handle_free(call->wf, call->arg.free.handle);
}

static int winusb_ioctl_get_descriptor(struct winusb_call *call)
{
	struct winusb_get_descriptor *arg = &call->arg.descriptor;
	struct winusb_handle *wh;
	struct iov_iter iter;
	size_t moved = 0;
	int ret;

	arg->out_length = 0;
	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->length > U16_MAX)
		return -EINVAL;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_buffer_iter(&iter, true, arg->buffer, arg->length);
	if (!ret)
		ret = winusb_control_get_descriptor(wh, arg->type, arg->index, arg->language_id,
						    &iter, &moved, call->nonblock);
	arg->out_length = moved;
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_query_interface_settings(struct winusb_call *call)
{
	struct winusb_query_interface_settings *arg = &call->arg.settings;
	const struct usb_host_interface *setting;
	struct winusb_handle *wh;

	if (!WINUSB_IS_ZERO(arg->__reserved) || !WINUSB_IS_ZERO(arg->__reserved2))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	setting = winusb_descriptor_setting(wh->wi->intf, arg->setting_index);
	if (setting)
		memcpy(arg->out_descriptor, &setting->desc, sizeof(arg->out_descriptor));
	winusb_handle_put(wh);
	return setting ? 0 : -ENOENT;
}

static int winusb_ioctl_query_device_information(struct winusb_call *call)
{
	struct winusb_query_device_information *arg = &call->arg.information;
	struct winusb_handle *wh;
	int ret = 0;

	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	if (arg->information_type == WINUSB_DEVICE_SPEED)
		arg->out_value = winusb_descriptor_speed(wh->wi->udev->speed);
	else
		ret = -EINVAL;
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_query_pipe(struct winusb_call *call)
{
	struct winusb_query_pipe *arg = &call->arg.query_pipe;
	const struct usb_host_interface *setting;
	struct winusb_handle *wh;
	unsigned int i;
	int ret = 0;

	if (!WINUSB_IS_ZERO(arg->__reserved) || arg->__reserved2 || arg->__reserved3)
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	setting = winusb_descriptor_setting(wh->wi->intf, arg->setting_index);
	if (!setting) {
		ret = -EINVAL;
	} else if (arg->pipe_index >= setting->desc.bNumEndpoints) {
		ret = -ENOENT;
	} else {
		i = array_index_nospec(arg->pipe_index, setting->desc.bNumEndpoints);
		winusb_descriptor_pipe(&setting->endpoint[i], wh->wi->udev->speed, arg);
	}
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_get_alternate_setting(struct winusb_call *call)
{
	struct winusb_get_alternate_setting *arg = &call->arg.get_setting;
	struct winusb_handle *wh;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	arg->out_setting = winusb_interface_get_setting(wh->wi);
	winusb_handle_put(wh);
	return 0;
}

static int winusb_ioctl_set_alternate_setting(struct winusb_call *call)
{
	struct winusb_set_alternate_setting *arg = &call->arg.set_setting;
	struct winusb_handle *wh;
	int ret;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_handle_set_setting(wh, arg->setting, call->nonblock);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_get_pipe_policy(struct winusb_call *call)
{
	struct winusb_pipe_policy *arg = &call->arg.policy;
	struct winusb_handle *wh;
	int ret;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_pipe_get_policy(wh, arg->pipe_id, arg->policy, &arg->value, call->nonblock);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_set_pipe_policy(struct winusb_call *call)
{
	struct winusb_pipe_policy *arg = &call->arg.policy;
	struct winusb_handle *wh;
	int ret;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_pipe_set_policy(wh, arg->pipe_id, arg->policy, arg->value, call->nonblock);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_call_pipe(struct winusb_call *call,
			    int (*operation)(struct winusb_handle *wh, u8 address, bool nonblock))
{
	struct winusb_pipe_command *arg = &call->arg.pipe;
	struct winusb_handle *wh;
	int ret;

	if (!WINUSB_IS_ZERO(arg->__reserved))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = operation(wh, arg->pipe_id, call->nonblock);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_abort_pipe(struct winusb_call *call)
{
	return winusb_call_pipe(call, winusb_pipe_abort);
}

static int winusb_ioctl_reset_pipe(struct winusb_call *call)
{
	return winusb_call_pipe(call, winusb_pipe_reset);
}

static int winusb_ioctl_flush_pipe(struct winusb_call *call)
{
	return winusb_call_pipe(call, winusb_pipe_flush);
}

static int winusb_ioctl_reset_device(struct winusb_call *call)
{
	struct winusb_handle *wh;
	int ret;

	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_reset_device(wh);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_get_power_policy(struct winusb_call *call)
{
	struct winusb_power_policy *arg = &call->arg.power;
	struct winusb_handle *wh;
	int ret;

	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_power_get_policy(wh, arg->policy, &arg->value);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_set_power_policy(struct winusb_call *call)
{
	struct winusb_power_policy *arg = &call->arg.power;
	struct winusb_handle *wh;
	int ret;

	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_power_set_policy(wh, arg->policy, arg->value);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_set_interface_state(struct winusb_call *call)
{
	struct winusb_set_interface_state *arg = &call->arg.state;
	struct winusb_handle *wh;
	int ret;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->enable > 1)
		return -EINVAL;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_file_set_enabled(call->wf, arg->enable);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_post_event(struct winusb_call *call)
{
	struct winusb_post_event *arg = &call->arg.post;
	struct winusb_handle *wh;
	struct winusb_post *post;
	int ret;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	if (arg->length > WINUSB_MAX_EVENT_DATA)
		return -ENOMEM;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	post = winusb_post_copy(arg->guid, arg->data, arg->length);
	ret = PTR_ERR_OR_ZERO(post);
	if (!ret) {
		ret = winusb_post_send(wh, post);
		winusb_post_put(post);
	}
	winusb_handle_put(wh);
	return ret;
}

static int winusb_ioctl_listen(struct winusb_call *call)
{
	struct winusb_listen *arg = &call->arg.listen;

	if (arg->flags & ~WINUSB_LISTEN_CUSTOM || arg->__reserved)
		return -EOPNOTSUPP;
	if (!call->wf->listener)
		return -EBADF;
	winusb_events_listen(call->wf, arg->flags & WINUSB_LISTEN_CUSTOM);
	arg->out_length = WINUSB_EVENT_LONGEST;
	return 0;
}

/* @shortest is the size of the first published form, a literal, so that growth can't change it. */
#define WINUSB_COMMAND(name, type, shortest_size, command_flags)			\
	[_IOC_NR(WINUSB_IOC_##name)] = {						\
		.cmd = WINUSB_IOC_##name,						\
		.size = sizeof(struct type) + BUILD_BUG_ON_ZERO(offsetof(struct type, size)) +	\
			BUILD_BUG_ON_ZERO(sizeof(struct type) > sizeof(union winusb_argument)),	\
		.shortest = shortest_size,						\
		.flags = command_flags,							\
		.handler = WINUSB_HANDLER_##name,					\
	}

#define WINUSB_HANDLER_QUERY			winusb_ioctl_query
#define WINUSB_HANDLER_INITIALIZE		winusb_ioctl_initialize
#define WINUSB_HANDLER_GET_ASSOCIATED_INTERFACE	winusb_ioctl_get_associated_interface
#define WINUSB_HANDLER_FREE			winusb_ioctl_free
#define WINUSB_HANDLER_GET_DESCRIPTOR		winusb_ioctl_get_descriptor
#define WINUSB_HANDLER_QUERY_INTERFACE_SETTINGS	winusb_ioctl_query_interface_settings
#define WINUSB_HANDLER_QUERY_DEVICE_INFORMATION	winusb_ioctl_query_device_information
#define WINUSB_HANDLER_QUERY_PIPE		winusb_ioctl_query_pipe
#define WINUSB_HANDLER_GET_ALTERNATE_SETTING	winusb_ioctl_get_alternate_setting
#define WINUSB_HANDLER_SET_ALTERNATE_SETTING	winusb_ioctl_set_alternate_setting
#define WINUSB_HANDLER_GET_PIPE_POLICY		winusb_ioctl_get_pipe_policy
#define WINUSB_HANDLER_SET_PIPE_POLICY		winusb_ioctl_set_pipe_policy
#define WINUSB_HANDLER_ABORT_PIPE		winusb_ioctl_abort_pipe
#define WINUSB_HANDLER_RESET_PIPE		winusb_ioctl_reset_pipe
#define WINUSB_HANDLER_FLUSH_PIPE		winusb_ioctl_flush_pipe
#define WINUSB_HANDLER_RESET_DEVICE		winusb_ioctl_reset_device
#define WINUSB_HANDLER_SUBMIT			winusb_ioctl_submit
#define WINUSB_HANDLER_CANCEL			winusb_ioctl_cancel
#define WINUSB_HANDLER_SET_EVENTFD		winusb_ioctl_set_eventfd
#define WINUSB_HANDLER_SET_INTERFACE_STATE	winusb_ioctl_set_interface_state
#define WINUSB_HANDLER_POST_EVENT		winusb_ioctl_post_event
#define WINUSB_HANDLER_LISTEN			winusb_ioctl_listen
#define WINUSB_HANDLER_GET_POWER_POLICY		winusb_ioctl_get_power_policy
#define WINUSB_HANDLER_SET_POWER_POLICY		winusb_ioctl_set_power_policy
#define WINUSB_HANDLER_REGISTER_ISOCH_BUFFER	winusb_ioctl_register_isoch_buffer
#define WINUSB_HANDLER_UNREGISTER_ISOCH_BUFFER	winusb_ioctl_unregister_isoch_buffer
#define WINUSB_HANDLER_GET_FRAME		winusb_ioctl_get_frame
#define WINUSB_HANDLER_REAP			winusb_ioctl_reap

#define WINUSB_REPLY BIT(0)			/* the command has results */
#define WINUSB_LISTENER BIT(1)			/* a listener may use it */
#define WINUSB_QUERY (WINUSB_REPLY | WINUSB_LISTENER)

static const struct winusb_command {
	unsigned int cmd;
	u32 size;
	u32 shortest;
	u32 reply_first;	/* all of it unless reply_end is set */
	u32 reply_end;
	unsigned int flags;
	int (*handler)(struct winusb_call *call);
} winusb_commands[] = {
	WINUSB_COMMAND(QUERY, winusb_query, 40, WINUSB_QUERY),
	WINUSB_COMMAND(INITIALIZE, winusb_initialize, 8, WINUSB_REPLY),
	WINUSB_COMMAND(GET_ASSOCIATED_INTERFACE, winusb_get_associated_interface, 16, WINUSB_REPLY),
	WINUSB_COMMAND(FREE, winusb_free, 8, 0),
	WINUSB_COMMAND(GET_DESCRIPTOR, winusb_get_descriptor, 32, WINUSB_QUERY),
	WINUSB_COMMAND(QUERY_INTERFACE_SETTINGS, winusb_query_interface_settings, 24, WINUSB_QUERY),
	WINUSB_COMMAND(QUERY_DEVICE_INFORMATION, winusb_query_device_information, 16, WINUSB_QUERY),
	WINUSB_COMMAND(QUERY_PIPE, winusb_query_pipe, 24, WINUSB_QUERY),
	WINUSB_COMMAND(GET_ALTERNATE_SETTING, winusb_get_alternate_setting, 12, WINUSB_QUERY),
	WINUSB_COMMAND(SET_ALTERNATE_SETTING, winusb_set_alternate_setting, 12, 0),
	WINUSB_COMMAND(GET_PIPE_POLICY, winusb_pipe_policy, 20, WINUSB_REPLY),
	WINUSB_COMMAND(SET_PIPE_POLICY, winusb_pipe_policy, 20, 0),
	[_IOC_NR(WINUSB_IOC_TRANSFER)] = {
		.cmd = WINUSB_IOC_TRANSFER,
		.size = sizeof(struct winusb_transfer),
		.shortest = WINUSB_TRANSFER_SHORTEST,
		.reply_first = offsetof(struct winusb_transfer, out_length),
		.reply_end = offsetofend(struct winusb_transfer, out_length),
		.flags = WINUSB_REPLY,
		.handler = winusb_ioctl_transfer,
	},
	WINUSB_COMMAND(ABORT_PIPE, winusb_pipe_command, 12, 0),
	WINUSB_COMMAND(RESET_PIPE, winusb_pipe_command, 12, 0),
	WINUSB_COMMAND(FLUSH_PIPE, winusb_pipe_command, 12, 0),
	WINUSB_COMMAND(RESET_DEVICE, winusb_reset_device, 8, 0),
	WINUSB_COMMAND(SUBMIT, winusb_submit, 24, WINUSB_REPLY),
	WINUSB_COMMAND(CANCEL, winusb_cancel, 24, WINUSB_REPLY),
	WINUSB_COMMAND(SET_EVENTFD, winusb_set_eventfd, 8, 0),
	WINUSB_COMMAND(SET_INTERFACE_STATE, winusb_set_interface_state, 16, 0),
	WINUSB_COMMAND(POST_EVENT, winusb_post_event, 40, 0),
	WINUSB_COMMAND(LISTEN, winusb_listen, 16, WINUSB_QUERY),
	WINUSB_COMMAND(GET_POWER_POLICY, winusb_power_policy, 16, WINUSB_REPLY),
	WINUSB_COMMAND(SET_POWER_POLICY, winusb_power_policy, 16, 0),
	WINUSB_COMMAND(REGISTER_ISOCH_BUFFER, winusb_register_isoch_buffer, 40, WINUSB_REPLY),
	WINUSB_COMMAND(UNREGISTER_ISOCH_BUFFER, winusb_unregister_isoch_buffer, 8, 0),
	WINUSB_COMMAND(GET_FRAME, winusb_get_frame, 48, WINUSB_REPLY),
	[_IOC_NR(WINUSB_IOC_REAP)] = {
		.cmd = WINUSB_IOC_REAP,
		.size = sizeof(struct winusb_reap),
		.shortest = 64,
		.reply_first = offsetof(struct winusb_reap, out_count),
		.reply_end = offsetofend(struct winusb_reap, out_submitted),
		.flags = WINUSB_REPLY,
		.handler = winusb_ioctl_reap,
	},
};

/* The layout is part of the contract: these numbers never change. */
static_assert(sizeof(struct winusb_query) == 40);
static_assert(sizeof(struct winusb_initialize) == 8);
static_assert(sizeof(struct winusb_get_associated_interface) == 16);
static_assert(sizeof(struct winusb_free) == 8);
static_assert(sizeof(struct winusb_get_descriptor) == 32);
static_assert(offsetof(struct winusb_get_descriptor, buffer) == 16);
static_assert(sizeof(struct winusb_query_interface_settings) == 24);
static_assert(sizeof(struct winusb_query_device_information) == 16);
static_assert(sizeof(struct winusb_query_pipe) == 24);
static_assert(sizeof(struct winusb_get_alternate_setting) == 12);
static_assert(sizeof(struct winusb_set_alternate_setting) == 12);
static_assert(sizeof(struct winusb_pipe_policy) == 20);
static_assert(sizeof(struct winusb_transfer) == 88);
static_assert(offsetof(struct winusb_transfer, buffer) == 24);
static_assert(offsetof(struct winusb_transfer, isoch_packets) == 64);
static_assert(sizeof(struct winusb_pipe_command) == 12);
static_assert(sizeof(struct winusb_reset_device) == 8);
static_assert(sizeof(struct winusb_submit) == 24);
static_assert(offsetof(struct winusb_submit, transfers) == 8);
static_assert(sizeof(struct winusb_cancel) == 24);
static_assert(sizeof(struct winusb_set_eventfd) == 8);
static_assert(sizeof(struct winusb_set_interface_state) == 16);
static_assert(sizeof(struct winusb_post_event) == 40);
static_assert(offsetof(struct winusb_post_event, data) == 24);
static_assert(sizeof(struct winusb_listen) == 16);
static_assert(sizeof(struct winusb_power_policy) == 16);
static_assert(sizeof(struct winusb_register_isoch_buffer) == 40);
static_assert(offsetof(struct winusb_register_isoch_buffer, buffer) == 16);
static_assert(sizeof(struct winusb_unregister_isoch_buffer) == 8);
static_assert(sizeof(struct winusb_get_frame) == 48);
static_assert(offsetof(struct winusb_get_frame, out_time_ns) == 24);
static_assert(sizeof(struct winusb_reap) == 64);
static_assert(offsetof(struct winusb_reap, until_ns) == 24);

static const struct winusb_command *winusb_command_find(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(winusb_commands))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(winusb_commands));
	return winusb_commands[nr].cmd == cmd ? &winusb_commands[nr] : NULL;
}

/**
 * winusb_ioctl - Run a command
 * @file: The open node.
 * @cmd: WINUSB_IOC_ number.
 * @arg: Address of the command's structure.
 *
 * Return: 0 or an error of the contract.
 */
long winusb_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct winusb_command *command = winusb_command_find(cmd);
	struct winusb_call call = {
		.wf = file->private_data,
		.nonblock = file->f_flags & O_NONBLOCK,
		.user = (void __user *)arg,
	};
	int ret;

	if (!command)
		return -ENOTTY;
	if (get_user(call.user_size, (u32 __user *)call.user))
		return -EFAULT;
	if (call.user_size < command->shortest)
		return -EINVAL;
	if (call.user_size > WINUSB_ARGUMENT_MAX)
		return -E2BIG;
	call.size = command->size;
	call.reply_first = command->reply_first;
	call.reply_end = command->reply_end ? command->reply_end : command->size;
	ret = copy_struct_from_user(&call.arg, call.size, call.user, call.user_size);
	if (ret)
		return ret;
	if (call.wf->listener && !(command->flags & WINUSB_LISTENER))
		return -EBADF;
	/* Results that can't be given are found out before anything is done. */
	if ((command->flags & WINUSB_REPLY) && !winusb_call_is_writable(&call))
		return -EFAULT;

	ret = command->handler(&call);
	if (call.replied || !(command->flags & WINUSB_REPLY))
		return ret;
	/* Results are given also when the command failed, where it makes any. */
	return winusb_call_reply(&call) && !ret ? -EFAULT : ret;
}
