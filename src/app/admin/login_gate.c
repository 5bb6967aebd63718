/* login_gate.c: a small map from hash(kind, name) to its failures. Names come from peers, so the map
 * has a ceiling; when it is full, the entry that failed longest ago is forgotten. */
#include "app/admin/login_gate.h"

#include <pthread.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"

typedef struct Failures {
    uint8_t key[SHA256_BYTES];
    uint32_t count;
    uint64_t last_ms, blocked_until_ms;
} Failures;

struct LoginGate {
    pthread_mutex_t lock;
    Map failures;
    int hashing;
};

static Str key_of(const void *value)
{
    return str_make(((const Failures *)value)->key, SHA256_BYTES);
}

static Sha256 key_for(LoginWho who, Str name)
{
    /* Hashing twice keeps the kinds apart without building a string of unknown length. */
    uint8_t bytes[SHA256_BYTES + 1];
    Sha256 inner = hash_sha256(name);
    memcpy(bytes, inner.at, SHA256_BYTES);
    bytes[SHA256_BYTES] = (uint8_t)who;
    return hash_sha256(str_make(bytes, sizeof bytes));
}

LoginGate *login_gate_new(void)
{
    LoginGate *g = mem_new(LoginGate);
    CHECK(pthread_mutex_init(&g->lock, NULL) == 0);
    map_init(&g->failures, LOGIN_NAMES_MAX, key_of);
    return g;
}

void login_gate_free(LoginGate *g)
{
    Failures *f;
    if (!g) return;
    for (uint32_t i = 0; (f = map_next(&g->failures, &i));) mem_free(f);
    map_done(&g->failures);
    pthread_mutex_destroy(&g->lock);
    mem_free(g);
}

/* NULL when there is nothing to remember any more. */
static Failures *find(LoginGate *g, const Sha256 *key, uint64_t mono_ms)
{
    Failures *f = map_get(&g->failures, str_make(key->at, sizeof key->at));
    if (!f || mono_ms < f->last_ms + LOGIN_MEMORY_S * UINT64_C(1000)) return f;
    map_remove(&g->failures, key_of(f));
    mem_free(f);
    return NULL;
}

static void forget_oldest(LoginGate *g)
{
    Failures *f, *oldest = NULL;
    for (uint32_t i = 0; (f = map_next(&g->failures, &i));)
        if (!oldest || f->last_ms < oldest->last_ms) oldest = f;
    map_remove(&g->failures, key_of(oldest));
    mem_free(oldest);
}

static Failures *remember(LoginGate *g, const Sha256 *key)
{
    if (map_count(&g->failures) >= LOGIN_NAMES_MAX) forget_oldest(g);
    Failures *f = mem_new(Failures);
    memcpy(f->key, key->at, sizeof f->key);
    CHECK(map_put(&g->failures, f) == ST_OK);
    return f;
}

static uint64_t delay_ms(uint32_t failures)
{
    uint32_t over = failures - LOGIN_FREE_FAILURES;
    uint64_t delay_s = over < 16 ? UINT64_C(1) << over : LOGIN_DELAY_MAX_S;
    return (delay_s < LOGIN_DELAY_MAX_S ? delay_s : LOGIN_DELAY_MAX_S) * 1000;
}

uint32_t login_gate_wait_s(LoginGate *g, LoginWho who, Str name, uint64_t mono_ms)
{
    Sha256 key = key_for(who, name);
    pthread_mutex_lock(&g->lock);
    const Failures *f = find(g, &key, mono_ms);
    uint64_t left_ms = f && f->blocked_until_ms > mono_ms ? f->blocked_until_ms - mono_ms : 0;
    pthread_mutex_unlock(&g->lock);
    return (uint32_t)((left_ms + 999) / 1000);
}

void login_gate_failed(LoginGate *g, LoginWho who, Str name, uint64_t mono_ms)
{
    Sha256 key = key_for(who, name);
    pthread_mutex_lock(&g->lock);
    Failures *f = find(g, &key, mono_ms);
    if (!f) f = remember(g, &key);
    f->count++;
    f->last_ms = mono_ms;
    if (f->count >= LOGIN_FREE_FAILURES) f->blocked_until_ms = mono_ms + delay_ms(f->count);
    pthread_mutex_unlock(&g->lock);
}

void login_gate_passed(LoginGate *g, LoginWho who, Str name)
{
    Sha256 key = key_for(who, name);
    pthread_mutex_lock(&g->lock);
    mem_free(map_remove(&g->failures, str_make(key.at, sizeof key.at)));
    pthread_mutex_unlock(&g->lock);
}

bool login_gate_enter(LoginGate *g)
{
    pthread_mutex_lock(&g->lock);
    bool entered = g->hashing < LOGIN_HASHES_AT_ONCE;
    if (entered) g->hashing++;
    pthread_mutex_unlock(&g->lock);
    return entered;
}

void login_gate_leave(LoginGate *g)
{
    pthread_mutex_lock(&g->lock);
    CHECK(g->hashing > 0);
    g->hashing--;
    pthread_mutex_unlock(&g->lock);
}
