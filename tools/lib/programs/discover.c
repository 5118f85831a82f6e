// SPDX-License-Identifier: MIT
/*
 * Finds devices of an interface class in each of the four ways, SetupDi and CM, A and W; prints
 * what is known of them; opens a function's associated interfaces; and, with "watch", waits until
 * the device has left and come back.
 *
 *	discover [watch [{GUID}]]
 */
#include <windows.h>
#include <initguid.h>
#include <objbase.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <usbiodef.h>
#include <devpkey.h>
#include <winusb.h>
#include <strsafe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first function of the composite test board: two joined interfaces. */
DEFINE_GUID(GUID_DEVINTERFACE_JOINED,
	    0x8fe6f09c, 0x3a54, 0x4a7c, 0x93, 0x5e, 0x1d, 0x2b, 0x40, 0x66, 0x7a, 0x01);

#define MOST	32

typedef struct {
	WCHAR Path[MOST][MAX_PATH];
	int Count;
} PATHS;

/* Newer than the oldest Windows that this shall run on. */
typedef CONFIGRET (WINAPI *REGISTER)(PCM_NOTIFY_FILTER, PVOID, PCM_NOTIFY_CALLBACK,
				     PHCMNOTIFICATION);
typedef CONFIGRET (WINAPI *UNREGISTER)(HCMNOTIFICATION);
typedef CONFIGRET (WINAPI *INTERFACE_PROPERTY)(LPCWSTR, const DEVPROPKEY *, DEVPROPTYPE *, PBYTE,
					       PULONG, ULONG);

static REGISTER RegisterNotification;
static UNREGISTER UnregisterNotification;
static INTERFACE_PROPERTY GetInterfaceProperty;
static HANDLE Left, Came;

/* An error of GetLastError(), or a CONFIGRET. */
static BOOL Fail(const char *What, DWORD Error)
{
	fprintf(stderr, "%s: error %lu\n", What, Error);
	return FALSE;
}

static void Add(PATHS *Paths, LPCWSTR Path)
{
	if (Paths->Count < MOST && SUCCEEDED(StringCchCopyW(Paths->Path[Paths->Count], MAX_PATH,
							    Path)))
		Paths->Count++;
}

static void AddA(PATHS *Paths, LPCSTR Path)
{
	WCHAR Wide[MAX_PATH];

	if (MultiByteToWideChar(CP_ACP, 0, Path, -1, Wide, MAX_PATH))
		Add(Paths, Wide);
}

static void PrintDevice(HDEVINFO Set, PSP_DEVINFO_DATA DevInfo)
{
	WCHAR Id[MAX_PATH], Text[512];
	DWORD Type;

	if (SetupDiGetDeviceInstanceIdW(Set, DevInfo, Id, ARRAYSIZE(Id), NULL))
		printf("  instance: %ls\n", Id);
	if (SetupDiGetDeviceRegistryPropertyW(Set, DevInfo, SPDRP_DEVICEDESC, &Type, (PBYTE)Text,
					      sizeof(Text), NULL))
		printf("  description: %ls\n", Text);
	if (SetupDiGetDeviceRegistryPropertyW(Set, DevInfo, SPDRP_HARDWAREID, &Type, (PBYTE)Text,
					      sizeof(Text), NULL))
		for (PWSTR At = Text; Type == REG_MULTI_SZ && *At; At += wcslen(At) + 1)
			printf("  hardware id: %ls\n", At);
}

static BOOL SetupWide(const GUID *Guid, PATHS *Paths)
{
	HDEVINFO Set = SetupDiGetClassDevsW(Guid, NULL, NULL,
					    DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	SP_DEVICE_INTERFACE_DATA Interface;
	SP_DEVINFO_DATA DevInfo;
	DWORD Index, Needed;

	if (Set == INVALID_HANDLE_VALUE)
		return Fail("SetupDiGetClassDevsW", GetLastError());
	Interface.cbSize = sizeof(Interface);
	for (Index = 0; SetupDiEnumDeviceInterfaces(Set, NULL, Guid, Index, &Interface); Index++) {
		PSP_DEVICE_INTERFACE_DETAIL_DATA_W Detail;

		SetupDiGetDeviceInterfaceDetailW(Set, &Interface, NULL, 0, &Needed, NULL);
		if (GetLastError() != ERROR_INSUFFICIENT_BUFFER)
			return Fail("SetupDiGetDeviceInterfaceDetailW", GetLastError());
		Detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA_W)malloc(Needed);
		Detail->cbSize = sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_W);
		DevInfo.cbSize = sizeof(DevInfo);
		if (!SetupDiGetDeviceInterfaceDetailW(Set, &Interface, Detail, Needed, NULL,
						      &DevInfo))
			return Fail("SetupDiGetDeviceInterfaceDetailW", GetLastError());
		printf("%ls\n", Detail->DevicePath);
		PrintDevice(Set, &DevInfo);
		Add(Paths, Detail->DevicePath);
		free(Detail);
	}
	if (GetLastError() != ERROR_NO_MORE_ITEMS)
		return Fail("SetupDiEnumDeviceInterfaces", GetLastError());
	SetupDiDestroyDeviceInfoList(Set);
	return TRUE;
}

static BOOL SetupNarrow(const GUID *Guid, PATHS *Paths)
{
	HDEVINFO Set = SetupDiGetClassDevsA(Guid, NULL, NULL,
					    DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	BYTE Buffer[sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A) + MAX_PATH];
	PSP_DEVICE_INTERFACE_DETAIL_DATA_A Detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA_A)Buffer;
	SP_DEVICE_INTERFACE_DATA Interface;
	SP_DEVINFO_DATA DevInfo;
	DWORD Index;

	if (Set == INVALID_HANDLE_VALUE)
		return Fail("SetupDiGetClassDevsA", GetLastError());
	/* Device by device this time, and each one's interfaces. */
	DevInfo.cbSize = sizeof(DevInfo);
	for (Index = 0; SetupDiEnumDeviceInfo(Set, Index, &DevInfo); Index++) {
		Interface.cbSize = sizeof(Interface);
		for (DWORD i = 0; SetupDiEnumDeviceInterfaces(Set, &DevInfo, Guid, i,
							      &Interface); i++) {
			Detail->cbSize = sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A);
			if (!SetupDiGetDeviceInterfaceDetailA(Set, &Interface, Detail,
							      sizeof(Buffer), NULL,
							      NULL))
				return Fail("SetupDiGetDeviceInterfaceDetailA", GetLastError());
			AddA(Paths, Detail->DevicePath);
		}
	}
	SetupDiDestroyDeviceInfoList(Set);
	return TRUE;
}

/* The list may grow between the two calls. */
static BOOL CmWide(const GUID *Guid, PATHS *Paths)
{
	GUID Class = *Guid;
	PWSTR List = NULL, At;
	CONFIGRET cr;
	ULONG Length;

	do {
		free(List);
		cr = CM_Get_Device_Interface_List_SizeW(&Length, &Class, NULL,
							CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
		if (cr != CR_SUCCESS)
			return Fail("CM_Get_Device_Interface_List_SizeW", cr);
		List = (PWSTR)calloc(Length, sizeof(WCHAR));
		cr = CM_Get_Device_Interface_ListW(&Class, NULL, List, Length,
						   CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
	} while (cr == CR_BUFFER_SMALL);
	if (cr != CR_SUCCESS)
		return Fail("CM_Get_Device_Interface_ListW", cr);
	for (At = List; *At; At += wcslen(At) + 1)
		Add(Paths, At);
	free(List);
	return TRUE;
}

static BOOL CmNarrow(const GUID *Guid, PATHS *Paths)
{
	GUID Class = *Guid;
	ULONG Length = 0;
	PSTR List, At;
	CONFIGRET cr;

	cr = CM_Get_Device_Interface_List_SizeA(&Length, &Class, NULL,
						CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
	if (cr != CR_SUCCESS)
		return Fail("CM_Get_Device_Interface_List_SizeA", cr);
	List = (PSTR)calloc(Length, 1);
	cr = CM_Get_Device_Interface_ListA(&Class, NULL, List, Length,
					   CM_GET_DEVICE_INTERFACE_LIST_PRESENT);
	if (cr != CR_SUCCESS)
		return Fail("CM_Get_Device_Interface_ListA", cr);
	for (At = List; *At; At += strlen(At) + 1)
		AddA(Paths, At);
	free(List);
	return TRUE;
}

static BOOL SamePaths(const PATHS *A, const PATHS *B, const char *What)
{
	int i, j;

	for (i = 0; i < A->Count; i++) {
		for (j = 0; j < B->Count && _wcsicmp(A->Path[i], B->Path[j]); j++)
			;
		if (j == B->Count) {
			fprintf(stderr, "%s does not find %ls\n", What, A->Path[i]);
			return FALSE;
		}
	}
	printf("%s finds the same\n", What);
	return A->Count == B->Count;
}

static BOOL FourWays(const GUID *Guid, PATHS *Paths)
{
	static PATHS Other[3];

	ZeroMemory(Other, sizeof(Other));
	ZeroMemory(Paths, sizeof(*Paths));
	return SetupWide(Guid, Paths) && SetupNarrow(Guid, &Other[0]) && CmWide(Guid, &Other[1]) &&
	       CmNarrow(Guid, &Other[2]) && SamePaths(Paths, &Other[0], "SetupDi, A") &&
	       SamePaths(Paths, &Other[1], "CM, W") && SamePaths(Paths, &Other[2], "CM, A");
}

/* From the path to the device, and to what it hangs on. */
static BOOL Parents(LPCWSTR Path)
{
	WCHAR Id[MAX_DEVICE_ID_LEN], Parent[MAX_DEVICE_ID_LEN];
	DEVINST Instance, ParentInstance;
	ULONG Size = sizeof(Id);
	DEVPROPTYPE Type;
	CONFIGRET cr;

	cr = GetInterfaceProperty(Path, &DEVPKEY_Device_InstanceId, &Type, (PBYTE)Id, &Size, 0);
	if (cr == CR_SUCCESS)
		cr = CM_Locate_DevNodeW(&Instance, Id, CM_LOCATE_DEVNODE_NORMAL);
	if (cr == CR_SUCCESS)
		cr = CM_Get_Parent(&ParentInstance, Instance, 0);
	if (cr == CR_SUCCESS)
		cr = CM_Get_Device_IDW(ParentInstance, Parent, MAX_DEVICE_ID_LEN, 0);
	if (cr != CR_SUCCESS)
		return Fail("CM", cr);
	printf("%ls is a part of %ls\n", Id, Parent);
	return Type == DEVPROP_TYPE_STRING;
}

static BOOL Echo(WINUSB_INTERFACE_HANDLE Interface, int Number)
{
	USB_INTERFACE_DESCRIPTOR Descriptor;
	WINUSB_PIPE_INFORMATION Pipe;
	UCHAR In = 0, Out = 0, Text[64] = "hello", Back[512];
	ULONG Moved;

	if (!WinUsb_QueryInterfaceSettings(Interface, 0, &Descriptor))
		return Fail("WinUsb_QueryInterfaceSettings", GetLastError());
	for (UCHAR i = 0; WinUsb_QueryPipe(Interface, 0, i, &Pipe); i++) {
		if (Pipe.PipeType != UsbdPipeTypeBulk)
			continue;
		if (Pipe.PipeId & 0x80)
			In = Pipe.PipeId;
		else
			Out = Pipe.PipeId;
	}
	if (GetLastError() != ERROR_NO_MORE_ITEMS)
		return Fail("WinUsb_QueryPipe", GetLastError());
	if (!WinUsb_WritePipe(Interface, Out, Text, 6, &Moved, NULL) ||
	    !WinUsb_ReadPipe(Interface, In, Back, sizeof(Back), &Moved, NULL))
		return Fail("WinUsb_WritePipe, WinUsb_ReadPipe", GetLastError());
	printf("Interface %d (element %d): \"%s\" went to 0x%02X and came from 0x%02X\n",
	       Descriptor.bInterfaceNumber, Number, (char *)Back, Out, In);
	return Moved == 6 && !strcmp((char *)Back, "hello");
}

static BOOL Interfaces(LPCWSTR Path)
{
	WINUSB_INTERFACE_HANDLE First, Next;
	HANDLE Device = CreateFileW(Path, GENERIC_READ | GENERIC_WRITE,
				    FILE_SHARE_READ | FILE_SHARE_WRITE,
				    NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
	BOOL Good;
	UCHAR i;

	if (Device == INVALID_HANDLE_VALUE)
		return Fail("CreateFileW", GetLastError());
	if (!WinUsb_Initialize(Device, &First))
		return Fail("WinUsb_Initialize", GetLastError());
	Good = Echo(First, 0);
	for (i = 0; Good && WinUsb_GetAssociatedInterface(First, i, &Next); i++) {
		Good = Echo(Next, i + 1);
		WinUsb_Free(Next);
	}
	if (Good && (GetLastError() != ERROR_NO_MORE_ITEMS || i != 1))
		Good = Fail("WinUsb_GetAssociatedInterface", GetLastError());
	WinUsb_Free(First);
	CloseHandle(Device);
	return Good;
}

static DWORD CALLBACK Notified(HCMNOTIFICATION Notification, PVOID Context, CM_NOTIFY_ACTION Action,
			       PCM_NOTIFY_EVENT_DATA Data, DWORD Size)
{
	(void)Notification;
	(void)Size;
	if (_wcsicmp(Data->u.DeviceInterface.SymbolicLink, (PCWSTR)Context))
		return ERROR_SUCCESS;
	if (Action == CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL)
		SetEvent(Left);
	else if (Action == CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL)
		SetEvent(Came);
	return ERROR_SUCCESS;
}

static BOOL Watch(const GUID *Guid, PWSTR Path)
{
	CM_NOTIFY_FILTER Filter;
	HCMNOTIFICATION Notification;
	HANDLE Both[2];
	CONFIGRET cr;

	ZeroMemory(&Filter, sizeof(Filter));
	Filter.cbSize = sizeof(Filter);
	Filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE;
	Filter.u.DeviceInterface.ClassGuid = *Guid;
	Both[0] = Left = CreateEvent(NULL, TRUE, FALSE, NULL);
	Both[1] = Came = CreateEvent(NULL, TRUE, FALSE, NULL);
	cr = RegisterNotification(&Filter, Path, Notified, &Notification);
	if (cr != CR_SUCCESS)
		return Fail("CM_Register_Notification", cr);
	printf("Watching.\n");
	fflush(stdout);
	if (WaitForMultipleObjects(2, Both, TRUE, 30000) != WAIT_OBJECT_0)
		return Fail("it did not leave and come back", ERROR_TIMEOUT);
	printf("It left and came back.\n");
	UnregisterNotification(Notification);
	CloseHandle(Left);
	CloseHandle(Came);
	return Interfaces(Path);
}

static BOOL LoadNewFunctions(void)
{
	HMODULE Module = LoadLibraryW(L"cfgmgr32.dll");

	if (!Module)
		return Fail("LoadLibraryW", GetLastError());
	RegisterNotification = (REGISTER)(void *)GetProcAddress(Module, "CM_Register_Notification");
	UnregisterNotification = (UNREGISTER)(void *)GetProcAddress(Module,
								    "CM_Unregister_Notification");
	GetInterfaceProperty = (INTERFACE_PROPERTY)(void *)GetProcAddress(Module,
									  "CM_Get_Device_Interface_PropertyW");
	if (!RegisterNotification || !UnregisterNotification || !GetInterfaceProperty)
		return Fail("GetProcAddress", GetLastError());
	return TRUE;
}

int main(int argc, char **argv)
{
	static PATHS Devices, Functions;
	GUID Guid = GUID_DEVINTERFACE_JOINED;
	WCHAR Text[64];

	if (argc > 2 && (!MultiByteToWideChar(CP_ACP, 0, argv[2], -1, Text, 64) ||
			 FAILED(CLSIDFromString(Text, &Guid)))) {
		fprintf(stderr, "%s is no GUID\n", argv[2]);
		return 1;
	}
	if (!LoadNewFunctions())
		return 1;
	StringFromGUID2(&Guid, Text, ARRAYSIZE(Text));
	printf("All USB devices:\n");
	if (!FourWays(&GUID_DEVINTERFACE_USB_DEVICE, &Devices))
		return 1;
	printf("Those of the class %ls:\n", Text);
	if (!FourWays(&Guid, &Functions))
		return 1;
	printf("%d USB devices, %d of the class\n", Devices.Count, Functions.Count);
	if (Functions.Count != 1 || !Parents(Functions.Path[0]) || !Interfaces(Functions.Path[0]))
		return 1;
	if (argc > 1 && !strcmp(argv[1], "watch"))
		return Watch(&Guid, Functions.Path[0]) ? 0 : 1;
	return 0;
}
