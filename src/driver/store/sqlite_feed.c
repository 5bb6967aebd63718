/* A page of a feed is one range of inbox, newest first, and a point in message for each row of the
 * page. The range is limited before the join, so what the offset skips costs no message.
 *
 * The points are what a page costs once a store is large (bench/history.c): 50 messages on 50 leaves of the
 * tree, each one read() from the kernel's cache (50.2 misses a page; a cache of 64 MiB saves the inner pages,
 * mmap reaches only the oldest 2 GiB). What else was measured at 5 million rows of random users, in us of CPU, SQLite
 * alone, the same page at 1,000 rows in brackets:
 *
 *                                                              a page       a row in
 *   as it is: thin inbox, messages as they come                96 (23)      10.7 (1.9)
 *   content in inbox, WITHOUT ROWID; data stays in message     24 (13)      21.2 (3.0)
 *   the same, data not stored at all                           22 (13)      19.2 (1.7)
 *   content in a table by number, user << 32 | seq, no data    20 (13)      15.5 (1.2)
 *   the same with pages of 8 KiB                               19 (13)      17.0 (1.2)
 *
 * So a feed can be read five times as cheap, but even then at 1.5 times what a small store needs: bytes that
 * nobody has looked at have to be fetched. Its price is paid by the one writer, 5 us an accept in the best case,
 * because a row in the middle of a tree splits a leaf every few rows and one at the end never does.
 * Accepts come first. */
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
