// SPDX-License-Identifier: MIT
/* Unit tests of properties, of the files in /etc, and of the rule that is made of them. */

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binding.h"
#include "unit.h"

static bool property_is(const char *text, const char *name, const char *expected)
{
	struct binding binding = { 0 };
	const char *wrong = property_parse(&binding, text);
	const struct property *property = wrong ? NULL : property_find(&binding, name);
	char *spelled = property ? property_spell(property) : NULL;
	bool same = spelled && !strcmp(spelled, expected);

	if (!same)
		printf("# %s: %s\n", text, wrong ? wrong : spelled ? spelled : "no property");
	free(spelled);
	binding_free(&binding);
	return same;
}

static bool property_refused(const char *text)
{
	struct binding binding = { 0 };
	bool refused = property_parse(&binding, text);

	binding_free(&binding);
	return refused;
}

static void test_properties(void)
{
	char guid[GUID_TEXT], text[700];
	struct binding binding = { 0 };

	ok(property_is("DeviceIdleEnabled=1", "DeviceIdleEnabled", "dword:1"),
	   "property: a number");
	ok(property_is("a=0x10", "a", "dword:16"), "property: a number in hex");
	ok(property_is("a=dword:4294967295", "A", "dword:4294967295"),
	   "property: the largest number");
	ok(property_is("a=sz:1", "a", "sz:1"), "property: a text of digits");
	ok(property_is("Label=a = b", "Label", "sz:a = b"), "property: a text with =");
	ok(property_is("Label=http://x", "Label", "sz:http://x"),
	   "property: a text with an unknown word before :");
	ok(property_is("a=multi: a  b ", "a", "multi:a b"), "property: words");
	ok(property_is("a=hex:00 FF", "a", "hex:00ff"), "property: bytes");
	ok(property_is("DeviceInterfaceGUID={9F543223-CEDE-4FA3-B376-A25CE9A30E74}",
	   "DeviceInterfaceGUID",
		       "sz:{9f543223-cede-4fa3-b376-a25ce9a30e74}"), "property: a GUID becomes lower case");

	ok(property_refused("a") && property_refused("=1") && property_refused("a="),
	   "property: no name or value");
	ok(property_refused("a=dword:-1") && property_refused("a=dword:4294967296") &&
	   property_refused("a=dword:1x"), "property: no dword");
	ok(property_refused("a=hex:0") && property_refused("a=hex:0g"),
	   "property: no bytes");
	ok(property_is("a=sz:", "a", "sz:") && property_is("a=multi: ", "a", "multi:") &&
	   property_is("a=hex:", "a", "hex:"), "property: empty on purpose");
	ok(property_refused("a= b") && property_refused("a=b "),
	   "property: blanks that would be lost");
	ok(property_refused("../x=1") && property_refused(".x=1") && property_refused("a/b=1") &&
	   property_refused("a b=1") && property_refused("a\"b=1") && property_refused("a$b=1") &&
	   property_refused("a\nb=1"), "property: a name that would escape");
	ok(property_refused("a=b\nc") && property_refused("a=b\x7f") && property_refused("a=b\x1b[2J") &&
	   property_refused("a=gr\xc3\xbc\xc3\x9f"), "property: a value that is not printable ASCII");
	ok(property_refused("DeviceInterfaceGUIDs=1") && property_refused("deviceinterfaceguids=multi:{1}") &&
	   property_refused("DeviceInterfaceGUIDs=sz:{9f543223-cede-4fa3-b376-a25ce9a30e74}") &&
	   property_refused("DeviceInterfaceGUIDs=multi:9f543223-cede-4fa3-b376-a25ce9a30e74") &&
	   property_refused("DeviceInterfaceGUID={9f543223-cede-4fa3-b376-a25ce9a30e7g}"),
	   "property: no GUID");
	/* "0000 0000 00 REG_SZ a " and the end of the line take 23. */
	snprintf(text, sizeof(text), "a=%0489d", 1);
	ok(property_parse(&binding, text) == NULL, "property: the longest text");
	text[2] = '1';
	strcat(text, "x");
	ok(property_refused(text), "property: a text that is too long");

	for (int i = 0; i < PROPERTIES_MAX - 1; i++) {
		snprintf(text, sizeof(text), "n%d=1", i);
		property_parse(&binding, text);
	}
	ok(binding.count == PROPERTIES_MAX && property_parse(&binding, "more=1") &&
	   !property_parse(&binding, "N5=7") && binding.count == PROPERTIES_MAX,
	   "property: 64 of them, and the same name again");
	binding_free(&binding);

	ok(guid_parse("9F543223-cede-4fa3-b376-a25ce9a30e74", guid) &&
	   !strcmp(guid, "{9f543223-cede-4fa3-b376-a25ce9a30e74}"), "guid: without braces");
	ok(!guid_parse("{9f543223-cede-4fa3-b376-a25ce9a30e74", guid) &&
	   !guid_parse("9f543223-cede-4fa3-b376-a25ce9a30e74}", guid) && !guid_parse("", guid) &&
	   !guid_parse("{9f543223cede-4fa3-b376-a25ce9a30e74}", guid) &&
	   !guid_parse("{9f543223-cede-4fa3-b376-a25ce9a30e74} ", guid), "guid: half of one");
	property_add_guid(&binding, "9F543223-cede-4fa3-b376-a25ce9a30e74");
	property_add_guid(&binding, "{9F543223-cede-4fa3-b376-a25ce9a30e75}");
	property_add_guid(&binding, "{9F543223-cede-4fa3-b376-a25ce9a30e74}");
	ok(binding.count == 1 && !strcmp(binding.properties[0].value,
		"{9f543223-cede-4fa3-b376-a25ce9a30e74} {9f543223-cede-4fa3-b376-a25ce9a30e75}"),
	   "guid: two, and one of them twice");
	binding_free(&binding);
}

static bool conf_refused(const char *text, unsigned int expected)
{
	struct binding binding;
	char copy[512];
	unsigned int line;
	const char *wrong;

	snprintf(copy, sizeof(copy), "%s", text);
	wrong = conf_parse(copy, &binding, &line);
	if (!wrong)
		binding_free(&binding);
	else if (line != expected)
		printf("# line %u: %s\n", line, wrong);
	return wrong && line == expected;
}

static void test_conf(void)
{
	struct binding binding = { .id = { 0x1209, 1, 2 }, .inf = "board.inf" }, again;
	unsigned int line;
	char *text;
	bool same;

	property_parse(&binding, "DeviceIdleEnabled=1");
	property_parse(&binding, "Label=a # = b");
	property_parse(&binding, "Words=multi:a b");
	property_parse(&binding, "Bytes=hex:00ff");
	text = conf_spell(&binding);
	same = !conf_parse(text, &again, &line) && usb_id_same(&again.id, &binding.id) &&
	       !strcmp(again.inf, binding.inf) && again.count == binding.count;
	for (size_t i = 0; same && i < again.count; i++)
		same = !strcmp(again.properties[i].name, binding.properties[i].name) &&
		       again.properties[i].type == binding.properties[i].type &&
		       !strcmp(again.properties[i].value, binding.properties[i].value);
	ok(same, "conf: what is written is read");
	free(text);
	binding_free(&again);
	binding_free(&binding);

	text = strdup("# by hand\r\n\r\n  id=0547:1002\r\n\tproperty =  Label=x  y \r\n");
	ok(!conf_parse(text, &again, &line) && again.id.vid == 0x547 && again.count == 1 &&
	   !strcmp(again.properties[0].value, "x  y"), "conf: blanks around words, lines as Windows ends them");
	binding_free(&again);
	free(text);
	ok(conf_refused("", 0) && conf_refused("# nothing\n", 1), "conf: no id");
	ok(conf_refused("id = 0547:1002\nid = 0547:1003\n", 2), "conf: two ids");
	ok(conf_refused("id = 547:1002\n", 1), "conf: no id as it should be");
	ok(conf_refused("id = 0547:1002\nproperty = a\n", 2), "conf: a property without a value");
	ok(conf_refused("id = 0547:1002\n\nproperty = ../a=1\n", 3),
	   "conf: a name that would escape");
	ok(conf_refused("id = 0547:1002\nrun = rm\n", 2), "conf: an unknown word");
	ok(conf_refused("[section]\n", 1), "conf: a line without =");
	ok(conf_refused("id = 0547:1002\ninf = x\"y.inf\n", 2), "conf: no name of an INF");
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static bool file_has(const char *name, const char *text)
{
	char *path = path_make("%s", name);
	static char content[65536];
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(content, 1, sizeof(content) - 1, file) : 0;

	content[length] = 0;
	if (file)
		fclose(file);
	free(path);
	return file && strstr(content, text);
}

static bool is_there(const char *name)
{
	char *path = path_make("%s", name);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

#define RULES	RULES_DIR "/" RULES_FILE
#define RULE	"ATTR{idVendor}==\"0547\", ATTR{idProduct}==\"1002\", RUN{builtin}+=\"kmod load winusb\"\n"

static void test_etc(void)
{
	char root[] = "/tmp/winusbctl-unit-XXXXXX";
	struct binding binding = { .id = { 0x547, 0x1002, -1 } }, function = { .id = { 0x547, 0x1002, 1 } };
	struct bindings all;
	bool was = false;
	struct stat status;
	char *path;

	if (!mkdtemp(root)) {
		ok(false, "etc: a folder of its own");
		return;
	}
	ctl_root = root;

	ok(!conf_read_all(&all) && !all.count, "etc: nothing is there at first");
	bindings_free(&all);
	/* Whatever is in a value, it is not in the rule. */
	property_parse(&binding, "Label=\", RUN+=\"/bin/sh -c 'touch /tmp/x'");
	ok(!conf_write(&binding) && !conf_write(&function), "etc: two files are written");
	ok(file_has(CONF_DIR "/0547-1002.conf", "id = 0547:1002\nproperty = Label=sz:\", RUN+=") &&
	   file_has(CONF_DIR "/0547-1002-01.conf", "id = 0547:1002:1\n"), "etc: they have their ids");
	ok(file_has(RULES, RULE) && !file_has(RULES, "touch") && !file_has(RULES, RULE "ACTION"),
	   "etc: one rule for both, with ids only");
	path = path_make(CONF_DIR "/0547-1002.conf");
	ok(!stat(path, &status) && (status.st_mode & 0777) == 0644, "etc: everybody may read it");
	free(path);
	ok(!conf_read_all(&all) && all.count == 2, "etc: both are read");
	bindings_free(&all);
	ok(!conf_remove(&binding.id, &was) && was && !is_there(CONF_DIR "/0547-1002.conf") &&
	   file_has(RULES, RULE), "etc: one goes, the rule stays");

	/* What the next ones say goes to standard error. */
	etc_write(CONF_DIR, "1234-5678.conf", "id = 1234:5679\n");
	etc_write(CONF_DIR, "1234-5680.conf", "id = 1234:5680\nproperty = a\n");
	ok(conf_read_all(&all) == CTL_FAILED && all.count == 1,
	   "etc: wrong files are passed over, and said");
	bindings_free(&all);
	etc_remove(CONF_DIR, "1234-5678.conf", NULL);
	etc_remove(CONF_DIR, "1234-5680.conf", NULL);
	was = false;
	ok(!conf_remove(&function.id, &was) && was && !is_there(RULES),
	   "etc: the last one takes the rule along");
	was = false;
	ok(!conf_remove(&function.id, &was) && !was, "etc: nothing is left to remove");

	etc_write(RULES_DIR, RULES_FILE, "# by hand\n");
	ok(conf_write(&binding) == CTL_FAILED && file_has(RULES, "# by hand\n"),
	   "etc: a rule of somebody else is left alone");

	binding_free(&binding);
	nftw(root, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
	ctl_root = "";
}

void test_bindings(void)
{
	test_properties();
	test_conf();
	test_etc();
}
