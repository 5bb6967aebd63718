/* arena.h: one lifetime, one free.
 *
 * A request, a parsed document, a loaded tenant each own an arena; nothing inside is freed alone.
 * Small blocks come from chunks of ARENA_CHUNK_BYTES, which each thread keeps a few of for reuse, so
 * a request in steady state costs no malloc. Larger blocks get a chunk of their own.
 *
 * Thread: one owner at a time; it may be handed to another thread whole.
 * Errors: arena_try returns NULL at the ceiling or when memory is gone; arena_alloc is for sizes of
 * our own choosing and CHECKs instead. */
#ifndef ORQ_BASE_ARENA_H
#define ORQ_BASE_ARENA_H

#include "base/check.h"
#include "base/str.h"

enum { ARENA_CHUNK_BYTES = 4096 };

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    ArenaChunk *_chunks; /* newest first */
    uint8_t *_at;        /* next free byte of the newest chunk */
    uint8_t *_end;
    size_t _bytes; /* taken from the heap so far */
    size_t _max;
} Arena;

void arena_init(Arena *a, size_t max_bytes); /* allocates nothing yet */
void arena_done(Arena *a);                   /* fine on a zeroed one; leaves it as initialised */

void *arena_alloc(Arena *a, size_t bytes);        /* uninitialised, aligned to 8 */
void *arena_try(Arena *a, size_t bytes) MUST_USE; /* NULL at the ceiling */
#define arena_new(a, Type) ((Type *)memset(arena_alloc(a, sizeof(Type)), 0, sizeof(Type)))

/* Copies; ret_copy is NUL-terminated as well (the NUL is not counted). False at the ceiling. */
bool arena_copy(Arena *a, Str bytes, Str *ret_copy) MUST_USE;
Str arena_format(Arena *a, const char *format, ...) PRINTF_LIKE(2, 3); /* short, ours: CHECKs */
size_t arena_bytes(const Arena *a);

/* Gives this thread's spare chunks back to the heap; call before a thread ends. */
void arena_thread_done(void);

#endif
