#include "base/buf.h"

#include "check_test.h"

TEST(buf_appends_and_shows_what_it_holds)
{
    Buf b;
    buf_init(&b, 100);
    buf_lit(&b, "n=");
    buf_add_u64(&b, 18446744073709551615u);
    buf_add_byte(&b, ' ');
    buf_add_i64(&b, INT64_MIN);
    buf_format(&b, " %s", "end");
    assert_str(buf_view(&b), "n=18446744073709551615 -9223372036854775808 end");
    buf_done(&b);
}

TEST(buf_refuses_past_its_ceiling_and_remembers)
{
    Buf b;
    buf_init(&b, 4);
    buf_lit(&b, "abc");
    buf_lit(&b, "de");
    assert_status(buf_status(&b), ST_TOO_BIG);
    buf_lit(&b, "f");
    assert_str(buf_view(&b), "abc");
    buf_clear(&b);
    assert_status(buf_status(&b), ST_OK);
    buf_lit(&b, "abcd");
    assert_str(buf_view(&b), "abcd");
    buf_done(&b);
}

TEST(buf_consumes_from_the_front)
{
    Buf b;
    buf_init(&b, 100);
    buf_consume(&b, 0);
    buf_lit(&b, "hello");
    buf_consume(&b, 2);
    assert_str(buf_view(&b), "llo");
    buf_consume(&b, 3);
    assert_int_equal(buf_len(&b), 0);
    buf_done(&b);
    buf_done(&b);
}

TEST_MAIN()
