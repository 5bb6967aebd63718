/* session.c: a map from the hash of the token to the session.
 *
 * A look-up never compares secrets: the token is hashed and the hash is found or not. Sessions that
 * are over are dropped when somebody meets them, and all at once when room is needed. */
#include "app/admin/session.h"

#include <pthread.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/seal.h"

enum {
    TOKEN_BYTES = 32,
    PREFIX_LEN = 4,
    TOUCH_AFTER_MS = 5 * 60 * 1000, /* how far the table may lag behind */
};
#define TTL_MS  (SESSION_TTL_S * INT64_C(1000))
#define IDLE_MS (SESSION_IDLE_S * INT64_C(1000))

struct Sessions {
    pthread_mutex_t lock;
    Map by_hash; /* Session, ours */
};

Str role_name(Role role)
{
    static const Str names[] = {STR_INIT("operator"), STR_INIT("tenant_admin")};
    return names[role];
}

static Str key_of(const void *value)
{
    const Session *session = value;
    return str_make(session->id_hash.at, sizeof session->id_hash.at);
}

Sessions *sessions_new(void)
{
    Sessions *s = mem_new(Sessions);
    CHECK(pthread_mutex_init(&s->lock, NULL) == 0);
    map_init(&s->by_hash, SESSIONS_MAX, key_of);
    return s;
}

void sessions_free(Sessions *s)
{
    Session *session;
    if (!s) return;
    for (uint32_t i = 0; (session = map_next(&s->by_hash, &i));) mem_free(session);
    map_done(&s->by_hash);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

Session session_make(Role role, uint32_t tenant_no, Str username, int64_t now_ms, Random *random,
                     char ret_token[SESSION_TOKEN_LEN])
{
    uint8_t bytes[TOKEN_BYTES];
    _Static_assert(SESSION_TOKEN_LEN == PREFIX_LEN + BASE64URL_LEN(TOKEN_BYTES), "the whole token");
    random_fill(random, bytes, sizeof bytes);
    memcpy(ret_token, "ors_", PREFIX_LEN);
    base64url_encode(bytes, sizeof bytes, ret_token + PREFIX_LEN);
    secret_wipe(bytes, sizeof bytes);

    Session made = {.id_hash = hash_sha256(str_make(ret_token, SESSION_TOKEN_LEN)),
                    .role = role,
                    .tenant_no = tenant_no,
                    .expires_ms = now_ms + TTL_MS,
                    .idle_until_ms = now_ms + IDLE_MS,
                    .stored_idle_ms = now_ms + IDLE_MS};
    CHECK(username.len <= USERNAME_MAX);
    memcpy(made.username, username.at, username.len);
    return made;
}

static bool is_over(const Session *session, int64_t now_ms)
{
    return now_ms >= session->expires_ms || now_ms >= session->idle_until_ms;
}

static void drop(Sessions *s, Session *session)
{
    map_remove(&s->by_hash, key_of(session));
    mem_free(session);
}

/* Linear, at SESSIONS_MAX only. */
static void make_room(Sessions *s)
{
    Session *session, *first = NULL;
    for (uint32_t i = 0; (session = map_next(&s->by_hash, &i));)
        if (!first || session->idle_until_ms < first->idle_until_ms) first = session;
    if (first) drop(s, first);
}

void sessions_add(Sessions *s, const Session *session)
{
    Session *own = mem_new(Session);
    *own = *session;
    pthread_mutex_lock(&s->lock);
    if (map_count(&s->by_hash) >= SESSIONS_MAX) make_room(s);
    bool added = map_put(&s->by_hash, own) == ST_OK;
    pthread_mutex_unlock(&s->lock);
    if (!added) mem_free(own); /* it is there already */
}

void sessions_remove(Sessions *s, Sha256 id_hash)
{
    pthread_mutex_lock(&s->lock);
    mem_free(map_remove(&s->by_hash, str_make(id_hash.at, sizeof id_hash.at)));
    pthread_mutex_unlock(&s->lock);
}

static Session *find_made_before(Sessions *s, Str username, int64_t made_before_ms)
{
    Session *session;
    for (uint32_t i = 0; (session = map_next(&s->by_hash, &i));)
        if (str_is(username, session->username) && session->expires_ms < made_before_ms + TTL_MS)
            return session;
    return NULL;
}

void sessions_remove_user(Sessions *s, Str username, int64_t made_before_ms)
{
    Session *session;
    pthread_mutex_lock(&s->lock);
    while ((session = find_made_before(s, username, made_before_ms))) drop(s, session);
    pthread_mutex_unlock(&s->lock);
}

static Session *find_other(Sessions *s, Str username, const Session *kept)
{
    Session *session;
    for (uint32_t i = 0; (session = map_next(&s->by_hash, &i));)
        if (session != kept && str_is(username, session->username)) return session;
    return NULL;
}

void sessions_password_changed(Sessions *s, Str username, Sha256 kept)
{
    Session *other;
    pthread_mutex_lock(&s->lock);
    Session *own = map_get(&s->by_hash, str_make(kept.at, sizeof kept.at));
    if (own) own->must_reset = false;
    while ((other = find_other(s, username, own))) drop(s, other);
    pthread_mutex_unlock(&s->lock);
}

uint32_t sessions_count(Sessions *s)
{
    pthread_mutex_lock(&s->lock);
    uint32_t count = map_count(&s->by_hash);
    pthread_mutex_unlock(&s->lock);
    return count;
}

static void touch(Session *session, int64_t now_ms)
{
    session->idle_until_ms = now_ms + IDLE_MS;
    session->touch_due = session->idle_until_ms - session->stored_idle_ms >= TOUCH_AFTER_MS;
    if (session->touch_due)
        session->stored_idle_ms = session->idle_until_ms; /* the caller writes */
}

bool sessions_check(Sessions *s, Str token, int64_t now_ms, Session *ret_session)
{
    Sha256 hash = hash_sha256(token);
    pthread_mutex_lock(&s->lock);
    Session *session = map_get(&s->by_hash, str_make(hash.at, sizeof hash.at));
    if (session && is_over(session, now_ms)) {
        drop(s, session);
        session = NULL;
    }
    if (session) {
        touch(session, now_ms);
        *ret_session = *session;
    }
    pthread_mutex_unlock(&s->lock);
    return session != NULL;
}
