/* SPDX-License-Identifier: MIT */
/*
 * What the tests in a guest with the boards fx2 and composite share. The lab plugs them in as 1-1
 * and 1-2, and binds each as a whole.
 */
#ifndef GUEST_H
#define GUEST_H

#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <winusb.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fails.h"

#define FX2	"/dev/winusb/1-1:1.0"
#define JOINED	"/dev/winusb/1-2:1.0"
#define SETTINGS "/dev/winusb/1-2:1.2"
#undef IN
#undef OUT
#define IN	0x88
#define OUT	0x06
#define SWITCHES 0x81

static HANDLE file __attribute__((unused));
static WINUSB_INTERFACE_HANDLE handle;
static UCHAR data[64][512];

static __attribute__((unused)) void board(const char *command)
{
	char line[200];

	snprintf(line, sizeof(line), "winusb-boards --send 1 %s >/dev/null", command);
	if (system(line))
		tap_fail(__FILE__, __LINE__, "the board does not do '%s'", command);
}

static __attribute__((unused)) HANDLE open_node(const char *node, DWORD flags)
{
	return CreateFileA(node, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			   NULL, OPEN_EXISTING, flags, NULL);
}

static __attribute__((unused)) void begin(const char *node)
{
	file = open_node(node, FILE_FLAG_OVERLAPPED);
	if (!CHECK(file != INVALID_HANDLE_VALUE))
		printf("# %s: error %u\n", node, GetLastError());
	handle = NULL;
	CHECK(WinUsb_Initialize(file, &handle));
}

static __attribute__((unused)) void end(void)
{
	CHECK(WinUsb_Free(handle));
	CHECK(CloseHandle(file));
}

#define PENDING(call)	CHECK_FAILS(call, ERROR_IO_PENDING)

static __attribute__((unused)) void feed(const char *text)
{
	ULONG n = 0;

	CHECK(WinUsb_WritePipe(handle, OUT, (PUCHAR)text, strlen(text), &n, NULL));
	CHECK_EQ(n, strlen(text));
}

static __attribute__((unused)) BOOL set_switch(UCHAR pipe, ULONG policy, UCHAR value)
{
	return WinUsb_SetPipePolicy(handle, pipe, policy, 1, &value);
}

static __attribute__((unused)) BOOL set_number(UCHAR pipe, ULONG policy, ULONG value)
{
	return WinUsb_SetPipePolicy(handle, pipe, policy, sizeof(value), &value);
}

#endif
