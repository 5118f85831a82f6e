// SPDX-License-Identifier: MIT
/* CM_Get_Device_ID_List against a sysfs of our own. */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <cfgmgr32.h>

#include "fake_sysfs.h"
#include "tap.h"
#include "wide.h"

#define FX2_ID		"USB\\VID_0547&PID_1002\\AB_12"
#define CLASS_WINUSB	"{88BAE032-5a81-49f0-bc3d-a4ff138216d6}"
#define PRESENT		CM_GETIDLIST_FILTER_PRESENT

static char ids[2000];

/* How many there are; ids has them. */
static int list(const char *filter, ULONG flags)
{
	ULONG length = 0, count = 0;
	CONFIGRET ret = CM_Get_Device_ID_List_SizeA(&length, filter, flags);

	if (ret)
		return -(int)ret;
	memset(ids, 'x', sizeof(ids));
	CHECK_EQ(CM_Get_Device_ID_ListA(filter, ids, length, flags), CR_SUCCESS);
	CHECK_EQ(ids[length - 1], 0);
	CHECK_EQ(ids[length], 'x');
	for (char *id = ids; *id; id += strlen(id) + 1)
		count++;
	return count;
}

TEST(filters)
{
	fake_begin();
	fake_machine();
	CHECK_EQ(list(NULL, CM_GETIDLIST_FILTER_NONE), 8);
	CHECK_EQ(list(NULL, PRESENT), 8);
	CHECK_EQ(list("usb", CM_GETIDLIST_FILTER_ENUMERATOR | PRESENT), 8);
	CHECK_EQ(list("USB\\VID_0547&PID_1002", CM_GETIDLIST_FILTER_ENUMERATOR), 1);
	CHECK_STR(ids, FX2_ID);
	CHECK_EQ(list("USB\\VID_0547", CM_GETIDLIST_FILTER_ENUMERATOR), 0);
	CHECK_EQ(list("PCI", CM_GETIDLIST_FILTER_ENUMERATOR), 0);
	CHECK_EQ(list("winusb", CM_GETIDLIST_FILTER_SERVICE), 3);
	CHECK_STR(ids, FX2_ID);
	CHECK_EQ(list("usbccgp", CM_GETIDLIST_FILTER_SERVICE | PRESENT), 1);
	CHECK_EQ(list("nothing", CM_GETIDLIST_FILTER_SERVICE), 0);
	CHECK_EQ(list(CLASS_WINUSB, CM_GETIDLIST_FILTER_CLASS | PRESENT), 3);
	CHECK_EQ(list("usbccgp", CM_GETIDLIST_FILTER_SERVICE), 1);
	CHECK_EQ(list(strdupa(ids), CM_GETIDLIST_FILTER_BUSRELATIONS), 3);
	CHECK(strstr(ids, "&MI_00\\"));
	CHECK_EQ(list(FX2_ID, CM_GETIDLIST_FILTER_BUSRELATIONS), 0);
	fake_end();
}

TEST(buffers)
{
	ULONG length, size;
	WCHAR wide[1000];
	char *text;

	fake_begin();
	fake_machine();
	CHECK_EQ(CM_Get_Device_ID_List_SizeW(&length, L"USB\\VID_0547&PID_1002",
					     CM_GETIDLIST_FILTER_ENUMERATOR), CR_SUCCESS);
	CHECK_EQ(length, sizeof(FX2_ID) + 1);
	CHECK_EQ(CM_Get_Device_ID_ListW(L"USB\\VID_0547&PID_1002", wide, length,
					CM_GETIDLIST_FILTER_ENUMERATOR), CR_SUCCESS);
	text = utf8_of_wide(wide);
	CHECK_STR(text, FX2_ID);
	free(text);
	CHECK_EQ(wide[length - 1], 0);
	wide[0] = 'x';
	CHECK_EQ(CM_Get_Device_ID_ListW(L"USB\\VID_0547&PID_1002", wide, length - 1,
					CM_GETIDLIST_FILTER_ENUMERATOR), CR_BUFFER_SMALL);
	CHECK_EQ(wide[0], 'x');
	CHECK_EQ(CM_Get_Device_ID_List_Size(&size, TEXT("PCI"), CM_GETIDLIST_FILTER_ENUMERATOR),
		 CR_SUCCESS);
	CHECK_EQ(size, 1);
	fake_end();
}

TEST(arguments)
{
	ULONG length = 99;
	char text[4];

	fake_begin();
	fake_machine();
	CHECK_EQ(CM_Get_Device_ID_List_SizeA(NULL, NULL, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_Get_Device_ID_ListA(NULL, NULL, 4, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_Get_Device_ID_ListA(NULL, text, 0, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_Get_Device_ID_List_SizeA(&length, NULL, 0x1000), CR_INVALID_FLAG);
	CHECK_EQ(length, 0);
	CHECK_EQ(list("USB", CM_GETIDLIST_FILTER_ENUMERATOR | CM_GETIDLIST_FILTER_SERVICE),
		 -CR_INVALID_FLAG);
	CHECK_EQ(list(NULL, CM_GETIDLIST_FILTER_ENUMERATOR), -CR_INVALID_POINTER);
	CHECK_EQ(list("", CM_GETIDLIST_FILTER_SERVICE), -CR_INVALID_POINTER);
	CHECK_EQ(list("USB", CM_GETIDLIST_FILTER_CLASS), -CR_INVALID_DATA);
	CHECK_EQ(list("USB", CM_GETIDLIST_FILTER_BUSRELATIONS), -CR_INVALID_DEVICE_ID);
	CHECK_EQ(list("USB\\A\\B", CM_GETIDLIST_FILTER_BUSRELATIONS), -CR_NO_SUCH_DEVNODE);
	CHECK_EQ(list(FX2_ID, CM_GETIDLIST_FILTER_POWERRELATIONS), -CR_CALL_NOT_IMPLEMENTED);
	fake_end();
}
