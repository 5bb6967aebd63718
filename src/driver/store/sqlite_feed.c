/* A page of a feed is one range of inbox, newest first, and a point in message for each row of the
 * page. The range is limited before the join, so what the offset skips costs no message.
 *
 * The points are what a page costs once a store is large (bench/history.c): 50 messages on 50 pages of
 * the tree, 32 us of CPU at 1,000 rows and 105 at 5 million. A reader's cache of 64 MiB and mmap change
 * that by less than a tenth. Title and body in the inbox row itself make it 16 and 27, but then an inbox
 * leaf holds 12 rows instead of 200, splits as much more often, and an accept costs 12 % more in a small
 * store and 75 % more in that large one. Accepts come first. */
#include "driver/store/sqlite_hot.h"

static const char sql_feed[] =
    "SELECT m.id, i.seq, m.event_type, m.title, m.body, m.created_ms, i.read_ms "
    "FROM (SELECT message, seq, read_ms FROM inbox WHERE tenant = ?1 "
    "AND end_user = (SELECT no FROM end_user WHERE tenant = ?1 AND id = ?2) "
    "ORDER BY message DESC LIMIT ?3 OFFSET ?4) i CROSS JOIN message m ON m.no = i.message "
    "ORDER BY i.message DESC";

static bool copy_item(sqlite3_stmt *stmt, Arena *arena, FeedItem *ret)
{
    Str id = column_bytes(stmt, 0);

    CHECK(id.len == sizeof ret->id.at);
    memcpy(ret->id.at, id.at, id.len);
    ret->seq = (uint64_t)sqlite3_column_int64(stmt, 1);
    ret->created_ms = sqlite3_column_int64(stmt, 5);
    ret->is_read = sqlite3_column_type(stmt, 6) != SQLITE_NULL;
    return arena_copy(arena, column_bytes(stmt, 2), &ret->event_type) &&
           arena_copy(arena, column_bytes(stmt, 3), &ret->title) &&
           arena_copy(arena, column_bytes(stmt, 4), &ret->body);
}

static Status read_items(Db *c, sqlite3_stmt *stmt, FeedCall *call)
{
    FeedItem *items = arena_try(call->arena, sizeof *items * (size_t)call->limit);
    uint32_t count = 0;
    int rc = SQLITE_DONE;

    if (!items) return err_set(&call->call.err, ST_TOO_BIG, "the page does not fit into memory");
    while (count < call->limit && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        if (!copy_item(stmt, call->arena, &items[count++]))
            return err_set(&call->call.err, ST_TOO_BIG, "the page does not fit into memory");
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return db_fail(c, rc, &call->call.err);
    call->ret_items = items;
    call->ret_count = count;
    return ST_OK;
}

Status sqlite_feed(Db *c, FeedCall *call)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_feed, &stmt, &call->call.err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, call->tenant_no);
    bind_text(stmt, 2, call->user_id);
    bind_int(stmt, 3, call->limit);
    bind_int(stmt, 4, call->offset);
    st = read_items(c, stmt, call);
    sqlite3_reset(stmt);
    return st;
}
