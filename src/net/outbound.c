/* What is public is a positive list for IPv6 (2000::/3 less its special parts) and a negative one for
 * IPv4, as their registries are made (IANA special-purpose address registries).
 *
 * A URL is accepted only in the one spelling that everybody reads alike: two parsers that disagree
 * about a host are how such guards are passed. Numbers that stand for an address (2130706433, 0x7f.1,
 * 0177.0.0.1) are refused whatever they mean. */
#include "net/outbound.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { HOST_LABEL_MAX = 63, HOST_NAME_MAX_LEN = 253 };

/* ---- networks ---- */

static bool parse_address(Str text, OutboundNet *ret_net)
{
    char z[INET6_ADDRSTRLEN];
    OutboundNet net = {0};
    if (text.len == 0 || text.len >= sizeof z || memchr(text.at, '\0', text.len)) return false;
    memcpy(z, text.at, text.len);
    z[text.len] = '\0';
    net.family = str_find(text, ':') >= 0 ? AF_INET6 : AF_INET;
    net.bits = net.family == AF_INET6 ? 128 : 32;
    if (inet_pton(net.family, z, net.at) != 1) return false; /* strict: four decimal parts */
    *ret_net = net;
    return true;
}

/* The first `bits` of both are the same. */
static bool bits_match(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
    uint32_t whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0) return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool has_bits_behind(const OutboundNet *net)
{
    OutboundNet masked = *net;
    uint32_t bytes = net->family == AF_INET6 ? 16 : 4;
    for (uint32_t bit = net->bits; bit < bytes * 8; bit++)
        masked.at[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return memcmp(masked.at, net->at, bytes) != 0;
}

Status outbound_policy_add(OutboundPolicy *policy, Str network, Err *err)
{
    OutboundNet net;
    uint64_t bits;
    Str prefix = network, address = str_cut(&prefix, '/');
    if (policy->count == OUTBOUND_NETS_MAX)
        return err_set(err, ST_TOO_BIG, "at most %d networks", OUTBOUND_NETS_MAX);
    if (!parse_address(address, &net) ||
        (prefix.at && (!str_to_u64(prefix, &bits) || bits > net.bits)))
        return err_set(err, ST_INVALID,
                       "\"%.*s\" is no network; write 10.1.0.0/16, fd00::/8 or one address",
                       STR_FMT(str_head(network, 60)));
    if (prefix.at) net.bits = (uint8_t)bits;
    if (has_bits_behind(&net))
        return err_set(err, ST_INVALID,
                       "\"%.*s\" has an address behind its prefix; write the network's first one",
                       STR_FMT(str_head(network, 60)));
    policy->nets[policy->count++] = net;
    return ST_OK;
}

static bool is_within(int family, const uint8_t *address, const OutboundNet *net)
{
    return family == net->family && bits_match(address, net->at, net->bits);
}

static bool is_within_any(int family, const uint8_t *address, const OutboundNet *nets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_within(family, address, &nets[i])) return true;
    return false;
}

/* ---- addresses ---- */

#define V4(a, b, c, d, bits)                                                                       \
    {                                                                                              \
        AF_INET, {a, b, c, d}, bits                                                                \
    }
#define V6(a, b, c, d, bits)                                                                       \
    {                                                                                              \
        AF_INET6, {a, b, c, d}, bits                                                               \
    }

static const OutboundNet special_v4[] = {
    V4(0, 0, 0, 0, 8),      /* this network */
    V4(10, 0, 0, 0, 8),     /* private */
    V4(100, 64, 0, 0, 10),  /* carrier-grade NAT */
    V4(127, 0, 0, 0, 8),    /* loopback */
    V4(169, 254, 0, 0, 16), /* link-local: also where clouds keep their metadata */
    V4(172, 16, 0, 0, 12),  /* private */
    V4(192, 0, 0, 0, 24),   /* protocol assignments */
    V4(192, 0, 2, 0, 24),   /* documentation */
    V4(192, 88, 99, 0, 24), /* 6to4 relays */
    V4(192, 168, 0, 0, 16), /* private */
    V4(198, 18, 0, 0, 15),  /* benchmarks */
    V4(198, 51, 100, 0, 24), V4(203, 0, 113, 0, 24), /* documentation */
    V4(224, 0, 0, 0, 4),                             /* multicast */
    V4(240, 0, 0, 0, 4),                             /* reserved, broadcast */
};

static const OutboundNet public_v6 = V6(0x20, 0, 0, 0, 3);
static const OutboundNet special_v6[] = {
    V6(0x20, 0x01, 0x00, 0x00, 23), /* protocol assignments, Teredo among them */
    V6(0x20, 0x01, 0x0d, 0xb8, 32), /* documentation */
    V6(0x20, 0x02, 0x00, 0x00, 16), /* 6to4: wraps an IPv4 address */
    V6(0x3f, 0xff, 0x00, 0x00, 20), /* documentation */
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static bool is_public(int family, const uint8_t *address)
{
    if (family == AF_INET) return !is_within_any(family, address, special_v4, COUNT(special_v4));
    return is_within(family, address, &public_v6) &&
           !is_within_any(family, address, special_v6, COUNT(special_v6));
}

typedef struct Target {
    int family;
    uint8_t at[16];
    uint16_t port;
} Target;

static bool target_of(const struct sockaddr *address, Target *ret)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        *ret = (Target){.family = AF_INET, .port = ntohs(v4.sin_port)};
        memcpy(ret->at, &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        *ret = (Target){.family = AF_INET6, .port = ntohs(v6.sin6_port)};
        memcpy(ret->at, &v6.sin6_addr, 16);
        return true;
    }
    return false; /* a local socket, or something new: not ours to reach */
}

static bool is_listed(const OutboundPolicy *policy, const Target *t)
{
    return is_within_any(t->family, t->at, policy->nets, policy->count);
}

bool outbound_address_allowed(const OutboundPolicy *policy, const struct sockaddr *address)
{
    Target t;
    return target_of(address, &t) && (is_listed(policy, &t) || is_public(t.family, t.at));
}

static bool port_is_usual(uint16_t port, OutboundUse use)
{
    switch (use) {
    case OUTBOUND_HTTPS:
        return port == 443 || port == 80;
    case OUTBOUND_HTTP:
        return false; /* nothing of ours crosses the internet in the clear */
    case OUTBOUND_MAIL:
        return port == 25 || port == 465 || port == 587 || port == 2525;
    }
    return false;
}

static bool target_is_allowed(const OutboundPolicy *policy, const Target *t, OutboundUse use)
{
    return is_listed(policy, t) || (port_is_usual(t->port, use) && is_public(t->family, t->at));
}

bool outbound_connect_allowed(const OutboundPolicy *policy, const struct sockaddr *address,
                              OutboundUse use)
{
    Target t;
    return target_of(address, &t) && target_is_allowed(policy, &t, use);
}

/* ---- URLs ---- */

typedef struct UrlParts {
    Str host; /* without brackets */
    bool bracketed, plain;
    uint16_t port;
} UrlParts;

static bool is_printable(Str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((uint8_t)url.at[i] <= ' ' || (uint8_t)url.at[i] > '~' || url.at[i] == '\\' ||
            url.at[i] == '"' || url.at[i] == '<' || url.at[i] == '>')
            return false;
    return true;
}

/* "host", "host:8443", "[::1]:8443"; false for anything else. */
static bool cut_authority(Str authority, UrlParts *p)
{
    Str port = {0};
    uint64_t number;
    if (authority.len && authority.at[0] == '[') {
        ptrdiff_t end = str_find(authority, ']');
        if (end < 0) return false;
        p->bracketed = true;
        p->host = str_make(authority.at + 1, (size_t)end - 1);
        Str rest = str_from(authority, (size_t)end + 1);
        if (rest.len == 0) return true;
        if (rest.at[0] != ':') return false;
        port = str_from(rest, 1);
    } else {
        port = authority;
        p->host = str_cut(&port, ':');
        if (!port.at) return true;
    }
    if (port.len == 0 || port.len > 5 || port.at[0] == '0' || !str_to_u64(port, &number))
        return false;
    p->port = (uint16_t)number;
    return number <= 65535;
}

static Status cut_url(Str url, UrlParts *ret, Err *err)
{
    UrlParts p = {.port = 443};
    size_t end = 0;
    if (url.len > OUTBOUND_URL_MAX)
        return err_set(err, ST_INVALID, "a URL has at most %d characters", OUTBOUND_URL_MAX);
    if (!is_printable(url))
        return err_set(err, ST_INVALID,
                       "the URL has a character that must be encoded; names of other scripts are "
                       "written in their xn-- form");
    if (str_starts(url, S("http://"))) {
        p.plain = true;
        p.port = 80;
    } else if (!str_starts(url, S("https://"))) {
        return err_set(err, ST_INVALID, "the URL must begin with https://");
    }
    url = str_from(url, p.plain ? 7 : 8);
    while (end < url.len && !strchr("/?#", url.at[end])) end++;
    Str authority = str_head(url, end);
    if (str_find(url, '#') >= 0)
        return err_set(err, ST_INVALID, "leave out the # and what follows it");
    if (str_find(authority, '@') >= 0)
        return err_set(err, ST_INVALID, "a URL with a user name or password is not accepted");
    if (!cut_authority(authority, &p))
        return err_set(err, ST_INVALID, "the URL's host and port are not host or host:port");
    *ret = p;
    return ST_OK;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_label(Str label)
{
    if (label.len == 0 || label.len > HOST_LABEL_MAX) return false;
    if (label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_alnum(label.at[i]) && label.at[i] != '-' && label.at[i] != '_') return false;
    return true;
}

/* Letters, digits and hyphens; a last label that begins with a digit is a number in disguise (no
 * top-level domain does), and a dot at the end is a second spelling of the same name. */
static bool is_name(Str host)
{
    Str rest = host, label = {0};
    if (host.len == 0 || host.len > HOST_NAME_MAX_LEN) return false;
    do {
        label = str_cut(&rest, '.');
        if (!is_label(label)) return false;
    } while (rest.at);
    return label.at[0] < '0' || label.at[0] > '9';
}

static bool name_is_local(Str host)
{
    ptrdiff_t dot = str_find_last(host, '.');
    return dot < 0 || str_eq_nocase(str_from(host, (size_t)dot + 1), S("localhost"));
}

static Status refuse_place(Str host, Err *err)
{
    return err_set(
        err, ST_FORBIDDEN,
        "%.*s may not be connected to: public addresses only, over https on port 443 or as mail; "
        "an operator may list its network in the setting outbound_allow",
        STR_FMT(str_head(host, 60)));
}

/* What a name resolves to is seen when it is connected to; without a list, only a public one can pass. */
static Status check_name(const OutboundPolicy *policy, Str host, bool usual_port, Err *err)
{
    if (!is_name(host))
        return err_set(err, ST_INVALID,
                       "\"%.*s\" is no host name and no address in its usual spelling",
                       STR_FMT(str_head(host, 60)));
    if (policy->count == 0 && (name_is_local(host) || !usual_port)) return refuse_place(host, err);
    return ST_OK;
}

Status outbound_url_check(const OutboundPolicy *policy, Str url, Err *err)
{
    UrlParts p;
    OutboundNet net;
    Status st = cut_url(url, &p, err);
    if (st != ST_OK) return st;
    bool literal = parse_address(p.host, &net);
    if (p.bracketed != (literal && net.family == AF_INET6))
        return err_set(err, ST_INVALID, "brackets stand around an IPv6 address and nothing else");
    OutboundUse use = p.plain ? OUTBOUND_HTTP : OUTBOUND_HTTPS;
    if (!literal) return check_name(policy, p.host, port_is_usual(p.port, use), err);
    Target t = {.family = net.family, .port = p.port};
    memcpy(t.at, net.at, sizeof t.at);
    return target_is_allowed(policy, &t, use) ? ST_OK : refuse_place(p.host, err);
}

Status outbound_host_check(const OutboundPolicy *policy, Str host, Err *err)
{
    OutboundNet net;
    bool bracketed = host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
    if (bracketed) host = str_make(host.at + 1, host.len - 2);
    if (!parse_address(host, &net)) return check_name(policy, host, true, err);
    Target t = {.family = net.family};
    memcpy(t.at, net.at, sizeof t.at);
    return is_listed(policy, &t) || is_public(t.family, t.at) ? ST_OK : refuse_place(host, err);
}
