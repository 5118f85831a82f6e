// SPDX-License-Identifier: MIT
/* Handles: what is one and what is none, closing, duplicates, names, many threads. */

#include <pthread.h>
#include <stdlib.h>

#include "object.h"
#include "tap.h"

struct probe {
	struct object object;
	atomic_uint closed;
	atomic_uint *destroyed;
};

static void probe_closed(struct object *object)
{
	atomic_fetch_add(&list_entry(object, struct probe, object)->closed, 1);
}

static void probe_destroy(struct object *object)
{
	struct probe *probe = list_entry(object, struct probe, object);

	atomic_fetch_add(probe->destroyed, 1);
	free(probe);
}

static const struct object_type probe_type = {
	.kind = OBJECT_OTHER,
	.closed = probe_closed,
	.destroy = probe_destroy,
};

static struct probe *probe_new(atomic_uint *destroyed)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	object_init(&probe->object, &probe_type);
	probe->destroyed = destroyed;
	return probe;
}

static void check_no_handle(HANDLE handle)
{
	SetLastError(0);
	CHECK(!object_get_any(handle));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	SetLastError(0);
	CHECK(!CloseHandle(handle));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	SetLastError(0);
	CHECK_EQ(WaitForSingleObject(handle, 0), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	SetLastError(0);
	CHECK(!SetEvent(handle));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(a_handle_opens_and_closes)
{
	atomic_uint destroyed = 0;
	struct probe *probe = probe_new(&destroyed);
	HANDLE handle;

	object_ref(&probe->object);
	handle = object_open(&probe->object);
	CHECK(handle);
	CHECK_EQ((uintptr_t)handle & 3, 0);
	CHECK((uintptr_t)handle < 0x80000000u);
	CHECK(object_get(handle, OBJECT_OTHER) == &probe->object);
	object_put(&probe->object);
	/* The lowest two bits do not count. */
	CHECK(object_get_any((char *)handle + 1) == &probe->object);
	object_put(&probe->object);
	CHECK(CloseHandle(handle));
	CHECK_EQ(probe->closed, 1);
	CHECK_EQ(destroyed, 0);
	object_put(&probe->object);
	CHECK_EQ(destroyed, 1);
	check_no_handle(handle);
}

TEST(what_is_no_handle)
{
	static const uintptr_t wild[] = {
		0, 1, 4, 8, 12, 0xdeadbeef, 0x7ffffffc, 0x80000000, 0x00200000, 0x12345678,
		UINTPTR_MAX, UINTPTR_MAX - 2, UINTPTR_MAX / 2,
	};
	unsigned int i;

	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		check_no_handle((HANDLE)wild[i]);
	check_no_handle(&i);
	check_no_handle(INVALID_HANDLE_VALUE);
	CHECK(!CloseHandle(GetCurrentThread()));
	CHECK(!CloseHandle(GetCurrentProcess()));
}

TEST(another_kind_is_no_handle)
{
	atomic_uint destroyed = 0;
	HANDLE handle = object_open(&probe_new(&destroyed)->object);

	CHECK(!object_get(handle, OBJECT_EVENT));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!SetEvent(handle));
	CHECK_EQ(WaitForSingleObject(handle, 0), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	SetLastError(0);
	CHECK(!object_close(handle, OBJECT_KEY));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK_EQ(destroyed, 0);
	CHECK(object_close(handle, OBJECT_OTHER));
	CHECK_EQ(destroyed, 1);
}

TEST(duplicates)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), copy = NULL;
	HANDLE self = GetCurrentProcess();
	atomic_uint destroyed = 0;
	struct probe *probe = probe_new(&destroyed);
	HANDLE handle = object_open(&probe->object);

	CHECK(DuplicateHandle(self, event, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS));
	CHECK(copy && copy != event);
	CHECK(CloseHandle(event));
	CHECK(SetEvent(copy));
	CHECK_EQ(WaitForSingleObject(copy, 0), WAIT_OBJECT_0);
	CHECK(!DuplicateHandle(self, event, self, &event, 0, FALSE, DUPLICATE_SAME_ACCESS));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(copy));

	/* Only the last handle closes. */
	object_ref(&probe->object);
	CHECK(DuplicateHandle(self, handle, self, &copy, 0, TRUE,
			      DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
	check_no_handle(handle);
	CHECK_EQ(probe->closed, 0);
	CHECK(CloseHandle(copy));
	CHECK_EQ(probe->closed, 1);
	object_put(&probe->object);
	CHECK_EQ(destroyed, 1);
}

TEST(information)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
	DWORD flags = 77;

	CHECK(GetHandleInformation(event, &flags));
	CHECK_EQ(flags, 0);
	CHECK(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE,
				   HANDLE_FLAG_PROTECT_FROM_CLOSE));
	CHECK(GetHandleInformation(event, &flags));
	CHECK_EQ(flags, HANDLE_FLAG_PROTECT_FROM_CLOSE);
	CHECK(!CloseHandle(event));
	CHECK(SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
	CHECK(CloseHandle(event));
	CHECK(!GetHandleInformation(event, &flags));
	CHECK(!SetHandleInformation(event, 0, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(a_number_is_not_used_again_soon)
{
	enum { COUNT = 20000 };
	HANDLE first = CreateEventA(NULL, TRUE, FALSE, NULL), handle;
	unsigned int i, again = 0;

	CHECK(CloseHandle(first));
	for (i = 0; i < COUNT; i++) {
		handle = CreateEventA(NULL, TRUE, FALSE, NULL);
		again += handle == first;
		CloseHandle(handle);
	}
	CHECK_EQ(again, 0);
	check_no_handle(first);
}

TEST(many_are_open_at_once)
{
	enum { COUNT = 10000 };
	static HANDLE handles[COUNT];
	unsigned int i;

	for (i = 0; i < COUNT; i++)
		handles[i] = CreateEventA(NULL, TRUE, FALSE, NULL);
	for (i = 0; i < COUNT; i++)
		if (!CHECK(handles[i] && (!i || handles[i] != handles[i - 1])))
			break;
	for (i = 0; i < COUNT; i++)
		if (!CHECK(CloseHandle(handles[i])))
			break;
	CHECK(!CloseHandle(handles[COUNT / 2]));
}

TEST(too_many)
{
	enum { MOST = 600000 };
	HANDLE *handles = calloc(MOST, sizeof(*handles));
	unsigned int n = 0, i;

	SetLastError(0);
	while (n < MOST && (handles[n] = CreateEventA(NULL, TRUE, FALSE, NULL)))
		n++;
	CHECK(n > 500000 && n < MOST);
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	CHECK(!DuplicateHandle(GetCurrentProcess(), handles[0], GetCurrentProcess(), &handles[n], 0,
			       FALSE, DUPLICATE_SAME_ACCESS));
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	CHECK(!CreateThread(NULL, 0, (LPTHREAD_START_ROUTINE)abort, NULL, 0, NULL));
	for (i = 0; i < n; i++)
		if (!CHECK(CloseHandle(handles[i])))
			break;
	handles[0] = CreateEventA(NULL, TRUE, FALSE, NULL);
	CHECK(CloseHandle(handles[0]));
	free(handles);
}

TEST(names)
{
	HANDLE one, two, three;

	one = CreateEventW(NULL, TRUE, FALSE, L"a name");
	CHECK_EQ(GetLastError(), ERROR_SUCCESS);
	two = CreateEventA(NULL, FALSE, TRUE, "Local\\a name");
	CHECK(two && two != one);
	CHECK_EQ(GetLastError(), ERROR_ALREADY_EXISTS);
	CHECK(SetEvent(two));
	CHECK_EQ(WaitForSingleObject(one, 0), WAIT_OBJECT_0);
	three = OpenEventW(EVENT_ALL_ACCESS, FALSE, L"a name");
	CHECK(three);
	CHECK(!CreateMutexW(NULL, FALSE, L"a name"));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!OpenEventA(EVENT_ALL_ACCESS, FALSE, "a"));
	CHECK_EQ(GetLastError(), ERROR_FILE_NOT_FOUND);
	CHECK(CloseHandle(one) && CloseHandle(two) && CloseHandle(three));
	CHECK(!OpenEventW(EVENT_ALL_ACCESS, FALSE, L"a name"));
	SetLastError(5);
	one = CreateMutexW(NULL, TRUE, L"a name");
	CHECK_EQ(GetLastError(), ERROR_SUCCESS);
	two = CreateMutexW(NULL, TRUE, L"a name");
	CHECK_EQ(GetLastError(), ERROR_ALREADY_EXISTS);
	CHECK(ReleaseMutex(two));
	CHECK(!ReleaseMutex(one));
	CHECK_EQ(GetLastError(), ERROR_NOT_OWNER);
	CHECK(CloseHandle(one) && CloseHandle(two));
}

/* Threads that all close, use and duplicate the same handles. */

#define ROUNDS	3000u
#define CROWD	6u

static _Atomic(HANDLE) shared;
static atomic_uint opened, closed_calls, probes_destroyed;
static pthread_barrier_t barrier;

static void *crowd(void *argument)
{
	HANDLE self = GetCurrentProcess(), handle, copy;
	struct object *object;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (argument && i % 2 == 0) {
			atomic_fetch_add(&opened, 1);
			atomic_store(&shared, object_open(&probe_new(&probes_destroyed)->object));
		}
		handle = atomic_load(&shared);
		object = object_get(handle, OBJECT_OTHER);
		object_put(object);
		if (DuplicateHandle(self, handle, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
			CHECK(CloseHandle(copy));
		if (CloseHandle(handle))
			atomic_fetch_add(&closed_calls, 1);
	}
	pthread_barrier_wait(&barrier);
	return NULL;
}

TEST(each_handle_is_closed_once)
{
	pthread_t threads[CROWD];
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, CROWD);
	/* Only one opens; what it opens is closed by whoever comes first, itself at the latest. */
	for (i = 0; i < CROWD; i++)
		pthread_create(&threads[i], NULL, crowd, i ? NULL : (void *)1);
	for (i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(closed_calls, opened);
	CHECK_EQ(probes_destroyed, opened);
	pthread_barrier_destroy(&barrier);
}

static void *namer(void *argument)
{
	HANDLE handle;
	unsigned int i;

	(void)argument;
	for (i = 0; i < ROUNDS / 4; i++) {
		handle = CreateEventA(NULL, TRUE, FALSE, i & 1 ? "one" : "two");
		CHECK(handle);
		CHECK(SetEvent(handle));
		CHECK(CloseHandle(handle));
		handle = OpenEventA(EVENT_ALL_ACCESS, FALSE, "one");
		if (handle)
			CHECK(CloseHandle(handle));
	}
	return NULL;
}

TEST(names_from_many_threads)
{
	pthread_t threads[CROWD];
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		pthread_create(&threads[i], NULL, namer, NULL);
	for (i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	CHECK(!OpenEventA(EVENT_ALL_ACCESS, FALSE, "one"));
}
