/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_PROPERTY_H
#define WINUSB_PROPERTY_H

#include <linux/types.h>

#include "msos.h"

#define WINUSB_PROPERTY_NAME_MAX 64
#define WINUSB_GUIDS 8

struct attribute_group;
struct winusb_function;

extern const struct attribute_group winusb_property_group;

/**
 * struct winusb_property_visitor - Who looks at all properties of a function
 * @see: Called for each with its name, the name of its type and its value as text, one string a
 *	line. They are gone when it returns. Not called twice for one name. Returns 0, or an error
 *	that ends the visit.
 */
struct winusb_property_visitor {
	int (*see)(struct winusb_property_visitor *visitor, const char *name, const char *type,
		   const char *value);
};

bool winusb_property_name_is_plain(const char *name);
unsigned long winusb_properties_version(const struct winusb_function *fn);
int winusb_properties_visit(struct winusb_function *fn, struct winusb_property_visitor *visitor);
unsigned int winusb_property_get_guids(struct winusb_function *fn,
				       char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE]);
bool winusb_property_get_number(struct winusb_function *fn, const char *name, u32 *value);
int winusb_property_parse_guids(const char *text, char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE]);
void winusb_properties_forget_all(void);

#endif /* WINUSB_PROPERTY_H */
