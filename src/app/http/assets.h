/* assets.h: the web files inside the binary.
 *
 * web/build.mjs makes the table; everything in it is constant and lives as long as the process. Names
 * under /assets/ carry a hash of their content and may be cached for ever; the others must be
 * revalidated by ETag.
 *
 * Thread: any. */
#ifndef ORQ_APP_HTTP_ASSETS_H
#define ORQ_APP_HTTP_ASSETS_H

#include "base/str.h"

typedef struct Asset {
    Str path; /* as asked for: "/", "/demo", "/assets/demo-1A2B3C4D.js" */
    Str content_type;
    Str bytes;
    Str gzip; /* the same, for those who accept it */
    Str etag; /* W/"...", quotes included: weak, as both forms share it */
} Asset;

/* NULL when there is no such file. Exact match: no directories, no percent-decoding. */
const Asset *asset_find(Str path);

extern const Asset asset_table[];
extern const size_t asset_count;

#endif
