/* SPDX-License-Identifier: MIT */
/* function.c: what sysfs says about a function, by the name of one of its nodes. */
#ifndef FUNCTION_H
#define FUNCTION_H

#include "winusbctl.h"

/*
 * The text of a file, without the last end of a line; NULL if it is not there. To be freed. PATH is
 * from path_make(), and is freed.
 */
char *sysfs_text(char *path);
/* Its interface GUIDs, whether or not they find it now. */
json_t *function_guids(const char *node);
/* Is it found by the GUID now: complete, enabled, and this is its default interface? */
bool function_is_found_by(const char *node, const char *guid);
bool function_is_disabled(const char *node);
/* Does its firmware say WINUSB? */
bool function_says_winusb(const char *node);
/* Has it only some interfaces of its device? */
bool function_is_part(const char *node);
/*
 * Adds GUIDs, descriptors, state and properties to an object; function_print() shows them. NODE is
 * asked if the default interface is not bound.
 */
void function_describe(json_t *object, const char *function, const char *node);
void function_print(const json_t *function);

#endif
