/* log_store.h: what became of a tenant's events: its deliveries as rows, newest first.
 *
 * A page walks deliveries backwards in commit order and ends where its limit does, or after
 * LOG_SCAN_MAX rows looked at: a filter that fits nothing costs a bounded read and not the table. Such
 * a page is short, may be empty, and still names where the next one begins. Rows are only ever added
 * above the newest, so pages neither repeat nor miss one while events come in.
 *
 * Thread: inside a store job.  Ownership: what is read lives in the arena given.
 * Errors: ST_NOT_FOUND, and the store's own. */
#ifndef ORQ_DOMAIN_DELIVER_LOG_STORE_H
#define ORQ_DOMAIN_DELIVER_LOG_STORE_H

#include "port/store.h"

typedef struct LogRow { /* one delivery with what its event knows */
    Uuid id;
    int64_t event_no;
    Str event_id, event_type;
    Str user_id; /* {NULL,0}: erased */
    Channel channel;
    DeliveryStatus status;
    Str recipient, cause, provider, trace_id; /* {NULL,0}: none */
    Uuid template_id;                         /* zero: a platform template */
    uint32_t template_version, attempt_count;
    int64_t created_ms; /* the event's */
    int64_t updated_ms;
    int64_t read_ms; /* 0: unread, or not asked for (log_page) */
} LogRow;

typedef struct LogRows {
    LogRow *at;
    uint32_t count;
} LogRows;

typedef struct EventRow {
    int64_t no;
    Str id, type;
    Str user_id;  /* {NULL,0}: erased */
    Str trace_id; /* {NULL,0}: none */
    int64_t created_ms;
} EventRow;

/* ---- pages ---- */

typedef struct LogCursor { /* the next page holds what lies below (event_no, channel) */
    int64_t event_no;
    uint8_t channel;
} LogCursor;

#define LOG_CURSOR_START ((LogCursor){INT64_MAX, 0})
enum { LOG_CURSOR_LEN = 12 };

void log_cursor_text(LogCursor cursor, char ret[LOG_CURSOR_LEN]); /* no NUL */
bool log_cursor_parse(Str text, LogCursor *ret_cursor);

enum { LOG_ANY = -1 };

typedef struct LogFilter {
    int channel, status;               /* Channel, DeliveryStatus or LOG_ANY */
    Str event_type, user_id, trace_id; /* {NULL,0}: any */
    int64_t from_ms, to_ms;            /* when the event was accepted; both ends belong to it */
} LogFilter;

#define LOG_FILTER_NONE ((LogFilter){.channel = LOG_ANY, .status = LOG_ANY, .to_ms = INT64_MAX})

typedef struct LogPage {
    LogRows rows;
    bool has_more; /* and then `next` says where */
    LogCursor next;
} LogPage;

Status log_page(StoreTx *tx, uint32_t tenant_no, const LogFilter *filter, LogCursor from,
                uint32_t limit, Arena *arena, LogPage *ret_page, Err *err) MUST_USE;

/* ---- one thing, with its read_ms ---- */

Status log_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena, LogRow *ret_row,
                Err *err) MUST_USE;
/* The newest event of that id (a client may repeat its ids), and its deliveries: none when it matched
 * no template. */
Status log_read_event(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena,
                      EventRow *ret_event, LogRows *ret_deliveries, Err *err) MUST_USE;

#endif
