// SPDX-License-Identifier: MIT
/* Named objects of this process. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"

struct object_name {
	struct object_name *next;
	struct object *object;
	unsigned int length;
	WCHAR text[];
};

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static struct object_name *names;

/* "Local\x" is "x". */
static const WCHAR *name_plain(const WCHAR *name)
{
	static const char local[] = "Local\\";
	unsigned int i;

	for (i = 0; local[i]; i++)
		if (name[i] != (unsigned char)local[i])
			return name;
	return name + i;
}

static unsigned int name_length(const WCHAR *name)
{
	unsigned int length = 0;

	while (length <= MAX_PATH && name[length])
		length++;
	return length;
}

/* Under names_lock. */
static struct object_name *name_find(const WCHAR *text, unsigned int length)
{
	struct object_name *name = names;

	while (name && (name->length != length || memcmp(name->text, text, length * sizeof(*text)) ||
			!atomic_load(&name->object->handles)))
		name = name->next;
	return name;
}

static HANDLE fail(DWORD error)
{
	SetLastError(error);
	return NULL;
}

/* Under names_lock, which is released. The handle of one that was found. */
static HANDLE name_reopen(struct object_name *name, enum object_kind kind, DWORD last_error)
{
	struct object *object = name->object;
	HANDLE handle;

	if (object->type->kind != kind) {
		pthread_mutex_unlock(&names_lock);
		return fail(ERROR_INVALID_HANDLE);
	}
	if (!object_handle_add(object)) {
		pthread_mutex_unlock(&names_lock);
		return fail(ERROR_FILE_NOT_FOUND);
	}
	object_ref(object);
	pthread_mutex_unlock(&names_lock);
	handle = object_open_counted(object, 0);
	if (handle)
		SetLastError(last_error);
	return handle;
}

static HANDLE name_create(struct object *object, const WCHAR *text, unsigned int length)
{
	struct object_name *name, *found;
	enum object_kind kind = object->type->kind;
	HANDLE handle;

	name = malloc(sizeof(*name) + length * sizeof(*text));
	if (!name) {
		object_put(object);
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	}
	pthread_mutex_lock(&names_lock);
	found = name_find(text, length);
	if (found) {
		handle = name_reopen(found, kind, ERROR_ALREADY_EXISTS);
		free(name);
		object_put(object);
		return handle;
	}
	name->object = object;
	name->length = length;
	memcpy(name->text, text, length * sizeof(*text));
	name->next = names;
	names = name;
	object->name = name;
	/* It is counted before others can find it. */
	atomic_fetch_add(&object->handles, 1);
	pthread_mutex_unlock(&names_lock);
	handle = object_open_counted(object, 0);
	if (handle)
		SetLastError(ERROR_SUCCESS);
	return handle;
}

HANDLE name_create_w(struct object *object, const WCHAR *name)
{
	unsigned int length;
	HANDLE handle;

	if (!name || !*name) {
		handle = object_open(object);
		if (handle)
			SetLastError(ERROR_SUCCESS);
		return handle;
	}
	name = name_plain(name);
	length = name_length(name);
	if (length > MAX_PATH) {
		object_put(object);
		return fail(ERROR_FILENAME_EXCED_RANGE);
	}
	return name_create(object, name, length);
}

HANDLE name_open_w(enum object_kind kind, const WCHAR *name)
{
	struct object_name *found;
	unsigned int length;

	if (!name)
		return fail(ERROR_INVALID_PARAMETER);
	name = name_plain(name);
	length = name_length(name);
	if (length > MAX_PATH)
		return fail(ERROR_FILENAME_EXCED_RANGE);
	pthread_mutex_lock(&names_lock);
	found = name_find(name, length);
	if (found)
		return name_reopen(found, kind, ERROR_SUCCESS);
	pthread_mutex_unlock(&names_lock);
	return fail(ERROR_FILE_NOT_FOUND);
}

/* False: too long, or not UTF-8. */
static bool name_widen(const char *name, WCHAR wide[MAX_PATH + 1])
{
	return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide, MAX_PATH + 1) > 0;
}

HANDLE name_create_a(struct object *object, const char *name)
{
	WCHAR wide[MAX_PATH + 1];

	if (!name || !*name)
		return name_create_w(object, NULL);
	if (!name_widen(name, wide)) {
		object_put(object);
		return fail(ERROR_FILENAME_EXCED_RANGE);
	}
	return name_create_w(object, wide);
}

HANDLE name_open_a(enum object_kind kind, const char *name)
{
	WCHAR wide[MAX_PATH + 1];

	if (!name)
		return fail(ERROR_INVALID_PARAMETER);
	if (!name_widen(name, wide))
		return fail(ERROR_FILENAME_EXCED_RANGE);
	return name_open_w(kind, wide);
}

void name_remove(struct object *object)
{
	struct object_name **link = &names, *name = object->name;

	if (!name)
		return;
	object->name = NULL;
	pthread_mutex_lock(&names_lock);
	while (*link != name)
		link = &(*link)->next;
	*link = name->next;
	pthread_mutex_unlock(&names_lock);
	free(name);
}
