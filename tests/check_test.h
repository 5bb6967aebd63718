/* check_test.h: what every *_test.c includes: cmocka with its prerequisites, tests that register
 * themselves, and assertions on our own types.
 *
 *   TEST(buf_refuses_past_its_ceiling) { ... assert_status(buf_status(&b), ST_TOO_BIG); }
 *   TEST_MAIN() */
#ifndef ORQ_TESTS_CHECK_TEST_H
#define ORQ_TESTS_CHECK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/status.h"

enum { TESTS_MAX = 400 };
static struct CMUnitTest all_tests[TESTS_MAX] __attribute__((unused)); /* suites only assert */
static size_t test_count __attribute__((unused));

#define TEST(test_name)                                                                            \
    static void test_name(void **state);                                                           \
    __attribute__((constructor)) static void register_##test_name(void)                            \
    {                                                                                              \
        CHECK(test_count < TESTS_MAX);                                                             \
        all_tests[test_count++] = (struct CMUnitTest){#test_name, test_name, NULL, NULL, NULL};    \
    }                                                                                              \
    static void test_name(void **state __attribute__((unused)))

#define TEST_MAIN()                                                                                \
    int main(void)                                                                                 \
    {                                                                                              \
        base_init();                                                                               \
        return _cmocka_run_group_tests(__FILE__, all_tests, test_count, NULL, NULL);               \
    }

#define assert_status(actual, expected)                                                            \
    assert_string_equal(status_name(actual), status_name(expected))

static inline void assert_str_at(Str actual, Str expected, const char *file, int line)
{
    if (str_eq(actual, expected)) return;
    print_error("\"%.*s\"\n  is not\n\"%.*s\"\n", STR_FMT(actual), STR_FMT(expected));
    _fail(file, line);
}
#define assert_str(actual, expected) assert_str_at(actual, str_of(expected), __FILE__, __LINE__)

#endif
