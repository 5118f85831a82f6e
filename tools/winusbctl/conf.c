// SPDX-License-Identifier: MIT
/*
 * Bindings that outlive a restart: a file for each id in /etc/winusb.d, and one udev rule that
 * loads the module when a device of such an id comes. The files are written here and may be
 * edited by hand; they are read strictly, since what is read is written to the driver.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binding.h"
#include "inf.h"

#define CONF_MAX	(64 * 1024)
#define RULES_MARK	"# Written by winusbctl"

static char *word_trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		*--end = 0;
	return text;
}

static const char *conf_line(char *line, struct binding *binding, bool *has_id)
{
	char *value;

	line = word_trim(line);
	if (!*line || *line == '#')
		return NULL;
	value = strchr(line, '=');
	if (!value)
		return "a line is 'id = ...', 'inf = ...' or 'property = ...'";
	*value++ = 0;
	line = word_trim(line);
	value = word_trim(value);

	if (!strcmp(line, "id")) {
		if (*has_id)
			return "a second id";
		*has_id = usb_id_parse(value, &binding->id);
		return *has_id ? NULL : "an id is VID:PID[:INTERFACE] such as 0547:1002";
	}
	if (!strcmp(line, "inf")) {
		if (!inf_name_parse(value, binding->inf))
			return "this is no name of an INF file";
		return NULL;
	}
	if (!strcmp(line, "property"))
		return property_parse(binding, value);
	return "a line is 'id = ...', 'inf = ...' or 'property = ...'";
}

const char *conf_parse(char *text, struct binding *binding, unsigned int *line)
{
	const char *wrong = NULL;
	bool has_id = false;

	memset(binding, 0, sizeof(*binding));
	*line = 0;
	while (*text && !wrong) {
		char *end = strchrnul(text, '\n');
		char *next = *end ? end + 1 : end;

		*end = 0;
		(*line)++;
		wrong = conf_line(text, binding, &has_id);
		text = next;
	}
	if (!wrong && !has_id)
		wrong = "there is no line 'id = ...'";
	if (wrong)
		binding_free(binding);
	return wrong;
}

char *conf_spell(const struct binding *binding)
{
	char *text = NULL, id[24];
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream) {
		error_say(ENOMEM, "file");
		exit(CTL_FAILED);
	}
	usb_id_spell(&binding->id, id);
	if (*binding->inf)
		fprintf(stream,
			"# Written by winusbctl install; 'winusbctl remove \"%s\"' takes it away.\n",
			binding->inf);
	else
		fprintf(stream,
			"# Written by winusbctl bind --persist; 'winusbctl unbind %s' takes it "
			"away.\n", id);
	fprintf(stream,
		"# 'winusbctl load' gives it to the driver: udev does when the module comes.\n");
	fprintf(stream, "id = %s\n", id);
	if (*binding->inf)
		fprintf(stream, "inf = %s\n", binding->inf);
	for (size_t i = 0; i < binding->count; i++) {
		char *value = property_spell(&binding->properties[i]);

		fprintf(stream, "property = %s=%s\n", binding->properties[i].name, value);
		free(value);
	}
	fclose(stream);
	return text;
}

void conf_name(const struct usb_id *id, char name[32])
{
	int length = snprintf(name, 32, "%04x-%04x", id->vid & 0xffff, id->pid & 0xffff);

	if (id->interface >= 0)
		length += snprintf(name + length, 32 - length, "-%02x",
				   (unsigned int)id->interface & 0xff);
	snprintf(name + length, 32 - length, ".conf");
}

static int conf_read_name(const char *name, struct binding *binding, bool *found)
{
	char expected[32], *text;
	unsigned int line;
	const char *wrong;
	int code;

	*found = false;
	code = etc_read(CONF_DIR, name, CONF_MAX, &text);
	if (code || !text)
		return code;

	wrong = conf_parse(text, binding, &line);
	free(text);
	if (!wrong) {
		conf_name(&binding->id, expected);
		*found = !strcmp(name, expected);
		if (*found)
			return CTL_OK;
		binding_free(binding);
		fprintf(stderr, "winusbctl: %s%s/%s: a file with this id is called %s\n", ctl_root,
			CONF_DIR, name, expected);
	} else {
		fprintf(stderr, "winusbctl: %s%s/%s:%u: %s\n", ctl_root, CONF_DIR, name, line,
			wrong);
	}
	return CTL_FAILED;
}

int conf_read(const struct usb_id *id, struct binding *binding, bool *found)
{
	char name[32];

	conf_name(id, name);
	return conf_read_name(name, binding, found);
}

static int conf_filter(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 && !strcmp(entry->d_name + length - 5, ".conf");
}

int conf_read_all(struct bindings *bindings)
{
	char *path = path_make("%s", CONF_DIR);
	int count, code = CTL_OK;
	struct dirent **entries;

	memset(bindings, 0, sizeof(*bindings));
	count = scandir(path, &entries, conf_filter, alphasort);
	if (count < 0) {
		if (errno != ENOENT)
			code = error_say(errno, "%s", path);
		free(path);
		return code;
	}
	free(path);

	bindings->list = xcalloc(count, sizeof(*bindings->list));
	for (int i = 0; i < count; i++) {
		bool found;

		if (conf_read_name(entries[i]->d_name, &bindings->list[bindings->count], &found))
			code = CTL_FAILED;
		bindings->count += found;
		free(entries[i]);
	}
	free(entries);
	return code;
}

int conf_find(const struct usb_id *id, bool found[256])
{
	struct usb_id function = *id;
	char *path = path_make("%s", CONF_DIR);
	struct dirent *entry;
	int code = CTL_OK;
	DIR *dir = opendir(path);

	if (!dir && errno != ENOENT)
		code = error_say(errno, "%s", path);
	free(path);
	while (dir && (entry = readdir(dir)))
		for (function.interface = 0; function.interface < 256; function.interface++) {
			char name[32];

			conf_name(&function, name);
			found[function.interface] |= !strcmp(entry->d_name, name);
		}
	if (dir)
		closedir(dir);
	return code;
}

void bindings_free(struct bindings *bindings)
{
	for (size_t i = 0; i < bindings->count; i++)
		binding_free(&bindings->list[i]);
	free(bindings->list);
	memset(bindings, 0, sizeof(*bindings));
}

char *rules_spell(const struct bindings *bindings)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream) {
		error_say(ENOMEM, "file");
		exit(CTL_FAILED);
	}
	fprintf(stream,
		RULES_MARK " from the files in " CONF_DIR ", and written anew when they change.\n"
		"# When one of these devices comes, the module is loaded; 71-winusb.rules does the rest.\n");
	for (size_t i = 0; i < bindings->count; i++) {
		const struct usb_id *id = &bindings->list[i].id;
		bool seen = false;

		/* Functions of one device need one rule. Numbers only: nothing to escape. */
		for (size_t j = 0; j < i; j++)
			seen |= bindings->list[j].id.vid == id->vid && bindings->list[j].id.pid == id->pid;
		if (!seen)
			fprintf(stream,
				"ACTION==\"add\", SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", "
				"ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", "
				"RUN{builtin}+=\"kmod load winusb\"\n", id->vid & 0xffff, id->pid & 0xffff);
	}
	fclose(stream);
	return text;
}

static int udev_reload_once(void)
{
	char *argv[] = { "udevadm", "control", "--reload", NULL };
	int status = 0;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) || waitpid(pid, &status, 0) < 0)
		return -1;
	return status;
}

/*
 * udevd looks for changed rules every few seconds by itself, which is too late for a plug now. It
 * is told twice: what comes between its accept() and its setsockopt() of SO_PASSCRED is ignored
 * ("Invalid sender uid 65534"), and udevadm does not hear of it. Where the rules are read already
 * the second time does nothing.
 */
static void udev_reload(void)
{
	if (*ctl_root || access("/run/udev/control", F_OK))
		return;
	if (udev_reload_once() || udev_reload_once())
		hint_say("udevd was not told of the new rules: udevadm control --reload");
}

static int rules_update(void)
{
	struct bindings bindings;
	char *old, *text;
	bool changed;
	int code;

	code = etc_read(RULES_DIR, RULES_FILE, 4 * 1024 * 1024, &old);
	if (code)
		return code;
	if (old && strncmp(old, RULES_MARK, strlen(RULES_MARK))) {
		fprintf(stderr, "winusbctl: %s%s/%s is not winusbctl's: left as it is\n", ctl_root,
			RULES_DIR, RULES_FILE);
		hint_say("give that file another name, and try again");
		free(old);
		return CTL_FAILED;
	}

	/* A file that can't be read was reported, and has no part in it. */
	conf_read_all(&bindings);
	if (bindings.count) {
		text = rules_spell(&bindings);
		changed = !old || strcmp(old, text);
		if (changed)
			code = etc_write(RULES_DIR, RULES_FILE, text);
		free(text);
	} else {
		changed = old;
		code = etc_remove(RULES_DIR, RULES_FILE, NULL);
	}
	if (changed && !code)
		udev_reload();
	bindings_free(&bindings);
	free(old);
	return code;
}

/* Two programs that change the folder at once would each write a rule without the other's file. */
static int conf_lock(void)
{
	char *path = path_make("%s", CONF_DIR);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(path);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static void conf_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

static bool program_succeeds(char *const argv[])
{
	posix_spawn_file_actions_t quiet;
	int status = 0;
	bool done;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	done = !posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) &&
	       waitpid(pid, &status, 0) == pid && !status;
	posix_spawn_file_actions_destroy(&quiet);
	return done;
}

bool conf_check(void)
{
	static const char *const folders[] = {
		"/etc/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
		"/lib/udev/rules.d",
	};
	char *argv[] = { "modprobe", "-n", "-q", "winusb", NULL };
	bool rules = false, module = *ctl_root || program_succeeds(argv);

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = path_make("%s/71-winusb.rules", folders[i]);

		rules |= !access(path, F_OK);
		free(path);
	}
	if (!module)
		fprintf(stderr, "winusbctl: modprobe does not find the module winusb\n");
	if (!rules)
		fprintf(stderr, "winusbctl: udev has no 71-winusb.rules\n");
	if (!module || !rules)
		hint_say("without that, nothing is bound by itself after a restart: make install");
	return module && rules;
}

int conf_write(const struct binding *binding)
{
	char *text = conf_spell(binding);
	char name[32];
	int code, lock;

	conf_name(&binding->id, name);
	lock = conf_lock();
	code = etc_write(CONF_DIR, name, text);
	/* The first file made the folder. */
	if (!code && lock < 0)
		lock = conf_lock();
	if (!code)
		code = rules_update();
	conf_unlock(lock);
	free(text);
	return code;
}

int conf_remove(const struct usb_id *id, bool *was)
{
	bool removed = false;
	char name[32];
	int code, lock;

	conf_name(id, name);
	lock = conf_lock();
	code = etc_remove(CONF_DIR, name, &removed);
	if (removed)
		code = rules_update();
	conf_unlock(lock);
	*was |= removed;
	return code;
}
