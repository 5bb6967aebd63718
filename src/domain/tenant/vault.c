#include "domain/tenant/vault.h"

#include "base/base64.h"

enum { API_KEY_BYTES = 32, PREFIX_LEN = 4 };

/* "tenant.api_key:<uuid>": stable for ever, or nothing sealed before would open. */
static Str name_of(Uuid tenant, SecretKind kind, Arena *arena)
{
    static const char *const purposes[] = {"tenant.api_key", "tenant.webhook_secret",
                                           "tenant.webhook_secret_old",
                                           "tenant.verification_secret"};
    char id[UUID_TEXT_LEN];
    uuid_text(tenant, id);
    return arena_format(arena, "%s:%.*s", purposes[kind], UUID_TEXT_LEN, id);
}

Str vault_seal(const SealKey *key, Uuid tenant, SecretKind kind, Str secret, Arena *arena)
{
    return seal(key, name_of(tenant, kind, arena), secret, arena);
}

Status vault_open(const SealKey *key, Uuid tenant, SecretKind kind, Str sealed, Arena *arena,
                  Str *ret_secret, Err *err)
{
    return unseal(key, name_of(tenant, kind, arena), sealed, arena, ret_secret, err);
}

ApiKey api_key_make(const SealKey *key, Uuid tenant, Random *random, Arena *arena)
{
    uint8_t bytes[API_KEY_BYTES];
    char *text = arena_alloc(arena, PREFIX_LEN + BASE64URL_LEN(API_KEY_BYTES) + 1);
    random_fill(random, bytes, sizeof bytes);
    memcpy(text, "orq_", PREFIX_LEN);
    size_t len = PREFIX_LEN + base64url_encode(bytes, sizeof bytes, text + PREFIX_LEN);
    secret_wipe(bytes, sizeof bytes);

    ApiKey made = {.text = str_make(text, len)};
    made.hash = hash_sha256(made.text);
    made.sealed = vault_seal(key, tenant, SECRET_API_KEY, made.text, arena);
    return made;
}
