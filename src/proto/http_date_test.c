#include "proto/http_date.h"

#include "check_test.h"

TEST(http_date_reads_the_one_form_that_is_sent)
{
    int64_t at_ms = 0;
    assert_true(http_date_parse(S("Sun, 06 Nov 1994 08:49:37 GMT"), &at_ms));
    assert_int_equal(at_ms, 784111777000);
}

TEST(http_date_refuses_everything_else)
{
    static const char *const wrong[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMTx",
        "Sun, 06 Nov 1994 28:49:37 GMT",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t at_ms = 7;
        assert_false(http_date_parse(str_of(wrong[i]), &at_ms));
        assert_int_equal(at_ms, 7);
    }
}

TEST_MAIN()
