#include "domain/realtime/crowd.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

enum { KEY_BYTES_MAX = sizeof(uint32_t) + USER_ID_MAX };

struct CrowdMember {
    uint32_t connections;
    uint32_t key_len;
    char key[]; /* the tenant's number, then the user */
};

struct Crowd {
    pthread_mutex_t lock;
    Map members;
    uint32_t limit;
};

static Str key_of(const void *value)
{
    const CrowdMember *m = value;
    return str_make(m->key, m->key_len);
}

Crowd *crowd_new(uint32_t limit)
{
    if (limit == 0) return NULL;
    Crowd *c = mem_new(Crowd);
    CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
    map_init(&c->members, CHANNELS_PER_LOOP_MAX, key_of);
    c->limit = limit;
    return c;
}

void crowd_free(Crowd *c)
{
    if (!c) return;
    CHECK(map_count(&c->members) == 0);
    map_done(&c->members);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static CrowdMember *member_new(Str key)
{
    CrowdMember *m = mem_alloc(sizeof *m + key.len);
    *m = (CrowdMember){.key_len = (uint32_t)key.len};
    memcpy(m->key, key.at, key.len);
    return m;
}

static Status enter(Crowd *c, Str key, CrowdMember **ret_member)
{
    CrowdMember *m = map_get(&c->members, key);
    if (!m) {
        m = member_new(key);
        if (map_put(&c->members, m) != ST_OK) {
            mem_free(m);
            return ST_FULL;
        }
    }
    if (m->connections >= c->limit) return ST_FULL;
    m->connections++;
    *ret_member = m;
    return ST_OK;
}

Status crowd_enter(Crowd *c, uint32_t tenant_no, Str user, CrowdMember **ret_member)
{
    char key[KEY_BYTES_MAX];
    *ret_member = NULL;
    if (!c) return ST_OK;
    CHECK(user.len <= USER_ID_MAX);
    memcpy(key, &tenant_no, sizeof tenant_no);
    memcpy(key + sizeof tenant_no, user.at, user.len);
    pthread_mutex_lock(&c->lock);
    Status st = enter(c, str_make(key, sizeof tenant_no + user.len), ret_member);
    pthread_mutex_unlock(&c->lock);
    return st;
}

void crowd_leave(Crowd *c, CrowdMember *m)
{
    if (!m) return;
    pthread_mutex_lock(&c->lock);
    bool last = --m->connections == 0;
    if (last) CHECK(map_remove(&c->members, key_of(m)) == m);
    pthread_mutex_unlock(&c->lock);
    if (last) mem_free(m);
}
