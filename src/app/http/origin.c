#include "app/http/origin.h"

typedef struct Origin {
    Str scheme, host;
    uint64_t port; /* 0: a scheme without a default one, and none was written */
} Origin;

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

static bool is_address_byte(char c) /* within [ ] */
{
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':';
}

static bool all(Str text, bool (*is)(char c))
{
    for (size_t i = 0; i < text.len; i++)
        if (!is(text.at[i])) return false;
    return text.len > 0;
}

static bool is_host(Str host)
{
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        return all(str_make(host.at + 1, host.len - 2), is_address_byte);
    return all(host, is_host_byte);
}

static uint64_t default_port(Str scheme)
{
    if (str_eq_nocase(scheme, S("https"))) return 443;
    return str_eq_nocase(scheme, S("http")) ? 80 : 0;
}

/* host[:port]. The colons of an IPv6 address stand within brackets. */
static bool parse_authority(Str text, Str scheme, Origin *ret)
{
    ptrdiff_t colon = str_find_last(text, ':'), bracket = str_find_last(text, ']');
    Origin o = {scheme, text, default_port(scheme)};
    if (colon > bracket) {
        o.host = str_head(text, (size_t)colon);
        if (!str_to_u64(str_from(text, (size_t)colon + 1), &o.port) || o.port > 65535) return false;
    }
    *ret = o;
    return true;
}

static bool parse(Str text, Origin *ret)
{
    ptrdiff_t colon = str_find(text, ':');
    if (colon <= 0 || !str_starts(str_from(text, (size_t)colon), S("://"))) return false;
    return all(str_head(text, (size_t)colon), is_host_byte) &&
           parse_authority(str_from(text, (size_t)colon + 3), str_head(text, (size_t)colon), ret);
}

static bool parse_page(Str text, Origin *ret)
{
    return parse(text, ret) && is_host(ret->host);
}

bool origin_is_own(Str origin, Str host, OriginTransport transport)
{
    Origin page, here;
    if (!parse_page(origin, &page) || !parse_authority(host, page.scheme, &here)) return false;
    bool web = str_eq_nocase(page.scheme, S("https")) ||
               (transport == ORIGIN_PLAIN && str_eq_nocase(page.scheme, S("http")));
    return web && page.port == here.port && str_eq_nocase(page.host, here.host);
}

static bool host_matches(Str pattern, Str host)
{
    if (!str_starts(pattern, S("*."))) return str_eq_nocase(pattern, host);
    Str suffix = str_from(pattern, 1); /* with its dot */
    return host.len > suffix.len && host.at[0] != '.' &&
           str_eq_nocase(str_from(host, host.len - suffix.len), suffix);
}

static bool matches(Str pattern, const Origin *page)
{
    Origin p;
    if (str_is(pattern, "*")) return true;
    return parse(pattern, &p) && p.port == page->port && str_eq_nocase(p.scheme, page->scheme) &&
           host_matches(p.host, page->host);
}

bool origin_is_listed(const StrList *patterns, Str origin)
{
    Origin page;
    if (!parse_page(origin, &page)) return false;
    for (uint32_t i = 0; i < patterns->count; i++)
        if (matches(patterns->at[i], &page)) return true;
    return false;
}
