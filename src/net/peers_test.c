#include "net/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "check_test.h"

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage at = {.ss_family = AF_INET};
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&at)->sin_addr) == 1) return at;
    at.ss_family = AF_INET6;
    assert_int_equal(inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&at)->sin6_addr), 1);
    return at;
}

TEST(peers_without_a_limit_are_not_counted)
{
    struct sockaddr_storage a = address("127.0.0.1");
    Peer *p;
    peers_limit(0);
    assert_status(peers_enter(&a, &p), ST_OK);
    assert_null(p);
    peers_leave(p);
}

TEST(peers_are_limited_each_for_itself)
{
    struct sockaddr_storage a = address("127.0.0.1"), b = address("127.0.0.2");
    Peer *p[3], *q;
    peers_limit(2);
    assert_status(peers_enter(&a, &p[0]), ST_OK);
    assert_status(peers_enter(&a, &p[1]), ST_OK);
    assert_status(peers_enter(&a, &p[2]), ST_FULL);
    assert_status(peers_enter(&b, &q), ST_OK);
    peers_leave(p[0]);
    assert_status(peers_enter(&a, &p[0]), ST_OK);
    peers_leave(p[0]);
    peers_leave(p[1]);
    peers_leave(q);
}

TEST(peers_of_one_ipv6_network_are_one)
{
    struct sockaddr_storage a = address("2001:db8:1:2::1"), b = address("2001:db8:1:2:ffff::9"),
                            c = address("2001:db8:1:3::1");
    Peer *p, *q;
    peers_limit(1);
    assert_status(peers_enter(&a, &p), ST_OK);
    assert_status(peers_enter(&b, &q), ST_FULL);
    assert_status(peers_enter(&c, &q), ST_OK);
    peers_leave(p);
    peers_leave(q);
}

TEST_MAIN()
