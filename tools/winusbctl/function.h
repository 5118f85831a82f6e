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
