/* Statements are found by the address of their SQL in a small open-addressing table: a hash of one
 * word, no string compare, about 3 ns. The port asks for literals, whose address is their identity;
 * what comes through tx_run is compared as well, so that a buffer passed by mistake costs time, not
 * truth.
 *
 * The pragmas, and why:
 *   journal_mode=WAL        readers never wait for the writer, nor it for them
 *   synchronous=FULL        a commit is an fsync (RELIABILITY P1); NORMAL was measured: it gains nothing
 *   wal_autocheckpoint=0    the writer checkpoints itself, after it has answered (sqlite_writer.c);
 *                           readers must not checkpoint at all
 *   journal_size_limit      a WAL that a long read made huge shrinks again
 *   temp_store=MEMORY       no file outside the data directory
 *   secure_delete           what was erased is overwritten with zeros, also in pages that became free:
 *                           nobody's address may be read from the file afterwards (RELIABILITY 33)
 *   cell_size_check, trusted_schema=OFF    a damaged or planted file is refused, not obeyed */
#include "driver/store/sqlite_db.h"

#include <pthread.h>

#include "base/mem.h"

enum { BUSY_WAIT_MS = 5000 }; /* a backup in another process may hold the WAL index for a moment */

static const char pragmas_common[] = "PRAGMA temp_store=MEMORY;"
                                     "PRAGMA cell_size_check=ON;"
                                     "PRAGMA trusted_schema=OFF;"
                                     "PRAGMA wal_autocheckpoint=0;";
static const char pragmas_writer[] = "PRAGMA synchronous=FULL;"
                                     "PRAGMA journal_size_limit=67108864;"
                                     "PRAGMA secure_delete=ON;"
                                     "PRAGMA cache_size=-32768;"; /* KiB */
static const char pragmas_reader[] = "PRAGMA cache_size=-8192;";

/* ---- errors ---- */

static bool is_our_own_fault(int primary)
{
    return primary == SQLITE_ERROR || primary == SQLITE_MISUSE || primary == SQLITE_RANGE ||
           primary == SQLITE_AUTH;
}

Status db_fail(Db *c, int rc, Err *err)
{
    int primary = rc & 0xff;
    const char *text = c->sqlite ? sqlite3_errmsg(c->sqlite) : sqlite3_errstr(rc);

    if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
        rc == SQLITE_CONSTRAINT_ROWID)
        return err_set(err, ST_CONFLICT, "%s", text);
    if (primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH)
        return err_set(err, ST_INVALID, "%s", text);
    if (primary == SQLITE_TOOBIG) return err_set(err, ST_TOO_BIG, "%s", text);
    if (is_our_own_fault(primary)) return err_set(err, ST_INTERNAL, "store: %s", text);
    if (primary == SQLITE_READONLY && c->role == DB_READER)
        return err_set(err, ST_INTERNAL, "store: a read job must not write");
    c->broken = true;
    if (primary == SQLITE_NOTADB)
        return err_set(err, ST_INVALID, "%s is not a database: it is damaged, or not ours",
                       sqlite3_db_filename(c->sqlite, "main"));
    return err_set(err, ST_UNAVAILABLE, "the store does not work: %s (%s)", text,
                   sqlite3_errstr(rc));
}

/* ---- open and close ---- */

/* Runs while a statement is prepared: does it write a table the writer keeps in memory? */
static int see_action(void *arg, int action, const char *table, const char *b, const char *c_,
                      const char *d)
{
    Db *c = arg;
    (void)b, (void)c_, (void)d;
    if (action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE)
        if (str_is(S("end_user"), table) || str_is(S("inbox"), table)) c->_changes_users = true;
    return SQLITE_OK;
}

/* SQLite answers with the mode it could get, which on some file systems is another one. */
static Status enter_wal(Db *c, Err *err)
{
    sqlite3_stmt *stmt;

    int rc = sqlite3_prepare_v2(c->sqlite, "PRAGMA journal_mode=WAL", -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    Status st = ST_OK;
    if (rc != SQLITE_ROW)
        st = db_fail(c, rc, err);
    else if (!str_is(column_bytes(stmt, 0), "wal"))
        st = err_set(err, ST_UNAVAILABLE,
                     "the file system of %s cannot hold a write-ahead log; use a local disk",
                     sqlite3_db_filename(c->sqlite, "main"));
    sqlite3_finalize(stmt);
    return st;
}

static Status configure(Db *c, Err *err)
{
    int rc = sqlite3_extended_result_codes(c->sqlite, 1);
    if (rc == SQLITE_OK) rc = sqlite3_busy_timeout(c->sqlite, BUSY_WAIT_MS);
    if (rc == SQLITE_OK) rc = sqlite3_db_config(c->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (rc == SQLITE_OK && c->role == DB_READER)
        rc = sqlite3_db_config(c->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == SQLITE_OK && c->role == DB_WRITER)
        rc = sqlite3_set_authorizer(c->sqlite, see_action, c);
    if (rc != SQLITE_OK) return db_fail(c, rc, err);

    Status st = db_script(c, pragmas_common, err);
    if (st == ST_OK && c->role == DB_WRITER) st = enter_wal(c, err);
    if (st == ST_OK) st = db_script(c, c->role == DB_WRITER ? pragmas_writer : pragmas_reader, err);
    return st;
}

/* SQLite counts its memory under a global lock unless told, before its first use, not to. When
 * someone used it earlier this does nothing, and costs only that. */
static void library_init(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

Status db_open(const char *path, const char *vfs, DbRole role, Db **ret_db, Err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (role == DB_WRITER ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    Db *c = mem_new(Db);

    pthread_once(&once, library_init);
    c->tx.ops = &sqlite_ops;
    c->role = role;
    int rc = sqlite3_open_v2(path, &c->sqlite, flags, vfs);
    Status st = rc == SQLITE_OK ? configure(c, err) : db_fail(c, rc, err);
    if (st != ST_OK) {
        c->broken = true;
        db_close(c);
        return st == ST_INTERNAL ? ST_UNAVAILABLE : st;
    }
    *ret_db = c;
    return ST_OK;
}

static void forget_statements(Db *c)
{
    for (uint32_t i = 0; i < DB_STATEMENTS_MAX; i++) {
        sqlite3_finalize(c->_statements[i].stmt);
        c->_statements[i] = (DbStatement){0};
    }
    c->_count = 0;
}

void db_close(Db *c)
{
    if (!c) return;
    forget_statements(c);
    /* A checkpoint after a failed write would be a retry of the same bytes (RELIABILITY P3). */
    if (c->sqlite && c->broken)
        sqlite3_db_config(c->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    CHECK(sqlite3_close(c->sqlite) == SQLITE_OK);
    mem_free(c);
}

/* ---- statements ---- */

static DbStatement *slot_of(Db *c, const char *sql)
{
    uint32_t i = (uint32_t)(((uintptr_t)sql * 0x9E3779B97F4A7C15u) >> 40);
    for (;; i++) {
        DbStatement *s = &c->_statements[i & (DB_STATEMENTS_MAX - 1)];
        if (s->sql == sql || !s->sql) return s;
    }
}

static Status prepare(Db *c, const char *sql, DbStatement *slot, Err *err)
{
    sqlite3_stmt *stmt = NULL;

    c->_changes_users = false;
    int rc = sqlite3_prepare_v3(c->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc != SQLITE_OK) return db_fail(c, rc, err);
    CHECK(stmt);
    *slot = (DbStatement){sql, stmt, c->_changes_users};
    c->_count++;
    return ST_OK;
}

Status db_statement(Db *c, const char *sql, sqlite3_stmt **ret_stmt, Err *err)
{
    DbStatement *slot = slot_of(c, sql);

    if (UNLIKELY(!slot->sql)) {
        /* Full is rare (our SQL is a fixed set of literals): start over rather than keep an order. */
        if (c->_count >= DB_STATEMENTS_MAX * 3 / 4) {
            forget_statements(c);
            slot = slot_of(c, sql);
        }
        Status st = prepare(c, sql, slot, err);
        if (st != ST_OK) return st;
    }
    if (slot->changes_users) c->users_changed = true;
    *ret_stmt = slot->stmt;
    return ST_OK;
}

Status db_finish(Db *c, sqlite3_stmt *stmt, Err *err)
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) continue;
    Status st = rc == SQLITE_DONE ? ST_OK : db_fail(c, rc, err);
    sqlite3_reset(stmt);
    return st;
}

Status db_do(Db *c, const char *sql, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql, &stmt, err);
    return st == ST_OK ? db_finish(c, stmt, err) : st;
}

Status db_script(Db *c, const char *sql, Err *err)
{
    int rc = sqlite3_exec(c->sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ST_OK : db_fail(c, rc, err);
}

Status db_pragma_int(Db *c, const char *sql, int64_t *ret_value, Err *err)
{
    sqlite3_stmt *stmt;

    int rc = sqlite3_prepare_v2(c->sqlite, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) *ret_value = sqlite3_column_int64(stmt, 0);
    Status st = rc == SQLITE_ROW ? ST_OK : db_fail(c, rc, err);
    sqlite3_finalize(stmt);
    return st;
}

Str column_bytes(sqlite3_stmt *stmt, int i)
{
    if (sqlite3_column_type(stmt, i) == SQLITE_NULL) return (Str){NULL, 0};
    const void *at = sqlite3_column_blob(stmt, i); /* NULL when empty */
    return at ? str_make(at, (size_t)sqlite3_column_bytes(stmt, i)) : S("");
}
