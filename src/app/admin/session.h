/* session.h: admin sign-ins (RELIABILITY: 256-bit ids, stored hashed, 8 h absolute, 30 min idle,
 * growing delay after 5 failures per account and per address).
 *
 * Sessions live in memory and in the store's admin_session table, so a restart signs nobody out.
 *
 * Thread: any; a short lock inside (cold path). */
#ifndef ORQ_APP_ADMIN_SESSION_H
#define ORQ_APP_ADMIN_SESSION_H

#include "base/hash.h"
#include "base/id.h"
#include "base/status.h"

typedef enum Role { ROLE_OPERATOR, ROLE_TENANT_ADMIN } Role;

typedef struct Session {
    Sha256 id_hash;
    Role role;
    uint32_t tenant_no; /* ROLE_TENANT_ADMIN */
    char username[64];
    int64_t expires_ms, idle_until_ms;
} Session;

typedef struct Sessions Sessions;

/* Copies the live session of that token out; false when unknown or over. Extends its idle time. */
bool sessions_check(Sessions *s, Str token, int64_t now_ms, Session *ret_session);

#endif
