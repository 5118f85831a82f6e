// SPDX-License-Identifier: MIT
/*
 * The functions of winusb.h that speak of a device and its pipes; parse.c and isoch.c have the
 * rest. The rules are in winusb.md 1.2 to 1.6; most are the driver's, and what is checked here is
 * what it can't see: pointers, lengths, and the direction of a pipe.
 */
#include <errno.h>
#include <string.h>

#include <winusb.h>

#include "core.h"
#include "error.h"
#include "interface.h"
#include "overlapped.h"

#define DESCRIPTOR_MAX	65535
#define DIRECTION_IN	0x80

/* NUMBER is a field of the structure ARG, whose size is filled in. */
static BOOL winusb_run(WINUSB_INTERFACE_HANDLE handle, unsigned long command, void *arg,
		       uint32_t *number, DWORD error)
{
	bool setting = command == WINUSB_IOC_SET_ALTERNATE_SETTING;
	struct interface *interface = interface_get(handle);

	if (!interface)
		return FALSE;
	*number = interface->number;
	if (!error)
		error = error_win32(file_call(interface->file, command, arg),
				    setting ? ERROR_AT_SETTING : ERROR_AT_COMMAND);
	interface_put(interface);
	return error ? error_fail(error) : TRUE;
}

/*
 * A command on a handle: ARG is the structure, whose size and handle are filled in. ERROR is what
 * else is wrong; a bad handle is told first.
 */
#define winusb_command(usb, COMMAND, arg, error)				\
	((arg)->size = sizeof(*(arg)),						\
	 winusb_run(usb, WINUSB_IOC_##COMMAND, arg, &(arg)->handle, error))

/* A pointer that is needed */
static DWORD winusb_check(const void *pointer)
{
	return pointer ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

/* A new handle of what the driver calls NUMBER, which is freed again without memory for it. */
static BOOL winusb_give_handle(struct file *file, uint32_t number, WINUSB_INTERFACE_HANDLE *handle)
{
	struct winusb_free release = { .handle = number };

	*handle = interface_open(file, number);
	if (*handle)
		return TRUE;
	file_command(file, FREE, &release);
	return error_fail(ERROR_NOT_ENOUGH_MEMORY);
}

BOOL WINAPI WinUsb_Initialize(HANDLE device, PWINUSB_INTERFACE_HANDLE handle)
{
	struct file *file = file_get(device);
	struct winusb_initialize arg = { 0 };
	BOOL done = FALSE;

	if (!file)
		return FALSE;
	if (!handle || !file->overlapped || file->fd < 0)
		error_fail(handle ? ERROR_INVALID_HANDLE : ERROR_INVALID_PARAMETER);
	else if (error_result(file_command(file, INITIALIZE, &arg), ERROR_AT_COMMAND))
		done = winusb_give_handle(file, arg.out_handle, handle);
	file_put(file);
	return done;
}

BOOL WINAPI WinUsb_Free(WINUSB_INTERFACE_HANDLE handle)
{
	interface_close(handle);
	return TRUE;
}

BOOL WINAPI WinUsb_GetAssociatedInterface(WINUSB_INTERFACE_HANDLE handle, UCHAR index,
					  PWINUSB_INTERFACE_HANDLE associated)
{
	struct winusb_get_associated_interface arg = { .index = index };
	struct interface *interface = interface_get(handle);
	BOOL done = FALSE;

	if (!interface)
		return FALSE;
	if (winusb_command(handle, GET_ASSOCIATED_INTERFACE, &arg, winusb_check(associated)))
		done = winusb_give_handle(interface->file, arg.out_handle, associated);
	interface_put(interface);
	return done;
}

BOOL WINAPI WinUsb_GetDescriptor(WINUSB_INTERFACE_HANDLE handle, UCHAR type, UCHAR index,
				 USHORT language, PUCHAR buffer, ULONG length, PULONG transferred)
{
	struct winusb_get_descriptor arg = {
		.type = type,
		.index = index,
		.language_id = language,
		.length = length < DESCRIPTOR_MAX ? length : DESCRIPTOR_MAX,
		.buffer = (uintptr_t)buffer,
	};
	BOOL done = winusb_command(handle, GET_DESCRIPTOR, &arg, winusb_check(transferred));

	if (transferred)
		*transferred = arg.out_length;
	return done;
}

BOOL WINAPI WinUsb_QueryInterfaceSettings(WINUSB_INTERFACE_HANDLE handle, UCHAR setting,
					  PUSB_INTERFACE_DESCRIPTOR descriptor)
{
	struct winusb_query_interface_settings arg = { .setting_index = setting };

	if (!winusb_command(handle, QUERY_INTERFACE_SETTINGS, &arg, winusb_check(descriptor)))
		return FALSE;
	memcpy(descriptor, arg.out_descriptor, sizeof(arg.out_descriptor));
	return TRUE;
}

BOOL WINAPI WinUsb_QueryDeviceInformation(WINUSB_INTERFACE_HANDLE handle, ULONG type, PULONG length,
					  PVOID buffer)
{
	struct winusb_query_device_information arg = { .information_type = type };
	DWORD error = ERROR_SUCCESS;

	if (!length || !buffer || type != DEVICE_SPEED)
		error = ERROR_INVALID_PARAMETER;
	else if (*length < sizeof(UCHAR))
		error = ERROR_INVALID_USER_BUFFER;
	if (!winusb_command(handle, QUERY_DEVICE_INFORMATION, &arg, error))
		return FALSE;
	*(UCHAR *)buffer = arg.out_value;
	*length = sizeof(UCHAR);
	return TRUE;
}

BOOL WINAPI WinUsb_SetCurrentAlternateSetting(WINUSB_INTERFACE_HANDLE handle, UCHAR setting)
{
	struct winusb_set_alternate_setting arg = { .setting = setting };

	return winusb_command(handle, SET_ALTERNATE_SETTING, &arg, ERROR_SUCCESS);
}

BOOL WINAPI WinUsb_GetCurrentAlternateSetting(WINUSB_INTERFACE_HANDLE handle, PUCHAR setting)
{
	struct winusb_get_alternate_setting arg = { 0 };

	if (!winusb_command(handle, GET_ALTERNATE_SETTING, &arg, winusb_check(setting)))
		return FALSE;
	*setting = arg.out_setting;
	return TRUE;
}

BOOL WINAPI WinUsb_QueryPipe(WINUSB_INTERFACE_HANDLE handle, UCHAR setting, UCHAR index,
			     PWINUSB_PIPE_INFORMATION information)
{
	struct winusb_query_pipe arg = { .setting_index = setting, .pipe_index = index };

	if (!winusb_command(handle, QUERY_PIPE, &arg, winusb_check(information)))
		return FALSE;
	information->PipeType = (USBD_PIPE_TYPE)arg.out_type;
	information->PipeId = arg.out_pipe_id;
	information->MaximumPacketSize = arg.out_maximum_packet_size;
	information->Interval = arg.out_interval;
	return TRUE;
}

BOOL WINAPI WinUsb_QueryPipeEx(WINUSB_INTERFACE_HANDLE handle, UCHAR setting, UCHAR index,
			       PWINUSB_PIPE_INFORMATION_EX information)
{
	struct winusb_query_pipe arg = { .setting_index = setting, .pipe_index = index };

	if (!winusb_command(handle, QUERY_PIPE, &arg, winusb_check(information)))
		return FALSE;
	information->PipeType = (USBD_PIPE_TYPE)arg.out_type;
	information->PipeId = arg.out_pipe_id;
	information->MaximumPacketSize = arg.out_maximum_packet_size;
	information->Interval = arg.out_interval;
	information->MaximumBytesPerInterval = arg.out_maximum_bytes_per_interval;
	return TRUE;
}

/* The size of a policy's value; 0: there is no such policy. */
static ULONG winusb_pipe_policy_size(ULONG policy)
{
	if (policy == PIPE_TRANSFER_TIMEOUT || policy == MAXIMUM_TRANSFER_SIZE)
		return sizeof(ULONG);
	if (policy < SHORT_PACKET_TERMINATE || policy > RESET_PIPE_ON_RESUME)
		return 0;
	return sizeof(UCHAR);
}

static ULONG winusb_power_policy_size(ULONG policy)
{
	if (policy == SUSPEND_DELAY)
		return sizeof(ULONG);
	return policy == AUTO_SUSPEND ? sizeof(UCHAR) : 0;
}

/*
 * A value may lie in something larger than needed, as a BOOL for a UCHAR (winusb.md 8, row 29), but
 * not in something smaller.
 */
static DWORD winusb_take_value(ULONG size, ULONG length, const void *value, uint32_t *taken)
{
	ULONG number;

	if (!size || length < size || !value)
		return ERROR_INVALID_PARAMETER;
	*taken = *(const UCHAR *)value;
	if (size == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		*taken = number;
	}
	return ERROR_SUCCESS;
}

static DWORD winusb_check_room(ULONG size, const ULONG *length, const void *value)
{
	if (!size)
		return ERROR_INVALID_PARAMETER;
	if (!length || *length < size)
		return ERROR_INVALID_USER_BUFFER;
	return value ? ERROR_SUCCESS : ERROR_INVALID_PARAMETER;
}

static void winusb_give_value(ULONG size, uint32_t given, ULONG *length, void *value)
{
	ULONG number = given;

	if (size == sizeof(number))
		memcpy(value, &number, sizeof(number));
	else
		*(UCHAR *)value = given;
	*length = size;
}

BOOL WINAPI WinUsb_SetPipePolicy(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, ULONG policy,
				 ULONG length, PVOID value)
{
	struct winusb_pipe_policy arg = { .pipe_id = pipe, .policy = policy };
	ULONG size = winusb_pipe_policy_size(policy);

	return winusb_command(handle, SET_PIPE_POLICY, &arg,
			      winusb_take_value(size, length, value, &arg.value));
}

BOOL WINAPI WinUsb_GetPipePolicy(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, ULONG policy,
				 PULONG length, PVOID value)
{
	struct winusb_pipe_policy arg = { .pipe_id = pipe, .policy = policy };
	ULONG size = winusb_pipe_policy_size(policy);

	if (!winusb_command(handle, GET_PIPE_POLICY, &arg, winusb_check_room(size, length, value)))
		return FALSE;
	winusb_give_value(size, arg.value, length, value);
	return TRUE;
}

BOOL WINAPI WinUsb_SetPowerPolicy(WINUSB_INTERFACE_HANDLE handle, ULONG policy, ULONG length,
				  PVOID value)
{
	struct winusb_power_policy arg = { .policy = policy };
	ULONG size = winusb_power_policy_size(policy);

	return winusb_command(handle, SET_POWER_POLICY, &arg,
			      winusb_take_value(size, length, value, &arg.value));
}

BOOL WINAPI WinUsb_GetPowerPolicy(WINUSB_INTERFACE_HANDLE handle, ULONG policy, PULONG length,
				  PVOID value)
{
	struct winusb_power_policy arg = { .policy = policy };
	ULONG size = winusb_power_policy_size(policy);

	if (!winusb_command(handle, GET_POWER_POLICY, &arg, winusb_check_room(size, length, value)))
		return FALSE;
	winusb_give_value(size, arg.value, length, value);
	return TRUE;
}

/* A transfer, checked; with SETUP a control transfer. */
static BOOL winusb_transfer(struct interface *interface, UCHAR pipe, const void *setup,
			    PUCHAR buffer, ULONG length, PULONG transferred,
			    LPOVERLAPPED overlapped)
{
	struct winusb_transfer transfer = {
		.size = sizeof(transfer),
		.handle = interface->number,
		.pipe_id = pipe,
		.buffer = (uintptr_t)buffer,
		.length = length,
	};
	int result;

	if (setup)
		memcpy(transfer.setup, setup, sizeof(transfer.setup));
	if (overlapped) {
		if (transferred)
			*transferred = 0;
		return error_fail(overlapped_start(interface->file, overlapped, &transfer, NULL));
	}
	result = file_transfer(interface->file, &transfer);
	if (transferred)
		*transferred = transfer.out_length;
	return error_result(result, ERROR_AT_TRANSFER);
}

/* To the driver the pipe's bit 7 says what is to be done, and 0 is the control pipe. */
static BOOL winusb_move(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, UCHAR direction, PUCHAR buffer,
			ULONG length, PULONG transferred, LPOVERLAPPED overlapped)
{
	struct interface *interface = interface_get(handle);
	BOOL result;

	if (!interface)
		return FALSE;
	if ((pipe & DIRECTION_IN) != direction || !(pipe & 0x7f) || (!transferred && !overlapped))
		result = error_fail(ERROR_INVALID_PARAMETER);
	else
		result = winusb_transfer(interface, pipe, NULL, buffer, length, transferred,
					 overlapped);
	interface_put(interface);
	return result;
}

BOOL WINAPI WinUsb_ReadPipe(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, PUCHAR buffer, ULONG length,
			    PULONG transferred, LPOVERLAPPED overlapped)
{
	return winusb_move(handle, pipe, DIRECTION_IN, buffer, length, transferred, overlapped);
}

BOOL WINAPI WinUsb_WritePipe(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, PUCHAR buffer,
			     ULONG length, PULONG transferred, LPOVERLAPPED overlapped)
{
	return winusb_move(handle, pipe, 0, buffer, length, transferred, overlapped);
}

BOOL WINAPI WinUsb_ControlTransfer(WINUSB_INTERFACE_HANDLE handle, WINUSB_SETUP_PACKET setup,
				   PUCHAR buffer, ULONG length, PULONG transferred,
				   LPOVERLAPPED overlapped)
{
	struct interface *interface = interface_get(handle);
	BOOL result;

	if (!interface)
		return FALSE;
	if (!transferred && !overlapped && length)
		result = error_fail(ERROR_INVALID_PARAMETER);
	else
		result = winusb_transfer(interface, 0, &setup, buffer, length, transferred,
					 overlapped);
	interface_put(interface);
	return result;
}

static BOOL winusb_pipe_command(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, unsigned long command)
{
	struct winusb_pipe_command arg = { .size = sizeof(arg), .pipe_id = pipe };
	struct interface *interface = interface_get(handle);
	int result;

	if (!interface)
		return FALSE;
	arg.handle = interface->number;
	result = file_call(interface->file, command, &arg);
	/* What was aborted has ended, and OVERLAPPED shall say so. */
	if (!result && command == WINUSB_IOC_ABORT_PIPE && atomic_load(&interface->file->pending))
		overlapped_pump(interface->file);
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

BOOL WINAPI WinUsb_ResetPipe(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe)
{
	return winusb_pipe_command(handle, pipe, WINUSB_IOC_RESET_PIPE);
}

BOOL WINAPI WinUsb_AbortPipe(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe)
{
	return winusb_pipe_command(handle, pipe, WINUSB_IOC_ABORT_PIPE);
}

BOOL WINAPI WinUsb_FlushPipe(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe)
{
	return winusb_pipe_command(handle, pipe, WINUSB_IOC_FLUSH_PIPE);
}

BOOL WINAPI WinUsb_GetOverlappedResult(WINUSB_INTERFACE_HANDLE handle, LPOVERLAPPED overlapped,
				       LPDWORD bytes, BOOL wait)
{
	/* The request knows its file; a wait does not keep the handle. */
	if (!interface_is_open(handle))
		return FALSE;
	return GetOverlappedResult(NULL, overlapped, bytes, wait);
}
