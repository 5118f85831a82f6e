/* SPDX-License-Identifier: MIT */
/* What is behind an HCMNOTIFICATION. */
#ifndef LIB_NOTIFY_H
#define LIB_NOTIFY_H

#include <windows.h>
#include <cfgmgr32.h>

#include "device.h"
#include "monitor.h"
#include "object.h"

#define NOTIFY_PATIENCE	10000	/* microseconds, until there may be memory again */

/* What a registration has told, or knew at its beginning. */
struct known {
	bool is_devnode;
	bool seen;
	uint64_t identity;
	uint8_t guid[DEVICE_GUID_SIZE];
	char text[DEVICE_PATH_MAX];	/* path, or instance id */
};

struct registration {
	struct object object;
	struct list link;		/* in the list of all, under the lock of notify.c */
	HCMNOTIFICATION handle;
	PCM_NOTIFY_CALLBACK callback;
	void *context;
	CM_NOTIFY_FILTER_TYPE type;
	bool all;
	uint8_t guid[DEVICE_GUID_SIZE];
	char id[DEVICE_ID_MAX];

	bool gone;			/* unregistered: nothing more is told; under the lock */
	bool running;			/* its callback is; under the lock */

	/* The thread's */
	struct known *known;
	size_t known_count;
	uint64_t identity;		/* of a handle to a device without a node */
	int listener;			/* of a handle to a node, or -1 */
	uint8_t *buffer;		/* for its events */
	size_t buffer_size;
	bool removed;
};

/* Calls back, unless it was unregistered: notify.c. */
void registration_tell(struct registration *registration, CM_NOTIFY_ACTION action,
		       CM_NOTIFY_EVENT_DATA *data, size_t size);

/* How things are at the beginning. False: no memory. */
bool registration_begin(struct registration *registration, const struct device_list *list,
			const struct monitor *monitor);
/* Tells what has changed. False: no memory, nothing was told. */
bool registration_compare(struct registration *registration, const struct device_list *list,
			  const struct monitor *monitor);
/* Tells what its listener heard; false: the listener has ended. */
bool registration_listen(struct registration *registration);
CONFIGRET registration_open_handle(struct registration *registration, HANDLE target);

/* For tests: looks at sysfs, as after an event. */
void notify_look(void);

#endif
