// SPDX-License-Identifier: MIT
/*
 * Isochronous buffers and transfers (winusb.md 1.7). What a transfer may be is the driver's rule.
 * A buffer's handle is one of the table that all handles are in, so that whatever is no buffer is
 * known for that.
 */
#include <stdlib.h>
#include <time.h>

#include <winusb.h>

#include "core.h"
#include "error.h"
#include "interface.h"
#include "overlapped.h"

#define DIRECTION_IN	0x80

_Static_assert(sizeof(USBD_ISO_PACKET_DESCRIPTOR) == sizeof(struct winusb_isoch_packet) &&
	       offsetof(USBD_ISO_PACKET_DESCRIPTOR, Length) ==
	       offsetof(struct winusb_isoch_packet, length) &&
	       offsetof(USBD_ISO_PACKET_DESCRIPTOR, Status) ==
	       offsetof(struct winusb_isoch_packet, status), "one layout");

struct isoch_buffer {
	struct object object;
	struct file *file;	/* a reference */
	uint32_t handle;	/* the driver's, of the interface */
	uint32_t number;	/* the driver's */
	UCHAR pipe;
	atomic_uint users;	/* transfers that may still write to the memory */
	int result;		/* of the end */
};

/*
 * The driver waits until the transfers have ended, and what they read is in the program's memory
 * then. What became of their packets the program gets when their records are read, so it waits for
 * that, too.
 */
static void isoch_closed(struct object *object)
{
	struct isoch_buffer *buffer = (struct isoch_buffer *)object;
	struct winusb_unregister_isoch_buffer arg = { .isoch_buffer = buffer->number };
	struct timespec pause = { .tv_nsec = 200000 };

	buffer->result = file_command(buffer->file, UNREGISTER_ISOCH_BUFFER, &arg);
	while (atomic_load(&buffer->users)) {
		overlapped_pump(buffer->file);
		if (atomic_load(&buffer->users))
			nanosleep(&pause, NULL);
	}
}

static void isoch_destroy(struct object *object)
{
	struct isoch_buffer *buffer = (struct isoch_buffer *)object;

	file_put(buffer->file);
	free(buffer);
}

static const struct object_type isoch_type = {
	.kind = OBJECT_ISOCH,
	.closed = isoch_closed,
	.destroy = isoch_destroy,
};

/* NULL: there is no memory, and the number is unregistered again. */
static HANDLE isoch_open(struct interface *interface, UCHAR pipe, uint32_t number)
{
	struct winusb_unregister_isoch_buffer arg = { .isoch_buffer = number };
	struct isoch_buffer *buffer = calloc(1, sizeof(*buffer));
	HANDLE handle = NULL;

	if (buffer) {
		object_init(&buffer->object, &isoch_type);
		object_ref(&interface->file->object);
		buffer->file = interface->file;
		buffer->handle = interface->number;
		buffer->number = number;
		buffer->pipe = pipe;
		handle = object_open(&buffer->object);
	}
	if (!handle)
		file_command(interface->file, UNREGISTER_ISOCH_BUFFER, &arg);
	return handle;
}

BOOL WINAPI WinUsb_RegisterIsochBuffer(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, PUCHAR memory,
				       ULONG length, PWINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	struct winusb_register_isoch_buffer arg = {
		.pipe_id = pipe,
		.buffer = (uintptr_t)memory,
		.length = length,
	};
	struct interface *interface = interface_get(handle);
	HANDLE opened = NULL;
	int result = -EINVAL;

	if (!interface)
		return FALSE;
	if (memory && isoch)
		result = interface_try(interface, REGISTER_ISOCH_BUFFER, &arg);
	if (!result) {
		opened = isoch_open(interface, pipe, arg.out_isoch_buffer);
		if (opened)
			*isoch = opened;
		else
			result = -ENOMEM;
	}
	interface_put(interface);
	return error_result(result, ERROR_AT_TRANSFER);
}

BOOL WINAPI WinUsb_UnregisterIsochBuffer(WINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	struct isoch_buffer *buffer = (struct isoch_buffer *)object_get(isoch, OBJECT_ISOCH);
	BOOL done;

	if (!buffer)
		return FALSE;
	done = object_close(isoch, OBJECT_ISOCH);
	if (done)
		done = error_result(buffer->result, ERROR_AT_COMMAND);
	object_put(&buffer->object);
	return done;
}

/* Overlapped it has to be zero but for the event. What the system wrote there does not count. */
static bool isoch_is_fresh(const OVERLAPPED *overlapped)
{
	return !overlapped || (!overlapped->Offset && !overlapped->OffsetHigh);
}

/* A transfer, checked: the error, 0, or ERROR_IO_PENDING. */
static DWORD isoch_move(struct isoch_buffer *buffer, struct winusb_transfer *transfer,
			OVERLAPPED *overlapped)
{
	DWORD error;

	transfer->size = sizeof(*transfer);
	transfer->handle = buffer->handle;
	transfer->pipe_id = buffer->pipe;
	transfer->isoch_buffer = buffer->number;
	atomic_fetch_add(&buffer->users, 1);
	if (overlapped)
		error = overlapped_start(buffer->file, overlapped, transfer, &buffer->users);
	else
		error = error_win32(file_transfer(buffer->file, transfer), ERROR_AT_TRANSFER);
	if (error != ERROR_IO_PENDING)
		atomic_fetch_sub(&buffer->users, 1);
	return error;
}

/* GOOD: the arguments make sense so far. FRAME gets the one after the last, unless it is NULL. */
static BOOL isoch_start(WINUSB_ISOCH_BUFFER_HANDLE isoch, UCHAR direction, bool good,
			struct winusb_transfer *transfer, PULONG frame, OVERLAPPED *overlapped)
{
	struct isoch_buffer *buffer = (struct isoch_buffer *)object_get(isoch, OBJECT_ISOCH);
	DWORD error = ERROR_INVALID_PARAMETER;

	if (!buffer)
		return FALSE;
	if (good && (buffer->pipe & DIRECTION_IN) == direction && isoch_is_fresh(overlapped))
		error = isoch_move(buffer, transfer, overlapped);
	object_put(&buffer->object);
	if (frame && (!error || error == ERROR_IO_PENDING))
		*frame = transfer->out_isoch_frame;
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI WinUsb_ReadIsochPipe(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				 PULONG frame, ULONG count, PUSBD_ISO_PACKET_DESCRIPTOR packets,
				 LPOVERLAPPED overlapped)
{
	struct winusb_transfer transfer = {
		.flags = WINUSB_TRANSFER_ISOCH_AT,
		.length = length,
		.isoch_offset = offset,
		.isoch_start_frame = frame ? *frame : 0,
		.isoch_packet_count = count,
		.isoch_packets = (uintptr_t)packets,
	};

	return isoch_start(isoch, DIRECTION_IN, frame && packets, &transfer, frame, overlapped);
}

BOOL WINAPI WinUsb_ReadIsochPipeAsap(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				     BOOL go_on, ULONG count, PUSBD_ISO_PACKET_DESCRIPTOR packets,
				     LPOVERLAPPED overlapped)
{
	struct winusb_transfer transfer = {
		.flags = go_on ? WINUSB_TRANSFER_ISOCH_CONTINUE : 0,
		.length = length,
		.isoch_offset = offset,
		.isoch_packet_count = count,
		.isoch_packets = (uintptr_t)packets,
	};

	return isoch_start(isoch, DIRECTION_IN, packets, &transfer, NULL, overlapped);
}

BOOL WINAPI WinUsb_WriteIsochPipe(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				  PULONG frame, LPOVERLAPPED overlapped)
{
	struct winusb_transfer transfer = {
		.flags = WINUSB_TRANSFER_ISOCH_AT,
		.length = length,
		.isoch_offset = offset,
		.isoch_start_frame = frame ? *frame : 0,
	};

	return isoch_start(isoch, 0, frame, &transfer, frame, overlapped);
}

BOOL WINAPI WinUsb_WriteIsochPipeAsap(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				      BOOL go_on, LPOVERLAPPED overlapped)
{
	struct winusb_transfer transfer = {
		.flags = go_on ? WINUSB_TRANSFER_ISOCH_CONTINUE : 0,
		.length = length,
		.isoch_offset = offset,
	};

	return isoch_start(isoch, 0, true, &transfer, NULL, overlapped);
}
