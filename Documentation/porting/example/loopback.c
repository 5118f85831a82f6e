// SPDX-License-Identifier: MIT
// Lights the bar graph of the OSR FX2 learning kit and sends messages round its loopback.
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <winusb.h>
#include <tchar.h>
#include <strsafe.h>
#include <stdio.h>
#include <stdlib.h>

#pragma comment(lib, "winusb.lib")
#pragma comment(lib, "setupapi.lib")

// {573e8c73-0cb4-4471-a1bf-fab26c31d384}
DEFINE_GUID(GUID_OSRFX2,
	    0x573e8c73, 0x0cb4, 0x4471, 0xa1, 0xbf, 0xfa, 0xb2, 0x6c, 0x31, 0xd3, 0x84);

#define PIPE_OUT	0x06
#define PIPE_IN		0x88
#define READS		4
#define PACKET		512

static void Fail(LPCTSTR what)
{
	DWORD error = GetLastError();
	LPTSTR text = NULL;

	FormatMessage(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
		      FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, (LPTSTR)&text, 0, NULL);
	_tprintf(_T("%s: error %lu: %s"), what, error, text ? text : _T("?\n"));
	LocalFree(text);
	exit(1);
}

// The first device that has the interface.
static void FindDevice(LPTSTR path, size_t room)
{
	PSP_DEVICE_INTERFACE_DETAIL_DATA detail;
	SP_DEVICE_INTERFACE_DATA data = { sizeof(data) };
	ULONG size = 0;
	HDEVINFO set;

	set = SetupDiGetClassDevs(&GUID_OSRFX2, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	if (set == INVALID_HANDLE_VALUE ||
	    !SetupDiEnumDeviceInterfaces(set, NULL, &GUID_OSRFX2, 0, &data))
		Fail(_T("no device"));
	SetupDiGetDeviceInterfaceDetail(set, &data, NULL, 0, &size, NULL);
	detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA)LocalAlloc(LPTR, size);
	detail->cbSize = sizeof(*detail);
	if (!SetupDiGetDeviceInterfaceDetail(set, &data, detail, size, NULL, NULL) ||
	    FAILED(StringCchCopy(path, room, detail->DevicePath)))
		Fail(_T("path"));
	LocalFree(detail);
	SetupDiDestroyDeviceInfoList(set);
}

int _tmain(int argc, TCHAR *argv[])
{
	WINUSB_SETUP_PACKET lights = { 0x40, 0xd8, 0, 0, 1 };
	WINUSB_INTERFACE_HANDLE usb;
	OVERLAPPED reads[READS] = { 0 };
	UCHAR data[READS][PACKET], lamps = 0x1f;
	TCHAR path[MAX_PATH];
	ULONG moved;
	HANDLE file;
	int i;

	if (argc > 1)
		StringCchCopy(path, MAX_PATH, argv[1]);
	else
		FindDevice(path, MAX_PATH);
	file = CreateFile(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			  NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
	if (file == INVALID_HANDLE_VALUE || !WinUsb_Initialize(file, &usb))
		Fail(path);
	if (!WinUsb_ControlTransfer(usb, lights, &lamps, 1, &moved, NULL))
		Fail(_T("lights"));

	for (i = 0; i < READS; i++) {
		reads[i].hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
		if (!WinUsb_ReadPipe(usb, PIPE_IN, data[i], PACKET, NULL, &reads[i]) &&
		    GetLastError() != ERROR_IO_PENDING)
			Fail(_T("read"));
	}
	for (i = 0; i < READS; i++) {
		char message[32];

		StringCchPrintfA(message, 32, "message %d", i + 1);
		if (!WinUsb_WritePipe(usb, PIPE_OUT, (PUCHAR)message, (ULONG)strlen(message),
				      &moved, NULL))
			Fail(_T("write"));
		if (WaitForSingleObject(reads[i].hEvent, 1000) != WAIT_OBJECT_0 ||
		    !WinUsb_GetOverlappedResult(usb, &reads[i], &moved, FALSE))
			Fail(_T("read"));
		_tprintf(_T("%lu bytes: %.*hs\n"), moved, (int)moved, (const char *)data[i]);
		CloseHandle(reads[i].hEvent);
	}
	WinUsb_Free(usb);
	CloseHandle(file);
	return 0;
}
