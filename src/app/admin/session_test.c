#include "app/admin/session.h"

#include "base/limits.h"
#include "check_test.h"

#define MINUTE INT64_C(60000)
static const int64_t START = INT64_C(1800000000000);

static Session made(Sessions *s, const char *username, int64_t now_ms, char *ret_token)
{
    Random random;
    random_init(&random);
    Session session = session_make(ROLE_OPERATOR, 0, str_of(username), now_ms, &random, ret_token);
    sessions_add(s, &session);
    return session;
}

TEST(session_opens_with_its_token_only)
{
    Sessions *s = sessions_new();
    Session found;
    char token[SESSION_TOKEN_LEN];
    made(s, "operator", START, token);
    assert_true(sessions_check(s, str_make(token, sizeof token), START + 1, &found));
    assert_string_equal(found.username, "operator");
    assert_int_equal(found.role, ROLE_OPERATOR);
    assert_false(sessions_check(s, str_make(token, sizeof token - 1), START + 1, &found));
    token[10] ^= 1;
    assert_false(sessions_check(s, str_make(token, sizeof token), START + 1, &found));
    assert_false(sessions_check(s, S(""), START + 1, &found));
    sessions_free(s);
}

TEST(session_ends_after_half_an_hour_of_silence)
{
    Sessions *s = sessions_new();
    Session found;
    char token[SESSION_TOKEN_LEN];
    Str text = str_make(token, sizeof token);
    made(s, "operator", START, token);
    assert_true(sessions_check(s, text, START + 30 * MINUTE - 1, &found)); /* extends */
    assert_true(sessions_check(s, text, START + 60 * MINUTE - 2, &found));
    assert_false(sessions_check(s, text, START + 90 * MINUTE - 2, &found));
    assert_false(sessions_check(s, text, START + 1, &found)); /* gone for good */
    assert_int_equal(sessions_count(s), 0);
    sessions_free(s);
}

TEST(session_ends_after_eight_hours_however_busy)
{
    Sessions *s = sessions_new();
    Session found;
    char token[SESSION_TOKEN_LEN];
    Str text = str_make(token, sizeof token);
    made(s, "operator", START, token);
    for (int64_t at = 0; at < 8 * 60; at += 20)
        assert_true(sessions_check(s, text, START + at * MINUTE, &found));
    assert_true(sessions_check(s, text, START + 8 * 60 * MINUTE - 1, &found));
    assert_false(sessions_check(s, text, START + 8 * 60 * MINUTE, &found));
    sessions_free(s);
}

TEST(session_asks_to_be_written_every_five_minutes)
{
    Sessions *s = sessions_new();
    Session found;
    char token[SESSION_TOKEN_LEN];
    Str text = str_make(token, sizeof token);
    made(s, "operator", START, token);
    assert_true(sessions_check(s, text, START + 4 * MINUTE, &found));
    assert_false(found.touch_due);
    assert_true(sessions_check(s, text, START + 5 * MINUTE, &found));
    assert_true(found.touch_due);
    assert_true(sessions_check(s, text, START + 6 * MINUTE, &found));
    assert_false(found.touch_due);
    sessions_free(s);
}

TEST(session_removal_by_id_and_by_user)
{
    Sessions *s = sessions_new();
    Session found;
    char one[SESSION_TOKEN_LEN], two[SESSION_TOKEN_LEN], later[SESSION_TOKEN_LEN],
        other[SESSION_TOKEN_LEN];
    Session first = made(s, "operator", START, one);
    made(s, "operator", START, two);
    made(s, "operator", START + 10, later);
    made(s, "somebody", START, other);
    sessions_remove(s, first.id_hash);
    sessions_remove(s, first.id_hash); /* twice is fine */
    assert_false(sessions_check(s, str_make(one, sizeof one), START + 20, &found));
    assert_true(sessions_check(s, str_make(two, sizeof two), START + 20, &found));
    sessions_remove_user(s, S("operator"), START + 10);
    assert_false(sessions_check(s, str_make(two, sizeof two), START + 20, &found));
    assert_true(sessions_check(s, str_make(later, sizeof later), START + 20, &found));
    assert_true(sessions_check(s, str_make(other, sizeof other), START + 20, &found));
    sessions_free(s);
}

TEST(session_goes_on_after_its_own_password_change)
{
    Sessions *s = sessions_new();
    Random random;
    Session found;
    char kept[SESSION_TOKEN_LEN], old[SESSION_TOKEN_LEN], other[SESSION_TOKEN_LEN];
    random_init(&random);
    Session own = session_make(ROLE_TENANT_ADMIN, 3, S("ada"), START, &random, kept);
    own.must_reset = true;
    sessions_add(s, &own);
    made(s, "ada", START, old);
    made(s, "operator", START, other);
    assert_true(sessions_check(s, str_make(kept, sizeof kept), START + 1, &found));
    assert_true(found.must_reset);
    sessions_password_changed(s, S("ada"), own.id_hash);
    assert_true(sessions_check(s, str_make(kept, sizeof kept), START + 1, &found));
    assert_false(found.must_reset);
    assert_int_equal(found.tenant_no, 3);
    assert_false(sessions_check(s, str_make(old, sizeof old), START + 1, &found));
    assert_true(sessions_check(s, str_make(other, sizeof other), START + 1, &found));
    sessions_free(s);
}

TEST(sessions_stay_below_their_ceiling)
{
    Sessions *s = sessions_new();
    Session found;
    char first[SESSION_TOKEN_LEN], token[SESSION_TOKEN_LEN];
    made(s, "operator", START, first);
    for (int i = 0; i < SESSIONS_MAX; i++) made(s, "operator", START + 1, token);
    assert_int_equal(sessions_count(s), SESSIONS_MAX);
    assert_false(sessions_check(s, str_make(first, sizeof first), START + 2, &found));
    assert_true(sessions_check(s, str_make(token, sizeof token), START + 2, &found));
    sessions_free(s);
}

TEST_MAIN()
