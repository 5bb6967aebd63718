#include "domain/tenant/verification.h"

#include "domain/tenant/vault.h"

static const char *const kind_names[] = {"hs256", "rs256", "es256", "jwks"};

const char *key_kind_name(KeyKind kind)
{
    return kind_names[kind];
}

bool key_kind_parse(Str name, KeyKind *ret_kind)
{
    for (int i = 0; i < KEY_KIND_COUNT; i++)
        if (str_is(name, kind_names[i])) {
            *ret_kind = (KeyKind)i;
            return true;
        }
    return false;
}

static Status open_hs256(Tenant *t, const VerificationRow *row, const SealKey *master, Str kid,
                         JwtVerifyKey **ret_key, Err *err)
{
    Arena arena;
    Str secret;
    arena_init(&arena, KIB(16));
    Status st = vault_open(master, t->id, SECRET_VERIFICATION, row->secret_sealed, &arena, &secret,
                           NULL);
    if (st == ST_OK) {
        (void)!jwt_verify_key_secret(secret, kid, ret_key, NULL);
        secret_wipe((void *)(uintptr_t)secret.at, secret.len);
    } else {
        st = err_set(err, st, "a verification secret of tenant %.*s cannot be opened",
                     STR_FMT(t->slug));
    }
    arena_done(&arena);
    return st;
}

static Status open_keys(Tenant *t, const VerificationRow *row, const SealKey *master, Jwks *ret,
                        Err *err)
{
    Status st = ST_OK;
    Str kid = row->kid.at ? row->kid : S("");
    switch (row->kind) {
    case KEY_HS256:
        st = open_hs256(t, row, master, kid, &ret->keys[0], err);
        break;
    case KEY_RS256:
        (void)!jwt_verify_key_pem(JWT_RS256, row->public_key, kid, &ret->keys[0], NULL);
        break;
    case KEY_ES256:
        (void)!jwt_verify_key_pem(JWT_ES256, row->public_key, kid, &ret->keys[0], NULL);
        break;
    case KEY_JWKS:
        if (row->jwks.at) (void)!jwks_parse(row->jwks, ret, NULL);
        return ST_OK;
    case KEY_KIND_COUNT:
        break;
    }
    if (ret->keys[0]) ret->count = 1;
    return st;
}

static bool copy(Tenant *t, Str text, Str *ret_copy) /* NULL becomes "" */
{
    return arena_copy(&t->arena, text.at ? text : S(""), ret_copy);
}

Status tenant_add_verification(Tenant *t, const VerificationRow *row, const SealKey *master,
                               Err *err)
{
    if (!t->verification)
        t->verification = arena_alloc(&t->arena, sizeof *t->verification * VERIFICATION_KEYS_MAX);
    CHECK(t->verification_count < VERIFICATION_KEYS_MAX);
    VerificationKey *key = &t->verification[t->verification_count];
    *key = (VerificationKey){.id = row->id, .kind = row->kind, .fetched_ms = row->jwks_fetched_ms};
    if (!copy(t, row->issuer, &key->issuer) || !copy(t, row->audience, &key->audience) ||
        !copy(t, row->user_claim, &key->user_claim) || !copy(t, row->jwks_url, &key->jwks_url))
        return err_set(err, ST_TOO_BIG, "the tenant does not fit into memory");
    if (row->jwks.at) key->jwks_hash = hash_sha256(row->jwks);
    Status st = open_keys(t, row, master, &key->keys, err);
    if (st == ST_OK) t->verification_count++;
    return st;
}

void verification_keys_done(Tenant *t)
{
    for (uint32_t i = 0; i < t->verification_count; i++) jwks_done(&t->verification[i].keys);
    t->verification_count = 0;
}
