#include "base/base64.h"

#include "check_test.h"

static const struct {
    const char *plain, *padded;
} rfc4648_10[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(base64_vectors_of_the_rfc)
{
    for (size_t i = 0; i < sizeof rfc4648_10 / sizeof rfc4648_10[0]; i++) {
        Str plain = str_of(rfc4648_10[i].plain);
        char text[16];
        uint8_t bytes[16];
        size_t len = base64_encode((const uint8_t *)plain.at, plain.len, text);
        assert_int_equal(len, BASE64_LEN(plain.len));
        assert_str(str_make(text, len), rfc4648_10[i].padded);
        assert_true(base64_decode(str_make(text, len), bytes, &len));
        assert_str(str_make(bytes, len), rfc4648_10[i].plain);

        len = base64url_encode((const uint8_t *)plain.at, plain.len, text);
        assert_int_equal(len, BASE64URL_LEN(plain.len));
        assert_true(base64url_decode(str_make(text, len), bytes, &len));
        assert_str(str_make(bytes, len), rfc4648_10[i].plain);
    }
}

TEST(base64_round_trips_every_length_and_byte)
{
    uint8_t bytes[300], back[300];
    char text[BASE64_LEN(300)];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 167 + 13);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        size_t len = base64_encode(bytes, n, text), got = 0;
        assert_true(base64_decode(str_make(text, len), back, &got));
        assert_int_equal(got, n);
        assert_memory_equal(back, bytes, n);
        len = base64url_encode(bytes, n, text);
        assert_int_equal(str_find(str_make(text, len), '='), -1);
        assert_true(base64url_decode(str_make(text, len), back, &got));
        assert_int_equal(got, n);
        assert_memory_equal(back, bytes, n);
    }
}

TEST(base64_alphabets_do_not_mix)
{
    uint8_t bytes[8];
    size_t len;
    assert_true(base64_decode(S("+/+/"), bytes, &len));
    assert_false(base64_decode(S("-_-_"), bytes, &len));
    assert_true(base64url_decode(S("-_-_"), bytes, &len));
    assert_false(base64url_decode(S("+/+/"), bytes, &len));
}

TEST(base64_has_one_spelling)
{
    static const char *const bad[] = {"Zg",     "Zg=",      "Zg===",  "Z===",     "=",    "====",
                                      "Zh==",   "Zm9=",     "Zm9v=",  "Zm9v====", "Z g=", "Zg=\n",
                                      "Zm9v\n", "Zg==Zg==", "Zm9vYg", "Z\xc3g=",  "=Zg="};
    static const char *const bad_url[] = {
        "Z", "Zh", "Zm9", "Zg==", "Zm8=", "Zm9vY", "Zm9v ", "Zm\n8", "Zm9v.Zg", "Z!"};
    uint8_t bytes[16];
    size_t len;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(base64_decode(str_of(bad[i]), bytes, &len));
    for (size_t i = 0; i < sizeof bad_url / sizeof bad_url[0]; i++)
        assert_false(base64url_decode(str_of(bad_url[i]), bytes, &len));
}

TEST_MAIN()
