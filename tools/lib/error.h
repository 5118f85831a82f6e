/* SPDX-License-Identifier: MIT */
/*
 * The one table of errors: what the driver says (errno), what a Windows program is told (Win32),
 * and what OVERLAPPED.Internal says (NTSTATUS).
 */
#ifndef LIBWINUSB_ERROR_H
#define LIBWINUSB_ERROR_H

#include <windows.h>

/* Where an errno came from, for those that mean different things in different places. */
enum error_context {
	ERROR_AT_COMMAND,	/* any command without a context of its own */
	ERROR_AT_OPEN,		/* open(2) of a node */
	ERROR_AT_TRANSFER,	/* a transfer: refused, or how it ended */
	ERROR_AT_SETTING,	/* the choice of an alternate setting */
	ERROR_AT_CANCEL,	/* the cancelling of transfers */
	ERROR_AT_RECORD,	/* the reading of completions without waiting */
	ERROR_CONTEXTS,
	ERROR_ANYWHERE = ERROR_CONTEXTS,
};

struct error_row {
	int error;			/* errno, positive */
	enum error_context context;	/* the only one where it holds, or ERROR_ANYWHERE */
	DWORD win32;
	const char *when;
};

/* The rows, special ones first; ends with an error of 0. For the documentation and its tests. */
extern const struct error_row error_rows[];

/* The Win32 error of an errno, negative or positive; 0 of 0. */
DWORD error_win32(int error, enum error_context context);

/*
 * The NTSTATUS of a Win32 error, and back as RtlNtStatusToDosError does. It has 32 bits: where
 * there is place for more, as in OVERLAPPED.Internal, the others are zero.
 */
DWORD error_status(DWORD win32);
DWORD error_from_status(DWORD status);

/* SetLastError, and FALSE; or NULL. */
BOOL error_fail(DWORD win32);
void *error_null(DWORD win32);
/* FALSE and the error of an errno, or TRUE if that is 0. */
BOOL error_result(int error, enum error_context context);

#endif
