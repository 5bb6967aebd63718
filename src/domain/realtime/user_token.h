/* user_token.h: a user's token as the dialects with a token in their URL read it (E.22).
 *
 * Thread: the JwtKey's.  Ownership: strings live in the arena or in the token, the tenant in the snapshot. */
#ifndef ORQ_DOMAIN_REALTIME_USER_TOKEN_H
#define ORQ_DOMAIN_REALTIME_USER_TOKEN_H

#include "domain/realtime/grant.h"

typedef struct UserToken {
    Str user,
        user_json; /* `sub` ("" without one), or what the tenant's key says; as it is spelled */
    Json claims;
    bool foreign;         /* signed by the tenant's own key */
    const Tenant *tenant; /* active */
    int64_t expires_ms;   /* a year from now at most */
} UserToken;

/* grant.h decides. ST_OK. ST_EXPIRED: genuine, and its time is over. ST_UNAVAILABLE: its key is being
 * fetched, come again soon. ST_UNAUTHORIZED: anything else,
 * among it a token without `exp` and one of a tenant that is suspended or gone. */
Status user_token_open(const GrantSources *sources, Str tenant_hint, Str token, Arena *arena,
                       UserToken *ret_token) MUST_USE;

/* Workspace: is the user there, is the slug the tenant's own, and among the token's `workspaces`? A token
 * that the tenant signed itself (its users' login) need not name any: it can be for no other. */
bool user_token_opens_workspace(const UserToken *t, Str slug);

/* Expiry: `userId`, text or number, else `sub`: the user, and how the token spells it in JSON. False when
 * neither names a user. */
bool user_token_expiry_user(const UserToken *t, Arena *arena, Str *ret_user, Str *ret_json);

#endif
