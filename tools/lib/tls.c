// SPDX-License-Identifier: MIT
/* TlsAlloc and friends. An index that is allocated again begins with NULL in every thread. */

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "thread.h"

#define INDICES		1088u
#define GROW		32u

struct tls {
	unsigned int count;
	struct {
		unsigned int generation;
		void *value;
	} slots[];
};

/* Odd while allocated. */
static atomic_uint generations[INDICES];

DWORD WINAPI TlsAlloc(void)
{
	unsigned int i, generation;

	for (i = 0; i < INDICES; i++) {
		generation = atomic_load(&generations[i]);
		if (!(generation & 1) &&
		    atomic_compare_exchange_strong(&generations[i], &generation, generation + 1))
			return i;
	}
	SetLastError(ERROR_NO_MORE_ITEMS);
	return TLS_OUT_OF_INDEXES;
}

BOOL WINAPI TlsFree(DWORD index)
{
	unsigned int generation;

	if (index >= INDICES)
		return error_fail(ERROR_INVALID_PARAMETER);
	generation = atomic_load(&generations[index]);
	if (!(generation & 1) ||
	    !atomic_compare_exchange_strong(&generations[index], &generation, generation + 1))
		return error_fail(ERROR_INVALID_PARAMETER);
	return TRUE;
}

LPVOID WINAPI TlsGetValue(DWORD index)
{
	struct thread *thread = thread_self();
	struct tls *tls = thread ? thread->tls : NULL;

	if (index >= INDICES)
		return error_null(ERROR_INVALID_PARAMETER);
	SetLastError(ERROR_SUCCESS);
	if (!tls || index >= tls->count ||
	    tls->slots[index].generation != atomic_load(&generations[index]))
		return NULL;
	return tls->slots[index].value;
}

static struct tls *tls_grow(struct thread *thread, unsigned int index)
{
	unsigned int had = thread->tls ? thread->tls->count : 0, count = index + GROW;
	struct tls *tls = realloc(thread->tls, sizeof(*tls) + count * sizeof(tls->slots[0]));

	if (!tls)
		return NULL;
	memset(&tls->slots[had], 0, (count - had) * sizeof(tls->slots[0]));
	tls->count = count;
	thread->tls = tls;
	return tls;
}

BOOL WINAPI TlsSetValue(DWORD index, LPVOID value)
{
	struct thread *thread = thread_self();
	struct tls *tls = thread ? thread->tls : NULL;

	if (index >= INDICES)
		return error_fail(ERROR_INVALID_PARAMETER);
	if (thread && (!tls || index >= tls->count))
		tls = tls_grow(thread, index);
	if (!tls)
		return error_fail(ERROR_NOT_ENOUGH_MEMORY);
	tls->slots[index].generation = atomic_load(&generations[index]);
	tls->slots[index].value = value;
	return TRUE;
}

void tls_free(struct tls *tls)
{
	free(tls);
}
