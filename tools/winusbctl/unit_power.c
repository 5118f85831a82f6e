// SPDX-License-Identifier: MIT
/* Unit tests of what info says of power, with files as the driver and the kernel have them. */

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "power.h"
#include "unit.h"

#define POLICIES CTL_CLASS_DIR "/1-1:1.0/power_policy"
#define STANDARD "/sys/bus/usb/devices/1-1/power"

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static json_t *power_with(const char *word)
{
	if (word)
		etc_write(POLICIES, "blocked_by", word);
	return power_json("1-1:1.0", "1-1", "0547:1002");
}

static bool text_is(const json_t *power, const char *key, const char *expected)
{
	const json_t *value = json_object_get(power, key);
	const char *text = json_string_value(value);
	bool same = expected ? text && !strcmp(text, expected) : json_is_null(value);

	if (!same)
		printf("# %s: %s\n", key, text ? text : "no text");
	return same;
}

/* Its sentence, and a step that has this in it. */
static bool reason_is(const char *word, const char *meaning, const char *step)
{
	json_t *power = power_with(word);
	const char *next = json_string_value(json_object_get(power, "next_step"));
	const char *said = json_string_value(json_object_get(power, "meaning"));
	bool same = text_is(power, "state", "awake") && said && strstr(said, meaning) &&
		    next && strstr(next, step) && !strchr(next, '%') && !strchr(said, '%');

	if (!same)
		printf("# %s\n# %s\n", said ? said : "no meaning", next ? next : "no next step");
	json_decref(power);
	return same;
}

static void test_reasons(void)
{
	json_t *power;

	ok(reason_is("DeviceIdleEnabled\n", "is not set, is 0, or is no REG_DWORD",
		     "winusbctl bind 0547:1002 --property DeviceIdleEnabled=1"),
	   "power: DeviceIdleEnabled says which property to set");
	ok(reason_is("power/control\n", "\"on\"",
		     "echo auto > /sys/bus/usb/devices/1-1/power/control"),
	   "power: power/control says what to write");
	ok(reason_is("DeviceIdleIgnoreWakeEnable\n", "can't wake",
		     "winusbctl bind 0547:1002 --property DeviceIdleIgnoreWakeEnable=1"),
	   "power: DeviceIdleIgnoreWakeEnable says which property to set");
	ok(reason_is("AUTO_SUSPEND\n", "has set AUTO_SUSPEND to FALSE", "closes"),
	   "power: AUTO_SUSPEND says when it ends");
	ok(reason_is("DefaultIdleState\n", "no program has set AUTO_SUSPEND",
		     "winusbctl bind 0547:1002 --property DefaultIdleState=1"),
	   "power: DefaultIdleState says which property to set");
	ok(reason_is("power/autosuspend_delay_ms\n", "negative",
		     "echo 5000 > /sys/bus/usb/devices/1-1/power/autosuspend_delay_ms"),
	   "power: a negative delay says what to write");
	ok(reason_is("interface\n", "another driver, or it is of a function of winusb",
		     "winusbctl info 1-1; other drivers: winusbctl list --all 1-1"),
	   "power: interface says where to look");
	ok(reason_is("transfer\n", "under way", "PIPE_TRANSFER_TIMEOUT"),
	   "power: transfer says how to end it");
	ok(reason_is("SUSPEND_DELAY\n", "idle for long enough, which is 2500 ms", "wait"),
	   "power: SUSPEND_DELAY says how long it has to be idle");
	ok(reason_is("kernel\n", "usbfs", "fuser -v /dev/bus/usb/003/017"),
	   "power: kernel says where to look");

	power = power_with("none\n");
	ok(text_is(power, "meaning", "nothing forbids it to sleep") &&
	   text_is(power, "next_step", NULL), "power: none");
	json_decref(power);
	power = power_with("moon\n");
	ok(text_is(power, "blocked_by", "moon") && text_is(power, "next_step", NULL) &&
	   text_is(power, "meaning", "a rule that this winusbctl does not know"),
	   "power: a word of a newer driver");
	json_decref(power);
}

static void test_values(void)
{
	json_t *power = power_with("none\n");

	ok(json_integer_value(json_object_get(power, "asleep_ms")) == 1234 &&
	   json_integer_value(json_object_get(power, "awake_ms")) == 9876543210 &&
	   json_integer_value(json_object_get(power, "device_delay_ms")) == 2500 &&
	   json_integer_value(json_object_get(power, "suspend_delay_ms")) == 4294967295 &&
	   json_is_true(json_object_get(power, "auto_suspend")) &&
	   text_is(power, "control", "auto"), "power: the values");
	ok(json_is_true(json_object_get(power, "remote_wake")) &&
	   json_is_false(json_object_get(power, "system_wakeup")),
	   "power: a device that can wake its host, not from system sleep");
	json_decref(power);

	etc_write(STANDARD, "wakeup", "enabled\n");
	etc_write(STANDARD, "runtime_status", "suspended\n");
	etc_write(STANDARD, "autosuspend_delay_ms", "-1000\n");
	power = power_with("none\n");
	ok(json_is_true(json_object_get(power, "remote_wake")) &&
	   json_is_true(json_object_get(power, "system_wakeup")),
	   "power: one that may wake it from system sleep");
	ok(text_is(power, "state", "asleep") &&
	   text_is(power, "meaning", "it sleeps until it has something to do"), "power: asleep");
	ok(json_integer_value(json_object_get(power, "device_delay_ms")) == -1000,
	   "power: a negative delay is shown");
	json_decref(power);

	/* The kernel has an empty file, or none, for a device that can't. */
	etc_write(STANDARD, "wakeup", "\n");
	power = power_with(NULL);
	ok(json_is_false(json_object_get(power, "remote_wake")) &&
	   json_is_false(json_object_get(power, "system_wakeup")),
	   "power: one that can't wake its host");
	json_decref(power);
}

/* An interface that winusb has, or another driver, or nobody if DRIVER is NULL. */
static void other_make(const char *name, const char *driver, const char *word)
{
	char *interface = NULL, *text = NULL;

	if (asprintf(&interface, "/sys/bus/usb/devices/%s", name) < 0 ||
	    asprintf(&text, "DEVTYPE=usb_interface\n%s%s\nMODALIAS=usb:v0547\n",
		     driver ? "DRIVER=" : "INTERFACE=", driver ? driver : "1") < 0)
		abort();
	etc_write(interface, "uevent", text);
	free(text);
	if (asprintf(&text, "%s/power", interface) < 0)
		abort();
	if (driver && strcmp(driver, "winusb"))
		etc_write(text, "runtime_status", word);
	free(text);
	free(interface);
	if (!driver || strcmp(driver, "winusb"))
		return;
	if (asprintf(&interface, CTL_CLASS_DIR "/%s", name) < 0 ||
	    asprintf(&text, CTL_CLASS_DIR "/%s/power_policy", name) < 0)
		abort();
	etc_write(interface, "function", name);
	etc_write(text, "blocked_by", word);
	free(text);
	free(interface);
}

static void test_others(void)
{
	other_make("1-1:1.0", "winusb", "interface\n");
	other_make("1-1:1.1", "usbhid", "active\n");
	other_make("1-1:1.2", "cdc_acm", "suspended\n");
	other_make("1-1:1.3", "winusb", "DefaultIdleState\n");
	other_make("1-1:1.4", NULL, NULL);
	other_make("1-1:1.5", "winusb", "interface\n");
	other_make("1-1:1.6", "ancient", "unsupported\n");
	ok(reason_is("interface\n",
		     "in use: 1-1:1.1 (usbhid), 1-1:1.3 (DefaultIdleState), 1-1:1.6 (ancient)",
		     "winusbctl info 1-1"), "power: interface names those that are to blame");
}

void test_power(void)
{
	char root[] = "/tmp/winusbctl-unit-XXXXXX";
	json_t *power;

	if (!mkdtemp(root)) {
		ok(false, "power: a folder of its own");
		return;
	}
	ctl_root = root;

	power = power_with(NULL);
	ok(text_is(power, "state", "unknown") && text_is(power, "blocked_by", NULL) &&
	   text_is(power, "meaning", NULL) && json_is_null(json_object_get(power, "asleep_ms")) &&
	   json_is_null(json_object_get(power, "auto_suspend")),
	   "power: an older driver, on a kernel without power management");
	json_decref(power);

	etc_write(STANDARD, "runtime_status", "active\n");
	etc_write(STANDARD, "runtime_suspended_time", "1234\n");
	etc_write(STANDARD, "runtime_active_time", "9876543210\n");
	etc_write(STANDARD, "autosuspend_delay_ms", "2500\n");
	etc_write(STANDARD, "control", "auto\n");
	etc_write("/sys/bus/usb/devices/1-1", "busnum", "3\n");
	etc_write("/sys/bus/usb/devices/1-1", "devnum", "17\n");
	etc_write(STANDARD, "wakeup", "disabled\n");
	etc_write(POLICIES, "auto_suspend", "1\n");
	etc_write(POLICIES, "suspend_delay_ms", "4294967295\n");
	test_reasons();
	test_others();
	test_values();

	nftw(root, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
	ctl_root = "";
}
