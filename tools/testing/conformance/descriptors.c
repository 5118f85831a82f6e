// SPDX-License-Identifier: MIT
/* winusb.md 1.3: descriptors and settings; 1.9: parsing them */
#include "face.h"

static UCHAR configuration[1024];
static PUSB_CONFIGURATION_DESCRIPTOR header = (PUSB_CONFIGURATION_DESCRIPTOR)configuration;

static void get_configuration(void)
{
	OK(WinUsb_GetDescriptor(usb, USB_CONFIGURATION_DESCRIPTOR_TYPE, 0, 0, configuration,
				sizeof(configuration), &moved));
	CHECK_EQ(moved, header->wTotalLength);
}

TEST_OF(1_3, get_descriptor_gives_the_device_descriptor)
{
	USB_DEVICE_DESCRIPTOR device;

	begin(fx2);
	OK(WinUsb_GetDescriptor(usb, USB_DEVICE_DESCRIPTOR_TYPE, 0, 0, (PUCHAR)&device,
				sizeof(device),
				&moved));
	CHECK_EQ(moved, 18);
	CHECK_EQ(device.bLength, 18);
	CHECK_EQ(device.idVendor, 0x0547);
	CHECK_EQ(device.idProduct, 0x1002);
	end();
}

TEST_OF(1_3, a_short_buffer_gets_the_beginning)
{
	begin(composite);
	memset(data[0], 0xcc, 16);
	OK(WinUsb_GetDescriptor(usb, USB_CONFIGURATION_DESCRIPTOR_TYPE, 0, 0, data[0], 9, &moved));
	CHECK_EQ(moved, 9);
	CHECK_EQ(data[0][9], 0xcc);
	get_configuration();
	CHECK_MEM(configuration, data[0], 9);
	CHECK_EQ(header->bNumInterfaces, 4);
	end();
}

TEST_OF(1_3, strings_have_languages)
{
	begin(fx2);
	OK(WinUsb_GetDescriptor(usb, USB_STRING_DESCRIPTOR_TYPE, 0, 0, data[0], 255, &moved));
	CHECK_EQ(moved, data[0][0]);
	CHECK_EQ(data[0][2] | data[0][3] << 8, 0x0409);
	OK(WinUsb_GetDescriptor(usb, USB_STRING_DESCRIPTOR_TYPE, 2, 0x0409, data[0], 255, &moved));
	CHECK_EQ(moved, 2 + 2 * 6);
	CHECK_MEM(data[0] + 2, L"OSRFX2", 12);
	end();
}

TEST_OF(1_3, a_BOS_is_fetched_from_the_device)
{
	begin(composite);
	OK(WinUsb_GetDescriptor(usb, 0x0f, 0, 0, data[0], 255, &moved));
	CHECK_EQ(moved, 12);
	end();
}

TEST_OF(1_3, a_descriptor_that_is_not_there_is_GEN_FAILURE)
{
	begin(fx2);
	FAILS(WinUsb_GetDescriptor(usb, USB_STRING_DESCRIPTOR_TYPE, 77, 0x0409, data[0], 255,
				   &moved),
	      ERROR_GEN_FAILURE);
	CHECK_EQ(moved, 0);
	FAILS(WinUsb_GetDescriptor(usb, 0x0f, 0, 0, data[0], 255, &moved), ERROR_GEN_FAILURE);
	end();
}

TEST_OF(1_3, get_descriptor_checks_its_pointers)
{
	begin(fx2);
	FAILS(WinUsb_GetDescriptor(usb, 1, 0, 0, data[0], 18, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetDescriptor(usb, 1, 0, 0, NULL, 18, &moved), ERROR_INVALID_PARAMETER);
	OK(WinUsb_GetDescriptor(usb, 1, 0, 0, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
	end();
}

TEST_OF(1_3, query_interface_settings_counts_settings)
{
	USB_INTERFACE_DESCRIPTOR interface;
	WINUSB_INTERFACE_HANDLE handle;
	static const UCHAR endpoints[] = { 0, 3, 2, 2 };
	UCHAR i;

	begin(composite);
	handle = associated(SETTINGS);
	for (i = 0; WinUsb_QueryInterfaceSettings(handle, i, &interface); i++) {
		CHECK_EQ(interface.bLength, 9);
		CHECK_EQ(interface.bDescriptorType, USB_INTERFACE_DESCRIPTOR_TYPE);
		CHECK_EQ(interface.bInterfaceNumber, SETTINGS);
		CHECK_EQ(interface.bAlternateSetting, i);
		CHECK(i < 4);
		CHECK_EQ(interface.bNumEndpoints, endpoints[i]);
	}
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	CHECK_EQ(i, 4);
	FAILS(WinUsb_QueryInterfaceSettings(handle, 255, &interface), ERROR_NO_MORE_ITEMS);
	FAILS(WinUsb_QueryInterfaceSettings(handle, 0, NULL), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_3, queries_cause_no_traffic)
{
	USB_INTERFACE_DESCRIPTOR interface;
	WINUSB_PIPE_INFORMATION pipe;
	UCHAR speed, setting;
	ULONG n = 1;
	unsigned int before;

	begin(fx2);
	before = board_requests(fx2);
	OK(WinUsb_QueryInterfaceSettings(usb, 0, &interface));
	OK(WinUsb_QueryPipe(usb, 0, 2, &pipe));
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	OK(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, &speed));
	CHECK_EQ(board_requests(fx2), before);
	end();
}

TEST_OF(1_3, query_device_information_gives_the_speed)
{
	UCHAR speed = 0, room[8];
	ULONG n = 1;

	begin(fx2);
	OK(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, &speed));
	CHECK_EQ(n, 1);
	CHECK_EQ(speed, HighSpeed);
	n = sizeof(room);
	OK(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, room));
	CHECK_EQ(n, 1);
	n = 0;
	FAILS(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, &speed),
	      ERROR_INVALID_USER_BUFFER);
	n = 1;
	FAILS(WinUsb_QueryDeviceInformation(usb, 2, &n, &speed), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, NULL, &speed),
	      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, NULL), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_3, full_speed_is_1)
{
	UCHAR speed = 0;
	ULONG n = 1;

	board_plug(slow);
	begin(slow);
	OK(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, &speed));
	CHECK_EQ(speed, LowSpeed);	/* "full speed or lower" */
	end();
}

TEST_OF(1_3, settings_are_set_and_got)
{
	WINUSB_PIPE_INFORMATION pipe;
	UCHAR setting = 77;

	begin(composite);
	usb = associated(SETTINGS);
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	CHECK_EQ(setting, 0);
	FAILS(WinUsb_WritePipe(usb, 0x04, data[0], 1, &moved, NULL), ERROR_INVALID_PARAMETER);
	OK(WinUsb_SetCurrentAlternateSetting(usb, 1));
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	CHECK_EQ(setting, 1);
	OK(WinUsb_QueryPipe(usb, 1, 0, &pipe));
	OK(WinUsb_WritePipe(usb, pipe.PipeId, data[0], 5, &moved, NULL));
	OK(WinUsb_ReadPipe(usb, 0x84, data[1], 512, &moved, NULL));
	CHECK_EQ(moved, 5);
	FAILS(WinUsb_GetCurrentAlternateSetting(usb, NULL), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_3, a_setting_that_is_not_there_is_NOT_FOUND)
{
	UCHAR setting;

	begin(composite);
	usb = associated(SETTINGS);
	OK(WinUsb_SetCurrentAlternateSetting(usb, 1));
	FAILS(WinUsb_SetCurrentAlternateSetting(usb, 4), ERROR_NOT_FOUND);
	FAILS(WinUsb_SetCurrentAlternateSetting(usb, 255), ERROR_NOT_FOUND);
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	CHECK_EQ(setting, 1);
	end();
}

struct pipe {
	UCHAR setting, index, id, interval;
	USBD_PIPE_TYPE type;
	USHORT packet;
};

TEST_OF(1_3, query_pipe_describes_the_pipes_of_all_settings)
{
	static const struct pipe pipes[] = {
		{ 1, 0, 0x04, 0, UsbdPipeTypeBulk, 512 }, { 1, 1, 0x84, 0, UsbdPipeTypeBulk, 512 },
		{ 1, 2, 0x85, 4, UsbdPipeTypeInterrupt, 8 }, { 2, 0, 0x04, 4, UsbdPipeTypeInterrupt,
							       256 },
		{ 2, 1, 0x84, 4, UsbdPipeTypeInterrupt, 256 },
		{ 3, 0, 0x06, 4, UsbdPipeTypeIsochronous, 192 },
		{ 3, 1, 0x86, 4, UsbdPipeTypeIsochronous, 192 },
	};
	WINUSB_PIPE_INFORMATION_EX more;
	WINUSB_PIPE_INFORMATION pipe;
	unsigned int i;

	begin(composite);
	usb = associated(SETTINGS);
	for (i = 0; i < ARRAY_SIZE(pipes); i++) {
		memset(&pipe, 0xcc, sizeof(pipe));
		OK(WinUsb_QueryPipe(usb, pipes[i].setting, pipes[i].index, &pipe));
		OK(WinUsb_QueryPipeEx(usb, pipes[i].setting, pipes[i].index, &more));
		CHECK_EQ(pipe.PipeType, pipes[i].type);
		CHECK_EQ(pipe.PipeId, pipes[i].id);
		CHECK_EQ(pipe.MaximumPacketSize, pipes[i].packet);
		CHECK_EQ(pipe.Interval, pipes[i].interval);
		CHECK_EQ(more.PipeType, pipes[i].type);
		CHECK_EQ(more.PipeId, pipes[i].id);
		CHECK_EQ(more.MaximumBytesPerInterval, pipes[i].packet);
	}
	end();
}

TEST_OF(1_3, query_pipe_ends_with_NO_MORE_ITEMS)
{
	WINUSB_PIPE_INFORMATION_EX more;
	WINUSB_PIPE_INFORMATION pipe;

	begin(fx2);
	FAILS(WinUsb_QueryPipe(usb, 0, 3, &pipe), ERROR_NO_MORE_ITEMS);
	FAILS(WinUsb_QueryPipe(usb, 0, FX2_BULK_IN, &pipe), ERROR_NO_MORE_ITEMS);
	FAILS(WinUsb_QueryPipeEx(usb, 0, 255, &more), ERROR_NO_MORE_ITEMS);
	FAILS(WinUsb_QueryPipe(usb, 1, 0, &pipe), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_QueryPipe(usb, 0, 0, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_QueryPipeEx(usb, 0, 0, NULL), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_9, parse_finds_interfaces_by_each_criterion)
{
	PUSB_INTERFACE_DESCRIPTOR found, next;

	begin(composite);
	get_configuration();
	found = WinUsb_ParseConfigurationDescriptor(header, header, -1, -1, -1, -1, -1);
	CHECK(found && found->bInterfaceNumber == 0);
	next = WinUsb_ParseConfigurationDescriptor(header, (PUCHAR)found + found->bLength, -1, -1,
						   -1, -1, -1);
	CHECK(next && next->bInterfaceNumber == 1);
	found = WinUsb_ParseConfigurationDescriptor(header, header, 2, 3, 0xff, 1, 0);
	CHECK(found && found->bAlternateSetting == 3);
	found = WinUsb_ParseConfigurationDescriptor(header, header, -1, -1, 0xff, 2, -1);
	CHECK(found && found->bInterfaceNumber == 3);
	CHECK(!WinUsb_ParseConfigurationDescriptor(header, header, 4, -1, -1, -1, -1));
	CHECK(!WinUsb_ParseConfigurationDescriptor(header, header, -1, -1, 3, -1, -1));
	CHECK(!WinUsb_ParseConfigurationDescriptor(header, (PUCHAR)found + found->bLength, -1, -1,
						   -1, -1, -1));
	end();
}

TEST_OF(1_9, parse_walks_all_settings_and_ends)
{
	PUSB_INTERFACE_DESCRIPTOR found;
	PVOID at = configuration;
	unsigned int n = 0;

	begin(composite);
	get_configuration();
	while ((found = WinUsb_ParseConfigurationDescriptor(header, at, -1, -1, -1, -1, -1))) {
		at = (PUCHAR)found + found->bLength;
		n++;
	}
	CHECK_EQ(n, 7);
	end();
}

TEST_OF(1_9, parse_finds_class_descriptors)
{
	PUSB_COMMON_DESCRIPTOR found;

	begin(composite);
	get_configuration();
	found = WinUsb_ParseDescriptors(header, header->wTotalLength, header, 0x41);
	CHECK(found && found->bLength == 7 && found->bDescriptorType == 0x41);
	CHECK(!WinUsb_ParseDescriptors(header, header->wTotalLength, (PUCHAR)found + 7, 0x41));
	CHECK(!WinUsb_ParseDescriptors(header, 9, header, 0x41));
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	end();
}

TEST_OF(1_9, parse_is_not_fooled)
{
	static UCHAR bad[] = { 9, 2, 27, 0, 1, 1, 0, 0x80, 50, 0, 4, 9, 4, 0, 0, 0, 0xff, 0, 0, 0,
			       200, 5, 1, 2, 0, 2, 0 };
	PUSB_CONFIGURATION_DESCRIPTOR fooled = (PUSB_CONFIGURATION_DESCRIPTOR)bad;

	/* bLength 0, then one that runs past the end */
	CHECK(!WinUsb_ParseDescriptors(bad, sizeof(bad), bad, 4));
	CHECK(!WinUsb_ParseConfigurationDescriptor(fooled, bad, -1, -1, -1, -1, -1));
	CHECK(!WinUsb_ParseDescriptors(bad, sizeof(bad), bad + 20, 5));
	CHECK(WinUsb_ParseDescriptors(bad, sizeof(bad), bad + 11,
				      4) == (PUSB_COMMON_DESCRIPTOR)(bad + 11));
	CHECK(!WinUsb_ParseDescriptors(NULL, 9, bad, 4));
	CHECK(!WinUsb_ParseDescriptors(bad, sizeof(bad), NULL, 4));
	CHECK(!WinUsb_ParseDescriptors(bad + 10, 9, bad, 4));
	CHECK(!WinUsb_ParseConfigurationDescriptor(NULL, bad, -1, -1, -1, -1, -1));
}
