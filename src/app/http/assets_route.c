#include "app/http/assets_route.h"

#include "app/http/assets.h"

/* Nothing is fetched from elsewhere, nothing inline runs; live data comes over our own WebSocket. */
#define PAGE_POLICY                                                                                \
    S("default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "                    \
      "frame-ancestors 'none'; base-uri 'none'; form-action 'self'")

static bool accepts_gzip(const Request *rq)
{
    Str rest = request_header(rq, S("accept-encoding"));
    while (rest.at) {
        Str item = str_trim(str_cut(&rest, ','));
        if (str_starts(item, S("gzip"))) return !str_ends(item, S("q=0"));
    }
    return false;
}

bool assets_answer(Request *rq)
{
    const Asset *asset = asset_find(rq->path);
    if (!asset) return false;
    bool forever = str_starts(asset->path,
                              S("/assets/")); /* the name carries a hash of the content */
    bool zipped = asset->gzip.len && accepts_gzip(rq);
    respond_header(rq, S("Cache-Control"),
                   forever ? S("public, max-age=31536000, immutable") : S("no-cache"));
    respond_header(rq, S("ETag"), asset->etag);
    respond_header(rq, S("Vary"), S("Accept-Encoding"));
    respond_header(rq, S("Content-Security-Policy"), PAGE_POLICY);
    respond_header(rq, S("Referrer-Policy"), S("no-referrer"));
    if (str_eq(request_header(rq, S("if-none-match")), asset->etag)) {
        respond(rq, 304, S(""), S(""));
        return true;
    }
    if (zipped) respond_header(rq, S("Content-Encoding"), S("gzip"));
    respond(rq, 200, asset->content_type, zipped ? asset->gzip : asset->bytes);
    return true;
}
