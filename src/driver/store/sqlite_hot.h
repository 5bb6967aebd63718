/* sqlite_hot.h: the typed calls of the port, each inside a transaction someone else holds.
 *
 * Thread: accept and the marks on the writer, feed, unread and stream on a reader. */
#ifndef ORQ_DRIVER_STORE_SQLITE_HOT_H
#define ORQ_DRIVER_STORE_SQLITE_HOT_H

#include "driver/store/sqlite_key.h"
#include "driver/store/sqlite_usage.h"
#include "driver/store/sqlite_users.h"

typedef struct Accepting { /* the writer's connection, and what it keeps in memory */
    Db *db;
    Users *users;
    Usage *usage;
    Keys *keys;
} Accepting;

/* ST_CONFLICT: the id of a delivery exists. On failure what it wrote is still there: the writer undoes
 * it. */
Status sqlite_accept(const Accepting *a, AcceptCall *call) MUST_USE;

Status sqlite_mark_read(Db *c, MarkReadCall *call) MUST_USE;

Status sqlite_mark_all_read(Db *c, MarkAllReadCall *call) MUST_USE;

Status sqlite_feed(Db *c, FeedCall *call) MUST_USE;

Status sqlite_unread(Db *c, UnreadCall *call) MUST_USE;

/* Opens a transaction of its own: position and items are of one moment. */
Status sqlite_stream(Db *c, StreamCall *call) MUST_USE;

#endif
