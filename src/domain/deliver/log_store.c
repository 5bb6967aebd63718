/* The log has no table of its own: it is `delivery`, clustered by (tenant, event, channel), read
 * backwards and joined with its event.
 *
 * How a page stays cheap, whatever it is asked for:
 * 1. from and to become a range of event numbers by bisection (log_span.c).
 * 2. With a trace id the walk goes through its index and sees nothing else; else through deliveries.
 * 3. The walk may look at LOG_SCAN_MAX rows. Where that ends, the floor, is found first, in the keys
 *    alone; the page then reads between cursor and floor, and continues below the floor.
 *
 * Every join names the tenant again: a row of another one would have to be wrong twice to appear. */
#include "domain/deliver/log_store.h"

#include "base/base64.h"
#include "base/limits.h"
#include "domain/deliver/log_span.h"

/* ---- cursors ---- */

enum { CURSOR_BYTES = 9 }; /* the event's number, big-endian; the channel */

void log_cursor_text(LogCursor cursor, char ret[LOG_CURSOR_LEN])
{
    uint8_t bytes[CURSOR_BYTES];
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)cursor.event_no >> (56 - 8 * i));
    bytes[8] = cursor.channel;
    base64url_encode(bytes, sizeof bytes, ret);
}

bool log_cursor_parse(Str text, LogCursor *ret_cursor)
{
    uint8_t bytes[CURSOR_BYTES];
    uint64_t number = 0;
    size_t len;
    if (text.len != LOG_CURSOR_LEN || !base64url_decode(text, bytes, &len)) return false;
    for (int i = 0; i < 8; i++) number = number << 8 | bytes[i];
    if (number > INT64_MAX || bytes[8] > CHANNEL_COUNT) return false;
    *ret_cursor = (LogCursor){(int64_t)number, bytes[8]};
    return true;
}

/* ---- rows ---- */

#define COLUMNS                                                                                    \
    "SELECT d.id, d.event, d.channel, d.status, d.recipient, d.cause, d.template_id, "             \
    "d.template_version, d.attempt_count, d.provider, d.updated_ms, e.id, e.type, u.id, "          \
    "e.trace_id, e.created_ms "
#define TABLES                                                                                     \
    "FROM delivery d JOIN event e ON e.no = d.event AND e.tenant = d.tenant "                      \
    "LEFT JOIN end_user u ON u.no = e.end_user AND u.tenant = e.tenant "

static LogRow row_of(const Rows *rows, uint32_t i)
{
    LogRow row = {.event_no = rows_int(rows, i, 1),
                  .channel = (Channel)rows_int(rows, i, 2),
                  .status = (DeliveryStatus)rows_int(rows, i, 3),
                  .recipient = rows_text(rows, i, 4),
                  .cause = rows_text(rows, i, 5),
                  .template_version = (uint32_t)rows_int(rows, i, 7),
                  .attempt_count = (uint32_t)rows_int(rows, i, 8),
                  .provider = rows_text(rows, i, 9),
                  .updated_ms = rows_int(rows, i, 10),
                  .event_id = rows_text(rows, i, 11),
                  .event_type = rows_text(rows, i, 12),
                  .user_id = rows_text(rows, i, 13),
                  .trace_id = rows_text(rows, i, 14),
                  .created_ms = rows_int(rows, i, 15)};
    Str id = rows_text(rows, i, 0), template = rows_text(rows, i, 6);
    CHECK(id.len == sizeof row.id.at && row.channel < CHANNEL_COUNT &&
          row.status < DELIVERY_STATUS_COUNT);
    memcpy(row.id.at, id.at, id.len);
    if (template.len == sizeof row.template_id.at)
        memcpy(row.template_id.at, template.at, template.len);
    return row;
}

static Status rows_of(const Rows *rows, Arena *arena, LogRows *ret_rows, Err *err)
{
    LogRow *at = arena_try(arena, sizeof *at * (rows->count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the log rows do not fit into memory");
    for (uint32_t i = 0; i < rows->count; i++) at[i] = row_of(rows, i);
    *ret_rows = (LogRows){at, rows->count};
    return ST_OK;
}

/* ---- a page ---- */

typedef struct Walk { /* one page being read */
    uint32_t tenant_no;
    const LogFilter *filter;
    LogCursor from;
    int64_t floor_no; /* the oldest event this page looks at */
    int64_t user_no;  /* 0: any */
    uint32_t limit;
    Arena *arena;
} Walk;

/* Both walks begin below the cursor ($2, $3) and end at the floor ($4). The one through a trace must be
 * forced: CROSS JOIN puts the event first, and "+ 0" hides from SQLite that the deliveries have a range
 * too, which it would rather go through, once an event. */
#define THROUGH_DELIVERIES                                                                         \
    TABLES "WHERE d.tenant = $1 AND (d.event, d.channel) < ($2, $3) AND d.event >= $4 " CHOSEN
#define THROUGH_TRACE                                                                              \
    "FROM event e CROSS JOIN delivery d "                                                          \
    "LEFT JOIN end_user u ON u.no = e.end_user AND u.tenant = e.tenant "                           \
    "WHERE d.tenant = $1 AND e.no <= $2 AND (e.no < $2 OR d.channel < $3) AND e.no >= $4 " CHOSEN  \
    "AND e.tenant = d.tenant AND d.event = e.no + 0 AND e.trace_id = $13 "
#define CHOSEN                                                                                     \
    "AND d.channel BETWEEN $5 AND $6 AND d.status BETWEEN $7 AND $8 "                              \
    "AND e.created_ms BETWEEN $9 AND $10 AND (e.end_user = $11 OR $11 = 0) "                       \
    "AND (e.type = $12 OR $12 = '') "
#define IN_ORDER "ORDER BY d.event DESC, d.channel DESC "

#define MATCH_VALUES(w)                                                                            \
    value_int((w)->tenant_no), value_int((w)->from.event_no), value_int((w)->from.channel),        \
        value_int((w)->floor_no), value_int(lowest((w)->filter->channel)),                         \
        value_int(highest((w)->filter->channel)), value_int(lowest((w)->filter->status)),          \
        value_int(highest((w)->filter->status)), value_int((w)->filter->from_ms),                  \
        value_int((w)->filter->to_ms), value_int((w)->user_no),                                    \
        value_text((w)->filter->event_type.at ? (w)->filter->event_type : S(""))

static int lowest(int wanted)
{
    return wanted == LOG_ANY ? 0 : wanted;
}

static int highest(int wanted)
{
    return wanted == LOG_ANY ? INT32_MAX : wanted;
}

/* One row more than is shown, to know whether there is more. */
static Status read_rows(StoreTx *tx, const Walk *w, Rows *ret_rows, Err *err)
{
    if (w->filter->trace_id.at)
        return tx_query(
            tx, COLUMNS THROUGH_TRACE IN_ORDER "LIMIT $14",
            VALUES(MATCH_VALUES(w), value_text(w->filter->trace_id), value_int(w->limit + 1)),
            w->arena, ret_rows, err);
    return tx_query(tx, COLUMNS THROUGH_DELIVERIES IN_ORDER "LIMIT $13",
                    VALUES(MATCH_VALUES(w), value_int(w->limit + 1)), w->arena, ret_rows, err);
}

static Status read_floor(StoreTx *tx, const Walk *w, Rows *ret_rows, Err *err)
{
    if (w->filter->trace_id.at)
        return tx_query(tx,
                        "SELECT no FROM event WHERE tenant = $1 AND trace_id = $2 AND no <= $3 "
                        "AND no >= $4 ORDER BY no DESC LIMIT 1 OFFSET $5",
                        VALUES(value_int(w->tenant_no), value_text(w->filter->trace_id),
                               value_int(w->from.event_no), value_int(w->floor_no),
                               value_int(LOG_SCAN_MAX)),
                        w->arena, ret_rows, err);
    return tx_query(tx,
                    "SELECT event FROM delivery WHERE tenant = $1 AND (event, channel) < ($2, $3) "
                    "AND event >= $4 ORDER BY event DESC, channel DESC LIMIT 1 OFFSET $5",
                    VALUES(value_int(w->tenant_no), value_int(w->from.event_no),
                           value_int(w->from.channel), value_int(w->floor_no),
                           value_int(LOG_SCAN_MAX)),
                    w->arena, ret_rows, err);
}

/* *ret_cut: the walk ends at the floor although there are rows below it. */
static Status find_floor(StoreTx *tx, Walk *w, bool *ret_cut, Err *err)
{
    Rows rows;
    Status st = read_floor(tx, w, &rows, err);
    if (st != ST_OK) return st;
    *ret_cut = rows.count > 0;
    if (*ret_cut) w->floor_no = rows_int(&rows, 0, 0);
    return ST_OK;
}

static Status walk(StoreTx *tx, Walk *w, LogPage *ret_page, Err *err)
{
    LogPage page = {0};
    Rows rows;
    bool cut = false;
    Status st = find_floor(tx, w, &cut, err);
    if (st == ST_OK) st = read_rows(tx, w, &rows, err);
    if (st != ST_OK) return st;

    bool full = rows.count > w->limit;
    if (full) rows.count = w->limit;
    st = rows_of(&rows, w->arena, &page.rows, err);
    if (st != ST_OK) return st;
    page.has_more = full || cut;
    if (full) {
        const LogRow *last = &page.rows.at[page.rows.count - 1];
        page.next = (LogCursor){last->event_no, (uint8_t)last->channel};
    } else {
        page.next = (LogCursor){w->floor_no, 0}; /* the floor's own rows were looked at */
    }
    *ret_page = page;
    return ST_OK;
}

/* *ret_no stays 0 for a user nobody has seen. */
static Status find_user(StoreTx *tx, uint32_t tenant_no, Str user_id, Arena *arena, int64_t *ret_no,
                        Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT no FROM end_user WHERE tenant = $1 AND id = $2",
                         VALUES(value_int(tenant_no), value_text(user_id)), arena, &rows, err);
    if (st == ST_OK) *ret_no = rows.count ? rows_int(&rows, 0, 0) : 0;
    return st;
}

Status log_page(StoreTx *tx, uint32_t tenant_no, const LogFilter *filter, LogCursor from,
                uint32_t limit, Arena *arena, LogPage *ret_page, Err *err)
{
    Walk w = {tenant_no, filter, from, 0, 0, limit, arena};
    LogSpan span;
    Status st = ST_OK;
    if (filter->user_id.at) {
        st = find_user(tx, tenant_no, filter->user_id, arena, &w.user_no, err);
        if (st == ST_OK && w.user_no == 0) {
            *ret_page = (LogPage){0};
            return ST_OK;
        }
    }
    if (st == ST_OK) st = log_span(tx, filter->from_ms, filter->to_ms, arena, &span, err);
    if (st != ST_OK) return st;
    w.floor_no = span.first_no;
    if (span.end_no < w.from.event_no) w.from = (LogCursor){span.end_no, 0};
    return walk(tx, &w, ret_page, err);
}

/* ---- one thing ---- */

static Uuid first_id_at(int64_t unix_ms) /* no version 7 of that millisecond is smaller */
{
    Uuid id = {{0}};
    for (int i = 0; i < 6; i++) id.at[i] = (uint8_t)((uint64_t)unix_ms >> (40 - 8 * i));
    return id;
}

/* message has no index by event. Its id is a version 7 made with the event's time, so the tenant's
 * messages of one millisecond are the only ones to look at. */
static Status find_read_ms(StoreTx *tx, uint32_t tenant_no, LogRow *row, Arena *arena, Err *err)
{
    Uuid first = first_id_at(row->created_ms), end = first_id_at(row->created_ms + 1);
    Rows rows;
    if (row->channel != CHANNEL_PUSH) return ST_OK;
    Status st = tx_query(tx,
                         "SELECT i.read_ms FROM message m "
                         "JOIN event e ON e.no = m.event AND e.tenant = m.tenant "
                         "JOIN inbox i ON i.tenant = m.tenant AND i.end_user = e.end_user "
                         "AND i.message = m.no "
                         "WHERE m.tenant = $1 AND m.id >= $2 AND m.id < $3 AND m.event = $4",
                         VALUES(value_int(tenant_no), value_blob(first.at, sizeof first.at),
                                value_blob(end.at, sizeof end.at), value_int(row->event_no)),
                         arena, &rows, err);
    if (st == ST_OK && rows.count) row->read_ms = rows_int(&rows, 0, 0);
    return st;
}

Status log_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena, LogRow *ret_row, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, COLUMNS TABLES "WHERE d.tenant = $1 AND d.id = $2",
                         VALUES(value_int(tenant_no), value_blob(id.at, sizeof id.at)), arena,
                         &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Log not found");
    LogRow row = row_of(&rows, 0);
    st = find_read_ms(tx, tenant_no, &row, arena, err);
    if (st == ST_OK) *ret_row = row;
    return st;
}

static Status read_deliveries(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Arena *arena,
                              LogRows *ret_rows, Err *err)
{
    Rows rows;
    LogRows found = {0};
    Status st = tx_query(tx,
                         COLUMNS TABLES "WHERE d.tenant = $1 AND d.event = $2 ORDER BY d.channel",
                         VALUES(value_int(tenant_no), value_int(event_no)), arena, &rows, err);
    if (st == ST_OK) st = rows_of(&rows, arena, &found, err);
    for (uint32_t i = 0; i < found.count && st == ST_OK; i++)
        st = find_read_ms(tx, tenant_no, &found.at[i], arena, err);
    if (st == ST_OK) *ret_rows = found;
    return st;
}

Status log_read_event(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena,
                      EventRow *ret_event, LogRows *ret_deliveries, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT e.no, e.id, e.type, u.id, e.trace_id, e.created_ms FROM event e "
                         "LEFT JOIN end_user u ON u.no = e.end_user AND u.tenant = e.tenant "
                         "WHERE e.tenant = $1 AND e.id = $2 ORDER BY e.no DESC LIMIT 1",
                         VALUES(value_int(tenant_no), value_text(event_id)), arena, &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Event not found");
    const EventRow event = {.no = rows_int(&rows, 0, 0),
                            .id = rows_text(&rows, 0, 1),
                            .type = rows_text(&rows, 0, 2),
                            .user_id = rows_text(&rows, 0, 3),
                            .trace_id = rows_text(&rows, 0, 4),
                            .created_ms = rows_int(&rows, 0, 5)};
    st = read_deliveries(tx, tenant_no, event.no, arena, ret_deliveries, err);
    if (st == ST_OK) *ret_event = event;
    return st;
}
