#include "base/map.h"

#include <sodium.h>

#include "base/hash.h"
#include "base/mem.h"

enum { FIRST_CAP = 8 };

void map_init(Map *m, uint32_t max_count, MapKeyOf key_of)
{
    *m = (Map){._max = max_count, ._key_of = key_of};
}

void map_done(Map *m)
{
    mem_free(m->_slots);
    map_init(m, m->_max, m->_key_of);
}

static uint64_t hash_of(Str key)
{
    return hash_keyed(key) | 1; /* never 0: that marks a free slot */
}

/* The slot that holds the key, or the free slot where it would go. */
static uint32_t find(const Map *m, Str key, uint64_t hash)
{
    uint32_t i = (uint32_t)(hash >> 32) & (m->_cap - 1);
    while (m->_slots[i].hash) {
        if (m->_slots[i].hash == hash && str_eq(m->_key_of(m->_slots[i].value), key)) break;
        i = (i + 1) & (m->_cap - 1);
    }
    return i;
}

static Status resize(Map *m, uint32_t cap)
{
    MapSlot *slots = mem_try(sizeof(MapSlot) * cap);
    if (!slots) return ST_UNAVAILABLE;
    memset(slots, 0, sizeof(MapSlot) * cap);
    for (uint32_t i = 0; i < m->_cap; i++) {
        if (!m->_slots[i].hash) continue;
        uint32_t at = (uint32_t)(m->_slots[i].hash >> 32) & (cap - 1);
        while (slots[at].hash) at = (at + 1) & (cap - 1);
        slots[at] = m->_slots[i];
    }
    mem_free(m->_slots);
    m->_slots = slots;
    m->_cap = cap;
    return ST_OK;
}

void *map_get(const Map *m, Str key)
{
    if (m->_count == 0) return NULL;
    uint32_t i = find(m, key, hash_of(key));
    return m->_slots[i].hash ? m->_slots[i].value : NULL;
}

Status map_put(Map *m, void *value)
{
    if (m->_count >= m->_max) return ST_TOO_BIG;
    if (m->_count + 1 > m->_cap / 8 * 7) {
        Status st = resize(m, m->_cap ? m->_cap * 2 : FIRST_CAP);
        if (st != ST_OK) return st;
    }
    Str key = m->_key_of(value);
    uint64_t hash = hash_of(key);
    uint32_t i = find(m, key, hash);
    if (m->_slots[i].hash) return ST_CONFLICT;
    m->_slots[i] = (MapSlot){hash, value};
    m->_count++;
    return ST_OK;
}

void *map_remove(Map *m, Str key)
{
    if (m->_count == 0) return NULL;
    uint32_t i = find(m, key, hash_of(key));
    if (!m->_slots[i].hash) return NULL;
    void *value = m->_slots[i].value;
    /* Close the gap: move back every later element of the cluster that may stand there. */
    uint32_t hole = i;
    for (uint32_t j = (i + 1) & (m->_cap - 1); m->_slots[j].hash; j = (j + 1) & (m->_cap - 1)) {
        uint32_t home = (uint32_t)(m->_slots[j].hash >> 32) & (m->_cap - 1);
        if (((j - home) & (m->_cap - 1)) < ((j - hole) & (m->_cap - 1))) continue;
        m->_slots[hole] = m->_slots[j];
        hole = j;
    }
    m->_slots[hole] = (MapSlot){0, NULL};
    m->_count--;
    if (m->_count == 0) { /* give the memory of a past storm back */
        mem_free(m->_slots);
        m->_slots = NULL;
        m->_cap = 0;
    } else if (m->_cap > 64 && m->_count < m->_cap / 8) {
        (void)!resize(m, m->_cap / 2); /* when memory is short the larger table serves as well */
    }
    return value;
}

void *map_next(const Map *m, uint32_t *i)
{
    while (*i < m->_cap) {
        const MapSlot *slot = &m->_slots[(*i)++];
        if (slot->hash) return slot->value;
    }
    return NULL;
}
