// SPDX-License-Identifier: MIT
/* The native face: isochronous transfers and frames. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "native.h"

#define ISOCH_FLAGS (WINUSB_TRANSFER_ISOCH_AT | WINUSB_TRANSFER_ISOCH_CONTINUE | \
		     WINUSB_TRANSFER_ISOCH_LENGTHS)

struct winusb_isoch_buffer {
	struct native_file *file;	/* a reference */
	void *memory;
	uint32_t length;
	uint32_t number;		/* the driver's */
	uint8_t pipe;
	bool mapped;
};

/* A driver that does not know a command does not have what it is for. */
static int isoch_known(int result)
{
	return result == -ENOTTY ? -EOPNOTSUPP : result;
}

/* Not of an interface: that may be closed before its buffers. */
static void isoch_unregister(struct winusb_isoch_buffer *buffer)
{
	struct winusb_unregister_isoch_buffer arg = { .isoch_buffer = buffer->number };
	struct native_file *file = buffer->file;

	atomic_fetch_add(&file->users, 1);
	if (!atomic_load(&file->closed))
		core_command(file->fd, UNREGISTER_ISOCH_BUFFER, &arg);
	atomic_fetch_sub(&file->users, 1);
}

/* Between enter and leave */
static int isoch_map(struct winusb *usb, struct winusb_isoch_buffer *buffer, uint64_t offset)
{
	buffer->memory = mmap(NULL, buffer->length, PROT_READ | PROT_WRITE, MAP_SHARED,
			      usb->file->fd, (off_t)offset);
	buffer->mapped = buffer->memory != MAP_FAILED;
	return buffer->mapped ? 0 : native_answer(usb, -errno);
}

static int isoch_fill(struct winusb *usb, struct winusb_isoch_buffer *buffer,
		      struct winusb_register_isoch_buffer *arg)
{
	int result;

	native_prepare(usb, arg);
	result = isoch_known(native_run(usb, WINUSB_IOC_REGISTER_ISOCH_BUFFER, arg));
	if (result)
		return result;
	buffer->file = native_file_get(usb->file);
	buffer->memory = (void *)(uintptr_t)arg->buffer;
	buffer->length = arg->length;
	buffer->number = arg->out_isoch_buffer;
	buffer->pipe = arg->pipe_id;
	return arg->flags & WINUSB_ISOCH_BUFFER_MAP ? isoch_map(usb, buffer, arg->out_offset) : 0;
}

static int isoch_create(struct winusb *usb, struct winusb_register_isoch_buffer *arg,
			struct winusb_isoch_buffer **made)
{
	struct winusb_isoch_buffer *buffer;
	int result;

	if (!made)
		return -EINVAL;
	*made = NULL;
	result = native_enter(usb);
	if (result)
		return result;
	buffer = calloc(1, sizeof(*buffer));
	result = buffer ? isoch_fill(usb, buffer, arg) : -ENOMEM;
	native_leave(usb);
	if (result)
		winusb_isoch_free(buffer);
	else
		*made = buffer;
	return result;
}

int winusb_isoch_register(struct winusb *usb, uint8_t pipe, void *memory, uint32_t length,
			  struct winusb_isoch_buffer **buffer)
{
	struct winusb_register_isoch_buffer arg = {
		.pipe_id = pipe,
		.buffer = (uintptr_t)memory,
		.length = length,
	};

	return isoch_create(usb, &arg, buffer);
}

int winusb_isoch_alloc(struct winusb *usb, uint8_t pipe, uint32_t length,
		       struct winusb_isoch_buffer **buffer)
{
	struct winusb_register_isoch_buffer arg = {
		.pipe_id = pipe,
		.flags = WINUSB_ISOCH_BUFFER_MAP,
		.length = length,
	};

	return isoch_create(usb, &arg, buffer);
}

void *winusb_isoch_memory(const struct winusb_isoch_buffer *buffer)
{
	return buffer ? buffer->memory : NULL;
}

void winusb_isoch_free(struct winusb_isoch_buffer *buffer)
{
	if (!buffer)
		return;
	if (buffer->file) {
		isoch_unregister(buffer);
		if (buffer->mapped)
			munmap(buffer->memory, buffer->length);
		native_file_put(buffer->file);
	}
	free(buffer);
}

static int isoch_prepare(struct winusb *usb, const struct winusb_isoch *what,
			 struct winusb_transfer *arg)
{
	/* In another file its number may be another buffer's. */
	if (!usb || !what || !what->buffer || what->buffer->file != usb->file)
		return -EINVAL;
	if (what->flags & ~ISOCH_FLAGS)
		return -EOPNOTSUPP;
	memset(arg, 0, sizeof(*arg));
	arg->flags = what->flags;
	arg->pipe_id = what->buffer->pipe;
	arg->length = what->length;
	arg->isoch_buffer = what->buffer->number;
	arg->isoch_offset = what->offset;
	arg->isoch_start_frame = what->frame;
	arg->isoch_packet_count = what->packet_count;
	arg->isoch_packets = (uintptr_t)what->packets;
	return 0;
}

int winusb_isoch_transfer(struct winusb *usb, const struct winusb_isoch *what,
			  uint32_t *next_frame)
{
	struct winusb_transfer arg;
	int result = isoch_prepare(usb, what, &arg);

	if (result)
		return result;
	result = native_transfer(usb, &arg);
	if (next_frame)
		*next_frame = arg.out_isoch_frame;
	return result;
}

int winusb_submit_isoch(struct winusb *usb, const struct winusb_isoch *what, uint64_t cookie,
			uint32_t *next_frame)
{
	struct winusb_transfer arg;
	int result = isoch_prepare(usb, what, &arg);

	if (result)
		return result;
	arg.flags |= WINUSB_TRANSFER_ASYNC;
	arg.cookie = cookie;
	result = native_transfer(usb, &arg);
	if (next_frame)
		*next_frame = arg.out_isoch_frame;
	return result;
}

int winusb_frame(struct winusb *usb, unsigned int flags, struct winusb_get_frame *frame)
{
	if (!frame)
		return -EINVAL;
	memset(frame, 0, sizeof(*frame));
	frame->flags = flags;
	return isoch_known(native_question(usb, GET_FRAME, frame));
}
