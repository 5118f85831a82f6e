/* SPDX-License-Identifier: MIT */
/*
 * What an administrator wants for an id: that its devices are winusb's, and with which properties.
 * property.c has the properties, conf.c keeps bindings in /etc/winusb.d, driver.c gives them to
 * the driver, inf.c reads them from INF files.
 */
#ifndef BINDING_H
#define BINDING_H

#include "winusbctl.h"

#define CTL_PARAMETER	"/sys/module/winusb/parameters/autobind"
#define CONF_DIR	"/etc/winusb.d"
#define RULES_DIR	"/etc/udev/rules.d"
#define RULES_FILE	"71-winusb-local.rules"

/* Where /sys and /etc are: WINUSBCTL_ROOT, for tests. Empty without it. */
extern const char *ctl_root;

/* The numbers of the registry types, as in MS OS descriptors and INF files. */
enum {
	TYPE_SZ = 1,
	TYPE_BINARY = 3,
	TYPE_DWORD = 4,
	TYPE_MULTI = 7,
};

#define NAME_MAX_LENGTH		64
#define LINE_MAX_LENGTH		512	/* of the driver's file function_property */
#define PROPERTIES_MAX		64	/* of one id; ours */
#define GUIDS_MAX		8	/* of one function; the driver's */
#define INF_NAME_SIZE		65

struct property {
	unsigned int type;
	char name[NAME_MAX_LENGTH + 1];
	char *value;		/* spelled as the driver wants it, which depends on the type */
};

struct binding {
	struct usb_id id;
	char inf[INF_NAME_SIZE];	/* the INF that it was installed from, or empty */
	struct property *properties;
	size_t count;
};

void binding_free(struct binding *binding);
/* The id as people write it: 0547:1002 or 1209:0001:2. */
void usb_id_spell(const struct usb_id *id, char text[24]);
bool usb_id_same(const struct usb_id *one, const struct usb_id *other);

/* property.c. What returns a text returns NULL when all is well, else what is wrong. */
const char *property_name_check(const char *name);
/* Checks the value, spells it as the driver wants it, and adds or replaces the property. */
const char *property_set(struct binding *binding, const char *name, unsigned int type,
			 const char *value);
/* NAME=VALUE as on the command line: dword:1, sz:text, multi:a b, hex:00ff, 1, text. */
const char *property_parse(struct binding *binding, const char *text);
/* All of FROM into TO. */
const char *property_merge(struct binding *to, const struct binding *from);
const struct property *property_find(const struct binding *binding, const char *name);
/* One of those that say when a device sleeps? They are numbers; another type counts as absent. */
bool property_is_power(const char *name);
/* Not one of those, but it looks so. */
bool property_is_nearly_power(const char *name);
const char *property_type_word(unsigned int type);
/* "dword:1" and so on, what property_parse() takes after NAME=. To be freed. */
char *property_spell(const struct property *property);
json_t *properties_json(const struct binding *binding);
/* Any usual spelling of a GUID, into lower case with braces. */
bool guid_parse(const char *text, char guid[GUID_TEXT]);
/* Adds GUIDs to the list of a --guid option. */
const char *property_add_guid(struct binding *binding, const char *text);

/* etc.c: files of the administrator. These say what is wrong, and return an exit code. */
char *path_make(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The whole file; *text is NULL if there is none. To be freed. */
int etc_read(const char *directory, const char *name, size_t max, char **text);
/* The file is the old one or the new one at any time. */
int etc_write(const char *directory, const char *name, const char *text);
/* May files be written there? The folder need not be there yet. */
int etc_check(const char *directory);
int etc_remove(const char *directory, const char *name, bool *was);

/* conf.c */
/* NULL, or what is wrong in line *line. TEXT is taken apart. */
const char *conf_parse(char *text, struct binding *binding, unsigned int *line);
char *conf_spell(const struct binding *binding);
void conf_name(const struct usb_id *id, char name[32]);
/* CTL_OK with *found false if there is no file of this id. */
int conf_read(const struct usb_id *id, struct binding *binding, bool *found);
/* These two also bring the udev rule up to date. */
int conf_write(const struct binding *binding);
int conf_remove(const struct usb_id *id, bool *was);
/* Will what is kept take effect by itself? Says what this machine lacks. */
bool conf_check(void);
/* Of which functions of this device are there files? By their names: they may be wrong inside. */
int conf_find(const struct usb_id *id, bool found[256]);

struct bindings {
	struct binding *list;
	size_t count;
};

/* All files that can be read, and CTL_FAILED if some could not. */
int conf_read_all(struct bindings *bindings);
void bindings_free(struct bindings *bindings);
/* The local udev rule that loads the module when one of these devices comes. To be freed. */
char *rules_spell(const struct bindings *bindings);

/* driver.c: the files of the driver. */
int driver_check(void);
bool driver_loaded(void);
int driver_error(const char *what, int err);
int driver_write(const char *file, const char *text);	/* 0 or an errno */
bool driver_has_id(const struct usb_id *id);
/* Properties first, so that they hold from the first moment; then the id. */
int driver_give(const struct binding *binding);
/* Of which functions of this device are ids or properties known? */
void driver_find(const struct usb_id *id, bool found[256]);
/* Forget; *known is set if there was something. Nothing is unbound. */
int driver_forget_id(const struct usb_id *id, bool *known);
int driver_forget_properties(const struct usb_id *id, bool *known);
int driver_forget(const struct usb_id *id, bool *known);	/* both */

/* Waits until a module that is being loaded has all its files. */
int driver_wait(void);

/* bind.c */
bool node_has_id(const struct node *node, const struct usb_id *id);
/*
 * Can devices that are plugged in be bound by this id? Not if its interface begins no function, or
 * if what is bound already is grouped in another way: that stays as it is until it is unbound.
 */
int binding_check(const struct usb_id *id);
/*
 * Gives the binding to the driver, and keeps it over restarts if PERSIST; adds the names of what it
 * has bound. *foreign: other drivers have interfaces of such devices, or autobind is off, which
 * was said.
 */
int binding_keep(const struct binding *binding, bool persist, json_t *bound, bool *foreign);
/* All that is known of an id goes: from the driver, its devices, and /etc. Adds to the names. */
int binding_forget(const struct usb_id *id, json_t *unbound, bool *known);

/* autobind.c */
bool autobind_is(const char *mode);	/* now; false if the module is not there */
/* The text of modprobe's file OLD with the mode in it, and nothing for the default. To be freed. */
char *autobind_spell(const char *old, const char *mode);

#endif
