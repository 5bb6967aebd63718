/* Each step of the mix can be undone (SplitMix64's finisher), so numbers of one store stay apart; the
 * lowest bit alone is given up, for "never 0". What matters is one user id under two numbers, before and
 * after an erasure: those two share an epoch once in 2^63. */
#include "driver/store/sqlite_epoch.h"

static const char sql_base[] = "SELECT base FROM feed_epoch";

Status epoch_base(Db *c, uint64_t *ret_base, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_base, &stmt, err);

    if (st != ST_OK) return st;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret_base = (uint64_t)sqlite3_column_int64(stmt, 0);
    else
        st = rc == SQLITE_DONE ? err_set(err, ST_INTERNAL, "the store has lost its epoch")
                               : db_fail(c, rc, err);
    sqlite3_reset(stmt);
    return st;
}

uint64_t epoch_of(uint64_t base, int64_t user_no)
{
    uint64_t x = base + (uint64_t)user_no * 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) | 1;
}
