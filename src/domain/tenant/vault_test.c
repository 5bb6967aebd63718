#include "domain/tenant/vault.h"

#include "check_test.h"

static const uint8_t KEY[SEAL_KEY_BYTES] = {1}, OTHER_KEY[SEAL_KEY_BYTES] = {2};
static const Uuid TENANT_A = {{0xa}}, TENANT_B = {{0xb}};

TEST(vault_keeps_a_secret_for_its_tenant)
{
    Arena a;
    Str opened;
    arena_init(&a, 1 << 20);
    SealKey *key = seal_key_new(KEY);
    Str sealed = vault_seal(key, TENANT_A, SECRET_WEBHOOK, S("whsec"), &a);
    assert_status(vault_open(key, TENANT_A, SECRET_WEBHOOK, sealed, &a, &opened, NULL), ST_OK);
    assert_str(opened, "whsec");
    seal_key_free(key);
    arena_done(&a);
}

/* RELIABILITY threat 22: swap two tenants' ciphertexts in the database: refused. */
TEST(vault_refuses_swapped_tenants_and_columns)
{
    Arena a;
    Str opened;
    arena_init(&a, 1 << 20);
    SealKey *key = seal_key_new(KEY);
    Str of_a = vault_seal(key, TENANT_A, SECRET_API_KEY, S("key of a"), &a);
    Str of_b = vault_seal(key, TENANT_B, SECRET_API_KEY, S("key of b"), &a);
    assert_status(vault_open(key, TENANT_A, SECRET_API_KEY, of_b, &a, &opened, NULL), ST_INVALID);
    assert_status(vault_open(key, TENANT_B, SECRET_API_KEY, of_a, &a, &opened, NULL), ST_INVALID);
    assert_status(vault_open(key, TENANT_A, SECRET_WEBHOOK, of_a, &a, &opened, NULL), ST_INVALID);
    seal_key_free(key);
    arena_done(&a);
}

TEST(vault_refuses_the_wrong_master_key)
{
    Arena a;
    Str opened;
    arena_init(&a, 1 << 20);
    SealKey *key = seal_key_new(KEY), *other = seal_key_new(OTHER_KEY);
    Str sealed = vault_seal(key, TENANT_A, SECRET_API_KEY, S("key"), &a);
    assert_status(vault_open(other, TENANT_A, SECRET_API_KEY, sealed, &a, &opened, NULL),
                  ST_INVALID);
    seal_key_free(key);
    seal_key_free(other);
    arena_done(&a);
}

TEST(api_keys_are_recognisable_hashed_and_sealed)
{
    Arena a;
    Random random;
    Str opened;
    arena_init(&a, 1 << 20);
    random_init(&random);
    SealKey *key = seal_key_new(KEY);
    ApiKey made = api_key_make(key, TENANT_A, &random, &a);
    ApiKey next = api_key_make(key, TENANT_A, &random, &a);
    assert_int_equal(made.text.len, 47);
    assert_true(str_starts(made.text, S("orq_")));
    assert_false(str_eq(made.text, next.text));
    Sha256 hash = hash_sha256(made.text);
    assert_memory_equal(made.hash.at, hash.at, sizeof hash.at);
    assert_status(vault_open(key, TENANT_A, SECRET_API_KEY, made.sealed, &a, &opened, NULL), ST_OK);
    assert_true(str_eq(opened, made.text));
    seal_key_free(key);
    arena_done(&a);
}

TEST_MAIN()
