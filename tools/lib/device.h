/* SPDX-License-Identifier: MIT */
/*
 * The USB devices of this machine as Windows would name them: a snapshot of sysfs, read without
 * root and without udev. Needs none of the Windows headers; texts are UTF-8, GUIDs 16 bytes in the
 * layout of Windows' GUID.
 */
#ifndef LIB_DEVICE_H
#define LIB_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_ID_MAX		200	/* of an instance id, with its end: MAX_DEVICE_ID_LEN */
#define DEVICE_PATH_MAX		(DEVICE_ID_MAX + 48)
#define DEVICE_NAME_MAX		64	/* of a name in sysfs */
#define DEVICE_STRING_MAX	400	/* of a string descriptor in UTF-8 */
#define DEVICE_GUID_SIZE	16
#define DEVICE_GUID_TEXT	39	/* with braces and end */

/* For tests: where sysfs and devtmpfs are. */
extern const char *device_sysfs;
extern const char *device_dev;

enum device_kind {
	DEVICE_ROOT_HUB,
	DEVICE_HUB,
	DEVICE_WHOLE,		/* a USB device, with winusb or another driver, or with none */
	DEVICE_COMPOSITE,	/* a USB device that has functions */
	DEVICE_FUNCTION,	/* some interfaces of a composite device */
};

/* A devnode. */
struct device {
	enum device_kind kind;
	char name[DEVICE_NAME_MAX];	/* in sysfs: "1-1"; of a function its first interface's */
	struct device *parent;		/* NULL: a root hub */
	char id[DEVICE_ID_MAX];		/* instance id, upper case */
	char alias[DEVICE_ID_MAX];	/* what it would be without a serial number */
	bool has_serial_id;
	uint64_t identity;		/* differs after a replug */

	unsigned int vid, pid, revision;
	unsigned int interface;		/* a function's first */
	unsigned int bus, address, port;	/* port 0: root hub */
	unsigned int class[3];		/* what compatible ids tell */
	char ports[DEVICE_NAME_MAX];	/* "1.4" */
	char controller[256];		/* the host controller's place, the same after a restart */
	char serial[DEVICE_STRING_MAX];
	char product[DEVICE_STRING_MAX];
	char manufacturer[DEVICE_STRING_MAX];
	char label[DEVICE_STRING_MAX];	/* a function's interface string */
	char driver[DEVICE_NAME_MAX];	/* Linux' driver of the first interface, or "" */

	/* With winusb only */
	bool winusb, complete, enabled;
	char node[DEVICE_NAME_MAX];	/* the default interface's, in /dev/winusb */
	char compatible[16], subcompatible[16];
};

/* An interface class that a devnode has. */
struct device_interface {
	struct device *device;
	uint8_t guid[DEVICE_GUID_SIZE];
	bool active;
	uint64_t identity;		/* differs after a replug, or after another bind */
	/* SetupDi has it in lower case, all others as it was made: \\?\USB#VID_...#AbC#{...} */
	char path[DEVICE_PATH_MAX];
	char link[DEVICE_PATH_MAX];
};

struct device_list {
	struct device **devices;	/* parents come before their children */
	size_t count;
	struct device_interface *interfaces;
	size_t interface_count;
	unsigned int references;
};

/* Reads sysfs. NULL and errno: no memory. No USB at all is an empty list. One reference. */
struct device_list *device_list_load(void);
struct device_list *device_list_ref(struct device_list *list);
void device_list_put(struct device_list *list);

/* Case does not matter, and aliases are known, too. */
struct device *device_find(const struct device_list *list, const char *id);
struct device_interface *device_interface_find(const struct device_list *list, const char *path);

/* A file of sysfs without its last line end; the caller frees it. NULL and errno. */
char *sysfs_read(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ENUMERATOR\DEVICE\INSTANCE */
bool device_id_is_valid(const char *id);

/* Gives ids to the devices of a list, and paths to its interfaces: device_id.c. */
void device_ids_make(struct device_list *list);
void device_path_make(struct device_interface *interface);

/* Windows paths: path.c */

/*
 * The node that CreateFile opens for a Windows path, or for a path below /dev/winusb. 0; 1: a USB
 * device without a node, which opens but is no WinUSB interface; -ENOENT; -ENOMEM; -EINVAL: SIZE is
 * too small.
 */
int path_to_node(const char *windows_path, char *node, size_t size);

/* The part that says something: without \\?\, \??\ or \\.\; NULL if there is no such prefix. */
const char *path_skip_prefix(const char *path);

void guid_to_text(const uint8_t guid[DEVICE_GUID_SIZE], char text[DEVICE_GUID_TEXT]);
/* LENGTH characters of TEXT are a GUID with braces, and nothing else. */
bool guid_from_text(const char *text, size_t length, uint8_t guid[DEVICE_GUID_SIZE]);

extern const uint8_t guid_usb_device[DEVICE_GUID_SIZE];
extern const uint8_t guid_usb_hub[DEVICE_GUID_SIZE];

#endif
