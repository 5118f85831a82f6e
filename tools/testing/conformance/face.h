/* SPDX-License-Identifier: MIT */
/*
 * What the tests through the Windows face share. A test is named after the section of
 * Documentation/winusb.md whose rule it proves: TEST_OF(1_2, name) is "1_2_name".
 */
#ifndef WINUSB_CONFORMANCE_FACE_H
#define WINUSB_CONFORMANCE_FACE_H

#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <winusb.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <usbiodef.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef IN
#undef OUT

#include "../selftests/board.h"
#include "../selftests/node.h"
#include "../selftests/test.h"

/* NAME is not looked at by the preprocessor: some are names of Windows' macros. */
#define TEST_OF_LIMIT(section_, name_, seconds_)					\
	static void of_##section_##_##name_(void);					\
	static void of_##section_##_##name_##_run(const void *row)			\
	{										\
		(void)row;								\
		of_##section_##_##name_();						\
	}										\
	static struct test of_##section_##_##name_##_test = {				\
		.name = #section_ "_" #name_, .run = of_##section_##_##name_##_run,	\
		.count = 1, .seconds = seconds_,					\
	};										\
	__attribute__((constructor)) static void of_##section_##_##name_##_register(void) \
	{										\
		test_register(&of_##section_##_##name_##_test);				\
	}										\
	static void of_##section_##_##name_(void)

#define TEST_OF(section_, name_) TEST_OF_LIMIT(section_, name_, 30)

/* The boards, plugged in and bound as whole devices; SLOW, another fx2, and SLOW_ISO are not. */
extern struct board *fx2, *composite, *iso, *slow, *slow_iso;

/* The joined interfaces, the one with settings, and loopback of the composite board. */
enum { JOINED, EVENTS, SETTINGS, LOOPBACK };

/* What a test has open, after begin(). */
extern HANDLE file;
extern WINUSB_INTERFACE_HANDLE usb;
extern UCHAR data[64][4096];
extern ULONG moved;

/* The device path of a board, of GUID_DEVINTERFACE_USB_DEVICE unless GUID says otherwise. */
const char *path_of(struct board *board);
const char *path_of_class(struct board *board, const GUID *guid);
HANDLE open_path(const char *path, DWORD flags);
/* The board's default interface. */
void begin(struct board *board);
void end(void);
/* A handle of the interface that stands N-th behind the default one. */
WINUSB_INTERFACE_HANDLE associated(unsigned int n);

/* A call is to fail with this error; which ones were seen is kept for all tests. */
#define FAILS(call, error) do {								\
	DWORD error_;									\
											\
	SetLastError(0xdead);								\
	if (call)									\
		FAIL("%s succeeded, expected error %u", #call, (unsigned int)(error));	\
	error_ = GetLastError();							\
	if (error_ != (DWORD)(error))							\
		FAIL("%s: error %u, expected %u", #call, error_, (unsigned int)(error)); \
	error_seen(error_);								\
} while (0)

#define PENDING(call)	FAILS(call, ERROR_IO_PENDING)

#define OK(call) do {									\
	SetLastError(0);								\
	if (!(call))									\
		FAIL("%s: error %u", #call, GetLastError());				\
} while (0)

void error_seen(DWORD error);
bool error_was_seen(DWORD error);

/* What goes into the fx2's loopback comes out of it. */
void feed(const void *bytes, ULONG length);
void loopback_works(void);
/* A pattern that differs at every place and for every seed. */
void fill(void *buffer, size_t length, unsigned int seed);

BOOL set_policy(UCHAR pipe, ULONG policy, ULONG value);
ULONG get_policy(UCHAR pipe, ULONG policy);

/* A blocking call in a thread of its own. */
struct call {
	WINUSB_INTERFACE_HANDLE usb;
	UCHAR pipe;
	UCHAR *buffer;
	ULONG length;
	ULONG moved;
	DWORD error;
	HANDLE thread;
	volatile LONG order;	/* 1 for the first that ended */
};

/* With bit 7 of PIPE a read, else a write. Returns when it was handed to the board, unless QUEUED. */
void call_start(struct call *call, UCHAR pipe, void *buffer, ULONG length);
void call_start_queued(struct call *call, UCHAR pipe, void *buffer, ULONG length);
/* Waits for its end and gives its error, 0 if there was none. */
DWORD call_wait(struct call *call);
bool call_done(struct call *call);

/* Waits for an overlapped request, which is to succeed with so many bytes, or to fail. */
#define DONE(overlapped, bytes) do {							\
	DWORD bytes_ = 0xdead;								\
	OK(GetOverlappedResult(file, overlapped, &bytes_, TRUE));			\
	CHECK_EQ(bytes_, bytes);							\
} while (0)
#define DONE_FAILS(overlapped, error, bytes) do {					\
	DWORD bytes_ = 0xdead;								\
	FAILS(GetOverlappedResult(file, overlapped, &bytes_, TRUE), error);		\
	CHECK_EQ(bytes_, bytes);							\
} while (0)

HANDLE event_create(bool manual);

/* Of a variable that several threads have. */
#define LOAD(variable)		__atomic_load_n(&(variable), __ATOMIC_ACQUIRE)
#define STORE(variable, value)	__atomic_store_n(&(variable), (value), __ATOMIC_RELEASE)

/* What a program sees that looks at it without asking; with the order that its processor keeps. */
static inline ULONG_PTR internal(const OVERLAPPED *overlapped)
{
	return __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
}

#endif
