// SPDX-License-Identifier: MIT
/* The native face without a device: lists, texts that mean a device, arguments that are none. */
#include <errno.h>

#include "fake_sysfs.h"
#include "native.h"
#include "tap.h"

static const char *name_of(const struct winusb_device *device)
{
	return device ? device->name : "none";
}

TEST(list_of_nodes)
{
	const struct winusb_device *device;
	struct winusb_list *list;

	fake_begin();
	fake_machine();
	CHECK_EQ(winusb_device_list(&list), 4);

	device = winusb_device_next(list, NULL);
	CHECK_STR(name_of(device), "1-1:1.0");
	CHECK_STR(device->device, "1-1");
	CHECK_STR(device->function, "1-1:1.0");
	CHECK_STR(device->serial, "Ab 12");
	CHECK_STR(device->product, "A product");
	CHECK_STR(device->manufacturer, "A maker");
	CHECK_STR(device->instance, "USB\\VID_0547&PID_1002\\AB_12");
	CHECK_STR(device->guids[0], FAKE_GUID_1);
	CHECK_STR(device->guids[1], FAKE_GUID_2);
	CHECK(!device->guids[2]);
	CHECK_EQ(device->vid, 0x0547);
	CHECK_EQ(device->pid, 0x1002);
	CHECK_EQ(device->revision, 0x0123);
	CHECK_EQ(device->bus, 1);
	CHECK(device->address);
	CHECK(device->is_default && device->complete && device->enabled);
	CHECK(strstr(device->node, "/dev/winusb/1-1:1.0"));

	device = winusb_device_next(list, device);
	CHECK_STR(name_of(device), "1-2.3:1.0");
	CHECK(device->is_default);
	device = winusb_device_next(list, device);
	CHECK_STR(name_of(device), "1-2.3:1.1");
	CHECK_STR(device->function, "1-2.3:1.0");
	CHECK_EQ(device->interface_number, 1);
	CHECK_EQ(device->pid, 3);
	CHECK(!device->is_default && device->complete);
	CHECK(!device->guids[0]);
	device = winusb_device_next(list, device);
	CHECK_STR(name_of(device), "1-2.3:1.3");
	CHECK(!winusb_device_next(list, device));

	winusb_device_list_free(list);
	fake_end();
}

TEST(functions_that_are_not_whole)
{
	const struct winusb_device *device;
	struct winusb_list *list;

	fake_begin();
	fake_machine();
	fake_file("0", "class/winusb/1-1:1.0/function_complete");
	fake_file("0", "class/winusb/1-2.3:1.3/interface_enabled");
	/* The default interface is not there. */
	fake_winusb("1-3:1.0", "1-3:1.7", false, "");
	fake_file("0", "class/winusb/1-3:1.0/interface_enabled");
	CHECK_EQ(winusb_device_list(&list), 5);
	for (device = NULL; (device = winusb_device_next(list, device));) {
		if (!strcmp(device->name, "1-1:1.0"))
			CHECK(!device->complete && device->enabled);
		if (!strcmp(device->name, "1-2.3:1.3"))
			CHECK(device->complete && !device->enabled);
		if (!strcmp(device->name, "1-3:1.0"))
			CHECK(!device->complete && !device->enabled && !device->is_default &&
			      device->vid == 0x1234);
	}
	winusb_device_list_free(list);
	fake_end();
}

TEST(nothing_there)
{
	struct winusb_list *list;
	struct winusb *usb;

	fake_begin();
	CHECK_EQ(winusb_device_list(&list), 0);
	CHECK(!winusb_device_next(list, NULL));
	winusb_device_list_free(list);
	CHECK_EQ(winusb_open(&usb, "0547:1002", 0), -ENOENT);
	fake_end();
	device_sysfs = "/none";
	CHECK_EQ(winusb_device_list(&list), 0);
	winusb_device_list_free(list);
	device_sysfs = "/sys";
}

static bool fits(const struct winusb_device *device, const char *what)
{
	return native_matches(device, what);
}

TEST(texts_that_mean_a_device)
{
	const struct winusb_device *fx2, *other, *sibling;
	struct winusb_list *list;

	fake_begin();
	fake_machine();
	winusb_device_list(&list);
	fx2 = winusb_device_next(list, NULL);
	other = winusb_device_next(list, fx2);
	sibling = winusb_device_next(list, other);

	CHECK(fits(fx2, "1-1:1.0") && fits(fx2, fx2->node));
	CHECK(fits(fx2, FAKE_GUID_1) && fits(fx2, "{9F543223-CEDE-4FA3-B376-A25CE9A30E74}"));
	CHECK(fits(fx2, "0547:1002") && fits(fx2, "0547:1002:Ab 12"));
	CHECK(!fits(fx2, "0547:1002:AB 12") && !fits(fx2, "0547:1002:"));
	CHECK(!fits(fx2, "0547:1003") && !fits(fx2, "0547:100") && !fits(fx2, "0547:10022"));
	CHECK(!fits(fx2, "547:1002") && !fits(fx2, "0547-1002") && !fits(fx2, ""));
	CHECK(!fits(fx2, "1-1") && !fits(fx2, "{}") && !fits(fx2, "0547:"));
	CHECK(fits(other, "1209:0003") && !fits(sibling, "1209:0003"));
	CHECK(fits(sibling, "1-2.3:1.1"));
	CHECK(fits(other, "1209:0003:"));	/* it has no serial number */
	winusb_device_list_free(list);
	fake_end();
}

TEST(opening_what_is_not_there)
{
	struct winusb *usb = (struct winusb *)1;

	fake_begin();
	fake_machine();
	CHECK_EQ(winusb_open(&usb, "1234:abcd", 0), -ENOENT);
	CHECK(!usb);
	/* Two functions have it. */
	CHECK_EQ(winusb_open(&usb, FAKE_GUID_1, 0), -ENOTUNIQ);
	CHECK_EQ(winusb_open(&usb, "1209:0003", 0), -ENOTUNIQ);
	/* A file, but no node. */
	CHECK_EQ(winusb_open(&usb, "0547:1002", 0), -ENOENT);
	CHECK_EQ(winusb_open(&usb, "1-1:1.0", WINUSB_OPEN_LISTENER), -ENOENT);
	fake_file("0", "class/winusb/1-1:1.0/interface_enabled");
	CHECK_EQ(winusb_open(&usb, "0547:1002", 0), -ENOENT);
	CHECK_EQ(winusb_open(&usb, "1-1:1.0", 2), -EOPNOTSUPP);
	CHECK_EQ(winusb_open(&usb, "/dev/null", 0), -ENOENT);
	CHECK_EQ(winusb_open(&usb, "/dev/winusb/../null", 0), -ENOENT);
	CHECK_EQ(winusb_open(&usb, "", 0), -ENOENT);
	CHECK_EQ(winusb_open(&usb, "\\\\?\\usb#vid_1234&pid_abcd#no#" FAKE_GUID_1, 0), -ENOENT);
	CHECK_EQ(winusb_open(&usb, NULL, 0), -EINVAL);
	CHECK_EQ(winusb_open(NULL, "1-1:1.0", 0), -EINVAL);
	fake_end();
}

TEST(no_interface)
{
	struct winusb_pipe_information pipe;
	struct winusb_completion record;
	struct winusb_request request = { 0 };
	struct winusb_setup setup = { 0 };
	struct winusb_event event;
	struct winusb_query query;
	struct winusb *usb;
	uint32_t number = 7;
	uint8_t bytes[16];

	winusb_close(NULL);
	winusb_device_list_free(NULL);
	CHECK(!winusb_device_next(NULL, NULL));
	CHECK_EQ(winusb_device_list(NULL), -EINVAL);
	CHECK_EQ(winusb_associated(NULL, 0, &usb), -EINVAL);
	CHECK_EQ(winusb_fd(NULL), -EINVAL);
	CHECK_EQ(winusb_handle(NULL), 0);
	CHECK_EQ(winusb_capabilities(NULL, &query), -EINVAL);
	CHECK_EQ(winusb_enable(NULL, true), -EINVAL);
	CHECK_EQ(winusb_descriptor(NULL, 1, 0, 0, bytes, sizeof(bytes)), -EINVAL);
	CHECK_EQ(winusb_descriptor(NULL, 1, 0, 0, bytes, 65536), -EINVAL);
	CHECK_EQ(winusb_string(NULL, 1, 0, (char *)bytes, sizeof(bytes)), -EINVAL);
	CHECK_EQ(winusb_speed(NULL), -EINVAL);
	CHECK_EQ(winusb_interface_descriptor(NULL, 0, bytes), -EINVAL);
	CHECK_EQ(winusb_setting(NULL), -EINVAL);
	CHECK_EQ(winusb_setting_index(NULL), -EINVAL);
	CHECK_EQ(winusb_set_setting(NULL, 0), -EINVAL);
	CHECK_EQ(winusb_pipe(NULL, 0, 0, &pipe), -EINVAL);
	CHECK_EQ(winusb_get_policy(NULL, 0, 3, &number), -EINVAL);
	CHECK_EQ(winusb_set_policy(NULL, 0, 3, 0), -EINVAL);
	CHECK_EQ(winusb_get_power(NULL, 0x81, &number), -EINVAL);
	CHECK_EQ(winusb_set_power(NULL, 0x81, 0), -EINVAL);
	CHECK_EQ(winusb_abort_pipe(NULL, 0), -EINVAL);
	CHECK_EQ(winusb_reset_pipe(NULL, 0), -EINVAL);
	CHECK_EQ(winusb_flush_pipe(NULL, 0x81), -EINVAL);
	CHECK_EQ(winusb_reset_port(NULL), -EINVAL);
	CHECK_EQ(winusb_read(NULL, 0x81, bytes, 1, &number), -EINVAL);
	CHECK_EQ(number, 0);
	CHECK_EQ(winusb_write(NULL, 1, bytes, 1, NULL), -EINVAL);
	CHECK_EQ(winusb_control(NULL, &setup, NULL, NULL), -EINVAL);
	CHECK_EQ(winusb_submit_transfer(NULL, 0x81, bytes, 1, 0), -EINVAL);
	CHECK_EQ(winusb_submit_control(NULL, &setup, NULL, 0), -EINVAL);
	CHECK_EQ(winusb_submit_requests(NULL, &request, 1), -EINVAL);
	CHECK_EQ(winusb_reap(NULL, &record, 1, 0), -EINVAL);
	CHECK_EQ(winusb_cancel_transfer(NULL, 0), -EINVAL);
	CHECK_EQ(winusb_cancel_all(NULL), -EINVAL);
	CHECK_EQ(winusb_use_eventfd(NULL, -1), -EINVAL);
	CHECK_EQ(winusb_hear_posts(NULL, true), -EINVAL);
	CHECK_EQ(winusb_next_event(NULL, &event, NULL, 0, 0), -EINVAL);
	CHECK_EQ(winusb_post(NULL, bytes, NULL, 0), -EINVAL);
}

TEST(guids)
{
	static const uint8_t wanted[16] = {
		0x23, 0x32, 0x54, 0x9f, 0xde, 0xce, 0xa3, 0x4f, 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3,
		0x0e, 0x74,
	};
	uint8_t guid[16];
	char text[39];

	CHECK_EQ(winusb_guid_parse("9F543223-cede-4fa3-b376-a25ce9a30e74", guid), 0);
	CHECK(!memcmp(guid, wanted, 16));
	memset(guid, 0, sizeof(guid));
	CHECK_EQ(winusb_guid_parse(FAKE_GUID_1, guid), 0);
	CHECK(!memcmp(guid, wanted, 16));
	winusb_guid_format(guid, text);
	CHECK_STR(text, FAKE_GUID_1);
	CHECK_EQ(winusb_guid_parse("", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse("{9f543223-cede-4fa3-b376-a25ce9a30e74", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse("9f543223-cede-4fa3-b376-a25ce9a30e7", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse("9f543223-cede-4fa3-b376-a25ce9a30e74}", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse("9f543223-cede-4fa3-b376-a25ce9a30eg4", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse("{9f543223-cede-4fa3-b376a25ce9a30e74}", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse("{9f543223-cede-4fa3-b376-a25ce9a30e74}0", guid), -EINVAL);
	CHECK_EQ(winusb_guid_parse(NULL, guid), -EINVAL);
}
