/* feed_json.h: a page of a user's notifications as clients read it (RT-13, KIT-18).
 *
 * Thread: none of its own.  Errors: the Buf remembers them. */
#ifndef ORQ_DOMAIN_FEED_FEED_JSON_H
#define ORQ_DOMAIN_FEED_FEED_JSON_H

#include "base/buf.h"
#include "port/store.h"

/* Appends {"success":true,"data":[{"id","type","title","body","status","created_at"}, ...]}. Times have
 * milliseconds, as in publications. */
void feed_json_page(Buf *out, const FeedItem *items, uint32_t count);

#endif
