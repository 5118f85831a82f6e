/* SPDX-License-Identifier: MIT */
/*
 * Names of events, mutexes and semaphores. They are known in this process only: a named object is
 * not shared with other programs.
 */
#ifndef LIBWINUSB_NAME_H
#define LIBWINUSB_NAME_H

#include "object.h"

/*
 * A HANDLE of the new OBJECT, whose reference goes over; or, when there is one of that name, of
 * that one, and ERROR_ALREADY_EXISTS; NULL and an error when it is of another kind. NAME may be
 * NULL or empty. The last error is set in any case; an OBJECT of NULL could not be made, and that
 * is the error.
 */
HANDLE name_create_w(struct object *object, const WCHAR *name);
HANDLE name_create_a(struct object *object, const char *name);
/* NULL + ERROR_FILE_NOT_FOUND if there is none. */
HANDLE name_open_w(enum object_kind kind, const WCHAR *name);
HANDLE name_open_a(enum object_kind kind, const char *name);
/* The object has no handle any more. */
void name_remove(struct object *object);

/* object.c's: a handle more of an object that has handles, in two steps. The first may say no. */
bool object_handle_add(struct object *object);
HANDLE object_open_counted(struct object *object, unsigned int flags);

#endif
