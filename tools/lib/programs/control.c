// SPDX-License-Identifier: MIT
/*
 * The OSR FX2 learning kit, in the plain way: finds it by its interface class, looks at its
 * descriptors and pipes, shows something on its lights, and sends data through its loopback. All
 * calls block.
 *
 *	control [ROUNDS]
 */
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <strsafe.h>
#include <winusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_GUID(GUID_DEVINTERFACE_OSRUSBFX2,
	    0x573e8c73, 0x0cb4, 0x4471, 0xa1, 0xbf, 0xfa, 0xb2, 0x6c, 0x31, 0xd3, 0x84);

#define FX2_GET_SEVEN_SEGMENTS	0xd4
#define FX2_GET_BAR_GRAPH	0xd7
#define FX2_SET_BAR_GRAPH	0xd8
#define FX2_IS_HIGH_SPEED	0xd9
#define FX2_SET_SEVEN_SEGMENTS	0xdb

#define BLOCK	1024

typedef struct _DEVICE_DATA {
	HANDLE DeviceHandle;
	WINUSB_INTERFACE_HANDLE WinusbHandle;
	TCHAR DevicePath[MAX_PATH];
	UCHAR BulkIn;
	UCHAR BulkOut;
	UCHAR InterruptIn;
} DEVICE_DATA, *PDEVICE_DATA;

static void PrintError(const char *What)
{
	DWORD Error = GetLastError();
	char Text[256] = "";

	FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, Error,
		       MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), Text, ARRAYSIZE(Text), NULL);
	Text[strcspn(Text, "\r\n")] = 0;
	fprintf(stderr, "%s failed: error %lu (%s)\n", What, Error, Text);
}

static HRESULT RetrieveDevicePath(LPTSTR DevicePath, ULONG BufLen)
{
	PSP_DEVICE_INTERFACE_DETAIL_DATA Detail = NULL;
	SP_DEVICE_INTERFACE_DATA InterfaceData;
	HDEVINFO DeviceInfo;
	ULONG RequiredLength = 0;
	HRESULT hr;

	DeviceInfo = SetupDiGetClassDevs(&GUID_DEVINTERFACE_OSRUSBFX2, NULL, NULL,
					 DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	if (DeviceInfo == INVALID_HANDLE_VALUE)
		return HRESULT_FROM_WIN32(GetLastError());

	InterfaceData.cbSize = sizeof(SP_DEVICE_INTERFACE_DATA);
	if (!SetupDiEnumDeviceInterfaces(DeviceInfo, NULL, &GUID_DEVINTERFACE_OSRUSBFX2, 0,
					 &InterfaceData)) {
		hr = HRESULT_FROM_WIN32(GetLastError());
		SetupDiDestroyDeviceInfoList(DeviceInfo);
		return hr;
	}

	/* The first call tells how long it is. */
	if (SetupDiGetDeviceInterfaceDetail(DeviceInfo, &InterfaceData, NULL, 0, &RequiredLength,
					    NULL) ||
	    GetLastError() != ERROR_INSUFFICIENT_BUFFER) {
		hr = HRESULT_FROM_WIN32(GetLastError());
		SetupDiDestroyDeviceInfoList(DeviceInfo);
		return FAILED(hr) ? hr : E_UNEXPECTED;
	}

	Detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA)LocalAlloc(LMEM_FIXED, RequiredLength);
	if (Detail == NULL) {
		SetupDiDestroyDeviceInfoList(DeviceInfo);
		return E_OUTOFMEMORY;
	}
	Detail->cbSize = sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA);
	if (SetupDiGetDeviceInterfaceDetail(DeviceInfo, &InterfaceData, Detail, RequiredLength,
					    NULL, NULL))
		hr = StringCbCopy(DevicePath, BufLen, Detail->DevicePath);
	else
		hr = HRESULT_FROM_WIN32(GetLastError());

	LocalFree(Detail);
	SetupDiDestroyDeviceInfoList(DeviceInfo);
	return hr;
}

static BOOL OpenDevice(PDEVICE_DATA Device)
{
	HRESULT hr = RetrieveDevicePath(Device->DevicePath, sizeof(Device->DevicePath));

	if (FAILED(hr)) {
		fprintf(stderr, "no device found: HRESULT 0x%08lx\n", (unsigned long)hr);
		return FALSE;
	}
	Device->DeviceHandle = CreateFile(Device->DevicePath, GENERIC_READ | GENERIC_WRITE,
					  FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
					  FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
	if (Device->DeviceHandle == INVALID_HANDLE_VALUE) {
		PrintError("CreateFile");
		return FALSE;
	}
	if (!WinUsb_Initialize(Device->DeviceHandle, &Device->WinusbHandle)) {
		PrintError("WinUsb_Initialize");
		CloseHandle(Device->DeviceHandle);
		return FALSE;
	}
	return TRUE;
}

static BOOL ShowDevice(PDEVICE_DATA Device)
{
	USB_DEVICE_DESCRIPTOR Descriptor;
	USB_INTERFACE_DESCRIPTOR Interface;
	UCHAR Buffer[255], Speed = 0;
	PUSB_STRING_DESCRIPTOR String = (PUSB_STRING_DESCRIPTOR)Buffer;
	WCHAR Product[128];
	ULONG Length = sizeof(Speed), Received;

	if (!WinUsb_QueryDeviceInformation(Device->WinusbHandle, DEVICE_SPEED, &Length, &Speed)) {
		PrintError("WinUsb_QueryDeviceInformation");
		return FALSE;
	}
	printf("Device speed: %d (%s)\n", Speed, Speed == HighSpeed ? "High speed" : "Full speed");

	if (!WinUsb_GetDescriptor(Device->WinusbHandle, USB_DEVICE_DESCRIPTOR_TYPE, 0, 0,
				  (PBYTE)&Descriptor,
				  sizeof(Descriptor), &Received) || Received != sizeof(Descriptor)) {
		PrintError("WinUsb_GetDescriptor");
		return FALSE;
	}
	printf("Device found: VID_%04X&PID_%04X, bcdUSB %04X\n", Descriptor.idVendor,
	       Descriptor.idProduct, Descriptor.bcdUSB);

	if (Descriptor.iProduct && WinUsb_GetDescriptor(Device->WinusbHandle,
							USB_STRING_DESCRIPTOR_TYPE,
							Descriptor.iProduct, 0x0409, Buffer,
							sizeof(Buffer), &Received)) {
		StringCbCopyNW(Product, sizeof(Product), String->bString,
			       String->bLength - FIELD_OFFSET(USB_STRING_DESCRIPTOR, bString));
		printf("Product: %ls\n", Product);
	}

	ZeroMemory(&Interface, sizeof(Interface));
	if (!WinUsb_QueryInterfaceSettings(Device->WinusbHandle, 0, &Interface)) {
		PrintError("WinUsb_QueryInterfaceSettings");
		return FALSE;
	}
	for (int Index = 0; Index < Interface.bNumEndpoints; Index++) {
		WINUSB_PIPE_INFORMATION Pipe;

		if (!WinUsb_QueryPipe(Device->WinusbHandle, 0, (UCHAR)Index, &Pipe)) {
			PrintError("WinUsb_QueryPipe");
			return FALSE;
		}
		printf("Endpoint index: %d Pipe type: %d Pipe ID: 0x%02X Packet: %u\n", Index,
		       Pipe.PipeType,
		       Pipe.PipeId, Pipe.MaximumPacketSize);
		if (Pipe.PipeType == UsbdPipeTypeInterrupt)
			Device->InterruptIn = Pipe.PipeId;
		else if (Pipe.PipeType == UsbdPipeTypeBulk &&
			 USB_ENDPOINT_DIRECTION_IN(Pipe.PipeId))
			Device->BulkIn = Pipe.PipeId;
		else if (Pipe.PipeType == UsbdPipeTypeBulk)
			Device->BulkOut = Pipe.PipeId;
	}
	return Device->BulkIn && Device->BulkOut && Device->InterruptIn;
}

static BOOL VendorRequest(WINUSB_INTERFACE_HANDLE Handle, UCHAR Type, UCHAR Request, PUCHAR Value)
{
	WINUSB_SETUP_PACKET SetupPacket;
	ULONG cbSent = 0;

	ZeroMemory(&SetupPacket, sizeof(SetupPacket));
	SetupPacket.RequestType = Type;
	SetupPacket.Request = Request;
	SetupPacket.Length = sizeof(UCHAR);
	if (!WinUsb_ControlTransfer(Handle, SetupPacket, Value, sizeof(UCHAR), &cbSent, NULL)) {
		PrintError("WinUsb_ControlTransfer");
		return FALSE;
	}
	return cbSent == sizeof(UCHAR);
}

static BOOL Lights(PDEVICE_DATA Device)
{
	UCHAR Bars, Segments = 0x4f, HighSpeedNow = 0;

	for (UCHAR Light = 1; Light; Light = (UCHAR)(Light << 1)) {
		Bars = Light;
		if (!VendorRequest(Device->WinusbHandle, 0x40, FX2_SET_BAR_GRAPH, &Bars))
			return FALSE;
		Bars = 0;
		if (!VendorRequest(Device->WinusbHandle, 0xc0, FX2_GET_BAR_GRAPH, &Bars))
			return FALSE;
		if (Bars != Light) {
			fprintf(stderr, "bar graph is 0x%02x instead of 0x%02x\n", Bars, Light);
			return FALSE;
		}
	}
	if (!VendorRequest(Device->WinusbHandle, 0x40, FX2_SET_SEVEN_SEGMENTS, &Segments))
		return FALSE;
	Segments = 0;
	if (!VendorRequest(Device->WinusbHandle, 0xc0, FX2_GET_SEVEN_SEGMENTS, &Segments) ||
	    !VendorRequest(Device->WinusbHandle, 0xc0, FX2_IS_HIGH_SPEED, &HighSpeedNow))
		return FALSE;
	printf("Lights: bar graph went round, segments 0x%02X, high speed %d\n", Segments,
	       HighSpeedNow);
	return Segments == 0x4f;
}

static BOOL Loopback(PDEVICE_DATA Device, int Rounds)
{
	static UCHAR Sent[BLOCK], Received[BLOCK];
	ULONG Timeout = 2000, Length, cbSize;
	BOOL ShortPacketTerminate = TRUE;

	if (!WinUsb_SetPipePolicy(Device->WinusbHandle, Device->BulkIn, PIPE_TRANSFER_TIMEOUT,
				  sizeof(Timeout), &Timeout) ||
	    !WinUsb_SetPipePolicy(Device->WinusbHandle, Device->BulkOut, PIPE_TRANSFER_TIMEOUT,
				  sizeof(Timeout), &Timeout) ||
	    !WinUsb_SetPipePolicy(Device->WinusbHandle, Device->BulkOut, SHORT_PACKET_TERMINATE,
				  sizeof(ShortPacketTerminate), &ShortPacketTerminate)) {
		PrintError("WinUsb_SetPipePolicy");
		return FALSE;
	}
	for (int Round = 0; Round < Rounds; Round++) {
		Length = 1 + (ULONG)Round * 97 % (BLOCK - 1);
		for (ULONG i = 0; i < Length; i++)
			Sent[i] = (UCHAR)(i * 7 + Round);
		if (!WinUsb_WritePipe(Device->WinusbHandle, Device->BulkOut, Sent, Length, &cbSize,
				      NULL) ||
		    cbSize != Length) {
			PrintError("WinUsb_WritePipe");
			return FALSE;
		}
		ZeroMemory(Received, sizeof(Received));
		if (!WinUsb_ReadPipe(Device->WinusbHandle, Device->BulkIn, Received,
				     sizeof(Received),
				     &cbSize, NULL)) {
			PrintError("WinUsb_ReadPipe");
			return FALSE;
		}
		if (cbSize != Length || memcmp(Sent, Received, Length)) {
			fprintf(stderr, "round %d: %lu bytes sent, %lu other ones received\n",
				Round, Length,
				cbSize);
			return FALSE;
		}
	}
	printf("Loopback: %d blocks came back as they were sent\n", Rounds);
	return TRUE;
}

/* Nothing comes: that the read ends tells of the timeout. */
static BOOL Quiet(PDEVICE_DATA Device)
{
	ULONG Timeout = 50, cbSize = 1;
	ULONGLONG Start = GetTickCount64();
	UCHAR Switches[8];

	if (!WinUsb_SetPipePolicy(Device->WinusbHandle, Device->InterruptIn, PIPE_TRANSFER_TIMEOUT,
				  sizeof(Timeout), &Timeout)) {
		PrintError("WinUsb_SetPipePolicy");
		return FALSE;
	}
	if (WinUsb_ReadPipe(Device->WinusbHandle, Device->InterruptIn, Switches, sizeof(Switches),
			    &cbSize,
			    NULL) || GetLastError() != ERROR_SEM_TIMEOUT) {
		PrintError("no timeout: WinUsb_ReadPipe");
		return FALSE;
	}
	printf("Switches: nobody moved one in %s ms\n",
	       GetTickCount64() - Start >= 50 ? "50" : "less than 50");
	return cbSize == 0;
}

int main(int argc, char **argv)
{
	DEVICE_DATA Device = { 0 };
	BOOL Good;

	if (!OpenDevice(&Device))
		return 1;
	Good = ShowDevice(&Device) && Lights(&Device) && Loopback(&Device,
								  argc > 1 ? atoi(argv[1]) : 100) &&
	       Quiet(&Device);
	WinUsb_Free(Device.WinusbHandle);
	CloseHandle(Device.DeviceHandle);
	printf(Good ? "Done.\n" : "Failed.\n");
	return Good ? 0 : 1;
}
