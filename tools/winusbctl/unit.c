// SPDX-License-Identifier: MIT
/* Tests of winusbctl's own parts that need no device. Prints TAP. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "winusbctl.h"

bool ctl_json;
const struct argp_child ctl_common[] = { { 0 } };

static unsigned int cases, failures;

void ok(bool good, const char *name)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++cases, name);
	failures += !good;
}

static bool hex_is(const char *text, const char *bytes, size_t size)
{
	uint8_t *data = NULL;
	size_t length = 0;
	bool same;

	same = hex_parse(text, &data, &length) && length == size && !memcmp(data, bytes, size);
	free(data);
	return same;
}

static bool hex_refused(const char *text)
{
	uint8_t *data = NULL;
	size_t length = 0;
	bool good = hex_parse(text, &data, &length);

	free(data);
	return !good;
}

static bool dump_is(const char *bytes, size_t size, uint64_t offset, const char *expected)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);
	bool same;

	hexdump(stream, (const uint8_t *)bytes, size, offset);
	fclose(stream);
	same = !strcmp(text, expected);
	if (!same)
		printf("# got\n# %s", text);
	free(text);
	return same;
}

static bool number_is(const char *text, unsigned long max, unsigned long expected)
{
	unsigned long value;

	return number_parse(text, max, &value) && value == expected;
}

static bool id_is(const char *text, unsigned int vid, unsigned int pid, int interface)
{
	struct usb_id id;

	return usb_id_parse(text, &id) && id.vid == vid && id.pid == pid && id.interface == interface;
}

static void test_hex(void)
{
	unsigned long value;
	struct usb_id id;

	ok(hex_is("deadBEEF", "\xde\xad\xbe\xef", 4), "hex: digits");
	ok(hex_is("0xde ad:be,ef", "\xde\xad\xbe\xef", 4), "hex: prefix and separators");
	ok(hex_is("", "", 0), "hex: empty");
	ok(hex_refused("abc"), "hex: odd number of digits is refused");
	ok(hex_refused("zz"), "hex: other letters are refused");
	ok(hex_refused("a b"), "hex: a byte is not split");

	ok(number_is("0x88", 0xff, 0x88), "number: hex");
	ok(number_is("255", 0xff, 255), "number: at the limit");
	ok(!number_parse("256", 0xff, &value), "number: over the limit is refused");
	ok(!number_parse("-1", 0xff, &value), "number: negative is refused");
	ok(!number_parse("12x", 0xff, &value), "number: a tail is refused");
	ok(!number_parse("", 0xff, &value), "number: empty is refused");
	ok(!number_parse("99999999999999999999999", ~0UL, &value), "number: overflow is refused");

	ok(id_is("0547:1002", 0x0547, 0x1002, -1), "id: device");
	ok(id_is("0547:1002:0x10", 0x0547, 0x1002, 16), "id: interface");
	ok(!usb_id_parse("547:1002", &id), "id: three digits are refused");
	ok(!usb_id_parse("0547-1002", &id), "id: another separator is refused");
	ok(!usb_id_parse("0547:1002:256", &id), "id: interface 256 is refused");
	ok(!usb_id_parse("0547:1002:", &id), "id: no interface after the colon is refused");
	ok(!usb_id_parse("1-1:1.0", &id), "id: a node is no id");
}

static void test_dump(void)
{
	ok(dump_is("", 0, 0, ""), "dump: nothing");
	ok(dump_is("hello\n", 6, 16,
		   "00000010  68 65 6c 6c 6f 0a                                 |hello.|\n"),
	   "dump: a short line, as hexdump -C");
	ok(dump_is("0123456789abcdef!", 17, 0,
		   "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
		   "00000010  21                                                |!|\n"),
	   "dump: two lines, as hexdump -C");
}

static void test_nodes(void)
{
	struct node list[] = {
		{ .name = "1-1:1.0", .device = "1-1", .function = "1-1:1.0", .driver = "winusb",
		  .vid = "1209", .pid = "0001", .number = 0, .bound = true },
		{ .name = "1-1:1.1", .device = "1-1", .function = "1-1:1.0", .driver = "winusb",
		  .vid = "1209", .pid = "0001", .number = 1, .bound = true },
		{ .name = "1-2:1.0", .device = "1-2", .function = "1-2:1.0", .driver = "winusb",
		  .vid = "1209", .pid = "0002", .number = 0, .bound = true },
		{ .name = "1-3:1.0", .device = "1-3", .function = "1-3:1.0", .driver = "winusb",
		  .vid = "1209", .pid = "0002", .number = 0, .bound = true },
		{ .name = "1-4:1.0", .device = "1-4", .driver = "usbhid", .vid = "1209", .pid = "0003" },
	};
	const struct nodes nodes = { .list = list, .count = sizeof(list) / sizeof(list[0]) };
	int code;

	ok(node_resolve(&nodes, "1-1:1.1", &code) == &list[1] && code == CTL_OK, "node: by name");
	ok(node_resolve(&nodes, "/dev/winusb/1-1:1.1", &code) == &list[1], "node: by path");
	ok(node_resolve(&nodes, "1209:0001", &code) == &list[0], "node: by ids, the default interface");
	ok(node_resolve(&nodes, "1209:0001:1", &code) == &list[1], "node: by ids and interface");
	ok(node_resolve(&nodes, "1-2", &code) == &list[2], "node: by device");
	/* What the next three say goes to standard error. */
	ok(!node_resolve(&nodes, "1209:0002", &code) && code == CTL_USAGE, "node: two fit, neither is taken");
	ok(!node_resolve(&nodes, "1209:0003", &code) && code == CTL_ABSENT, "node: another driver's is refused");
	ok(!node_resolve(&nodes, "9-9:1.0", &code) && code == CTL_ABSENT, "node: none such");
}

static void test_codes(void)
{
	ok(error_code(ENODEV) == CTL_ABSENT && error_code(ESHUTDOWN) == CTL_ABSENT, "code: left");
	ok(error_code(EBUSY) == CTL_DENIED && error_code(EACCES) == CTL_DENIED, "code: denied");
	ok(error_code(ETIMEDOUT) == CTL_TIMEOUT, "code: timed out");
	ok(error_code(EINTR) == CTL_INTERRUPTED, "code: interrupted");
	ok(error_code(EPIPE) == CTL_FAILED, "code: failed");
}

int main(void)
{
	puts("TAP version 13");
	test_hex();
	test_dump();
	test_nodes();
	test_codes();
	test_bindings();
	test_infs();
	test_isos();
	test_power();
	printf("1..%u\n", cases);
	return failures ? 1 : 0;
}
