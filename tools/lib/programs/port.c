// SPDX-License-Identifier: MIT
/*
 * A completion port on the device: worker threads serve whatever completes, reads and writes alike,
 * each with its context around its OVERLAPPED. What is read is counted and read again; the end is
 * told by posted packets.
 *
 *	port [KILOBYTES]
 */
#include <windows.h>
#include <initguid.h>
#include <cfgmgr32.h>
#include <winusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_GUID(GUID_DEVINTERFACE_OSRUSBFX2,
	    0x573e8c73, 0x0cb4, 0x4471, 0xa1, 0xbf, 0xfa, 0xb2, 0x6c, 0x31, 0xd3, 0x84);

#define BULK_IN		0x88
#define BULK_OUT	0x06
#define READS		4
#define WRITES		2
#define WORKERS		2
#define BUFFER		2048
#define KEY_DEVICE	1
#define KEY_QUIT	2

typedef struct {
	OVERLAPPED Overlapped;
	BOOL IsRead;
	UCHAR Buffer[BUFFER];
} REQUEST;

static WINUSB_INTERFACE_HANDLE Usb;
static HANDLE Device, Port, Finished;
static REQUEST *Requests[READS + WRITES];
static CRITICAL_SECTION Lock;
static LONGLONG ToSend, Sent, ToReceive, Received;
static LONG volatile Pending, Failures;

static void Fail(const char *What)
{
	fprintf(stderr, "%s: error %lu\n", What, GetLastError());
	InterlockedIncrement(&Failures);
	SetEvent(Finished);
}

static void Start(REQUEST *Request, ULONG Length)
{
	BOOL Done;

	ZeroMemory(&Request->Overlapped, sizeof(Request->Overlapped));
	InterlockedIncrement(&Pending);
	if (Request->IsRead)
		Done = WinUsb_ReadPipe(Usb, BULK_IN, Request->Buffer, Length, NULL,
				       &Request->Overlapped);
	else
		Done = WinUsb_WritePipe(Usb, BULK_OUT, Request->Buffer, Length, NULL,
					&Request->Overlapped);
	if (!Done && GetLastError() != ERROR_IO_PENDING) {
		InterlockedDecrement(&Pending);
		Fail(Request->IsRead ? "WinUsb_ReadPipe" : "WinUsb_WritePipe");
	}
}

/* What a completion leads to. */
static void Serve(REQUEST *Request, DWORD Bytes)
{
	ULONG Next = BUFFER;

	EnterCriticalSection(&Lock);
	if (Request->IsRead) {
		Received += Bytes;
		if (Received >= ToReceive) {
			SetEvent(Finished);
			Next = 0;
		}
	} else {
		Sent += Bytes;
		Next = ToSend > BUFFER ? BUFFER : (ULONG)ToSend;
		ToSend -= Next;
	}
	LeaveCriticalSection(&Lock);
	if (Next)
		Start(Request, Next);
}

static DWORD WINAPI Worker(LPVOID Unused)
{
	DWORD Bytes, Served = 0;
	ULONG_PTR Key;
	LPOVERLAPPED Overlapped;

	(void)Unused;
	for (;;) {
		BOOL Ok = GetQueuedCompletionStatus(Port, &Bytes, &Key, &Overlapped, INFINITE);

		if (Overlapped == NULL) {
			if (!Ok)
				Fail("GetQueuedCompletionStatus");
			if (!Ok || Key == KEY_QUIT)
				return Served;
			continue;
		}
		InterlockedDecrement(&Pending);
		Served++;
		if (Ok)
			Serve(CONTAINING_RECORD(Overlapped, REQUEST, Overlapped), Bytes);
		else if (GetLastError() != ERROR_OPERATION_ABORTED)
			Fail("a request");
	}
}

static BOOL Open(void)
{
	GUID Guid = GUID_DEVINTERFACE_OSRUSBFX2;
	ULONG Length = 0;
	PWSTR List;
	CONFIGRET cr;

	cr = CM_Get_Device_Interface_List_SizeW(&Length, &Guid, NULL,
						CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
	if (cr != CR_SUCCESS || Length <= 1) {
		SetLastError(cr == CR_SUCCESS ? ERROR_FILE_NOT_FOUND : ERROR_GEN_FAILURE);
		return FALSE;
	}
	List = (PWSTR)LocalAlloc(LPTR, Length * sizeof(WCHAR));
	cr = CM_Get_Device_Interface_ListW(&Guid, NULL, List, Length,
					   CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
	if (cr == CR_SUCCESS) {
		printf("Device: %ls\n", List);
		Device = CreateFileW(List, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
				     FILE_FLAG_OVERLAPPED, NULL);
	}
	LocalFree(List);
	return cr == CR_SUCCESS && Device != INVALID_HANDLE_VALUE && WinUsb_Initialize(Device, &Usb);
}

static void Run(void)
{
	HANDLE Workers[WORKERS];
	DWORD Served[WORKERS];
	LARGE_INTEGER Frequency, Begin, End;
	int i;

	QueryPerformanceFrequency(&Frequency);
	QueryPerformanceCounter(&Begin);
	for (i = 0; i < WORKERS; i++)
		Workers[i] = CreateThread(NULL, 0, Worker, NULL, 0, NULL);
	for (i = 0; i < READS + WRITES; i++) {
		Requests[i] = (REQUEST *)calloc(1, sizeof(REQUEST));
		Requests[i]->IsRead = i < READS;
		if (Requests[i]->IsRead)
			Start(Requests[i], BUFFER);
		else
			Serve(Requests[i], 0);
	}
	if (WaitForSingleObject(Finished, 30000) != WAIT_OBJECT_0)
		Fail("the data does not come");
	QueryPerformanceCounter(&End);

	/* A worker may be about to start one more. */
	for (i = 0; i < 500 && Pending; i++) {
		CancelIoEx(Device, NULL);
		Sleep(10);
	}
	for (i = 0; i < WORKERS; i++)
		PostQueuedCompletionStatus(Port, 0, KEY_QUIT, NULL);
	WaitForMultipleObjects(WORKERS, Workers, TRUE, INFINITE);
	for (i = 0; i < WORKERS; i++) {
		GetExitCodeThread(Workers[i], &Served[i]);
		CloseHandle(Workers[i]);
	}
	printf("Port: %lld bytes sent, %lld received, %lu + %lu completions, %s\n", Sent, Received,
	       Served[0],
	       Served[1], End.QuadPart > Begin.QuadPart && Frequency.QuadPart ? "time went by" : "no time");
	if (Pending)
		Fail("requests that never end");
}

int main(int argc, char **argv)
{
	OVERLAPPED_ENTRY Entries[4];
	ULONG Removed = 0;
	int i;

	ToSend = (argc > 1 ? atoi(argv[1]) : 256) * 1024LL;
	ToReceive = ToSend;
	InitializeCriticalSection(&Lock);
	Finished = CreateEvent(NULL, TRUE, FALSE, NULL);
	if (!Open()) {
		Fail("cannot open the device");
		return 1;
	}
	Port = CreateIoCompletionPort(Device, NULL, KEY_DEVICE, 0);
	if (Port == NULL) {
		Fail("CreateIoCompletionPort");
		return 1;
	}
	Run();

	/* Nothing is left in the port but what is posted. */
	PostQueuedCompletionStatus(Port, 7, 77, NULL);
	if (!GetQueuedCompletionStatusEx(Port, Entries, 4, &Removed, 0, FALSE) || Removed != 1 ||
	    Entries[0].lpCompletionKey != 77 || Entries[0].dwNumberOfBytesTransferred != 7)
		Fail("GetQueuedCompletionStatusEx");
	if (GetQueuedCompletionStatusEx(Port, Entries, 4, &Removed, 10, FALSE) ||
	    GetLastError() != WAIT_TIMEOUT)
		Fail("the port is not empty");
	WinUsb_Free(Usb);
	CloseHandle(Device);
	CloseHandle(Port);
	CloseHandle(Finished);
	DeleteCriticalSection(&Lock);
	for (i = 0; i < READS + WRITES; i++)
		free(Requests[i]);
	return Failures || Received != ToReceive ? 1 : 0;
}
