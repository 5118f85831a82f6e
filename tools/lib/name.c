// SPDX-License-Identifier: MIT
/* Named objects of this process. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
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

static bool name_is(const struct object_name *name, const WCHAR *text, unsigned int length)
{
	return name->length == length && !memcmp(name->text, text, length * sizeof(*text));
}

/*
 * Under names_lock. The object of that name, with a reference and a handle counted; NULL and
 * *ERROR if there is none, or one of another kind. One whose last handle is just being closed has
 * no name any more.
 */
static struct object *name_find(const WCHAR *text, unsigned int length, enum object_kind kind,
				DWORD *error)
{
	struct object_name *name;

	*error = ERROR_FILE_NOT_FOUND;
	for (name = names; name; name = name->next) {
		if (!name_is(name, text, length))
			continue;
		if (name->object->type->kind != kind) {
			if (!atomic_load(&name->object->handles))
				continue;
			*error = ERROR_INVALID_HANDLE;
			return NULL;
		}
		/*
		 * It lives while it is in the list: its last handle takes it out first, and puts
		 * its reference afterwards. So this reference comes before the handle.
		 */
		object_ref(name->object);
		if (object_handle_add(name->object))
			return name->object;
		object_put(name->object);
	}
	return NULL;
}

static HANDLE handle_of(struct object *object, DWORD last_error)
{
	HANDLE handle = object_open_counted(object, 0);

	if (handle)
		SetLastError(last_error);
	return handle;
}

/* Under names_lock. It is counted before others can find it. */
static void name_add(struct object *object, struct object_name *name, const WCHAR *text,
		     unsigned int length)
{
	name->object = object;
	name->length = length;
	memcpy(name->text, text, length * sizeof(*text));
	name->next = names;
	names = name;
	object->name = name;
	atomic_fetch_add(&object->handles, 1);
}

static HANDLE name_create(struct object *object, const WCHAR *text, unsigned int length)
{
	struct object_name *name = malloc(sizeof(*name) + length * sizeof(*text));
	struct object *found;
	DWORD error;

	if (!name) {
		object_put(object);
		return error_null(ERROR_NOT_ENOUGH_MEMORY);
	}
	pthread_mutex_lock(&names_lock);
	found = name_find(text, length, object->type->kind, &error);
	if (!found && error == ERROR_FILE_NOT_FOUND) {
		name_add(object, name, text, length);
		pthread_mutex_unlock(&names_lock);
		return handle_of(object, ERROR_SUCCESS);
	}
	pthread_mutex_unlock(&names_lock);
	free(name);
	object_put(object);
	return found ? handle_of(found, ERROR_ALREADY_EXISTS) : error_null(error);
}

HANDLE name_create_w(struct object *object, const WCHAR *name)
{
	unsigned int length;
	HANDLE handle;

	if (!object)
		return NULL;
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
		return error_null(ERROR_FILENAME_EXCED_RANGE);
	}
	return name_create(object, name, length);
}

HANDLE name_open_w(enum object_kind kind, const WCHAR *name)
{
	struct object *found;
	unsigned int length;
	DWORD error;

	if (!name)
		return error_null(ERROR_INVALID_PARAMETER);
	name = name_plain(name);
	length = name_length(name);
	if (length > MAX_PATH)
		return error_null(ERROR_FILENAME_EXCED_RANGE);
	pthread_mutex_lock(&names_lock);
	found = name_find(name, length, kind, &error);
	pthread_mutex_unlock(&names_lock);
	return found ? handle_of(found, ERROR_SUCCESS) : error_null(error);
}

/* False: too long, or not UTF-8. */
static bool name_widen(const char *name, WCHAR wide[MAX_PATH + 1])
{
	return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide, MAX_PATH + 1) > 0;
}

HANDLE name_create_a(struct object *object, const char *name)
{
	WCHAR wide[MAX_PATH + 1];

	if (!object || !name || !*name)
		return name_create_w(object, NULL);
	if (!name_widen(name, wide)) {
		object_put(object);
		return error_null(ERROR_FILENAME_EXCED_RANGE);
	}
	return name_create_w(object, wide);
}

HANDLE name_open_a(enum object_kind kind, const char *name)
{
	WCHAR wide[MAX_PATH + 1];

	if (!name)
		return error_null(ERROR_INVALID_PARAMETER);
	if (!name_widen(name, wide))
		return error_null(ERROR_FILENAME_EXCED_RANGE);
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
