/* SPDX-License-Identifier: MIT */
/* What is behind an HDEVINFO. */
#ifndef LIB_DEVSET_H
#define LIB_DEVSET_H

#include <pthread.h>

#include <windows.h>
#include <setupapi.h>

#include "device.h"
#include "object.h"

/* A device of the set; it belongs to a list, of which this is a reference. */
struct member {
	struct device_list *list;
	struct device *device;
	uint32_t devinst;
};

struct member_interface {
	struct device_list *list;
	struct device_interface *interface;
	size_t member;
};

struct devset {
	struct object object;
	pthread_mutex_t lock;
	unsigned int serial;		/* tells the elements of one set from those of another */
	struct member *members;
	size_t count;
	struct member_interface *interfaces;
	size_t interface_count;
};

/* The set of a HDEVINFO, locked; NULL and ERROR_INVALID_HANDLE. */
struct devset *devset_get(HDEVINFO handle);
void devset_put(struct devset *set);

/* TRUE, or FALSE; GetLastError() says ERROR, also of 0, as SetupDi's functions do on Windows. */
BOOL devset_result(DWORD error);

/* The device that DATA means; NULL and the error. */
struct member *devset_member(struct devset *set, const SP_DEVINFO_DATA *data);
struct member_interface *devset_interface(struct devset *set, const SP_DEVICE_INTERFACE_DATA *data);

void devinfo_fill(const struct devset *set, const struct member *member, SP_DEVINFO_DATA *data);

/*
 * TEXT, which is ASCII, for the caller: REQUIRED characters with its end. FALSE and
 * ERROR_INSUFFICIENT_BUFFER if ROOM characters are too few.
 */
BOOL text_give(const char *text, bool wide, void *to, DWORD room, DWORD *required);

#endif
