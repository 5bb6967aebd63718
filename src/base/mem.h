/* mem.h: the only door to the heap.
 *
 * mem_new and mem_alloc are for small sizes of our own choosing: they stop the process when memory
 * is gone. mem_try is for sizes a peer chose: it returns NULL and the caller must have an answer. */
#ifndef ORQ_BASE_MEM_H
#define ORQ_BASE_MEM_H

#include <stddef.h>

#include "base/check.h"

void *mem_alloc(size_t bytes);                         /* uninitialised */
void *mem_zero(size_t bytes);                          /* zeroed */
void *mem_try(size_t bytes) MUST_USE;                  /* NULL when there is none */
void *mem_try_resize(void *at, size_t bytes) MUST_USE; /* NULL leaves `at` as it was */
void mem_free(void *at);                               /* NULL is fine */

#define mem_new(Type) ((Type *)mem_zero(sizeof(Type)))

#endif
