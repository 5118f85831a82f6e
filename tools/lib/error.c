// SPDX-License-Identifier: MIT
/* Errors: see error.h. The rows are those of the uapi header's table. */
#include <errno.h>
#include <stdlib.h>

#include "error.h"

const struct error_row error_rows[] = {
	/* Those that depend on where they came from. */
	{ ENOENT, ERROR_AT_OPEN, ERROR_FILE_NOT_FOUND, "interface absent or disabled" },
	{ ENODEV, ERROR_AT_OPEN, ERROR_FILE_NOT_FOUND, "interface absent" },
	{ EBUSY, ERROR_AT_OPEN, ERROR_ACCESS_DENIED, "interface or function in use" },
	{ ENOENT, ERROR_AT_SETTING, ERROR_NOT_FOUND, "no such alternate setting" },
	{ ENOENT, ERROR_AT_CANCEL, ERROR_NOT_FOUND, "nothing to cancel" },
	{ EAGAIN, ERROR_AT_RECORD, ERROR_IO_INCOMPLETE, "not complete yet" },
	{ EFAULT, ERROR_AT_TRANSFER, ERROR_NOACCESS, "bad address of a transfer's buffer" },

	{ EINVAL, ERROR_ANYWHERE, ERROR_INVALID_PARAMETER,
	  "value out of range; unknown pipe or policy" },
	{ EMSGSIZE, ERROR_ANYWHERE, ERROR_INVALID_FUNCTION, "RAW_IO read of broken packets" },
	{ E2BIG, ERROR_ANYWHERE, ERROR_INVALID_PARAMETER,
	  "structure that the driver does not know" },
	{ EOPNOTSUPP, ERROR_ANYWHERE, ERROR_NOT_SUPPORTED, "what the driver, or the host controller, does not have" },
	{ ENOTTY, ERROR_ANYWHERE, ERROR_INVALID_FUNCTION, "unknown command" },
	{ EBADF, ERROR_ANYWHERE, ERROR_INVALID_HANDLE, "unknown or freed handle" },
	{ ENOENT, ERROR_ANYWHERE, ERROR_NO_MORE_ITEMS, "no further interface, setting or pipe" },
	{ ENXIO, ERROR_ANYWHERE, ERROR_FILE_NOT_FOUND, "interface absent" },
	{ EEXIST, ERROR_ANYWHERE, ERROR_ALREADY_EXISTS,
	  "second handle of an associated interface" },
	{ EBUSY, ERROR_ANYWHERE, ERROR_BUSY, "transfer outstanding; interface of another driver" },
	{ EACCES, ERROR_ANYWHERE, ERROR_ACCESS_DENIED, "forbidden; may not open the node" },
	{ EPERM, ERROR_ANYWHERE, ERROR_ACCESS_DENIED, "may not open the node" },
	{ EAGAIN, ERROR_ANYWHERE, ERROR_NOT_READY, "sibling not bound yet" },
	{ EINTR, ERROR_ANYWHERE, ERROR_OPERATION_ABORTED, "a signal ended it" },
	{ ETIMEDOUT, ERROR_ANYWHERE, ERROR_SEM_TIMEOUT, "timeout policy" },
	{ ECANCELED, ERROR_ANYWHERE, ERROR_OPERATION_ABORTED, "abort, cancel, close" },
	{ EPIPE, ERROR_ANYWHERE, ERROR_GEN_FAILURE, "stall" },
	{ EPROTO, ERROR_ANYWHERE, ERROR_GEN_FAILURE, "bus error" },
	{ EILSEQ, ERROR_ANYWHERE, ERROR_GEN_FAILURE, "bus error" },
	{ EOVERFLOW, ERROR_ANYWHERE, ERROR_GEN_FAILURE, "more data than asked for" },
	{ EIO, ERROR_ANYWHERE, ERROR_GEN_FAILURE, "any other failure" },
	{ ECONNRESET, ERROR_ANYWHERE, ERROR_GEN_FAILURE, "the device was reset underneath" },
	{ ESHUTDOWN, ERROR_ANYWHERE, ERROR_DEVICE_NOT_CONNECTED, "in flight when the device left" },
	{ ENOSPC, ERROR_ANYWHERE, ERROR_NO_SYSTEM_RESOURCES, "no bandwidth left on the bus" },
	{ ENODEV, ERROR_ANYWHERE, ERROR_BAD_COMMAND, "submitted after the device left" },
	{ ENOMEM, ERROR_ANYWHERE, ERROR_NOT_ENOUGH_MEMORY,
	  "no memory, too many handles or transfers" },
	{ EFAULT, ERROR_ANYWHERE, ERROR_INVALID_PARAMETER, "bad address" },
	{ EMFILE, ERROR_ANYWHERE, ERROR_TOO_MANY_OPEN_FILES, "no more descriptors" },
	{ ENFILE, ERROR_ANYWHERE, ERROR_TOO_MANY_OPEN_FILES, "no more descriptors" },
	{ ENOTDIR, ERROR_ANYWHERE, ERROR_PATH_NOT_FOUND, "not a path" },
	{ ENAMETOOLONG, ERROR_ANYWHERE, ERROR_PATH_NOT_FOUND, "not a path" },
	{ 0, ERROR_ANYWHERE, ERROR_SUCCESS, NULL },
};

DWORD error_win32(int error, enum error_context context)
{
	const struct error_row *row;

	error = abs(error);
	if (!error)
		return ERROR_SUCCESS;
	for (row = error_rows; row->error; row++)
		if (row->error == error &&
		    (row->context == ERROR_ANYWHERE || row->context == context))
			return row->win32;
	return ERROR_GEN_FAILURE;
}

/* The first status of an error is what that becomes; all statuses become their errors. */
static const struct {
	DWORD win32;
	DWORD status;
} error_statuses[] = {
	{ ERROR_SUCCESS, 0x00000000 },			/* SUCCESS */
	{ ERROR_IO_PENDING, 0x00000103 },		/* PENDING */
	{ ERROR_OPERATION_ABORTED, 0xc0000120 },	/* CANCELLED */
	{ ERROR_SEM_TIMEOUT, 0xc00000b5 },		/* IO_TIMEOUT */
	{ ERROR_GEN_FAILURE, 0xc0000001 },		/* UNSUCCESSFUL */
	{ ERROR_DEVICE_NOT_CONNECTED, 0xc000009d },	/* DEVICE_NOT_CONNECTED */
	{ ERROR_BAD_COMMAND, 0xc0000184 },		/* INVALID_DEVICE_STATE */
	{ ERROR_INVALID_PARAMETER, 0xc000000d },	/* INVALID_PARAMETER */
	{ ERROR_INVALID_FUNCTION, 0xc0000010 },		/* INVALID_DEVICE_REQUEST */
	{ ERROR_INVALID_HANDLE, 0xc0000008 },		/* INVALID_HANDLE */
	{ ERROR_INVALID_HANDLE, 0xc0000024 },		/* OBJECT_TYPE_MISMATCH */
	{ ERROR_NOT_SUPPORTED, 0xc00000bb },		/* NOT_SUPPORTED */
	{ ERROR_ACCESS_DENIED, 0xc0000022 },		/* ACCESS_DENIED */
	{ ERROR_NOT_ENOUGH_MEMORY, 0xc0000017 },	/* NO_MEMORY */
	{ ERROR_NO_SYSTEM_RESOURCES, 0xc000009a },	/* INSUFFICIENT_RESOURCES */
	{ ERROR_NOACCESS, 0xc0000005 },			/* ACCESS_VIOLATION */
	{ ERROR_NO_MORE_ITEMS, 0x8000001a },		/* NO_MORE_ENTRIES */
	{ ERROR_NOT_FOUND, 0xc0000225 },		/* NOT_FOUND */
	{ ERROR_FILE_NOT_FOUND, 0xc0000034 },		/* OBJECT_NAME_NOT_FOUND */
	{ ERROR_FILE_NOT_FOUND, 0xc000000f },		/* NO_SUCH_FILE */
	{ ERROR_PATH_NOT_FOUND, 0xc000003a },		/* OBJECT_PATH_NOT_FOUND */
	{ ERROR_NO_SUCH_DEVICE, 0xc000000e },		/* NO_SUCH_DEVICE */
	{ ERROR_ALREADY_EXISTS, 0xc0000035 },		/* OBJECT_NAME_COLLISION */
	{ ERROR_BUSY, 0x80000011 },			/* DEVICE_BUSY */
	{ ERROR_NOT_READY, 0xc00000a3 },		/* DEVICE_NOT_READY */
	{ ERROR_INVALID_USER_BUFFER, 0xc0000206 },	/* INVALID_BUFFER_SIZE */
	{ ERROR_INSUFFICIENT_BUFFER, 0xc0000023 },	/* BUFFER_TOO_SMALL */
	{ ERROR_MORE_DATA, 0x80000005 },		/* BUFFER_OVERFLOW */
	{ ERROR_HANDLE_EOF, 0xc0000011 },		/* END_OF_FILE */
	{ ERROR_REQUEST_ABORTED, 0xc0000240 },		/* REQUEST_ABORTED */
	{ ERROR_TOO_MANY_OPEN_FILES, 0xc000011f },	/* TOO_MANY_OPENED_FILES */
	{ ERROR_SHARING_VIOLATION, 0xc0000043 },	/* SHARING_VIOLATION */
	{ WAIT_TIMEOUT, 0x00000102 },			/* TIMEOUT */
	{ ERROR_ABANDONED_WAIT_0, 0x00000080 },		/* ABANDONED_WAIT_0 */
};

#define STATUSES (sizeof(error_statuses) / sizeof(error_statuses[0]))

DWORD error_status(DWORD win32)
{
	unsigned int i;

	for (i = 0; i < STATUSES; i++)
		if (error_statuses[i].win32 == win32)
			return error_statuses[i].status;
	/* The customary wrapping: FACILITY_NTWIN32. */
	return 0xc0070000 | (win32 & 0xffff);
}

DWORD error_from_status(DWORD status)
{
	unsigned int i;

	for (i = 0; i < STATUSES; i++)
		if (error_statuses[i].status == status)
			return error_statuses[i].win32;
	if ((status & 0xffff0000) == 0xc0070000 || (status & 0xffff0000) == 0x80070000)
		return status & 0xffff;
	return (LONG)status >= 0 ? ERROR_SUCCESS : ERROR_MR_MID_NOT_FOUND;
}

static __thread DWORD error_last __attribute__((tls_model("initial-exec")));

DWORD WINAPI GetLastError(void)
{
	return error_last;
}

void WINAPI SetLastError(DWORD error)
{
	error_last = error;
}

BOOL error_fail(DWORD win32)
{
	error_last = win32;
	return FALSE;
}

void *error_null(DWORD win32)
{
	error_last = win32;
	return NULL;
}

BOOL error_result(int error, enum error_context context)
{
	return error ? error_fail(error_win32(error, context)) : TRUE;
}
