/* grant.h: what a token is worth: whose it is, of which tenant, until when. The one place that decides,
 * for every dialect and every route that takes a user's token.
 *
 *   the server's own   HS256 with the server's secret; its claim `tenant` says whose
 *   a tenant's own     signed by one of that tenant's verification keys and by no other's. The tenant
 *                      is named by the hint (id or slug: where the client connected to), else by the
 *                      token's still unverified claim `tenant`, which chooses whose keys are tried and
 *                      nothing more
 *
 * A token that names a `channel` is for a subscription, one without is for a connection; neither is
 * taken for the other. Tokens without exp, without a user, or outside of their dates are refused. An
 * expiry further than a year away counts as a year.
 *
 * Pure but for `want_keys`.  Thread: that of the sources (a JwtKey belongs to one). */
#ifndef ORQ_DOMAIN_REALTIME_GRANT_H
#define ORQ_DOMAIN_REALTIME_GRANT_H

#include "domain/tenant/tenant.h"
#include "proto/jwt.h"

typedef struct GrantSources {
    JwtKey *token_key; /* the server's own */
    const Snapshot *snapshot;
    int64_t now_ms;
    /* A token named a key that no set of the tenant has: its sets may be out of date. May be NULL. */
    void (*want_keys)(void *ctx, uint32_t tenant_no);
    void *ctx;
} GrantSources;

typedef enum GrantPurpose { GRANT_CONNECTION, GRANT_SUBSCRIPTION } GrantPurpose;

typedef struct Grant {
    Str user;             /* 1 to USER_ID_MAX bytes */
    Str user_json;        /* as the token spells it */
    const Tenant *tenant; /* active; borrowed from the snapshot */
    int64_t expires_ms;
    Json claims;  /* all of them, for what a dialect asks beyond */
    Str channel;  /* GRANT_SUBSCRIPTION */
    bool foreign; /* signed by a tenant's own key */
} Grant;

/* ST_OK; ST_EXPIRED (a good token outside of its dates; expires_ms alone is set, 0 without exp);
 * ST_FORBIDDEN (the server's own, without a user; all else is set); ST_UNAVAILABLE (its key is not known yet, and was asked for: come again soon);
 * ST_UNAUTHORIZED for all else. tenant_hint: {NULL,0} or "" for none. */
Status grant_from_token(const GrantSources *sources, Str tenant_hint, Str token,
                        GrantPurpose purpose, Arena *arena, Grant *ret_grant) MUST_USE;

#endif
