#include "app/http/origin.h"

#include "check_test.h"

/* ---- our own ---- */

static const struct {
    const char *origin, *host;
    bool plain, tls; /* is it our own, without and with TLS of our own? */
} own_cases[] = {
    {"http://app.example.com", "app.example.com", true, false},
    {"https://app.example.com", "app.example.com", true, true}, /* plain: a proxy has the TLS */
    {"HTTPS://App.Example.COM", "app.example.com", true, true},
    {"http://app.example.com:80", "app.example.com", true, false},
    {"http://app.example.com", "app.example.com:80", true, false},
    {"https://app.example.com", "app.example.com:443", true, true},
    {"https://app.example.com:443", "app.example.com", true, true},
    {"https://app.example.com:8443", "app.example.com:8443", true, true},
    {"http://127.0.0.1:8000", "127.0.0.1:8000", true, false},
    {"http://[::1]:8000", "[::1]:8000", true, false},
    {"https://[2001:db8::1]", "[2001:db8::1]", true, true},
    {"http://app.example.com", "app.example.com:443", false, false},
    {"https://app.example.com", "app.example.com:80", false, false},
    {"http://127.0.0.1:8001", "127.0.0.1:8000", false, false},
    {"http://127.0.0.1", "127.0.0.1:8000", false, false},
    {"http://localhost:8000", "127.0.0.1:8000", false, false},
    {"https://evil.example", "app.example.com", false, false},
    {"https://app.example.com.evil.example", "app.example.com", false, false},
    {"https://xapp.example.com", "app.example.com", false, false},
    {"https://app.example.com.", "app.example.com", false, false},
    {"https://app.example.com/", "app.example.com", false, false},
    {"https://app.example.com/x", "app.example.com", false, false},
    {"https://user@app.example.com", "app.example.com", false, false},
    {"https://app.example.com@evil.example", "app.example.com", false, false},
    {"https://evil.example/app.example.com", "app.example.com", false, false},
    {"https://evil.example?app.example.com", "app.example.com", false, false},
    {"https://evil.example#app.example.com", "app.example.com", false, false},
    {"https:app.example.com", "app.example.com", false, false},
    {"https//app.example.com", "app.example.com", false, false},
    {"//app.example.com", "app.example.com", false, false},
    {"app.example.com", "app.example.com", false, false},
    {"ws://app.example.com", "app.example.com", false, false},
    {"wss://app.example.com", "app.example.com", false, false},
    {"file://app.example.com", "app.example.com", false, false},
    {"file://", "", false, false},
    {"https://", "", false, false},
    {"https://:443", ":443", false, false},
    {"https://app.example.com:", "app.example.com:", false, false},
    {"https://app.example.com:0443", "app.example.com:99999", false, false},
    {"https://app.example.com:65536", "app.example.com:65536", false, false},
    {"https://app.example.com:-1", "app.example.com:-1", false, false},
    {"https://a b", "a b", false, false},
    {"https://app.example.com\t", "app.example.com\t", false, false},
    {"null", "null", false, false},
    {"", "", false, false},
};

TEST(origin_of_our_own)
{
    for (size_t i = 0; i < sizeof own_cases / sizeof own_cases[0]; i++) {
        Str origin = str_of(own_cases[i].origin), host = str_of(own_cases[i].host);
        if (origin_is_own(origin, host, ORIGIN_PLAIN) != own_cases[i].plain ||
            origin_is_own(origin, host, ORIGIN_TLS) != own_cases[i].tls)
            fail_msg("\"%s\" to \"%s\"", own_cases[i].origin, own_cases[i].host);
    }
}

/* ---- listed ---- */

static const struct {
    const char *pattern, *origin;
    bool listed;
} list_cases[] = {
    {"https://app.example.com", "https://app.example.com", true},
    {"https://app.example.com", "https://APP.example.com:443", true},
    {"https://app.example.com:443", "https://app.example.com", true},
    {"http://localhost:3000", "http://localhost:3000", true},
    {"https://app.example.com", "http://app.example.com", false},
    {"https://app.example.com", "https://app.example.com:444", false},
    {"https://app.example.com", "https://app.example.com:80", false},
    {"https://app.example.com", "https://app.example.com.evil.example", false},
    {"https://app.example.com", "https://evil.example/https://app.example.com", false},
    {"https://app.example.com", "https://app.example.com/", false},
    {"https://app.example.com", "null", false},
    {"https://app.example.com", "", false},
    {"https://*.example.com", "https://a.example.com", true},
    {"https://*.example.com", "https://a.b.EXAMPLE.com", true},
    {"https://*.example.com", "https://a.example.com:443", true},
    {"https://*.example.com:8443", "https://a.example.com:8443", true},
    {"https://*.example.com:8443", "https://a.example.com", false},
    {"https://*.example.com", "https://a.example.com:8443", false},
    {"https://*.example.com", "https://example.com", false},
    {"https://*.example.com", "https://.example.com", false},
    {"https://*.example.com", "https://evilexample.com", false},
    {"https://*.example.com", "http://a.example.com", false},
    {"https://*.example.com", "https://a.example.com.evil.example", false},
    {"https://*.example.com", "https://evil.example/.example.com", false},
    {"https://*.example.com", "https://evil.example:1.example.com", false},
    {"https://*.example.com", "https://evil@a.example.com", false},
    {"https://*.example.com", "https://*.example.com", false},
    {"https://*.example.com", "https://a%2f.example.com", false},
    {"https://*.example.com", "https://a\\.example.com", false},
    {"*", "https://anything.example:1", true},
    {"*", "http://[::1]:3000", true},
    {"*", "null", false},
    {"*", "", false},
    {"*", "no origin", false},
};

TEST(origin_by_the_list)
{
    for (size_t i = 0; i < sizeof list_cases / sizeof list_cases[0]; i++) {
        Str pattern = str_of(list_cases[i].pattern);
        const StrList list = {&pattern, 1};
        if (origin_is_listed(&list, str_of(list_cases[i].origin)) != list_cases[i].listed)
            fail_msg("\"%s\" by \"%s\"", list_cases[i].origin, list_cases[i].pattern);
    }
}

TEST(origin_by_any_of_many_and_by_none)
{
    Str many[] = {S("https://a.example"), S("https://*.b.example"), S("http://c.example:81")};
    const StrList list = {many, 3}, none = {NULL, 0};
    assert_true(origin_is_listed(&list, S("https://x.b.example")));
    assert_true(origin_is_listed(&list, S("http://c.example:81")));
    assert_false(origin_is_listed(&list, S("http://c.example")));
    assert_false(origin_is_listed(&none, S("https://a.example")));
}

TEST_MAIN()
