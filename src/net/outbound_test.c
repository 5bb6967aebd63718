#include "net/outbound.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "check_test.h"

static const OutboundPolicy nothing_listed;

static OutboundPolicy listing(const char *network)
{
    OutboundPolicy p = {0};
    assert_status(outbound_policy_add(&p, str_of(network), NULL), ST_OK);
    return p;
}

static struct sockaddr_storage address_of(const char *text, uint16_t port)
{
    struct sockaddr_storage at = {0};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(&at, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(&at, &v6, sizeof v6);
    else
        fail_msg("%s is no address", text);
    return at;
}

static bool may_connect(const OutboundPolicy *p, const char *address, uint16_t port, OutboundUse u)
{
    struct sockaddr_storage at = address_of(address, port);
    return outbound_connect_allowed(p, (const struct sockaddr *)&at, u);
}

static void expect_addresses(const char *const *list, bool allowed)
{
    for (; *list; list++) {
        struct sockaddr_storage at = address_of(*list, 443);
        if (outbound_address_allowed(&nothing_listed, (const struct sockaddr *)&at) != allowed)
            fail_msg("%s should%s be allowed", *list, allowed ? "" : " not");
    }
}

TEST(special_addresses_are_refused)
{
    static const char *const list[] = {"0.0.0.0",
                                       "0.1.2.3",
                                       "10.0.0.1",
                                       "10.255.255.255",
                                       "100.64.0.1",
                                       "100.127.255.255",
                                       "127.0.0.1",
                                       "127.255.255.254",
                                       "169.254.169.254",
                                       "169.254.0.1",
                                       "172.16.0.1",
                                       "172.31.255.255",
                                       "192.0.0.8",
                                       "192.0.2.1",
                                       "192.88.99.1",
                                       "192.168.1.1",
                                       "198.18.0.1",
                                       "198.19.255.255",
                                       "198.51.100.7",
                                       "203.0.113.9",
                                       "224.0.0.1",
                                       "239.255.255.255",
                                       "240.0.0.1",
                                       "255.255.255.255",
                                       "::",
                                       "::1",
                                       "::127.0.0.1",
                                       "::ffff:127.0.0.1",
                                       "::ffff:8.8.8.8",
                                       "::ffff:169.254.169.254",
                                       "::ffff:0:127.0.0.1",
                                       "64:ff9b::7f00:1",
                                       "64:ff9b::8.8.8.8",
                                       "64:ff9b:1::1",
                                       "100::1",
                                       "2001::1",
                                       "2001:0:4136:e378::1",
                                       "2001:10::1",
                                       "2001:db8::1",
                                       "2002:7f00:1::",
                                       "2002:808:808::1",
                                       "3fff::1",
                                       "5f00::1",
                                       "fc00::1",
                                       "fd12:3456::1",
                                       "fe80::1",
                                       "febf::1",
                                       "fec0::1",
                                       "ff02::1",
                                       "ff0e::1",
                                       NULL};
    expect_addresses(list, false);
}

TEST(public_addresses_are_allowed)
{
    static const char *const list[] = {"1.1.1.1",
                                       "8.8.8.8",
                                       "9.255.255.255",
                                       "11.0.0.1",
                                       "100.63.255.255",
                                       "100.128.0.1",
                                       "126.255.255.255",
                                       "128.0.0.1",
                                       "169.253.255.255",
                                       "172.15.255.255",
                                       "172.32.0.1",
                                       "192.0.1.1",
                                       "192.167.255.255",
                                       "198.17.255.255",
                                       "198.20.0.1",
                                       "223.255.255.255",
                                       "2001:4860:4860::8888",
                                       "2001:200::1",
                                       "2606:4700::1111",
                                       "2a00:1450:4001::1",
                                       NULL};
    expect_addresses(list, true);
}

TEST(a_local_socket_is_no_address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    assert_false(outbound_address_allowed(&nothing_listed, (const struct sockaddr *)&local));
}

TEST(ports_are_the_usual_ones_unless_the_address_is_listed)
{
    OutboundPolicy listed = listing("10.0.0.0/8");
    assert_true(may_connect(&nothing_listed, "8.8.8.8", 443, OUTBOUND_HTTPS));
    assert_true(may_connect(&nothing_listed, "8.8.8.8", 80, OUTBOUND_HTTPS));
    assert_false(may_connect(&nothing_listed, "8.8.8.8", 6379, OUTBOUND_HTTPS));
    assert_false(may_connect(&nothing_listed, "8.8.8.8", 80, OUTBOUND_HTTP));
    assert_true(may_connect(&nothing_listed, "8.8.8.8", 587, OUTBOUND_MAIL));
    assert_false(may_connect(&nothing_listed, "8.8.8.8", 443, OUTBOUND_MAIL));
    assert_true(may_connect(&listed, "10.1.2.3", 6379, OUTBOUND_HTTP));
    assert_false(may_connect(&listed, "11.1.2.3", 6379, OUTBOUND_HTTP));
    assert_false(may_connect(&listed, "127.0.0.1", 443, OUTBOUND_HTTPS));
}

TEST(a_listed_network_covers_its_addresses_and_no_others)
{
    OutboundPolicy p = listing("172.20.16.0/20");
    assert_true(may_connect(&p, "172.20.16.0", 1, OUTBOUND_HTTP));
    assert_true(may_connect(&p, "172.20.31.255", 1, OUTBOUND_HTTP));
    assert_false(may_connect(&p, "172.20.32.0", 1, OUTBOUND_HTTP));
    assert_false(may_connect(&p, "172.20.15.255", 1, OUTBOUND_HTTP));
    p = listing("fd00::/8");
    assert_true(may_connect(&p, "fd12::1", 8443, OUTBOUND_HTTPS));
    assert_false(may_connect(&p, "fc12::1", 443, OUTBOUND_HTTPS));
    p = listing("127.0.0.1");
    assert_true(may_connect(&p, "127.0.0.1", 1, OUTBOUND_HTTP));
    assert_false(may_connect(&p, "127.0.0.2", 443, OUTBOUND_HTTPS));
    assert_false(may_connect(&p, "::ffff:127.0.0.1", 443, OUTBOUND_HTTPS)); /* one spelling */
    p = listing("0.0.0.0/0");
    assert_true(may_connect(&p, "169.254.169.254", 80, OUTBOUND_HTTP));
}

TEST(networks_are_written_one_way)
{
    static const char *const wrong[] = {"",           "10",          "10.0.0.0/33",  "10.0.0.0/",
                                        "10.0.0.1/8", "10.0.0.0/-1", "fd00::/129",   "fd00::1/8",
                                        "localhost",  "010.0.0.0/8", "10.0.0.0/8/8", "[::1]",
                                        "*",          NULL};
    for (const char *const *w = wrong; *w; w++) {
        OutboundPolicy p = {0};
        Err err = {""};
        if (outbound_policy_add(&p, str_of(*w), &err) != ST_INVALID || !err.text[0] || p.count)
            fail_msg("\"%s\" should be refused", *w);
    }
}

TEST(a_policy_has_a_ceiling)
{
    OutboundPolicy p = {0};
    for (int i = 0; i < OUTBOUND_NETS_MAX; i++)
        assert_status(outbound_policy_add(&p, S("10.0.0.0/8"), NULL), ST_OK);
    assert_status(outbound_policy_add(&p, S("10.0.0.0/8"), NULL), ST_TOO_BIG);
}

static void expect_urls(const OutboundPolicy *p, const char *const *list, Status st)
{
    for (; *list; list++) {
        Err err = {""};
        Status got = outbound_url_check(p, str_of(*list), &err);
        if (got != st) fail_msg("%s: %s, not %s", *list, status_name(got), status_name(st));
        assert_int_equal(err.text[0] == '\0', st == ST_OK);
    }
}

TEST(plain_urls_pass)
{
    static const char *const list[] = {"https://api.example.com",
                                       "https://api.example.com/",
                                       "https://api.example.com/a?b=c",
                                       "https://api.example.com:443/x",
                                       "https://api.example.com:80/x",
                                       "https://8.8.8.8/dns",
                                       "https://[2606:4700::1111]/",
                                       "https://[2606:4700::1111]:443/",
                                       "https://xn--bcher-kva.example/",
                                       "https://API.Example.Com/",
                                       "https://a_b.example.com/",
                                       "https://example.com?x=1",
                                       NULL};
    expect_urls(&nothing_listed, list, ST_OK);
}

TEST(places_inside_are_refused)
{
    static const char *const list[] = {"https://127.0.0.1/",
                                       "https://127.1.2.3:443/",
                                       "https://10.0.0.1/",
                                       "https://169.254.169.254/",
                                       "https://[::1]/",
                                       "https://[::ffff:127.0.0.1]/",
                                       "https://[::ffff:7f00:1]/",
                                       "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
                                       "https://[64:ff9b::7f00:1]/",
                                       "https://[2002:7f00:1::]/",
                                       "https://[fd00::1]/",
                                       "https://[fe80::1]/",
                                       "https://[::]/",
                                       "https://0.0.0.0/",
                                       "https://localhost/",
                                       "https://LOCALHOST/",
                                       "https://x.localhost/",
                                       "https://intranet/",
                                       "https://example.com:8080/",
                                       "https://example.com:22/",
                                       "https://8.8.8.8:25/",
                                       "http://example.com/",
                                       "http://8.8.8.8/",
                                       "https://100.64.0.1/",
                                       "https://255.255.255.255/",
                                       NULL};
    expect_urls(&nothing_listed, list, ST_FORBIDDEN);
}

TEST(odd_spellings_are_refused_whatever_they_mean)
{
    static const char *const list[] = {"",
                                       "https",
                                       "https://",
                                       "https:///path",
                                       "https:/example.com",
                                       "https:example.com",
                                       "HTTPS://example.com/",
                                       "//example.com/",
                                       "ftp://example.com/",
                                       "file:///etc/passwd",
                                       "gopher://example.com/",
                                       "dict://example.com/",
                                       "javascript:alert(1)",
                                       "data:,x",
                                       "https://2130706433/",
                                       "https://0x7f000001/",
                                       "https://0x7f.0.0.1/",
                                       "https://0177.0.0.1/",
                                       "https://017700000001/",
                                       "https://127.1/",
                                       "https://127.0.1/",
                                       "https://127.0.0.1./",
                                       "https://127.0.0.01/",
                                       "https://0x7f.1/",
                                       "https://1.2.3.4.5/",
                                       "https://256.256.256.256/",
                                       "https://example.com./",
                                       "https://.example.com/",
                                       "https://a..b/",
                                       "https://-a.com/",
                                       "https://user@example.com/",
                                       "https://user:pw@example.com/",
                                       "https://@example.com/",
                                       "https://example.com@127.0.0.1/",
                                       "https://127.0.0.1#@example.com/",
                                       "https://example.com\\@127.0.0.1/",
                                       "https://127.0.0.1\\.example.com/",
                                       "https://example.com:/",
                                       "https://example.com:0443/",
                                       "https://example.com:0/",
                                       "https://example.com:65536/",
                                       "https://example.com:443:443/",
                                       "https://example.com:4a/",
                                       "https://example.com:-1/",
                                       "https://%31%32%37.0.0.1/",
                                       "https://ex%61mple.com/",
                                       "https://example.com /",
                                       " https://example.com/",
                                       "https://example.com/\r\nHost: x",
                                       "https://example.com/\t",
                                       "https://exam\xc3\xa4ple.com/",
                                       "https://\xe2\x91\xa0.com/",
                                       "https://\xef\xbc\x91.1.1.1/",
                                       "https://example\xe3\x80\x82"
                                       "com/",
                                       "https://[::1/",
                                       "https://::1/",
                                       "https://[127.0.0.1]/",
                                       "https://[example.com]/",
                                       "https://[fe80::1%25eth0]/",
                                       "https://[fe80::1%eth0]/",
                                       "https://[::1]x/",
                                       "https://[]/",
                                       "https://example.com/#frag",
                                       "https://[v1.fe80::a]/",
                                       "https://example.com/<x>",
                                       "https://1e3/",
                                       "https://example.0x1/",
                                       NULL};
    expect_urls(&nothing_listed, list, ST_INVALID);
    OutboundPolicy all = listing("0.0.0.0/0");
    expect_urls(&all, list, ST_INVALID);
}

TEST(a_list_opens_what_it_names)
{
    static const char *const opened[] = {"http://127.0.0.1:8080/x",
                                         "https://127.0.0.1/",
                                         "http://127.255.0.1/",
                                         "http://localhost:9/",
                                         "http://intranet/",
                                         "https://example.com:8443/",
                                         NULL};
    static const char *const still_shut[] = {"http://10.0.0.1/", "https://169.254.169.254/",
                                             "http://8.8.8.8/", "https://[::1]/", NULL};
    OutboundPolicy p = listing("127.0.0.0/8");
    expect_urls(&p, opened, ST_OK);
    expect_urls(&p, still_shut, ST_FORBIDDEN);
}

TEST(a_host_alone_is_a_public_one_or_listed)
{
    static const char *const shut[] = {"localhost",       "intranet", "127.0.0.1",
                                       "10.0.0.1",        "[::1]",    "::ffff:10.0.0.1",
                                       "169.254.169.254", NULL};
    static const char *const odd[] = {
        "2130706433", "0x7f.1", "0177.0.0.1",          "127.1", "mail.example.com.",
        "a b",        "",       "[mail.example.com]x", NULL};
    static const char *const fine[] = {"mail.example.com", "8.8.8.8", "[2606:4700::1111]",
                                       "2606:4700::1111", NULL};
    OutboundPolicy listed = listing("127.0.0.0/8");
    for (const char *const *h = shut; *h; h++)
        assert_status(outbound_host_check(&nothing_listed, str_of(*h), NULL), ST_FORBIDDEN);
    for (const char *const *h = odd; *h; h++)
        assert_status(outbound_host_check(&nothing_listed, str_of(*h), NULL), ST_INVALID);
    for (const char *const *h = fine; *h; h++)
        assert_status(outbound_host_check(&nothing_listed, str_of(*h), NULL), ST_OK);
    assert_status(outbound_host_check(&listed, S("127.0.0.1"), NULL), ST_OK);
    assert_status(outbound_host_check(&listed, S("localhost"), NULL), ST_OK);
    assert_status(outbound_host_check(&listed, S("10.0.0.1"), NULL), ST_FORBIDDEN);
}

TEST(a_url_has_a_longest_form)
{
    char url[OUTBOUND_URL_MAX + 2];
    memset(url, 'a', sizeof url);
    memcpy(url, "https://example.com/", 20);
    assert_status(outbound_url_check(&nothing_listed, str_make(url, OUTBOUND_URL_MAX), NULL),
                  ST_OK);
    assert_status(outbound_url_check(&nothing_listed, str_make(url, OUTBOUND_URL_MAX + 1), NULL),
                  ST_INVALID);
}

TEST_MAIN()
