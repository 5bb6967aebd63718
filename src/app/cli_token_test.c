#include "app/cli_token.h"

#include "base/limits.h"
#include "check_test.h"

static void assert_claims(TokenOrder order, const char *expected)
{
    Buf b;
    buf_init(&b, KIB(2));
    token_order_claims(&order, 1000, &b);
    assert_status(buf_status(&b), ST_OK);
    assert_str(buf_view(&b), expected);
    buf_done(&b);
}

TEST(cli_token_claims_what_each_dialect_reads)
{
    TokenOrder order = {.tenant_id = S("T"), .user_id = S("u\"1"), .slug = S("acme"), .ttl_s = 60};
    assert_claims(order, "{\"sub\":\"u\\\"1\",\"tenant\":\"T\",\"iat\":1000,\"exp\":1060}");
    order.dialect = DIALECT_WORKSPACE;
    assert_claims(order, "{\"sub\":\"u\\\"1\",\"tenant\":\"T\",\"iat\":1000,\"exp\":1060,"
                         "\"workspaces\":[\"acme\"]}");
    order.dialect = DIALECT_EXPIRY;
    assert_claims(order, "{\"sub\":\"u\\\"1\",\"tenant\":\"T\",\"iat\":1000,\"exp\":1060,"
                         "\"userId\":\"u\\\"1\"}");
}

/* Wrong usage is refused before any file is looked at. */
static int run(const char *first, const char *second, const char *third, const char *fourth)
{
    const char *given[] = {first, second, third, fourth};
    char *args[8], *environment[] = {NULL};
    int count = 0;
    for (int i = 0; i < 4; i++)
        if (given[i]) args[count++] = str_dup_z(str_of(given[i]));
    int code = cli_token(count, args, environment);
    for (int i = 0; i < count; i++) mem_free(args[i]);
    return code;
}

#define TENANT "--tenant=018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e"

TEST(cli_token_refuses_wrong_usage)
{
    assert_int_equal(run(NULL, NULL, NULL, NULL), 2);
    assert_int_equal(run("--tenant", "acme", "--user=u", NULL), 2);
    assert_int_equal(run(TENANT, NULL, NULL, NULL), 2);
    assert_int_equal(run(TENANT, "--user", NULL, NULL), 2);
    assert_int_equal(run(TENANT, "--user=a#b", NULL, NULL), 2);
    assert_int_equal(run(TENANT, "--user=u", "--ttl=0", NULL), 2);
    assert_int_equal(run(TENANT, "--user=u", "--ttl=-1", NULL), 2);
    assert_int_equal(run(TENANT, "--user=u", "--ttl=99999999999", NULL), 2);
    assert_int_equal(run(TENANT, "--user=u", "--dialect=pigeon", NULL), 2);
    assert_int_equal(run(TENANT, "--user=u", "--dialect", "workspace"), 2);
    assert_int_equal(run(TENANT, "--user=u", "--no-such-setting=1", NULL), 1);
}

TEST_MAIN()
