/* expiry_json.h: a page of a user's feed as product-expiry clients read it (EXW-01).
 *
 * Thread: none of its own.  Errors: the Buf remembers the first. */
#ifndef ORQ_DOMAIN_FEED_EXPIRY_JSON_H
#define ORQ_DOMAIN_FEED_EXPIRY_JSON_H

#include "base/buf.h"
#include "port/store.h"

/* {"notifications":[{"id","type","message","createdAt","isRead"}]}; type is info, warning or error (E.10). */
void expiry_json_page(Buf *out, const FeedItem *items, uint32_t count);

#endif
