#include "domain/realtime/severity.h"

#include "check_test.h"

static void assert_words(const char *event_type, const char *workspace, const char *expiry)
{
    Severity severity = severity_of(str_of(event_type));
    assert_str(severity_workspace(severity), workspace);
    assert_str(severity_expiry(severity), expiry);
}

TEST(severity_is_the_second_word_of_a_global_event)
{
    assert_words("global.success", "success", "info");
    assert_words("global.warning", "warning", "warning");
    assert_words("global.alert", "alert", "warning");
    assert_words("global.error", "error", "error");
    assert_words("global.info", "info", "info");
}

TEST(severity_looks_at_no_further_word)
{
    assert_words("global.error.payment", "error", "error");
    assert_words("global.payment.error", "info", "info");
}

TEST(severity_of_anything_else_is_info)
{
    static const char *const others[] = {"",       "global",        "global.",      "global.errors",
                                         "error",  "order.error",   "Global.error", "global.Error",
                                         ".error", "globals.error", "global..error"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_words(others[i], "info", "info");
}

TEST_MAIN()
