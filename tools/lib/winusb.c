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

/* A command on a handle: ARG is the structure, whose size and handle are filled in. */
#define interface_command(interface, COMMAND, arg)			\
	((arg)->handle = (interface)->number,				\
	 file_command((interface)->file, COMMAND, arg))

BOOL WINAPI WinUsb_Initialize(HANDLE device, PWINUSB_INTERFACE_HANDLE handle)
{
	struct file *file = file_get(device);
	struct winusb_initialize arg = { 0 };
	struct winusb_free release = { 0 };
	int result;

	if (!file)
		return FALSE;
	if (!handle || !file->overlapped || file->fd < 0) {
		file_put(file);
		return error_fail(handle ? ERROR_INVALID_HANDLE : ERROR_INVALID_PARAMETER);
	}
	result = file_command(file, INITIALIZE, &arg);
	if (!result) {
		*handle = interface_open(file, arg.out_handle);
		if (!*handle) {
			release.handle = arg.out_handle;
			file_command(file, FREE, &release);
			result = -ENOMEM;
		}
	}
	file_put(file);
	return error_result(result, ERROR_AT_COMMAND);
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
	struct winusb_free release = { 0 };
	int result;

	if (!interface)
		return FALSE;
	result = -EINVAL;
	if (associated)
		result = interface_command(interface, GET_ASSOCIATED_INTERFACE, &arg);
	if (!result) {
		*associated = interface_open(interface->file, arg.out_handle);
		if (!*associated) {
			release.handle = arg.out_handle;
			file_command(interface->file, FREE, &release);
			result = -ENOMEM;
		}
	}
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
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
	struct interface *interface = interface_get(handle);
	int result;

	if (!interface)
		return FALSE;
	result = transferred ? interface_command(interface, GET_DESCRIPTOR, &arg) : -EINVAL;
	if (transferred)
		*transferred = arg.out_length;
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

BOOL WINAPI WinUsb_QueryInterfaceSettings(WINUSB_INTERFACE_HANDLE handle, UCHAR setting,
					  PUSB_INTERFACE_DESCRIPTOR descriptor)
{
	struct winusb_query_interface_settings arg = { .setting_index = setting };
	struct interface *interface = interface_get(handle);
	int result;

	if (!interface)
		return FALSE;
	result = -EINVAL;
	if (descriptor)
		result = interface_command(interface, QUERY_INTERFACE_SETTINGS, &arg);
	if (!result)
		memcpy(descriptor, arg.out_descriptor, sizeof(arg.out_descriptor));
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

BOOL WINAPI WinUsb_QueryDeviceInformation(WINUSB_INTERFACE_HANDLE handle, ULONG type, PULONG length,
					  PVOID buffer)
{
	struct winusb_query_device_information arg = { .information_type = type };
	struct interface *interface = interface_get(handle);
	DWORD error;

	if (!interface)
		return FALSE;
	if (!length || !buffer || type != DEVICE_SPEED)
		error = ERROR_INVALID_PARAMETER;
	else if (*length < sizeof(UCHAR))
		error = ERROR_INVALID_USER_BUFFER;
	else
		error = error_win32(interface_command(interface, QUERY_DEVICE_INFORMATION, &arg),
				    ERROR_AT_COMMAND);
	if (!error) {
		*(UCHAR *)buffer = arg.out_value;
		*length = sizeof(UCHAR);
	}
	interface_put(interface);
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI WinUsb_SetCurrentAlternateSetting(WINUSB_INTERFACE_HANDLE handle, UCHAR setting)
{
	struct winusb_set_alternate_setting arg = { .setting = setting };
	struct interface *interface = interface_get(handle);
	int result;

	if (!interface)
		return FALSE;
	result = interface_command(interface, SET_ALTERNATE_SETTING, &arg);
	interface_put(interface);
	return error_result(result, ERROR_AT_SETTING);
}

BOOL WINAPI WinUsb_GetCurrentAlternateSetting(WINUSB_INTERFACE_HANDLE handle, PUCHAR setting)
{
	struct winusb_get_alternate_setting arg = { 0 };
	struct interface *interface = interface_get(handle);
	int result;

	if (!interface)
		return FALSE;
	result = setting ? interface_command(interface, GET_ALTERNATE_SETTING, &arg) : -EINVAL;
	if (!result)
		*setting = arg.out_setting;
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

static BOOL winusb_query_pipe(WINUSB_INTERFACE_HANDLE handle, UCHAR setting, UCHAR index,
			      struct winusb_query_pipe *arg, bool wanted)
{
	struct interface *interface = interface_get(handle);
	int result;

	if (!interface)
		return FALSE;
	memset(arg, 0, sizeof(*arg));
	arg->setting_index = setting;
	arg->pipe_index = index;
	result = wanted ? interface_command(interface, QUERY_PIPE, arg) : -EINVAL;
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

BOOL WINAPI WinUsb_QueryPipe(WINUSB_INTERFACE_HANDLE handle, UCHAR setting, UCHAR index,
			     PWINUSB_PIPE_INFORMATION information)
{
	struct winusb_query_pipe arg;

	if (!winusb_query_pipe(handle, setting, index, &arg, information))
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
	struct winusb_query_pipe arg;

	if (!winusb_query_pipe(handle, setting, index, &arg, information))
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
	struct interface *interface = interface_get(handle);
	DWORD error;

	if (!interface)
		return FALSE;
	error = winusb_take_value(winusb_pipe_policy_size(policy), length, value, &arg.value);
	if (!error)
		error = error_win32(interface_command(interface, SET_PIPE_POLICY, &arg),
				    ERROR_AT_COMMAND);
	interface_put(interface);
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI WinUsb_GetPipePolicy(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, ULONG policy,
				 PULONG length, PVOID value)
{
	struct winusb_pipe_policy arg = { .pipe_id = pipe, .policy = policy };
	struct interface *interface = interface_get(handle);
	ULONG size = winusb_pipe_policy_size(policy);
	DWORD error;

	if (!interface)
		return FALSE;
	error = winusb_check_room(size, length, value);
	if (!error)
		error = error_win32(interface_command(interface, GET_PIPE_POLICY, &arg),
				    ERROR_AT_COMMAND);
	if (!error)
		winusb_give_value(size, arg.value, length, value);
	interface_put(interface);
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI WinUsb_SetPowerPolicy(WINUSB_INTERFACE_HANDLE handle, ULONG policy, ULONG length,
				  PVOID value)
{
	struct winusb_power_policy arg = { .policy = policy };
	struct interface *interface = interface_get(handle);
	DWORD error;

	if (!interface)
		return FALSE;
	error = winusb_take_value(winusb_power_policy_size(policy), length, value, &arg.value);
	if (!error)
		error = error_win32(interface_command(interface, SET_POWER_POLICY, &arg),
				    ERROR_AT_COMMAND);
	interface_put(interface);
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI WinUsb_GetPowerPolicy(WINUSB_INTERFACE_HANDLE handle, ULONG policy, PULONG length,
				  PVOID value)
{
	struct winusb_power_policy arg = { .policy = policy };
	struct interface *interface = interface_get(handle);
	ULONG size = winusb_power_policy_size(policy);
	DWORD error;

	if (!interface)
		return FALSE;
	error = winusb_check_room(size, length, value);
	if (!error)
		error = error_win32(interface_command(interface, GET_POWER_POLICY, &arg),
				    ERROR_AT_COMMAND);
	if (!error)
		winusb_give_value(size, arg.value, length, value);
	interface_put(interface);
	return error ? error_fail(error) : TRUE;
}

/* A transfer, checked; with SETUP a control transfer. */
static BOOL winusb_transfer(struct interface *interface, UCHAR pipe, const void *setup,
			    PUCHAR buffer, ULONG length, PULONG transferred,
			    LPOVERLAPPED overlapped)
{
	uint32_t moved;
	int result;

	if (overlapped) {
		if (transferred)
			*transferred = 0;
		return error_fail(overlapped_start(interface->file, overlapped, interface->number,
						   pipe, setup, buffer, length));
	}
	result = file_transfer(interface->file, interface->number, pipe, setup, buffer, length,
			       &moved);
	if (transferred)
		*transferred = moved;
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
	struct interface *interface = interface_get(handle);

	if (!interface)
		return FALSE;
	/* The request knows its file; a wait does not keep the handle. */
	interface_put(interface);
	return GetOverlappedResult(NULL, overlapped, bytes, wait);
}
