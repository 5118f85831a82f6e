// SPDX-License-Identifier: MIT
/* Unit tests of the INF reader: good files in every encoding, wrong ones, and damaged ones. */

#include <stdlib.h>
#include <string.h>

#include "inf.h"
#include "unit.h"

static char *file_read(const char *path, size_t *size)
{
	char *data = xcalloc(INF_BYTES_MAX, 1);
	FILE *file = fopen(path, "re");

	*size = file ? fread(data, 1, INF_BYTES_MAX, file) : 0;
	if (file)
		fclose(file);
	return data;
}

static void inf_print(const struct inf *inf)
{
	for (size_t i = 0; i < inf->message_count; i++)
		printf("# line %u: %s: %s\n", inf->messages[i].line,
		       inf->messages[i].error ? "error" : "note", inf->messages[i].text);
}

static const struct binding *binding_of(const struct inf *inf, const char *text)
{
	struct usb_id id;

	if (usb_id_parse(text, &id))
		for (size_t i = 0; i < inf->bindings.count; i++)
			if (usb_id_same(&inf->bindings.list[i].id, &id))
				return &inf->bindings.list[i];
	return NULL;
}

static bool property_is(const struct inf *inf, const char *id, const char *name,
			const char *expected)
{
	const struct binding *binding = binding_of(inf, id);
	const struct property *property = binding ? property_find(binding, name) : NULL;
	char *text = property ? property_spell(property) : NULL;
	bool same = text && !strcmp(text, expected);

	if (!same)
		printf("# %s %s is %s\n", id, name, text ? text : "not there");
	free(text);
	return same;
}

static bool has_message(const struct inf *inf, bool error, unsigned int line, const char *text)
{
	for (size_t i = 0; i < inf->message_count; i++)
		if (inf->messages[i].error == error && strstr(inf->messages[i].text, text) &&
		    (!line || inf->messages[i].line == line))
			return true;
	return false;
}

enum encoding { UTF8, UTF8_BOM, UTF16_LE, UTF16_BE, ENCODINGS };

/* ASCII text in another encoding, lines as Windows ends them. */
static uint8_t *encode(const char *text, size_t length, enum encoding encoding, size_t *size)
{
	uint8_t *data = xcalloc(4 * length + 4, 1);
	bool wide = encoding >= UTF16_LE, big = encoding == UTF16_BE;

	*size = 0;
	if (encoding == UTF8_BOM)
		*size = 3, memcpy(data, "\xef\xbb\xbf", 3);
	else if (wide)
		*size = 2, memcpy(data, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (size_t i = 0; i < length; i++) {
		for (int pass = text[i] == '\n' ? 0 : 1; pass < 2; pass++) {
			uint8_t c = pass ? text[i] : '\r';

			if (wide && big)
				data[(*size)++] = 0;
			data[(*size)++] = c;
			if (wide && !big)
				data[(*size)++] = 0;
		}
	}
	return data;
}

/* Reads one of the three files in all encodings; CHECK looks at the result. */
static void test_file(const char *path, bool (*check)(const struct inf *inf))
{
	static const char *const names[] = { "UTF-8", "UTF-8 with BOM", "UTF-16LE", "UTF-16BE" };
	size_t length, size;
	char *text = file_read(path, &length);
	char name[INF_NAME_SIZE], title[128];

	for (enum encoding encoding = UTF8; encoding < ENCODINGS; encoding++) {
		uint8_t *data = encode(text, length, encoding, &size);
		struct inf inf;
		bool good;

		good = inf_name_parse(path, name);
		inf_parse(&inf, name, data, size);
		good = good && !inf.error_count && check(&inf);
		if (!good)
			inf_print(&inf);
		snprintf(title, sizeof(title), "inf: %s, %s", path, names[encoding]);
		ok(good, title);
		inf_free(&inf);
		free(data);
	}
	free(text);
}

static bool check_fx2(const struct inf *inf)
{
	return inf->bindings.count == 1 && !inf->message_count &&
	       !strcmp(inf->bindings.list[0].inf, "fx2.inf") &&
	       inf->bindings.list[0].count == 1 &&
	       property_is(inf, "0547:1002", "DeviceInterfaceGUIDs",
			   "multi:{9f543223-cede-4fa3-b376-a25ce9a30e74}");
}

static bool check_composite(const struct inf *inf)
{
	return inf->bindings.count == 2 &&
	       property_is(inf, "1209:0001:0", "DeviceInterfaceGUIDs",
			   "multi:{2e6d1a84-0c55-4f0b-9b0e-5a1d3c7711a0} "
			   "{2e6d1a84-0c55-4f0b-9b0e-5a1d3c7711af}") &&
	       property_is(inf, "1209:0001:3", "DeviceInterfaceGUIDs",
			   "multi:{2e6d1a84-0c55-4f0b-9b0e-5a1d3c7711a1}") &&
	       has_message(inf, false, 17, "&REV_ is left out") &&
	       has_message(inf, false, 36, "CopyFiles") &&
	       has_message(inf, false, 65, "WdfCoInstaller01011.dll") &&
	       has_message(inf, false, 65, "WinUSBCoInstaller2.dll");
}

static bool check_power(const struct inf *inf)
{
	return inf->bindings.count == 1 && inf->bindings.list[0].count == 9 &&
	       property_is(inf, "1209:0005", "DeviceInterfaceGUIDs",
			   "multi:{5f0c3a3b-7d0e-4c86-8c7e-2b7c0f1e8a55}") &&
	       property_is(inf, "1209:0005", "DeviceIdleEnabled", "dword:1") &&
	       property_is(inf, "1209:0005", "DefaultIdleTimeout", "dword:5000") &&
	       property_is(inf, "1209:0005", "UserSetDeviceIdleEnabled", "dword:1") &&
	       property_is(inf, "1209:0005", "Label", "sz:a board, on its side") &&
	       property_is(inf, "1209:0005", "Calibration", "hex:007fff");
}

/* The parts of a small INF; a test replaces some. */
#define VERSION		"[Version]\nSignature=\"$Windows NT$\"\n"
#define MANUFACTURER	"[Manufacturer]\n%M%=Models,NTamd64\n"
#define MODELS		"[Models.NTamd64]\n\"Board\"=Inst,USB\\VID_1234&PID_abcd\n"
#define INSTALL		"[Inst]\nInclude=winusb.inf\nNeeds=WINUSB.NT\n"
#define HW		"[Inst.HW]\nAddReg=Reg\n"
#define HEAD		VERSION MANUFACTURER MODELS INSTALL
#define REG(text)	HEAD HW "[Reg]\n" text "\n"
#define GUID		"{9f543223-cede-4fa3-b376-a25ce9a30e74}"
#define ID		"1234:abcd"

static void inf_of(struct inf *inf, const char *text)
{
	inf_parse(inf, "test.inf", (const uint8_t *)text, strlen(text));
}

/* The text must be refused, with an error in this line (0: any) that has this text. */
static void refused(const char *title, unsigned int line, const char *error, const char *text)
{
	struct inf inf;
	bool good;

	inf_of(&inf, text);
	good = inf.error_count && has_message(&inf, true, line, error);
	if (!good)
		inf_print(&inf);
	ok(good, title);
	inf_free(&inf);
}

/* The text must be taken, with a note that has this text, if one is given. */
static void taken(const char *title, const char *note, const char *text)
{
	struct inf inf;
	bool good;

	inf_of(&inf, text);
	good = !inf.error_count && binding_of(&inf, ID) && (!note || has_message(&inf, false, 0, note));
	if (!good)
		inf_print(&inf);
	ok(good, title);
	inf_free(&inf);
}

static void value_is(const char *title, const char *name, const char *expected, const char *text)
{
	struct inf inf;
	bool good;

	inf_of(&inf, text);
	good = !inf.error_count && property_is(&inf, ID, name, expected);
	if (!good)
		inf_print(&inf);
	ok(good, title);
	inf_free(&inf);
}

static void test_text(void)
{
	refused("inf: nothing at all", 0, "no [Version]", "");
	refused("inf: no [Version]", 0, "no [Version]", MANUFACTURER MODELS INSTALL);
	refused("inf: a foreign signature", 2, "signature",
		"[Version]\nSignature=\"$Other$\"\n" MANUFACTURER);
	refused("inf: a program instead of a text", 0, "this is no text", "MZ\x90\x01\x02");
	refused("inf: an entry before the first section", 1, "before the first section",
		"a=b\n" HEAD);
	refused("inf: a section that does not end", 1, "a section is", "[Version\n" HEAD);
	refused("inf: a quote that does not end", 2, "quote",
		"[Version]\nSignature=\"$Windows NT$\n");
	taken("inf: comments, blanks and cases are free", NULL,
	      " ; comment\n\t[VERSION] ; comment\n  sIGNATURE = \"$windows nt$\" ; comment\n"
	      "[manufacturer]\n \"a;b\" = models , ntAMD64\n"
	      "[MODELS.ntamd64]\n%x% = \"inst\" , usb\\vid_1234&pid_ABCD ; USB\\VID_ffff\n[INST]\nneeds=winusb.nt");
	taken("inf: a line goes on after a backslash, also with a comment", NULL,
	      VERSION "[Manufacturer]\nx=Models,\\ ; comment\n  NTx86, \\\n NTamd64\n" MODELS INSTALL);
	taken("inf: carriage returns alone end lines", NULL,
	      "[Version]\rSignature=\"$Windows NT$\"\r[Manufacturer]\rx=Models\r[Models]\r"
	      "a=Inst,USB\\VID_1234&PID_abcd\r[Inst]\rNeeds=WINUSB.NT");
	taken("inf: a section may come in pieces", NULL, VERSION MANUFACTURER MODELS
	      "[Models.NTamd64]\nb=Inst,USB\\VID_1234&PID_abce\n" INSTALL);
	taken("inf: bytes of an old code page in a comment", "not all of it is UTF-8",
	      "; \xa9 someone\n" HEAD);
	value_is("inf: %names% and \"\" and %% in a text", "Label", "sz:it is \"so\" 100%",
		 REG("HKR,,Label,,\"it is %word% 100%%\"") "[Strings]\nword=\"\"\"so\"\"\"\n");
	value_is("inf: a %name% that only a language has", "Label", "sz:so",
		 REG("HKR,,Label,,%word%") "[Strings]\nother=x\n[Strings.0409]\nWORD=so\n");
	value_is("inf: a %name% that is unknown stays", "Label", "sz:%word%",
		 REG("HKR,,Label,,%word%"));
	value_is("inf: what a %name% gives is not looked at again", "Label", "sz:%a%",
		 REG("HKR,,Label,,%b%") "[Strings]\na=x\nb=%a%\n");
}

static void test_models(void)
{
	refused("inf: no [Manufacturer]", 0, "[Manufacturer]", VERSION MODELS INSTALL);
	refused("inf: no models", 4, "no section [Models]", VERSION MANUFACTURER INSTALL);
	refused("inf: an empty section of models", 0, "no device",
		VERSION MANUFACTURER "[Models.NTamd64]\n" INSTALL);
	refused("inf: no install section", 6, "no section [Inst]", VERSION MANUFACTURER MODELS);
	refused("inf: another driver is installed", 6, "does not install WinUSB",
		VERSION MANUFACTURER MODELS "[Inst]\nCopyFiles=@a.txt\n");
	refused("inf: a section of another INF", 10, "only WINUSB.NT", HEAD "Needs=Serial.NT\n");
	refused("inf: a revision", 6, "revisions", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,USB\\VID_1234&PID_abcd&REV_0100\n" INSTALL);
	taken("inf: a revision beside the id without it", "&REV_ is left out", VERSION MANUFACTURER
	      "[Models.NTamd64]\nx=Inst,USB\\VID_1234&PID_abcd&REV_0100,USB\\VID_1234&PID_abcd\n" INSTALL);
	refused("inf: every WinUSB device", 6, "autobind", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,USB\\MS_COMP_WINUSB\n" INSTALL);
	refused("inf: a class", 6, "class", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,USB\\Class_ff\n" INSTALL);
	refused("inf: another bus", 6, "no id of a USB device", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,PCI\\VEN_1234&DEV_5678\n" INSTALL);
	refused("inf: half an id", 6, "VID_xxxx&PID_xxxx", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,USB\\VID_1234\n" INSTALL);
	refused("inf: an id with a tail", 6, "VID_xxxx&PID_xxxx", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,USB\\VID_1234&PID_abcd&MI_00/../../etc\n" INSTALL);
	refused("inf: an id with three digits", 6, "VID_xxxx&PID_xxxx", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst,USB\\VID_123&PID_abcd\n" INSTALL);
	refused("inf: a model without an id", 6, "a model is", VERSION MANUFACTURER
		"[Models.NTamd64]\nx=Inst\n" INSTALL);
}

static void test_services(void)
{
	refused("inf: another service", 11, "AddService=OtherDriver", HEAD
		"[Inst.Services]\nAddService=OtherDriver,2,x\n");
	refused("inf: a UMDF service", 11, "UMDF",
		HEAD "[Inst.NT.Services]\nAddService=WUDFRd,2,x\n");
	refused("inf: a UMDF driver on WinUSB", 11, "UMDF",
		HEAD "[Inst.Wdf]\nUmdfDispatcher=WinUsb\n");
	refused("inf: another KMDF driver", 11, "KmdfService=Other",
		HEAD "[Inst.Wdf]\nKmdfService=Other,x\n");
	refused("inf: a vendor's co-installer", 13, "Vendor.dll",
		HEAD "[Inst.CoInstallers]\nAddReg=Co\n"
		"[Co]\nHKR,,CoInstallers32,0x10000,\"Vendor.dll,Entry\"\n");
	refused("inf: a filter by the registry", 13, "UpperFilters",
		REG("HKR,,UpperFilters,0x10008,\"spy\""));
	refused("inf: a filter by directive", 11, "filter",
		HEAD "[Inst.NTamd64.Filters]\nAddFilter=spy,,x\n");
	refused("inf: a class installer", 13, "class installer",
		HEAD "[ClassInstall32]\nAddReg=Class\n"
		"[Class]\nHKR,,Installer32,,\"x.dll,Entry\"\n");
	refused("inf: a driver among the files", 13, "spy.sys",
		HEAD "[Inst.NT]\nCopyFiles=Files\n[Files]\nspy.sys\n");
	refused("inf: a driver as a file", 11, "spy.sys", HEAD "[Inst.NT]\nCopyFiles=@spy.sys\n");
	taken("inf: other files", "no files are copied",
	      HEAD "[Inst.NT]\nCopyFiles=Files\n[Files]\nvendor.dll\n");
	taken("inf: interfaces of an install section", "[Inst.Interfaces] is left out", HEAD
	      "[Inst.Interfaces]\nAddInterface=" GUID "\n");
	taken("inf: other directives", "DelFiles is left out", HEAD "[Inst.NT]\nDelFiles=x\n");
	taken("inf: a class of its own", "[ClassInstall32] is left out", HEAD
	      "[ClassInstall32]\nAddReg=Class\n[Class]\nHKR,,,0,%c%\nHKR,,Icon,,-20\n");
}

static void test_values(void)
{
	refused("inf: a registry key of the system", 13, "HKLM",
		REG("HKLM,\"SYSTEM\\CurrentControlSet\\Control\\usbflags\",x,0x10001,1"));
	taken("inf: a registry key of a program", "there is no registry here",
	      REG("HKLM,Software\\Vendor,Dir,,x"));
	refused("inf: a key below the device's", 13, "keys below", REG("HKR,Sub,Name,,x"));
	refused("inf: no registry root", 13, "no registry entry", REG("HKX,,Name,,x"));
	refused("inf: flags that are no number", 13, "no number", REG("HKR,,Name,zero,x"));
	refused("inf: a type that can't be set", 13, "can't be set",
		REG("HKR,,Name,0x20000,%SystemRoot%"));
	refused("inf: a dword that is none", 13, "dword", REG("HKR,,Name,0x10001,many"));
	refused("inf: a dword that is too large", 13, "dword",
		REG("HKR,,Name,0x10001,0x100000000"));
	refused("inf: bytes that are none", 13, "bytes in hex", REG("HKR,,Name,1,00,xy"));
	refused("inf: a GUID that is none", 13, "a GUID is",
		REG("HKR,,DeviceInterfaceGUIDs,0x10000,\"{1234}\""));
	refused("inf: nine GUIDs", 13, "at most 8",
		REG("HKR,,DeviceInterfaceGUIDs,0x10000," GUID "," GUID ","
		GUID "," GUID "," GUID "," GUID "," GUID "," GUID "," GUID));
	refused("inf: a name that leaves its folder", 13, "a name",
		REG("HKR,,../../etc/passwd,,x"));
	refused("inf: a name with a quote", 13, "a name", REG("HKR,,\"a\"\"b\",,x"));
	refused("inf: a name that is too long", 13, "a name", REG("HKR,,"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,,x"));
	refused("inf: a text that is not ASCII", 13, "printable ASCII",
		REG("HKR,,Name,,\"gr\xc3\xbc\xc3\x9f\""));
	refused("inf: a string with a blank in a list", 13, "blank",
		REG("HKR,,Name,0x10000,\"a b\""));
	refused("inf: a section of values that is missing", 11, "no section [Reg]", HEAD HW);
	taken("inf: no GUID at all", "no DeviceInterfaceGUIDs", HEAD);
	taken("inf: a value in the software key", "HKR is the hardware key", HEAD
	      "[Inst.NT]\nAddReg=Reg\n[Reg]\nHKR,,DeviceInterfaceGUIDs,0x10000," GUID "\n");
	taken("inf: who may open it", "Security is left out",
	      REG("HKR,,Security,,\"D:P(A;;GA;;;WD)\""));
	taken("inf: a value that is deleted", "is left out", REG("HKR,,Name,4"));
	value_is("inf: the singular name", "DeviceInterfaceGUID", "sz:" GUID,
		 REG("HKR,,DeviceInterfaceGUID,," GUID));
	value_is("inf: the plural name with one text", "DeviceInterfaceGUIDs", "multi:" GUID,
		 REG("HKR,,DeviceInterfaceGUIDs,," GUID));
	value_is("inf: appended strings", "Name", "multi:a b c",
		 REG("HKR,,Name,0x10000,a\nHKR,,Name,0x10008,b,c"));
	value_is("inf: a value that may not be replaced", "Name", "sz:a",
		 REG("HKR,,Name,,a\nHKR,,Name,2,b"));
	value_is("inf: a value that is replaced", "Name", "sz:b",
		 REG("HKR,,Name,,a\nHKR,,NAME,,b"));
}

static char *repeat(const char *head, const char *text, size_t count, const char *tail)
{
	size_t length = strlen(text);
	char *all = xcalloc(strlen(head) + count * length + strlen(tail) + 1, 1);
	char *end = stpcpy(all, head);

	for (size_t i = 0; i < count; i++, end += length)
		memcpy(end, text, length);
	strcpy(end, tail);
	return all;
}

static void test_bounds(void)
{
	char *text;

	text = repeat(HEAD, "; comment\n", INF_BYTES_MAX / 10, "");
	refused("inf: more than 1 MiB", 0, "1 MiB", text);
	free(text);
	text = repeat(HEAD "[Other]\n", "a\n", INF_LINES_MAX, "");
	refused("inf: too many entries", 0, "entries", text);
	free(text);
	text = repeat(HEAD HW "[Reg]\nHKR,,Name,,\"", "%a%", 200000, "\"\n[Strings]\na=xxxxxxxxxxxxxxxxxxxxxx\n");
	refused("inf: a text that grows without end", 0, "4095 characters", text);
	free(text);
	text = repeat(HEAD HW "[Reg]\nHKR,,Name,,\"", "%a%", 300000, "\"\n[Strings]\na=\"\"\n");
	taken("inf: a text of nothing, a hundred thousand times", NULL, text);
	free(text);
	text = repeat(HEAD "[Inst.HW]\nAddReg=Reg", ",Reg", 200000, "\n[Reg]\nHKR,,a,,b\n");
	refused("inf: a section again and again", 0, "too much work", text);
	free(text);
	text = repeat(HEAD HW "[Reg]\n", "HKR,,?,,x\n", 10000, "");
	refused("inf: thousands of errors", 0, "a name is made of", text);
	free(text);
}

/* Damaged files: whatever comes of it, it ends, and nothing is bound that has errors. */
static void test_damage(void)
{
	static const char *const paths[] = { "inf/fx2.inf", "inf/composite.inf", "inf/power.inf" };
	static const char pieces[] = "\"%\\,;=[]\n\r& {}\t0\xff";
	uint32_t random = 12345;
	bool good = true;

	for (unsigned int round = 0; round < 6000; round++) {
		size_t length, size;
		char *text = file_read(paths[round % 3], &length);
		uint8_t *data = encode(text, length, round / 3 % ENCODINGS, &size);
		struct inf inf;

		for (unsigned int i = 0; i < 1 + round % 7; i++) {
			random = random * 1664525 + 1013904223;
			data[(random >> 8) % size] = pieces[random % (sizeof(pieces) - 1)];
		}
		inf_parse(&inf, "damaged.inf", data, round % 5 ? size : (random >> 4) % size);
		for (size_t i = 0; i < inf.bindings.count; i++)
			for (size_t j = 0; j < inf.bindings.list[i].count; j++)
				good &= !property_name_check(inf.bindings.list[i].properties[j].name);
		good &= inf.bindings.count || inf.error_count;
		inf_free(&inf);
		free(data);
		free(text);
	}
	ok(good, "inf: 6000 damaged files");
}

void test_infs(void)
{
	char name[INF_NAME_SIZE];

	test_file("inf/fx2.inf", check_fx2);
	test_file("inf/composite.inf", check_composite);
	test_file("inf/power.inf", check_power);
	test_text();
	test_models();
	test_services();
	test_values();
	test_bounds();
	test_damage();

	ok(inf_name_parse("C:\\Drivers\\My Board.INF", name) && !strcmp(name, "my board.inf"),
	   "inf: the name of a file");
	ok(!inf_name_parse("/tmp/", name) && !inf_name_parse(".inf", name) &&
	   !inf_name_parse("board.txt", name) && !inf_name_parse("a\nb.inf", name) &&
	   !inf_name_parse("a\"b.inf", name) && !inf_name_parse("a$(b).inf", name) &&
	   !inf_name_parse("..inf", name), "inf: names that are refused");
}
