/* page.h: ?limit= and ?cursor= of admin lists.
 *
 * A cursor is where the last page ended, as opaque text: clients hand it back, nothing else.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_ADMIN_PAGE_H
#define ORQ_APP_ADMIN_PAGE_H

#include "app/http/request.h"

typedef struct Page {
    uint32_t limit; /* 1 .. PAGE_LIMIT_MAX; more is cut, as in the feed (E.5) */
    Str cursor;     /* {NULL,0}: the first page */
} Page;

/* Otherwise answers 422 and returns false. */
bool page_read(Request *rq, Page *ret_page);
/* Filters that several lists have. An absent one leaves its result alone, a broken one is a problem. */
void page_time(Request *rq, const char *name, Problems *problems, int64_t *ret_unix_ms);
void page_sent_channel(Request *rq, Problems *problems, int *ret_channel); /* EMAIL or SMS */
/* For a cursor the handler cannot read: 422. */
void page_refuse_cursor(Request *rq);

#endif
