// SPDX-License-Identifier: MIT
/*
 * Heaps, and local and global memory, which are blocks of the process heap. Blocks say themselves
 * what heap they are of and how long they are, so that a pointer that is none, or is of another
 * heap, is an error as on Windows. A handle of moveable memory is the address: nothing moves.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>
#include <objbase.h>

#include "memory.h"

#define BLOCK_MAGIC 0x57424c4bU

struct heap {
	struct heap *next;
	pthread_mutex_t lock;
	struct block *blocks;
	size_t used, maximum;	/* maximum 0: grows */
};

static struct heap process_heap;
static struct heap *heaps;	/* those that programs made */
static pthread_mutex_t heaps_lock = PTHREAD_MUTEX_INITIALIZER;

static void *fail(DWORD error)
{
	SetLastError(error);
	return NULL;
}

/* Blocks */

static struct block *block_of(const void *memory)
{
	struct block *block;

	if (!memory || (uintptr_t)memory % _Alignof(struct block))
		return NULL;
	block = (struct block *)memory - 1;
	return block->magic == BLOCK_MAGIC ? block : NULL;
}

static bool heap_take(struct heap *heap, size_t bytes)
{
	if (heap->maximum && (heap->used > heap->maximum || bytes > heap->maximum - heap->used))
		return false;
	heap->used += bytes;
	return true;
}

static void block_link(struct block *block)
{
	struct heap *heap = block->heap;

	if (heap == &process_heap)
		return;
	block->next = heap->blocks;
	block->link = &heap->blocks;
	if (block->next)
		block->next->link = &block->next;
	heap->blocks = block;
}

static void block_unlink(struct block *block)
{
	if (block->heap == &process_heap)
		return;
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
}

static void heap_lock(struct heap *heap)
{
	if (heap != &process_heap)
		pthread_mutex_lock(&heap->lock);
}

static void heap_unlock(struct heap *heap)
{
	if (heap != &process_heap)
		pthread_mutex_unlock(&heap->lock);
}

static void *block_new(struct heap *heap, size_t bytes, bool zero, uint32_t flags)
{
	struct block *block;
	size_t size = sizeof(*block) + bytes;
	bool room = true;

	if (size < bytes || size > PTRDIFF_MAX)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	block = zero ? calloc(1, size) : malloc(size);
	if (!block)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	*block = (struct block){ .heap = heap, .size = bytes, .magic = BLOCK_MAGIC,
				  .flags = flags };
	heap_lock(heap);
	if (heap != &process_heap)
		room = heap_take(heap, bytes);
	if (room)
		block_link(block);
	heap_unlock(heap);
	if (room)
		return block + 1;
	free(block);
	return fail(ERROR_NOT_ENOUGH_MEMORY);
}

static void block_free(struct block *block)
{
	struct heap *heap = block->heap;

	heap_lock(heap);
	block_unlink(block);
	if (heap != &process_heap)
		heap->used -= block->size;
	heap_unlock(heap);
	block->magic = 0;
	free(block);
}

/* In the heap's lock */
static struct block *block_move(struct block *block, size_t bytes, bool in_place)
{
	struct block *moved;
	size_t size = sizeof(*block) + bytes;

	if (size < bytes || size > PTRDIFF_MAX)
		return NULL;
	if (size <= malloc_usable_size(block)) {
		moved = block;
	} else {
		if (in_place)
			return NULL;
		block_unlink(block);
		moved = realloc(block, size);
		block_link(moved ? moved : block);
	}
	return moved;
}

static void *block_resize(struct block *block, size_t bytes, bool zero, bool in_place)
{
	struct heap *heap = block->heap;
	size_t before = block->size;
	struct block *moved = NULL;

	heap_lock(heap);
	if (heap == &process_heap || bytes <= before || heap_take(heap, bytes - before)) {
		moved = block_move(block, bytes, in_place);
		if (heap != &process_heap && !moved && bytes > before)
			heap->used -= bytes - before;
		if (heap != &process_heap && moved && bytes < before)
			heap->used -= before - bytes;
		if (moved)
			moved->size = bytes;
	}
	heap_unlock(heap);
	if (!moved)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	if (zero && bytes > before)
		memset((char *)(moved + 1) + before, 0, bytes - before);
	return moved + 1;
}

/* Heaps */

static struct heap *heap_find(HANDLE handle)
{
	struct heap *heap;

	if (handle == &process_heap)
		return &process_heap;
	pthread_mutex_lock(&heaps_lock);
	for (heap = heaps; heap && heap != handle; heap = heap->next)
		;
	pthread_mutex_unlock(&heaps_lock);
	if (!heap)
		SetLastError(ERROR_INVALID_HANDLE);
	return heap;
}

HANDLE WINAPI GetProcessHeap(void)
{
	return &process_heap;
}

HANDLE WINAPI HeapCreate(DWORD flOptions, SIZE_T dwInitialSize, SIZE_T dwMaximumSize)
{
	struct heap *heap;

	(void)flOptions;
	if (dwMaximumSize && dwInitialSize > dwMaximumSize)
		return fail(ERROR_INVALID_PARAMETER);
	heap = calloc(1, sizeof(*heap));
	if (!heap)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	pthread_mutex_init(&heap->lock, NULL);
	heap->maximum = dwMaximumSize;
	pthread_mutex_lock(&heaps_lock);
	heap->next = heaps;
	heaps = heap;
	pthread_mutex_unlock(&heaps_lock);
	return heap;
}

BOOL WINAPI HeapDestroy(HANDLE hHeap)
{
	struct heap **at, *heap;
	struct block *block;

	pthread_mutex_lock(&heaps_lock);
	for (at = &heaps; *at && *at != hHeap; at = &(*at)->next)
		;
	heap = *at;
	if (heap)
		*at = heap->next;
	pthread_mutex_unlock(&heaps_lock);
	if (!heap) {
		SetLastError(ERROR_INVALID_HANDLE);
		return FALSE;
	}
	while ((block = heap->blocks)) {
		heap->blocks = block->next;
		free(block);
	}
	pthread_mutex_destroy(&heap->lock);
	free(heap);
	return TRUE;
}

static struct block *heap_block(HANDLE handle, LPCVOID memory)
{
	struct heap *heap = heap_find(handle);
	struct block *block = heap ? block_of(memory) : NULL;

	if (heap && (!block || block->heap != heap))
		return fail(ERROR_INVALID_PARAMETER);
	return block;
}

LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes)
{
	struct heap *heap = heap_find(hHeap);

	return heap ? block_new(heap, dwBytes, dwFlags & HEAP_ZERO_MEMORY, 0) : NULL;
}

LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes)
{
	struct block *block = heap_block(hHeap, lpMem);

	return block ? block_resize(block, dwBytes, dwFlags & HEAP_ZERO_MEMORY,
				    dwFlags & HEAP_REALLOC_IN_PLACE_ONLY) : NULL;
}

BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem)
{
	struct block *block;

	(void)dwFlags;
	if (!lpMem)
		return TRUE;
	block = heap_block(hHeap, lpMem);
	if (block)
		block_free(block);
	return block != NULL;
}

SIZE_T WINAPI HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem)
{
	struct block *block = heap_block(hHeap, lpMem);

	(void)dwFlags;
	return block ? block->size : (SIZE_T)-1;
}

/* Local memory */

static struct block *local_block(HLOCAL memory)
{
	struct block *block = block_of(memory);

	if (!block || block->heap != &process_heap)
		return fail(ERROR_INVALID_HANDLE);
	return block;
}

HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes)
{
	return block_new(&process_heap, uBytes, uFlags & LMEM_ZEROINIT, uFlags & LMEM_MOVEABLE);
}

/* Fixed memory only grows where it is, unless it may move this once. */
HLOCAL WINAPI LocalReAlloc(HLOCAL hMem, SIZE_T uBytes, UINT uFlags)
{
	struct block *block = local_block(hMem);
	bool may_move;

	if (!block)
		return NULL;
	if (uFlags & LMEM_MODIFY) {
		block->flags = uFlags & LMEM_MOVEABLE;
		return hMem;
	}
	may_move = (block->flags | uFlags) & LMEM_MOVEABLE;
	return block_resize(block, uBytes, uFlags & LMEM_ZEROINIT, !may_move);
}

HLOCAL WINAPI LocalFree(HLOCAL hMem)
{
	struct block *block;

	if (!hMem)
		return NULL;
	block = local_block(hMem);
	if (!block)
		return hMem;
	block_free(block);
	return NULL;
}

SIZE_T WINAPI LocalSize(HLOCAL hMem)
{
	struct block *block = local_block(hMem);

	return block ? block->size : 0;
}

LPVOID WINAPI LocalLock(HLOCAL hMem)
{
	return local_block(hMem) ? hMem : NULL;
}

/*
 * Locks are not counted: moveable memory is unlocked by the first call, which says so with FALSE.
 */
BOOL WINAPI LocalUnlock(HLOCAL hMem)
{
	struct block *block = local_block(hMem);

	if (!block)
		return FALSE;
	SetLastError(block->flags & LMEM_MOVEABLE ? NO_ERROR : ERROR_NOT_LOCKED);
	return FALSE;
}

/* Global memory is the same; its flags have the same numbers. */

HGLOBAL WINAPI GlobalAlloc(UINT uFlags, SIZE_T dwBytes)
{
	return LocalAlloc(uFlags, dwBytes);
}

HGLOBAL WINAPI GlobalReAlloc(HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags)
{
	return LocalReAlloc(hMem, dwBytes, uFlags);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL hMem)
{
	return LocalFree(hMem);
}

SIZE_T WINAPI GlobalSize(HGLOBAL hMem)
{
	return LocalSize(hMem);
}

LPVOID WINAPI GlobalLock(HGLOBAL hMem)
{
	return LocalLock(hMem);
}

BOOL WINAPI GlobalUnlock(HGLOBAL hMem)
{
	struct block *block = local_block(hMem);

	return block && !(block->flags & LMEM_MOVEABLE) ? TRUE : LocalUnlock(hMem);
}

/* Memory that callers of COM's functions free */

LPVOID WINAPI CoTaskMemAlloc(SIZE_T cb)
{
	return HeapAlloc(GetProcessHeap(), 0, cb);
}

LPVOID WINAPI CoTaskMemRealloc(LPVOID pv, SIZE_T cb)
{
	if (!pv)
		return CoTaskMemAlloc(cb);
	if (cb)
		return HeapReAlloc(GetProcessHeap(), 0, pv, cb);
	CoTaskMemFree(pv);
	return NULL;
}

void WINAPI CoTaskMemFree(LPVOID pv)
{
	HeapFree(GetProcessHeap(), 0, pv);
}
