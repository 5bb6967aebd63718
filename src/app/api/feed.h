/* feed.h: what every dialect asks of a user's feed over HTTP: a page of it, and one item marked as read.
 *
 * The caller knows whose feed it may be (by key, or by token) and how its clients want the answer to look.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_FEED_H
#define ORQ_APP_API_FEED_H

#include "app/errand.h"

/* ?limit=&offset= (E.5); anything but a page is answered 422, false. */
bool feed_read_page(Request *rq, uint32_t *ret_limit, uint32_t *ret_offset);

/* `back` is to call feed_answer. */
void feed_ask(Request *rq, Str user_id, uint32_t limit, uint32_t offset,
              void (*back)(Request *rq, Errand *e));

typedef void (*FeedPut)(Buf *out, const FeedCall *feed); /* the page as a whole JSON answer */
void feed_answer(Request *rq, Errand *e, FeedPut put);

/* In `back`, e->call.st tells: ST_NOT_FOUND is unknown or another's. */
void feed_mark_read(Request *rq, Str user_id, Uuid id, void (*back)(Request *rq, Errand *e));

#endif
