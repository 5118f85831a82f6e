// SPDX-License-Identifier: MIT
/*
 * Power, as sysfs shows it: the driver's power_policy/ of a function, and the kernel's power/ of
 * the device. The driver has one word for what keeps a device awake; here it gets a sentence and
 * a way out.
 */

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "function.h"
#include "power.h"

struct names {
	const char *device, *id;
	char others[256];	/* interfaces that keep the device awake, and why */
	json_int_t delay_ms;	/* of the device */
	json_int_t bus, address;
};

/*
 * The words of blocked_by. %D is the device, %I what winusbctl bind takes, %T the delay, %U the
 * device's node of usbfs, %O the other interfaces.
 */
static const struct reason {
	const char *word, *meaning, *next;
} reasons[] = {
	{ "DeviceIdleEnabled",
	  "the property DeviceIdleEnabled is not set, is 0, or is no REG_DWORD, so the device never "
	  "sleeps",
	  "set it: winusbctl bind %I --property DeviceIdleEnabled=1" },
	{ "power/control",
	  "the administrator's switch says \"on\", which is always awake",
	  "switch it: echo auto > /sys/bus/usb/devices/%D/power/control" },
	{ "DeviceIdleIgnoreWakeEnable",
	  "the device can't wake its host, and this property is not set, is 0, or is no REG_DWORD",
	  "if its data can wait until the host wakes it: winusbctl bind %I --property "
	  "DeviceIdleIgnoreWakeEnable=1" },
	{ "AUTO_SUSPEND",
	  "the program that has it open has set AUTO_SUSPEND to FALSE",
	  "this ends when the program sets it to TRUE, or closes the node" },
	{ "DefaultIdleState",
	  "no program has set AUTO_SUSPEND, and the property DefaultIdleState is not set, is 0, or is "
	  "no REG_DWORD",
	  "set it: winusbctl bind %I --property DefaultIdleState=1; or let the program that has it "
	  "open set AUTO_SUSPEND" },
	{ "power/autosuspend_delay_ms",
	  "the administrator's delay is negative, which is always awake",
	  "set it: echo 5000 > /sys/bus/usb/devices/%D/power/autosuspend_delay_ms; with "
	  "usbcore.autosuspend=-1 on the kernel's command line all devices begin so" },
	{ "interface",
	  "another interface of the device is in use%O",
	  "see the other functions: winusbctl info %D; other drivers: winusbctl list --all %D" },
	{ "transfer",
	  "a control transfer, a write or an isochronous transfer is under way",
	  "wait for it; one that never ends needs PIPE_TRANSFER_TIMEOUT, or is aborted; a stream "
	  "ends with its program" },
	{ "SUSPEND_DELAY",
	  "the device, with all its functions, has not been idle for long enough, which is %T ms",
	  "wait; a program that transfers more often than that keeps it awake" },
	{ "kernel",
	  "none of the rules: a program has the device open through usbfs, or it woke for nothing "
	  "so often that it is left awake for a while, or the kernel has a reason of its own",
	  "see who has it open: fuser -v %U; and the kernel's log" },
};

static json_t *sentence_json(const char *text, const struct names *names)
{
	char *sentence = NULL;
	size_t length;
	FILE *stream = open_memstream(&sentence, &length);
	json_t *value;

	if (!stream)
		return json_null();
	for (; *text; text++) {
		if (*text != '%') {
			fputc(*text, stream);
			continue;
		}
		text++;
		if (*text == 'D')
			fputs(names->device, stream);
		else if (*text == 'I')
			fputs(names->id, stream);
		else if (*text == 'O')
			fputs(names->others, stream);
		else if (*text == 'U')
			fprintf(stream, "/dev/bus/usb/%03d/%03d", (int)names->bus,
				(int)names->address);
		else
			fprintf(stream, "%" JSON_INTEGER_FORMAT, names->delay_ms);
	}
	fclose(stream);
	value = json_string(sentence);
	free(sentence);
	return value;
}

/* What a file says; null where there is none, or nothing in it. */
static json_t *text_json(const char *directory, const char *name)
{
	char *text = sysfs_text(path_make("%s/%s", directory, name));
	json_t *value = text && *text ? json_string(text) : NULL;

	free(text);
	return value ? value : json_null();
}

static json_t *number_json(const char *directory, const char *name)
{
	char *text = sysfs_text(path_make("%s/%s", directory, name));
	json_t *value = text && *text ? json_integer(strtoll(text, NULL, 10)) : json_null();

	free(text);
	return value;
}

static bool is(const json_t *value, const char *text)
{
	return json_is_string(value) && !strcmp(json_string_value(value), text);
}

static const char *state_word(const json_t *status)
{
	static const char *const words[][2] = {
		{ "active", "awake" }, { "suspended", "asleep" },
		{ "suspending", "falling asleep" }, { "resuming", "waking" }, { "error", "error" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is(status, words[i][0]))
			return words[i][1];
	return "unknown";
}

/* Why it is awake, and what to do. */
static void reason_add(json_t *power, const struct names *names)
{
	const json_t *word = json_object_get(power, "blocked_by");
	const char *meaning = NULL, *next = NULL;

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (is(word, reasons[i].word)) {
			meaning = reasons[i].meaning;
			next = reasons[i].next;
		}
	}
	if (is(word, "none"))
		meaning = is(json_object_get(power, "state"), "asleep") ?
			"it sleeps until it has something to do" : "nothing forbids it to sleep";
	else if (json_is_string(word) && !meaning)
		meaning = "a rule that this winusbctl does not know";
	json_object_set_new(power, "meaning",
			    meaning ? sentence_json(meaning, names) : json_null());
	json_object_set_new(power, "next_step", next ? sentence_json(next, names) : json_null());
}

/* Is this what another function says when it is not the one that keeps the device awake? */
static bool word_is_innocent(const char *word)
{
	static const char *const words[] = { "none", "interface", "SUSPEND_DELAY", "kernel" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

static void others_add(struct names *names, const char *name, const char *reason)
{
	size_t used = strlen(names->others);

	snprintf(names->others + used, sizeof(names->others) - used, "%s %s (%.*s)",
		 used ? "," : ":", name, (int)strcspn(reason, "\n"), reason);
}

/*
 * An interface of another driver keeps its device awake while it is active, or as long as it is
 * bound if the driver has no power management.
 */
static void foreign_check(struct names *names, const char *name)
{
	char *status = sysfs_text(path_make("/sys/bus/usb/devices/%s/power/runtime_status", name));
	char *event = sysfs_text(path_make("/sys/bus/usb/devices/%s/uevent", name));
	const char *driver = event ? strstr(event, "DRIVER=") : NULL;

	if (driver && status && strcmp(status, "suspended"))
		others_add(names, name, driver + strlen("DRIVER="));
	free(status);
	free(event);
}

/* Names the other interfaces that keep the device awake: ": 1-1:1.3 (usbhid)". */
static void others_find(struct names *names, const char *own)
{
	char *pattern = path_make("/sys/bus/usb/devices/%s:*", names->device);
	char *mine = sysfs_text(path_make(CTL_CLASS_DIR "/%s/function", own));
	glob_t found = { 0 };

	if (glob(pattern, 0, NULL, &found))
		found.gl_pathc = 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;
		char *function, *word;

		function = sysfs_text(path_make(CTL_CLASS_DIR "/%s/function", name));
		word = sysfs_text(path_make(CTL_CLASS_DIR "/%s/power_policy/blocked_by", name));
		/* Of a function of several interfaces the first one speaks. */
		if (!word)
			foreign_check(names, name);
		else if (!word_is_innocent(word) && function && !strcmp(name, function) &&
			 (!mine || strcmp(function, mine)))
			others_add(names, name, word);
		free(function);
		free(word);
	}
	globfree(&found);
	free(mine);
	free(pattern);
	if (!*names->others)
		snprintf(names->others, sizeof(names->others), ": by another driver, or it is of a "
			 "function of winusb that may not sleep");
}

bool power_is_asleep(const char *device)
{
	char *path = path_make("/sys/bus/usb/devices/%s/power/runtime_status", device);
	char *status = sysfs_text(path);
	bool asleep = status && !strcmp(status, "suspended");

	free(status);
	return asleep;
}

static json_int_t number_of(const char *directory, const char *name)
{
	json_t *value = number_json(directory, name);
	json_int_t number = json_integer_value(value);

	json_decref(value);
	return number;
}

json_t *power_json(const char *node, const char *device, const char *id)
{
	struct names names = { .device = device, .id = id };
	json_t *power = json_object();
	char policies[128], standard[128], directory[128];
	json_t *value;

	snprintf(policies, sizeof(policies), CTL_CLASS_DIR "/%s/power_policy", node);
	snprintf(directory, sizeof(directory), "/sys/bus/usb/devices/%s", device);
	snprintf(standard, sizeof(standard), "/sys/bus/usb/devices/%s/power", device);

	value = text_json(standard, "runtime_status");
	json_object_set_new(power, "state", json_string(state_word(value)));
	json_decref(value);
	value = number_json(standard, "autosuspend_delay_ms");
	names.delay_ms = json_integer_value(value);
	names.bus = number_of(directory, "busnum");
	names.address = number_of(directory, "devnum");
	json_object_set_new(power, "blocked_by", text_json(policies, "blocked_by"));
	if (is(json_object_get(power, "blocked_by"), "interface"))
		others_find(&names, node);
	reason_add(power, &names);

	json_object_set_new(power, "asleep_ms", number_json(standard, "runtime_suspended_time"));
	json_object_set_new(power, "awake_ms", number_json(standard, "runtime_active_time"));
	json_object_set_new(power, "device_delay_ms", value);
	json_object_set_new(power, "control", text_json(standard, "control"));
	value = number_json(policies, "auto_suspend");
	json_object_set_new(power, "auto_suspend", json_is_integer(value) ?
			    json_boolean(json_integer_value(value)) : json_null());
	json_decref(value);
	json_object_set_new(power, "suspend_delay_ms", number_json(policies, "suspend_delay_ms"));
	/* The file is not there, or empty, for a device that can't. */
	value = text_json(standard, "wakeup");
	json_object_set_new(power, "remote_wake", json_boolean(json_is_string(value)));
	json_object_set_new(power, "system_wakeup", json_boolean(is(value, "enabled")));
	json_decref(value);
	return power;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void seconds_print(const json_t *object, const char *key)
{
	json_int_t ms = json_integer_value(json_object_get(object, key));

	printf("%" JSON_INTEGER_FORMAT ".%03d s", ms / 1000, (int)(ms % 1000));
}

void power_print(const json_t *power)
{
	const json_t *delay = json_object_get(power, "suspend_delay_ms");
	const char *word = text_of(power, "blocked_by");

	printf("    Power %s  asleep for ", text_of(power, "state"));
	seconds_print(power, "asleep_ms");
	fputs("  awake for ", stdout);
	seconds_print(power, "awake_ms");
	putchar('\n');
	if (*word)
		printf("      %s%s%s\n", strcmp(word, "none") ? word : "",
		       strcmp(word, "none") ? ": " : "", text_of(power, "meaning"));
	if (*text_of(power, "next_step"))
		printf("      %s\n", text_of(power, "next_step"));
	if (json_is_integer(delay))
		printf("      AUTO_SUSPEND %s  SUSPEND_DELAY %" JSON_INTEGER_FORMAT " ms  ",
		       json_is_true(json_object_get(power, "auto_suspend")) ? "on" : "off",
		       json_integer_value(delay));
	else
		fputs("      ", stdout);
	if (!json_is_true(json_object_get(power, "remote_wake")))
		puts("can't wake its host");
	else if (json_is_true(json_object_get(power, "system_wakeup")))
		puts("can wake its host, also from system sleep");
	else
		puts("can wake its host, not from system sleep");
}
