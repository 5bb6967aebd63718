/* Which token is worth what, decided without a socket. Tokens of tenants are HS256 here: the other
 * algorithms differ in nothing but the signature (jwt_key_test.c) and run in tests/e2e. */
#include "domain/realtime/grant.h"

#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/limits.h"
#include "check_test.h"
#include "domain/tenant/build.h"
#include "domain/tenant/verification.h"

enum { NOW_S = 1800000000 };

#define SERVER_SECRET "the server's own secret, long enough"
#define A_SECRET      "the secret of tenant a's login system"
#define B_SECRET      "the secret of tenant b's login system"

typedef struct World {
    SealKey *master;
    Snapshot *snapshot;
    Tenant *a, *b;
    GrantSources sources;
    Arena arena;
    Buf token;
    uint32_t wanted; /* tenant whose keys were asked for */
} World;

static void note_want(void *ctx, uint32_t tenant_no)
{
    ((World *)ctx)->wanted = tenant_no;
}

static Tenant *team(World *w, uint32_t no, const char *slug, const char *secret)
{
    Tenant *t = tenant_new();
    TenantRow row = {.no = no,
                     .id = {{(uint8_t)no}},
                     .name = S("Team"),
                     .slug = str_of(slug),
                     .active = true,
                     .key_hash = hash_sha256(str_of(slug)),
                     .channels = S("[]"),
                     .sender_email = S(""),
                     .sender_name = S("")};
    VerificationRow key = {.kind = KEY_HS256, .user_claim = S("sub")};
    assert_status(tenant_fill(t, &row, NULL), ST_OK);
    key.secret_sealed = vault_seal(w->master, t->id, SECRET_VERIFICATION, str_of(secret),
                                   &w->arena);
    assert_status(tenant_add_verification(t, &key, w->master, NULL), ST_OK);
    return t;
}

static void world_open(World *w)
{
    const uint8_t master[SEAL_KEY_BYTES] = {7};
    *w = (World){.master = seal_key_new(master)};
    arena_init(&w->arena, MIB(4));
    buf_init(&w->token, KIB(64));
    w->a = team(w, 1, "a", A_SECRET);
    w->b = team(w, 2, "b", B_SECRET);
    Tenant *both[] = {w->a, w->b};
    w->snapshot = snapshot_new(both, 2, platform_new());
    w->sources = (GrantSources){.token_key = jwt_key_new(S(SERVER_SECRET)),
                                .snapshot = w->snapshot,
                                .now_ms = (int64_t)NOW_S * 1000,
                                .want_keys = note_want,
                                .ctx = w};
}

static void world_close(World *w)
{
    jwt_key_free(w->sources.token_key);
    snapshot_unref(w->snapshot);
    seal_key_free(w->master);
    arena_done(&w->arena);
    buf_done(&w->token);
}

static void add_base64(Buf *out, const void *at, size_t len)
{
    char *room = (char *)buf_reserve(out, BASE64URL_LEN(len) + 4);
    buf_commit(out, base64url_encode(at, len, room));
}

/* claims without braces and without exp, which is a minute away. */
static Str sign(World *w, const char *secret, const char *header, const char *claims)
{
    uint8_t mac[32];
    char text[1024];
    int len = snprintf(text, sizeof text, "{%s\"exp\":%d}", claims, NOW_S + 60);
    buf_clear(&w->token);
    add_base64(&w->token, header, strlen(header));
    buf_lit(&w->token, ".");
    add_base64(&w->token, text, (size_t)len);
    Str content = buf_view(&w->token);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const uint8_t *)content.at, content.len, mac,
         NULL);
    buf_lit(&w->token, ".");
    add_base64(&w->token, mac, sizeof mac);
    return buf_view(&w->token);
}

#define HS "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static Status grant_for(World *w, const char *secret, const char *hint, const char *claims,
                        GrantPurpose purpose, Grant *ret)
{
    return grant_from_token(&w->sources, str_of(hint), sign(w, secret, HS, claims), purpose,
                            &w->arena, ret);
}

static const char *of_a(World *w, const char *claims) /* with the claim tenant */
{
    return arena_format(&w->arena, "\"tenant\":\"%.*s\",%s", STR_FMT(w->a->id_text), claims).at;
}

TEST(the_servers_own_token_names_its_tenant)
{
    World w;
    Grant g;
    world_open(&w);
    assert_status(
        grant_for(&w, SERVER_SECRET, NULL, of_a(&w, "\"sub\":\"ann\","), GRANT_CONNECTION, &g),
        ST_OK);
    assert_str(g.user, "ann");
    assert_ptr_equal(g.tenant, w.a);
    assert_false(g.foreign);
    assert_int_equal(g.expires_ms, (NOW_S + 60) * INT64_C(1000));
    assert_status(
        grant_for(&w, SERVER_SECRET, NULL, of_a(&w, "\"sub\":\"\","), GRANT_CONNECTION, &g),
        ST_FORBIDDEN);
    assert_status(grant_for(&w, SERVER_SECRET, "a", "\"sub\":\"ann\",", GRANT_CONNECTION, &g),
                  ST_UNAUTHORIZED); /* a hint is for tenants' own tokens */
    world_close(&w);
}

TEST(a_tenants_own_token_is_verified_by_its_keys_only)
{
    World w;
    Grant g;
    world_open(&w);
    const char *ann = "\"sub\":\"ann\",";
    assert_status(grant_for(&w, A_SECRET, "a", ann, GRANT_CONNECTION, &g), ST_OK);
    assert_ptr_equal(g.tenant, w.a);
    assert_true(g.foreign);
    assert_status(grant_from_token(&w.sources, w.a->id_text, sign(&w, A_SECRET, HS, ann),
                                   GRANT_CONNECTION, &w.arena, &g),
                  ST_OK);
    assert_status(grant_for(&w, A_SECRET, NULL, of_a(&w, ann), GRANT_CONNECTION, &g), ST_OK);
    assert_status(grant_for(&w, A_SECRET, NULL, ann, GRANT_CONNECTION, &g), ST_UNAUTHORIZED);
    assert_status(grant_for(&w, A_SECRET, "b", ann, GRANT_CONNECTION, &g), ST_UNAUTHORIZED);
    assert_status(grant_for(&w, B_SECRET, "a", ann, GRANT_CONNECTION, &g), ST_UNAUTHORIZED);
    assert_status(grant_for(&w, B_SECRET, NULL, of_a(&w, ann), GRANT_CONNECTION, &g),
                  ST_UNAUTHORIZED);
    w.a->active = false;
    assert_status(grant_for(&w, A_SECRET, "a", ann, GRANT_CONNECTION, &g), ST_UNAUTHORIZED);
    world_close(&w);
}

TEST(connection_and_subscription_tokens_are_not_exchanged)
{
    static const char *const secrets[] = {SERVER_SECRET, A_SECRET};
    World w;
    Grant g;
    world_open(&w);
    const char *plain = of_a(&w, "\"sub\":\"ann\",");
    const char *bound = of_a(&w, "\"sub\":\"ann\",\"channel\":\"news\",");
    for (int i = 0; i < 2; i++) {
        assert_status(grant_for(&w, secrets[i], "a", plain, GRANT_CONNECTION, &g), ST_OK);
        assert_str(g.channel, "");
        assert_status(grant_for(&w, secrets[i], "a", bound, GRANT_CONNECTION, &g), ST_UNAUTHORIZED);
        assert_status(grant_for(&w, secrets[i], "a", bound, GRANT_SUBSCRIPTION, &g), ST_OK);
        assert_str(g.channel, "news");
        assert_status(grant_for(&w, secrets[i], "a", plain, GRANT_SUBSCRIPTION, &g),
                      ST_UNAUTHORIZED);
        assert_status(grant_for(&w, secrets[i], "a", of_a(&w, "\"sub\":\"ann\",\"channel\":7,"),
                                GRANT_SUBSCRIPTION, &g),
                      ST_UNAUTHORIZED);
    }
    world_close(&w);
}

TEST(dates_and_users_are_held_to)
{
    World w;
    Grant g;
    world_open(&w);
    assert_status(grant_for(&w, A_SECRET, "a", "\"sub\":\"\",", GRANT_CONNECTION, &g),
                  ST_UNAUTHORIZED);
    assert_status(grant_for(&w, A_SECRET, "a", "", GRANT_CONNECTION, &g), ST_UNAUTHORIZED);
    assert_status(
        grant_for(&w, A_SECRET, "a", "\"sub\":\"u\",\"nbf\":1900000000,", GRANT_CONNECTION, &g),
        ST_EXPIRED);
    w.sources.now_ms += 60000;
    assert_status(grant_for(&w, A_SECRET, "a", "\"sub\":\"u\",", GRANT_CONNECTION, &g), ST_EXPIRED);
    assert_status(grant_for(&w, B_SECRET, "a", "\"sub\":\"u\",", GRANT_CONNECTION, &g),
                  ST_UNAUTHORIZED); /* a stranger does not learn that */
    world_close(&w);
}

TEST(an_unknown_key_of_a_set_is_asked_for)
{
    World w;
    Grant g;
    const VerificationRow set = {
        .kind = KEY_JWKS, .user_claim = S("sub"), .jwks_url = S("https://x")};
    const char *es = "{\"alg\":\"ES256\",\"kid\":\"new\"}";
    world_open(&w);
    assert_status(grant_from_token(&w.sources, S("a"), sign(&w, A_SECRET, es, "\"sub\":\"u\","),
                                   GRANT_CONNECTION, &w.arena, &g),
                  ST_UNAUTHORIZED);
    assert_int_equal(w.wanted, 0);
    assert_status(tenant_add_verification(w.b, &set, w.master, NULL), ST_OK);
    assert_status(grant_from_token(&w.sources, S("b"), sign(&w, B_SECRET, es, "\"sub\":\"u\","),
                                   GRANT_CONNECTION, &w.arena, &g),
                  ST_UNAVAILABLE);
    assert_int_equal(w.wanted, 2);
    world_close(&w);
}

TEST_MAIN()
