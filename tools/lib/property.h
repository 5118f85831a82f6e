/* SPDX-License-Identifier: MIT */
/* What a devnode says of itself: Windows' registry properties, and their DEVPKEYs. */
#ifndef LIB_PROPERTY_H
#define LIB_PROPERTY_H

#include "device.h"

/* A value as the registry has it. Texts are UTF-8 with the zeros that end them. */
struct property {
	uint32_t type;		/* REG_ */
	char *data;
	size_t size;
};

/* CODE: SPDRP_. 0; -ENOENT: this devnode has none; -EINVAL: no such code; -ENOMEM. */
int property_get(const struct device_list *list, const struct device *device, unsigned int code,
		 struct property *property);
bool property_is_text(const struct property *property);
void property_free(struct property *property);
/* The size with texts in UTF-16, and the value itself, as far as it fits. */
size_t property_copy(const struct property *property, bool wide, void *to, size_t room);

int property_set(struct property *property, uint32_t type, const void *data, size_t size);
int property_set_text(struct property *property, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int property_set_number(struct property *property, uint32_t number);
/* One more text for a REG_MULTI_SZ, which is empty at first. */
int property_add_text(struct property *property, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* GUID of its setup class, "{...}"; NULL: that is one of another driver, which is not here. */
const char *device_setup_class(const struct device *device);

/* A value for DEVPKEY_ functions: DEVPROP_TYPE_, as it is there, texts in UTF-16. */
struct devprop {
	uint32_t type;
	void *data;
	size_t size;
};

/* FMTID and PID of a DEVPROPKEY. 0, -ENOENT, -ENOMEM. */
int devprop_of_device(const struct device_list *list, const struct device *device,
		      const uint8_t fmtid[DEVICE_GUID_SIZE], uint32_t pid, struct devprop *value);
int devprop_of_interface(const struct device_list *list, const struct device_interface *interface,
			 const uint8_t fmtid[DEVICE_GUID_SIZE], uint32_t pid,
			 struct devprop *value);

#endif
