/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_ATTRIBUTE_H
#define WINUSB_ATTRIBUTE_H

#include "compat.h"

struct attribute_group;
struct kobj_uevent_env;
struct winusb_interface;

extern const struct attribute_group *winusb_interface_groups[];

int winusb_attributes_uevent(WINUSB_CLASS_CONST struct device *dev, struct kobj_uevent_env *env);
void winusb_attributes_init(struct winusb_interface *wi);
void winusb_attributes_show(struct winusb_interface *wi);
void winusb_attributes_hide(struct winusb_interface *wi);
void winusb_attributes_publish(struct winusb_interface *wi);
void winusb_attributes_free(struct winusb_interface *wi);

#endif /* WINUSB_ATTRIBUTE_H */
