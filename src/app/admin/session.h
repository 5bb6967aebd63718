/* session.h: admin sign-ins (RELIABILITY threat 23: 256-bit ids, stored hashed, 8 h absolute, 30 min
 * idle).
 *
 * Sessions live in memory and in the store's admin_session table (session_store.h), so a restart
 * signs nobody out. A session is live from sessions_add to the first of: sessions_remove, its
 * absolute end, its idle end.
 *
 * Thread: any; a short lock inside (cold path). */
#ifndef ORQ_APP_ADMIN_SESSION_H
#define ORQ_APP_ADMIN_SESSION_H

#include "base/hash.h"
#include "base/id.h"
#include "base/status.h"

/* The numbers are stored: never renumber. */
typedef enum Role { ROLE_OPERATOR, ROLE_TENANT_ADMIN } Role;

Str role_name(Role role); /* "operator", "tenant_admin" */

enum { USERNAME_MAX = 63, SESSION_TOKEN_LEN = 47 };

typedef struct Session {
    Sha256 id_hash;
    Role role;
    uint32_t tenant_no; /* ROLE_TENANT_ADMIN */
    char username[USERNAME_MAX + 1];
    int64_t expires_ms, idle_until_ms;
    int64_t stored_idle_ms; /* idle_until_ms as the table has it */
    bool must_reset;        /* may do nothing but change its password */
    bool touch_due;         /* set by sessions_check: the table is minutes behind, write it */
} Session;

typedef struct Sessions Sessions;

Sessions *sessions_new(void);
void sessions_free(Sessions *s);

/* A session to be, and the token that opens it: "ors_" and 43 characters, no NUL. */
Session session_make(Role role, uint32_t tenant_no, Str username, int64_t now_ms, Random *random,
                     char ret_token[SESSION_TOKEN_LEN]);

/* At SESSIONS_MAX the session that ends first makes room. */
void sessions_add(Sessions *s, const Session *session);
void sessions_remove(Sessions *s, Sha256 id_hash);
/* Those of a user that were made before `made_before_ms`: the password changed. */
void sessions_remove_user(Sessions *s, Str username, int64_t made_before_ms);
/* A user changed the password in the session `kept`: that one goes on, free of must_reset; the
 * others are over. */
void sessions_password_changed(Sessions *s, Str username, Sha256 kept);
uint32_t sessions_count(Sessions *s);

/* Copies the live session of that token out; false when unknown or over. Extends its idle time. */
bool sessions_check(Sessions *s, Str token, int64_t now_ms, Session *ret_session);

#endif
