/* origin.h: is this page's origin one of ours? (RFC 6454, RELIABILITY threat 6)
 *
 * An origin is scheme, host and port, compared as these three: case does not matter, a default port may
 * be written or not. Anything that is no such triple, "null" and "" included, is nobody's.
 *
 * Thread: none of its own. */
#ifndef ORQ_APP_HTTP_ORIGIN_H
#define ORQ_APP_HTTP_ORIGIN_H

#include "app/config.h"

typedef enum OriginTransport {
    ORIGIN_PLAIN, /* no TLS here; in front of us there may be some */
    ORIGIN_TLS    /* ours: a page that came without is another origin */
} OriginTransport;

/* Is the page from where the request goes, by its Host header? */
bool origin_is_own(Str origin, Str host, OriginTransport transport);
/* By a pattern: an origin, one whose host is "*.domain" (any host below it), or "*". */
bool origin_is_listed(const StrList *patterns, Str origin);

#endif
