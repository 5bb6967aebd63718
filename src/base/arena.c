/* Chunks form a list; the newest is bumped. The spare list is per thread and short: enough for the
 * requests that are in hand at once on a busy loop, little enough to forget about. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

enum { SPARE_MAX = 256 }; /* 1 MiB a thread */

struct ArenaChunk {
    ArenaChunk *next;
    size_t bytes; /* of the whole block */
    max_align_t data[];
};

static _Thread_local ArenaChunk *spare;
static _Thread_local unsigned spare_count;

static ArenaChunk *chunk_get(size_t bytes)
{
    if (bytes == ARENA_CHUNK_BYTES && spare) {
        ArenaChunk *chunk = spare;
        spare = chunk->next;
        spare_count--;
        return chunk;
    }
    ArenaChunk *chunk = mem_try(bytes);
    if (chunk) chunk->bytes = bytes;
    return chunk;
}

static void chunk_put(ArenaChunk *chunk)
{
    if (chunk->bytes != ARENA_CHUNK_BYTES || spare_count == SPARE_MAX) {
        mem_free(chunk);
        return;
    }
    chunk->next = spare;
    spare = chunk;
    spare_count++;
}

void arena_init(Arena *a, size_t max_bytes)
{
    *a = (Arena){._max = max_bytes};
}

void arena_done(Arena *a)
{
    for (ArenaChunk *chunk = a->_chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        chunk_put(chunk);
    }
    arena_init(a, a->_max);
}

void *arena_try(Arena *a, size_t bytes)
{
    if (bytes > a->_max) return NULL; /* also keeps the sums below from wrapping */
    size_t need = (bytes + 7) & ~(size_t)7;
    if (LIKELY(need <= (size_t)(a->_end - a->_at))) {
        void *at = a->_at;
        a->_at += need;
        return at;
    }
    size_t whole = need + sizeof(ArenaChunk);
    bool own = whole > ARENA_CHUNK_BYTES / 2; /* a big block must not waste the rest of a chunk */
    if (!own) whole = ARENA_CHUNK_BYTES;
    if (whole > a->_max - a->_bytes && a->_bytes > 0) return NULL;
    ArenaChunk *chunk = chunk_get(whole);
    if (!chunk) return NULL;
    a->_bytes += whole;
    if (own && a->_chunks) { /* behind the newest, which still has room */
        chunk->next = a->_chunks->next;
        a->_chunks->next = chunk;
        return chunk->data;
    }
    chunk->next = a->_chunks;
    a->_chunks = chunk;
    a->_at = (uint8_t *)chunk->data + need;
    a->_end = (uint8_t *)chunk + whole;
    return chunk->data;
}

void *arena_alloc(Arena *a, size_t bytes)
{
    void *at = arena_try(a, bytes);
    CHECK(at != NULL);
    return at;
}

bool arena_copy(Arena *a, Str bytes, Str *ret_copy)
{
    char *at = arena_try(a, bytes.len + 1);
    if (!at) return false;
    if (bytes.len) memcpy(at, bytes.at, bytes.len);
    at[bytes.len] = '\0';
    *ret_copy = str_make(at, bytes.len);
    return true;
}

Str arena_format(Arena *a, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    CHECK(len >= 0);
    Str copy = {0};
    size_t kept = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    CHECK(arena_copy(a, str_make(text, kept), &copy));
    return copy;
}

size_t arena_bytes(const Arena *a)
{
    return a->_bytes;
}

void arena_thread_done(void)
{
    while (spare) {
        ArenaChunk *chunk = spare;
        spare = chunk->next;
        mem_free(chunk);
    }
    spare_count = 0;
}
