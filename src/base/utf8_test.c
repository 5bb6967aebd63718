#include "base/utf8.h"

#include "check_test.h"

/* What UTF-8 is, said a second way: a code point range for each length. */
static bool is_scalar(uint32_t c)
{
    return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

TEST(utf8_every_code_point_encodes_and_is_accepted)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (!is_scalar(c)) continue;
        char bytes[4];
        size_t len = utf8_encode(c, bytes);
        assert_int_equal(len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(utf8_char_len(str_make(bytes, len)), len);
        for (size_t cut = 1; cut < len; cut++)
            assert_int_equal(utf8_char_len(str_make(bytes, cut)), 0);
    }
}

/* All two- and three-byte sequences: accepted exactly when they decode to what encodes back. */
TEST(utf8_accepts_nothing_but_the_shortest_form)
{
    size_t accepted = 0;
    for (uint32_t v = 0; v < 0x1000000; v++) {
        char b[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};
        if (utf8_char_len(str_make(b, 3)) == 3) accepted++;
    }
    assert_int_equal(accepted, 0x10000 - 0x800 - 0x800); /* without two-byte and surrogates */
    accepted = 0;
    for (uint32_t v = 0; v < 0x10000; v++) {
        char b[2] = {(char)(v >> 8), (char)v};
        if (utf8_char_len(str_make(b, 2)) == 2) accepted++;
    }
    assert_int_equal(accepted, 0x800 - 0x80);
}

TEST(utf8_refuses_what_the_rfc_forbids)
{
    static const Str bad[] = {
        STR_INIT("\x80"),
        STR_INIT("\xbf"),
        STR_INIT("\xc0\x80"),         /* overlong NUL */
        STR_INIT("\xc1\xbf"),         /* overlong DEL */
        STR_INIT("\xe0\x9f\xbf"),     /* overlong U+07FF */
        STR_INIT("\xed\xa0\x80"),     /* U+D800 */
        STR_INIT("\xed\xbf\xbf"),     /* U+DFFF */
        STR_INIT("\xf0\x8f\xbf\xbf"), /* overlong U+FFFF */
        STR_INIT("\xf4\x90\x80\x80"), /* U+110000 */
        STR_INIT("\xf5\x80\x80\x80"),
        STR_INIT("\xff"),
        STR_INIT("\xfe"),
        STR_INIT("\xc3"),
        STR_INIT("\xe2\x82"),
        STR_INIT("\xf0\x9f\x98"),
        STR_INIT("\xc3("),
        STR_INIT("12345678abc\xc3\x28"),
        STR_INIT("12345678\xa0"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(utf8_is_valid(bad[i]));
    assert_true(utf8_is_valid(S("")));
    assert_int_equal(utf8_char_len(S("")), 0);
}

TEST(utf8_fed_in_pieces_agrees_with_fed_whole)
{
    Str text = S(
        "plain ascii words, \xc3\xa9t\xc3\xa9, \xe2\x82\xac, \xf0\x9f\x98\x80 and more ascii");
    assert_true(utf8_is_valid(text));
    for (size_t cut = 0; cut <= text.len; cut++) {
        uint8_t half = utf8_feed(UTF8_ACCEPT, str_head(text, cut));
        assert_int_not_equal(half, UTF8_REJECT);
        assert_int_equal(utf8_feed(half, str_from(text, cut)), UTF8_ACCEPT);
    }
    uint8_t now = UTF8_ACCEPT;
    for (size_t i = 0; i < text.len; i++) now = utf8_feed(now, str_make(text.at + i, 1));
    assert_int_equal(now, UTF8_ACCEPT);
}

TEST(utf8_rejects_at_the_first_byte_that_cannot_continue)
{
    assert_int_equal(utf8_feed(UTF8_ACCEPT, S("\xed\xa0")), UTF8_REJECT);
    assert_int_equal(utf8_feed(utf8_feed(UTF8_ACCEPT, S("\xf4")), S("\x90")), UTF8_REJECT);
    assert_int_equal(utf8_feed(UTF8_REJECT, S("a")), UTF8_REJECT);
}

TEST_MAIN()
