/* sqlite_db.h: one SQLite connection with its prepared statements, and the SQL half of the port
 * (StoreTx) on top of it.
 *
 * Errors come in two kinds, and db_fail tells them apart once: a statement that SQLite refused
 * (constraint, size, our own wrong SQL) leaves the transaction usable; anything the system did to us
 * (I/O, disk full, memory, corruption) marks the connection `broken`: its owner must throw the
 * transaction and the connection away, and never retry on it.
 *
 * Thread: one owner.  Ownership: bound values are borrowed until the statement is reset. */
#ifndef ORQ_DRIVER_STORE_SQLITE_DB_H
#define ORQ_DRIVER_STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "port/store.h"

typedef enum DbRole { DB_WRITER, DB_READER } DbRole;

enum { DB_STATEMENTS_MAX = 256 }; /* prepared at once; a power of two */

typedef struct DbStatement {
    const char *sql; /* the literal's address is the key; NULL: free */
    sqlite3_stmt *stmt;
    bool changes_users; /* writes what the writer keeps in memory (sqlite_users.h) */
} DbStatement;

typedef struct Db {
    StoreTx tx; /* first: a StoreTx is a Db */
    sqlite3 *sqlite;
    DbRole role;
    bool broken;         /* see above */
    bool users_changed;  /* a job wrote what the writer keeps in memory; the writer clears it */
    bool _changes_users; /* set by the authorizer while a statement is prepared */
    uint32_t _count;
    DbStatement _statements[DB_STATEMENTS_MAX];
} Db;

/* ST_UNAVAILABLE; *ret_db is untouched then. The file must exist. */
Status db_open(const char *path, const char *vfs, DbRole role, Db **ret_db, Err *err) MUST_USE;
void db_close(Db *c); /* NULL is fine. A broken or reading connection never checkpoints */

/* The statement of a literal, prepared on first use, reset and ready to bind. */
Status db_statement(Db *c, const char *sql, sqlite3_stmt **ret_stmt, Err *err) MUST_USE;

/* Runs a bound statement to its end and resets it. */
Status db_finish(Db *c, sqlite3_stmt *stmt, Err *err) MUST_USE;

/* db_statement and db_finish of one without parameters: BEGIN IMMEDIATE, COMMIT, SAVEPOINT. */
Status db_do(Db *c, const char *sql, Err *err) MUST_USE;
/* Several statements, not kept: migrations and pragmas. */
Status db_script(Db *c, const char *sql, Err *err) MUST_USE;
Status db_pragma_int(Db *c, const char *sql, int64_t *ret_value, Err *err) MUST_USE;

/* Translates rc once, remembers when the connection is broken. */
Status db_fail(Db *c, int rc, Err *err);

static inline bool db_in_transaction(const Db *c)
{
    return sqlite3_get_autocommit(c->sqlite) == 0;
}

/* Binding cannot fail but for memory, which the step would meet again; {NULL,0} binds as "". */
static inline void bind_text(sqlite3_stmt *stmt, int i, Str text)
{
    sqlite3_bind_text(stmt, i, text.at ? text.at : "", (int)text.len, SQLITE_STATIC);
}
static inline void bind_text_or_null(sqlite3_stmt *stmt, int i, Str text) /* "" is NULL */
{
    sqlite3_bind_text(stmt, i, text.len ? text.at : NULL, (int)text.len, SQLITE_STATIC);
}
static inline void bind_uuid(sqlite3_stmt *stmt, int i, const Uuid *id)
{
    sqlite3_bind_blob(stmt, i, id->at, sizeof id->at, SQLITE_STATIC);
}
static inline void bind_int(sqlite3_stmt *stmt, int i, int64_t num)
{
    sqlite3_bind_int64(stmt, i, num);
}

/* The bytes of a TEXT or BLOB column; {NULL,0} only for NULL. Valid until the next step. */
Str column_bytes(sqlite3_stmt *stmt, int i);

extern const StoreOps sqlite_ops; /* sqlite_store.c */

/* StoreOps run, query, last_id (sqlite_tx.c) */
Status sqlite_tx_run(StoreTx *tx, const char *sql, const Value *values, int count,
                     int64_t *ret_changed, Err *err);
Status sqlite_tx_query(StoreTx *tx, const char *sql, const Value *values, int count, Arena *arena,
                       Rows *ret_rows, Err *err);
int64_t sqlite_tx_last_id(StoreTx *tx);

#endif
