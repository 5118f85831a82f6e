// SPDX-License-Identifier: MIT
/* winusbctl autobind: what the driver binds by itself, now and after a restart. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"

#define MODPROBE_DIR	"/etc/modprobe.d"
#define LOAD_DIR	"/etc/modules-load.d"
#define FILE_NAME	"winusb.conf"
#define FILE_MAX	(64 * 1024)

static const char load_text[] =
	"# Written by winusbctl autobind on; 'winusbctl autobind listed' takes it away.\n"
	"winusb\n";

static const char *const modes[] = { "off", "listed", "on" };

static const char *mode_find(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strlen(modes[i]) == length && !strncmp(modes[i], text, length))
			return modes[i];
	return NULL;
}

/* What the loaded module does; NULL if there is none, or it has no such parameter. */
static const char *mode_current(void)
{
	char *path = path_make("%s", CTL_PARAMETER), text[16] = "";
	FILE *file = fopen(path, "re");

	free(path);
	if (!file)
		return NULL;
	if (!fgets(text, sizeof(text), file))
		*text = 0;
	fclose(file);
	return mode_find(text, strcspn(text, "\n"));
}

bool autobind_is(const char *mode)
{
	const char *current = mode_current();

	return current && !strcmp(current, mode);
}

static int mode_set(const char *mode)
{
	char *path = path_make("%s", CTL_PARAMETER);
	int fd, code = CTL_OK;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, mode, strlen(mode)) < 0) {
		code = error_say(errno, "%s", path);
		if (code == CTL_DENIED)
			hint_say("run it as root");
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return code;
}

/* Is this line "options winusb ..."? Then where its options begin. */
static const char *options_of(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "options", 7) || !strchr(" \t", line[7]))
		return NULL;
	line += 7 + strspn(line + 7, " \t");
	if (strncmp(line, "winusb", 6) || !line[6] || !strchr(" \t\n", line[6]))
		return NULL;
	return line + 6;
}

/* The last autobind= of modprobe's file is the one that counts. */
static const char *mode_of_file(const char *text)
{
	const char *mode = NULL;

	while (*text) {
		const char *end = strchrnul(text, '\n');
		const char *options = options_of(text);

		while (options && options < end) {
			size_t length;

			options += strspn(options, " \t");
			length = strcspn(options, " \t\n");
			if (!strncmp(options, "autobind=", 9))
				mode = mode_find(options + 9, length - 9);
			options += length;
		}
		text = *end ? end + 1 : end;
	}
	return mode;
}

static const char mark[] = "# The next line is written by winusbctl autobind.\n";

/* One line of modprobe's file without autobind=; nothing if nothing else was on it. */
static void line_copy(FILE *to, const char *line, size_t length)
{
	const char *options = options_of(line), *end = line + length;
	bool any = false, had = false;
	char *rest = NULL;
	FILE *stream;
	size_t size;

	if (!options) {
		fwrite(line, 1, length, to);
		return;
	}
	stream = open_memstream(&rest, &size);
	if (!stream) {
		error_say(ENOMEM, "file");
		exit(CTL_FAILED);
	}
	while (options < end) {
		size_t word;

		options += strspn(options, " \t\n");
		if (options >= end)
			break;
		word = strcspn(options, " \t\n");
		if (!strncmp(options, "autobind=", 9)) {
			had = true;
		} else {
			fprintf(stream, " %.*s", (int)word, options);
			any = true;
		}
		options += word;
	}
	fclose(stream);
	if (!had)
		fwrite(line, 1, length, to);
	else if (any)
		fprintf(to, "options winusb%s\n", rest);
	free(rest);
}

char *autobind_spell(const char *old, const char *mode)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream) {
		error_say(ENOMEM, "file");
		exit(CTL_FAILED);
	}
	while (*old) {
		const char *end = strchrnul(old, '\n');
		size_t length = end - old + !!*end;

		if (length != strlen(mark) || strncmp(old, mark, length))
			line_copy(stream, old, length);
		old += length;
		if (!*old && !*end)
			fputc('\n', stream);
	}
	/* The default needs no line. */
	if (strcmp(mode, "listed"))
		fprintf(stream, "%soptions winusb autobind=%s\n", mark, mode);
	fclose(stream);
	return text;
}

static int options_write(const char *mode)
{
	char *old, *text;
	int code;

	code = etc_read(MODPROBE_DIR, FILE_NAME, FILE_MAX, &old);
	if (code)
		return code;
	if (old && strstr(old, "\\\n")) {
		fprintf(stderr, "winusbctl: %s/%s has continued lines; change autobind= by hand\n",
			MODPROBE_DIR, FILE_NAME);
		free(old);
		return CTL_FAILED;
	}
	text = autobind_spell(old ? old : "", mode);
	if (!*text)
		code = etc_remove(MODPROBE_DIR, FILE_NAME, NULL);
	else if (!old || strcmp(old, text))
		code = etc_write(MODPROBE_DIR, FILE_NAME, text);
	free(text);
	free(old);
	return code;
}

/* With "on" the module has to be there before the devices' names are known. */
static int load_write(const char *mode)
{
	char *old;
	int code;

	code = etc_read(LOAD_DIR, FILE_NAME, FILE_MAX, &old);
	if (code)
		return code;
	if (!strcmp(mode, "on")) {
		if (!old)
			code = etc_write(LOAD_DIR, FILE_NAME, load_text);
		else if (strcmp(old, load_text))
			fprintf(stderr,
				"winusbctl: %s/%s is not winusbctl's: see that it loads winusb\n",
				LOAD_DIR, FILE_NAME);
	} else if (old && !strcmp(old, load_text)) {
		code = etc_remove(LOAD_DIR, FILE_NAME, NULL);
	}
	free(old);
	return code;
}

static int autobind_show(void)
{
	const char *now = mode_current(), *later;
	char *text;
	int code;

	code = etc_read(MODPROBE_DIR, FILE_NAME, FILE_MAX, &text);
	if (code)
		return code;
	later = text ? mode_of_file(text) : NULL;
	if (!later)
		later = "listed";
	free(text);

	if (ctl_json) {
		json_print(json_pack("{s:o, s:s}", "autobind", now ? json_string(now) : json_null(),
				     "kept", later), false);
	} else {
		printf("now: %s\n",
		       now ? now : driver_loaded() ? "unknown, the module is an older one" :
					  "the module is not loaded");
		printf("when the module is loaded: %s\n", later);
	}
	return CTL_OK;
}

static error_t autobind_parse(int key, char *arg, struct argp_state *state)
{
	const char **mode = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*mode)
			argp_error(state, "too many arguments");
		*mode = mode_find(arg, strlen(arg));
		if (!*mode)
			argp_error(state, "'%s' is none of off, listed, on", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int autobind_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = autobind_parse,
		.children = ctl_common,
		.args_doc = "[off | listed | on]",
		.doc = "Shows or sets what the driver binds, now and after restarts.\n"
		       "off: nothing, also not what was named. "
		       "listed: what bind and install named; the default. "
		       "on: also functions whose firmware says WINUSB and that no other driver wants. "
		       "No device can be kept out of it: what unbind takes back is bound again at the next plug.\v"
		       "What 'on' means for programs that use libusb: a device that says WINUSB then has a "
		       "kernel driver, and libusb_claim_interface() gives LIBUSB_ERROR_BUSY to a program that "
		       "does not detach it. Programs that call libusb_detach_kernel_driver() or "
		       "libusb_set_auto_detach_kernel_driver() go on to work, and give the device back when "
		       "they attach the driver again. So leave it 'listed' where programs use such devices "
		       "through libusb and don't detach; name the devices for winusb by bind or install.",
	};
	const char *mode = NULL;
	int code = CTL_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &mode);
	if (!mode)
		return autobind_show();

	if (mode_current())
		code = mode_set(mode);
	else if (driver_loaded()) {
		fprintf(stderr,
			"winusbctl: the winusb module that is loaded has no parameter autobind\n");
		hint_say("it is older than winusbctl: load the one that came with it");
		code = CTL_FAILED;
	}
	if (!code)
		code = options_write(mode);
	if (!code)
		code = load_write(mode);
	return code ? code : autobind_show();
}
