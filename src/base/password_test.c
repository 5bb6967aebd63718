#include "base/password.h"

#include "check_test.h"

TEST(password_fits_only_its_own_hash)
{
    PasswordHash one, two, again;
    assert_status(password_hash(S("correct horse"), &one, NULL), ST_OK);
    assert_status(password_hash(S("correct horse"), &two, NULL), ST_OK);
    assert_string_not_equal(one.text, two.text); /* salted */
    assert_true(password_fits(S("correct horse"), &one));
    assert_false(password_fits(S("correct horsf"), &one));
    assert_false(password_fits(S(""), &one));
    assert_true(password_hash_from(str_of(one.text), &again));
    assert_true(password_fits(S("correct horse"), &again));
}

/* RELIABILITY threat 23: at least 19 MiB, 2 passes, 1 lane; and the stand-in costs the same. */
TEST(password_costs_what_we_promise)
{
    const char *cost = "$argon2id$v=19$m=19456,t=2,p=1$";
    PasswordHash made;
    assert_status(password_hash(S("x"), &made, NULL), ST_OK);
    assert_memory_equal(made.text, cost, strlen(cost));
    assert_memory_equal(PASSWORD_OF_NOBODY.text, cost, strlen(cost));
    assert_int_equal(strlen(PASSWORD_OF_NOBODY.text), strlen(made.text));
    assert_false(password_fits(S("x"), &PASSWORD_OF_NOBODY));
}

TEST(password_refuses_text_that_is_no_hash)
{
    PasswordHash hash;
    char longer[PASSWORD_HASH_MAX + 1];
    memset(longer, 'x', sizeof longer);
    assert_false(password_hash_from(str_make(longer, sizeof longer), &hash));
    assert_true(password_hash_from(S("nonsense"), &hash));
    assert_false(password_fits(S("nonsense"), &hash));
}

TEST_MAIN()
