#include "base/mem.h"

#include <stdlib.h>

void *mem_alloc(size_t bytes)
{
    void *at = malloc(bytes ? bytes : 1);
    CHECK(at != NULL);
    return at;
}

void *mem_zero(size_t bytes)
{
    void *at = calloc(1, bytes ? bytes : 1);
    CHECK(at != NULL);
    return at;
}

void *mem_try(size_t bytes)
{
    return malloc(bytes ? bytes : 1);
}

void *mem_try_resize(void *at, size_t bytes)
{
    return realloc(at, bytes ? bytes : 1);
}

void mem_free(void *at)
{
    free(at);
}
