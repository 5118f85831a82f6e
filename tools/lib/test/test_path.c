// SPDX-License-Identifier: MIT
/* GUIDs as text, ids, paths, and from a path to its node. */
#include "fake_sysfs.h"
#include "tap.h"

#define PATH_FX2 "\\\\?\\usb#vid_0547&pid_1002#ab_12#"

TEST(guid_text)
{
	static const uint8_t guid[] = { 0x23, 0x32, 0x54, 0x9f, 0xde, 0xce, 0xa3, 0x4f,
					0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 };
	uint8_t other[16];
	char text[DEVICE_GUID_TEXT];

	guid_to_text(guid, text);
	CHECK_STR(text, FAKE_GUID_1);
	CHECK(guid_from_text("{9F543223-CEDE-4fa3-B376-a25ce9a30e74}", 38, other));
	CHECK(!memcmp(guid, other, 16));
	CHECK(!guid_from_text("{9F543223-CEDE-4fa3-B376-a25ce9a30e7}", 37, other));
	CHECK(!guid_from_text("{9F543223-CEDE-4fa3-B376-a25ce9a30e7g}", 38, other));
	CHECK(!guid_from_text("{9F543223+CEDE-4fa3-B376-a25ce9a30e74}", 38, other));
	CHECK(!guid_from_text("(9F543223-CEDE-4fa3-B376-a25ce9a30e74)", 38, other));
	CHECK(!guid_from_text("{9F543223CEDE--4fa3-B376-a25ce9a30e74}", 38, other));
	CHECK(!guid_from_text("", 0, other));
	CHECK(guid_from_text("{a5dcbf10-6530-11d2-901f-00c04fb951ed}", 38, other));
	CHECK(!memcmp(guid_usb_device, other, 16));
	CHECK(guid_from_text("{f18a0e88-c30c-11d0-8815-00a0c906bed8}", 38, other));
	CHECK(!memcmp(guid_usb_hub, other, 16));
}

TEST(ids)
{
	struct device_list *list;

	fake_begin();
	fake_machine();
	list = device_list_load();
	CHECK_EQ(list->count, 8);
	CHECK_STR(list->devices[0]->name, "usb1");
	CHECK(!strncmp(list->devices[0]->id, "USB\\ROOT_HUB20\\4&", 17));
	CHECK_STR(list->devices[1]->id, "USB\\VID_0547&PID_1002\\AB_12");
	CHECK_EQ(list->devices[1]->kind, DEVICE_WHOLE);
	CHECK(!strncmp(list->devices[2]->id, "USB\\VID_05E3&PID_0608\\5&", 24));
	CHECK(!strncmp(list->devices[3]->id, "USB\\VID_1234&PID_ABCD\\5&", 24));
	CHECK(!strncmp(list->devices[4]->id, "USB\\VID_1209&PID_0003\\6&", 24));
	CHECK(!strcmp(strrchr(list->devices[4]->id, '&'), "&3"));
	CHECK_EQ(list->devices[4]->kind, DEVICE_COMPOSITE);
	CHECK(list->devices[4]->parent == list->devices[2]);
	CHECK(!strncmp(list->devices[5]->id, "USB\\VID_1209&PID_0003&MI_00\\7&", 30));
	CHECK(!strcmp(strrchr(list->devices[5]->id, '&'), "&0000"));
	CHECK(!strncmp(list->devices[6]->id, "USB\\VID_1209&PID_0003&MI_02\\7&", 30));
	CHECK(!list->devices[6]->winusb);
	CHECK(!strncmp(list->devices[7]->id, "USB\\VID_1209&PID_0003&MI_03\\7&", 30));
	CHECK(list->devices[7]->winusb);
	for (size_t i = 0; i < list->count; i++)
		CHECK(device_find(list, list->devices[i]->id) == list->devices[i]);
	CHECK(device_find(list, "usb\\vid_0547&Pid_1002\\aB_12") == list->devices[1]);
	CHECK(device_find(list, list->devices[1]->alias) == list->devices[1]);
	CHECK(!device_find(list, ""));
	device_list_put(list);
	fake_end();
}

/* Two devices that say the same serial number: the second path stays good when the first leaves. */
TEST(same_serial)
{
	struct device_list *list;
	char path[512], node[64];

	fake_begin();
	fake_device(FAKE_BUS, 0x1d6b, 2, 9, NULL);
	fake_device(FAKE_BUS "/1-1", 1, 2, 0xff, "same");
	fake_device(FAKE_BUS "/1-2", 1, 2, 0xff, "SAME");
	fake_interface(FAKE_BUS "/1-2/1-2:1.0", 0, -1);
	fake_winusb("1-2:1.0", "1-2:1.0", true, FAKE_GUID_1);
	list = device_list_load();
	CHECK_EQ(list->count, 3);
	CHECK_STR(list->devices[1]->id, "USB\\VID_0001&PID_0002\\SAME");
	CHECK(strcmp(list->devices[2]->id, list->devices[1]->id));
	CHECK(!strncmp(list->devices[2]->id, "USB\\VID_0001&PID_0002\\5&", 24));
	CHECK_EQ(list->interface_count, 4);
	strcpy(path, list->interfaces[3].path);
	CHECK_EQ(path_to_node(path, node, sizeof(node)), 0);
	device_list_put(list);

	snprintf(node, sizeof(node), "%.60s/x", fake_sys);
	fake_link("nothing", "bus/usb/devices/1-1");
	list = device_list_load();
	CHECK_EQ(list->count, 2);
	CHECK_STR(list->devices[1]->id, "USB\\VID_0001&PID_0002\\SAME");
	CHECK_EQ(path_to_node(path, node, sizeof(node)), 0);
	device_list_put(list);
	fake_end();
}

/* The place of the controller counts, not the number that its bus got. */
TEST(stable)
{
	char id[2][DEVICE_ID_MAX];

	for (int i = 0; i < 2; i++) {
		struct device_list *list;

		fake_begin();
		fake_device(i ? "pci0/14/usb3" : "pci0/14/usb1", 0x1d6b, 2, 9, NULL);
		fake_device(i ? "pci0/14/usb3/3-4" : "pci0/14/usb1/1-4", 1, 2, 0xff, "");
		list = device_list_load();
		CHECK_EQ(list->count, 2);
		strcpy(id[i], list->devices[1]->id);
		device_list_put(list);
		fake_end();
	}
	CHECK_STR(id[0], id[1]);
}

static int to_node(const char *path, const char **name)
{
	static char node[128];
	int ret = path_to_node(path, node, sizeof(node));

	*name = ret ? NULL : strrchr(node, '/') + 1;
	return ret;
}

TEST(nodes)
{
	char node[128], path[512];
	struct device_list *list;
	const char *name;

	fake_begin();
	fake_machine();
	CHECK_EQ(to_node(PATH_FX2 FAKE_GUID_1, &name), 0);
	CHECK_STR(name, "1-1:1.0");
	CHECK_EQ(to_node(PATH_FX2 FAKE_GUID_2, &name), 0);
	CHECK_EQ(to_node("\\??\\USB#Vid_0547&Pid_1002#AB_12#{9F543223-CEDE-4FA3-B376-A25CE9A30E74}",
			 &name), 0);
	CHECK_EQ(to_node("\\\\.\\usb#vid_0547&pid_1002#ab_12#" FAKE_GUID_1, &name), 0);
	CHECK_EQ(to_node(PATH_FX2 "{a5dcbf10-6530-11d2-901f-00c04fb951ed}", &name), 0);
	CHECK_STR(name, "1-1:1.0");
	CHECK_EQ(to_node(PATH_FX2 "{f18a0e88-c30c-11d0-8815-00a0c906bed8}", &name), -ENOENT);
	CHECK_EQ(to_node(PATH_FX2 FAKE_GUID_1 "x", &name), -ENOENT);
	CHECK_EQ(to_node("usb#vid_0547&pid_1002#ab_12#" FAKE_GUID_1, &name), -ENOENT);
	CHECK_EQ(to_node("\\\\?\\", &name), -ENOENT);
	CHECK_EQ(to_node("", &name), -ENOENT);
	CHECK_EQ(to_node("COM1", &name), -ENOENT);
	CHECK_EQ(path_to_node(PATH_FX2 FAKE_GUID_1, node, 4), -EINVAL);

	list = device_list_load();
	CHECK_EQ(list->interface_count, 5 + 2 + 2);
	for (size_t i = 0; i < list->interface_count; i++) {
		int want = list->interfaces[i].device->winusb ? 0 : 1;

		CHECK_EQ(to_node(list->interfaces[i].path, &name), want);
		if (name)
			CHECK_STR(name, list->interfaces[i].device->node);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(list->interfaces[i].path, list->interfaces[j].path));
	}
	device_list_put(list);

	fake_file("0", "class/winusb/1-1:1.0/interface_enabled");
	CHECK_EQ(to_node(PATH_FX2 FAKE_GUID_1, &name), -ENOENT);
	fake_file("1", "class/winusb/1-1:1.0/interface_enabled");
	fake_file("0", "class/winusb/1-1:1.0/function_complete");
	CHECK_EQ(to_node(PATH_FX2 FAKE_GUID_1, &name), -ENOENT);

	/* Ours: the node itself, and links to it. */
	snprintf(path, sizeof(path), "%s/winusb/1-1:1.0", fake_dev);
	CHECK_EQ(path_to_node(path, node, sizeof(node)), 0);
	CHECK_STR(node, path);
	snprintf(path, sizeof(path), "%s/winusb/1-9:1.0", fake_dev);
	CHECK_EQ(path_to_node(path, node, sizeof(node)), -ENOENT);
	snprintf(path, sizeof(path), "%s/winusb/link", fake_dev);
	CHECK(!symlink("1-1:1.0", path));
	CHECK_EQ(path_to_node(path, node, sizeof(node)), 0);
	CHECK_STR(strrchr(node, '/'), "/1-1:1.0");
	snprintf(path, sizeof(path), "%s/winusb/other", fake_dev);
	CHECK(!symlink("/dev/null", path));
	CHECK_EQ(path_to_node(path, node, sizeof(node)), 1);
	fake_end();
}

TEST(nothing)
{
	struct device_list *list;
	const char *name;

	device_sysfs = "/nowhere";
	list = device_list_load();
	CHECK(list && !list->count && !list->interface_count);
	device_list_put(list);
	CHECK_EQ(to_node(PATH_FX2 FAKE_GUID_1, &name), -ENOENT);
	device_sysfs = "/sys";
}
