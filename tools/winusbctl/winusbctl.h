/* SPDX-License-Identifier: MIT */
/* What the files of winusbctl share. */
#ifndef WINUSBCTL_H
#define WINUSBCTL_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <libwinusb.h>

/* Exit codes. They are part of the interface: see winusbctl.1. */
enum {
	CTL_OK = 0,
	CTL_FAILED = 1,		/* the operation failed */
	CTL_USAGE = 2,		/* the command line is wrong */
	CTL_ABSENT = 3,		/* no such node or device, no module, or it went away */
	CTL_DENIED = 4,		/* in use, or not permitted */
	CTL_TIMEOUT = 5,	/* the device did not answer in time */
	CTL_INTERRUPTED = 130,	/* ended by a signal */
};

#define CTL_CLASS_DIR	"/sys/class/winusb"
#define CTL_DRIVER_DIR	"/sys/bus/usb/drivers/winusb"
#define CTL_NODE_DIR	"/dev/winusb"

/* Set by --json, before or after the command's name. */
extern bool ctl_json;
/* Set by SIGINT and SIGTERM once signals_catch() was called. */
extern volatile bool ctl_interrupted;

/* Options that every command has; put it in the command's argp children. */
extern const struct argp_child ctl_common[];

/* command.c: one of several commands. */
struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *text;
};

struct commands {
	const struct command *list;
	size_t count;
	const char *prefix;	/* what comes before their names */
	const char *doc, *notes;	/* for --help, before and after the list */
};

/* Runs the command that the arguments name, and gives its exit code. */
int command_run(int argc, char **argv, const struct commands *commands);

/* node.c: USB interfaces, as sysfs shows them. */
struct node {
	char name[64];		/* of the interface, 1-1:1.0 */
	char device[64];	/* of its device, 1-1 */
	char driver[64];	/* empty if none is bound */
	char vid[8], pid[8];
	/* 126 characters of UTF-16 at most, as UTF-8. */
	char manufacturer[384], product[384], serial[384], label[384];
	char speed[16];		/* Mbit/s */
	unsigned int number, bus, address, device_class[3], class[3];
	unsigned int first;	/* interface that its function begins with, by the descriptors */
	bool bound;		/* it has a node of ours */
	const char *path;	/* of the node; empty if there is none */
	const char *function;	/* default interface of its function; empty likewise */
	const struct winusb_device *winusb;	/* what the library knows of the node, or NULL */
};

struct nodes {
	struct node *list;
	size_t count;
	struct winusb_list *ours;
};

int nodes_load(struct nodes *nodes);
void nodes_free(struct nodes *nodes);
bool node_is_default(const struct node *node);
/* GUIDs are in lower case, with braces. */
bool device_has_guid(const struct winusb_device *device, const char *guid);
/* Is it found by the GUID now: complete, enabled, and this is its default interface? */
bool device_is_found_by(const struct winusb_device *device, const char *guid);
/* Does the usual short form (name, path, VID:PID[:interface], device) mean this node? */
bool node_matches(const struct node *node, const char *text);
/* Finds the one node that TEXT means; else says why not and sets *code. */
const struct node *node_resolve(const struct nodes *nodes, const char *text, int *code);
/* The same, but any number of nodes of one device will do. */
const struct node *node_resolve_device(const struct nodes *nodes, const char *text, int *code);
const char *node_speed_text(const struct node *node);

/* VID:PID[:interface]; interface is -1 when not given. */
struct usb_id {
	unsigned int vid, pid;
	int interface;
};

bool usb_id_parse(const char *text, struct usb_id *id);

/* error.c */
int error_code(int err);
int error_say(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int usage_say(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hint_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What to do about a function that is disabled. */
void disabled_hint(const char *name);
int error_open(const struct nodes *nodes, const struct node *node, int err);
int error_transfer(const struct node *node, const char *what, int err);
bool number_parse(const char *text, unsigned long max, unsigned long *value);
bool milliseconds_parse(const char *text, unsigned int *value);

/* Who has a node of this function open? Calls back once for each process and node. */
typedef void (*holder_fn)(void *data, int pid, const char *command, const struct node *node);
void holders_find(const struct nodes *nodes, const struct node *node, holder_fn fn, void *data);

/* bind.c: a parser for commands with one argument; the input is where it goes. */
error_t target_parse(int key, char *arg, struct argp_state *state);

/* output.c */
void hexdump(FILE *out, const uint8_t *data, size_t length, uint64_t offset);
char *hex_text(const uint8_t *data, size_t length);
/* Appends the bytes that TEXT spells in hex. False if it does not. */
bool hex_parse(const char *text, uint8_t **data, size_t *length);
/* Prints one value on a line of its own and gives it up; indented for a person's eyes. */
void json_print(json_t *value, bool pretty);
json_t *json_hex(const uint8_t *data, size_t length);
int output_finish(void);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);

/* A GUID in text, lower case with braces, and its end. */
#define GUID_TEXT 39

/* session.c: an interface that is open and ready for transfers. */
struct session_options {
	int associated;			/* index, or -1 for the node's own interface */
	int setting;			/* alternate setting to select, or -1 */
	bool reset;			/* reset the pipe first */
	bool has_timeout;
	unsigned int timeout_ms;
};

struct session {
	struct nodes nodes;
	const struct node *node;
	struct winusb *opened;	/* by its node */
	struct winusb *usb;	/* that one, or an associated interface of it */
};

/* Child parsers, whose input is struct session_options. The first has the options that say which
 * interface and setting; the second has those and what concerns a bulk or interrupt pipe.
 */
extern const struct argp interface_argp;
extern const struct argp session_argp;

int session_open(struct session *session, const char *node_text,
		 const struct session_options *options, unsigned int pipe);
void session_close(struct session *session);
/* Selects an alternate setting, or says why not. */
int session_setting(struct session *session, unsigned int setting);
/* Finds the pipe in the current setting, or says which there are. */
int session_pipe(struct session *session, unsigned int pipe,
		 struct winusb_pipe_information *found);
/* The same in any setting, by its index, in silence: 0 or a negative errno; -ESRCH: not there. */
int session_find_pipe(struct session *session, unsigned int setting_index, unsigned int pipe,
		      struct winusb_pipe_information *found);
/* The pipe that ARG names; IN: by a command that reads. PREFIX is before "read" and "write". */
unsigned long pipe_argument(struct argp_state *state, const char *arg, bool in,
			    const char *prefix);
void signals_catch(void);

/* transfer.c: reads until SIZE bytes or the end; -1 on an error. */
ssize_t input_fill(int fd, uint8_t *data, size_t size);
/* Opens FILE, or gives standard input for NULL and -; below 0 after it said what is wrong. */
int input_open(const char *file);
void input_close(int fd);

/* The commands: argv[0] is the command's name; they return an exit code. */
int list_main(int argc, char **argv);
int info_main(int argc, char **argv);
int control_main(int argc, char **argv);
int read_main(int argc, char **argv);
int write_main(int argc, char **argv);
int iso_main(int argc, char **argv);
int watch_main(int argc, char **argv);
int events_main(int argc, char **argv);
int post_main(int argc, char **argv);
int bind_main(int argc, char **argv);
int unbind_main(int argc, char **argv);
int load_main(int argc, char **argv);
int autobind_main(int argc, char **argv);
int install_main(int argc, char **argv);
int remove_main(int argc, char **argv);

#endif
