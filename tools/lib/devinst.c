// SPDX-License-Identifier: MIT
/* Numbers for instance ids, and what a devnode's state is. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <windows.h>
#include <cfgmgr32.h>

#include "devinst.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char **ids;
static size_t count;

/* Number 0 is never one; the first one is 1. Under lock. */
static uint32_t id_add(const char *id)
{
	char **more;
	char *copy;

	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(ids[i], id))
			return i + 1;
	copy = strdup(id);
	more = copy ? realloc(ids, (count + 1) * sizeof(*ids)) : NULL;
	if (!more) {
		free(copy);
		return 0;
	}
	ids = more;
	ids[count++] = copy;
	return count;
}

uint32_t devinst_of(const char *id)
{
	uint32_t devinst;

	pthread_mutex_lock(&lock);
	devinst = id_add(id);
	pthread_mutex_unlock(&lock);
	return devinst;
}

const char *devinst_id(uint32_t devinst)
{
	const char *id;

	pthread_mutex_lock(&lock);
	id = devinst && devinst <= count ? ids[devinst - 1] : NULL;
	pthread_mutex_unlock(&lock);
	return id;
}

uint32_t device_status(const struct device *device, uint32_t *problem)
{
	uint32_t status = DN_NT_ENUMERATOR | DN_NT_DRIVER;

	*problem = 0;
	if (device->kind != DEVICE_ROOT_HUB)
		status |= DN_DISABLEABLE;
	if (device->kind != DEVICE_ROOT_HUB && device->kind != DEVICE_FUNCTION)
		status |= DN_REMOVABLE;
	if (device->winusb || *device->driver || device->kind == DEVICE_COMPOSITE)
		return status | DN_DRIVER_LOADED | DN_STARTED;
	*problem = CM_PROB_FAILED_INSTALL;
	return status | DN_HAS_PROBLEM;
}
