/* Known answers of RFC 4231, and everything that is nearly right. */
#include "proto/hmac.h"

#include "check_test.h"

#define KEY2  "Jefe"
#define TEXT2 "what do ya want for nothing?"
#define MAC_OF_NOTHING                                                                             \
    "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620" /* key "k" */
#define MAC2 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

TEST(hmac_agrees_with_rfc_4231)
{
    static const char key1[] = "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
                               "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b";
    char key6[131];
    Hmac *h = hmac_new();
    memset(key6, 0xaa, sizeof key6);
    for (int again = 0; again < 2; again++) { /* one context, one key after the other */
        assert_true(
            hmac_verifies(h, str_make(key1, sizeof key1 - 1), S("Hi There"),
                          S("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")));
        assert_true(hmac_verifies(h, S(KEY2), S(TEXT2), S(MAC2)));
        assert_true(
            hmac_verifies(h, str_make(key6, sizeof key6),
                          S("Test Using Larger Than Block-Size Key - Hash Key First"),
                          S("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")));
    }
    hmac_free(h);
}

TEST(hmac_of_nothing_and_of_bytes)
{
    static const char zeros[5];
    Hmac *h = hmac_new();
    assert_true(hmac_verifies(h, S("k"), S(""), S(MAC_OF_NOTHING)));
    assert_true(hmac_verifies(h, S("k"), (Str){NULL, 0}, S(MAC_OF_NOTHING)));
    assert_false(hmac_verifies(h, S(KEY2), str_make(zeros, sizeof zeros), S(MAC2)));
    hmac_free(h);
}

TEST(hmac_refuses_what_is_nearly_right)
{
    static const char *const refused[] = {
        "",
        "5bdcc146",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384",   /* truncated */
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38430", /* too long */
        "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843",  /* upper case */
        "4bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",  /* first digit */
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3842",  /* last digit */
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384g",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964",
    };
    Hmac *h = hmac_new();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (hmac_verifies(h, S(KEY2), S(TEXT2), str_of(refused[i])))
            fail_msg("%s was taken", refused[i]);
    assert_false(hmac_verifies(h, S("jefe"), S(TEXT2), S(MAC2)));
    assert_false(hmac_verifies(h, S(KEY2), S(TEXT2 " "), S(MAC2)));
    assert_true(hmac_verifies(h, S(KEY2), S(TEXT2), S(MAC2)));
    assert_false(hmac_verifies(h, S(""), S(TEXT2), S(MAC2))); /* not by the key before */
    hmac_free(h);
    hmac_free(NULL);
}

TEST_MAIN()
