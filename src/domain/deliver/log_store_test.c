/* Cursors as text. The pages themselves are tested on a real store: app/admin/log_rows_test.c. */
#include "domain/deliver/log_store.h"

#include "check_test.h"

static LogCursor there_and_back(LogCursor cursor)
{
    char text[LOG_CURSOR_LEN];
    LogCursor back = {-1, 99};
    log_cursor_text(cursor, text);
    assert_true(log_cursor_parse(str_make(text, sizeof text), &back));
    return back;
}

TEST(log_cursor_survives_its_text)
{
    static const int64_t numbers[] = {0, 1, 255, 256, 1234567890123, INT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (uint8_t channel = 0; channel <= CHANNEL_COUNT; channel++) {
            LogCursor back = there_and_back((LogCursor){numbers[i], channel});
            assert_int_equal(back.event_no, numbers[i]);
            assert_int_equal(back.channel, channel);
        }
}

TEST(log_cursor_refuses_what_it_did_not_write)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "AAAAAAAAAAA",
                                        "AAAAAAAAAAAAA",
                                        "AAAAAAAAAA==",
                                        "AAAAAAAAAA/A",
                                        "gAAAAAAAAAAA" /* below zero */,
                                        "AAAAAAAAAAH_" /* channel 255 */};
    LogCursor cursor = {7, 1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(log_cursor_parse(str_of(wrong[i]), &cursor));
    assert_int_equal(cursor.event_no, 7);
}

TEST_MAIN()
