/* erase.c: table by table, ERASE_ROWS at a time. Events have no index by tenant (nothing else asks for
 * one), so they are visited once, in ranges of their numbers. */
#include "domain/tenant/erase.h"

enum { ERASE_ROWS = 1000, ERASE_EVENTS = 10000 };

/* $1 tenant, $2 how many. Row values instead of rowids: PostgreSQL has none. */
static const char sql_scheduled[] =
    "DELETE FROM scheduled WHERE no IN (SELECT no FROM scheduled WHERE tenant = $1 LIMIT $2)";
static const char *const tables[] = {
    "DELETE FROM inbox WHERE tenant = $1 AND (end_user, message) IN "
    "(SELECT end_user, message FROM inbox WHERE tenant = $1 ORDER BY end_user, message LIMIT $2)",
    "DELETE FROM message WHERE no IN (SELECT no FROM message WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM delivery WHERE tenant = $1 AND (event, channel) IN "
    "(SELECT event, channel FROM delivery WHERE tenant = $1 ORDER BY event, channel LIMIT $2)",
    "DELETE FROM idempotency WHERE tenant = $1 AND key_hash IN "
    "(SELECT key_hash FROM idempotency WHERE tenant = $1 LIMIT $2)",
    sql_scheduled,
    "DELETE FROM scheduled_count WHERE tenant IN "
    "(SELECT tenant FROM scheduled_count WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM end_user WHERE no IN (SELECT no FROM end_user WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM usage_day WHERE tenant = $1 AND day IN "
    "(SELECT day FROM usage_day WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM template_version WHERE tenant = $1 AND (template, version) IN "
    "(SELECT template, version FROM template_version WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM template WHERE tenant = $1 AND id IN "
    "(SELECT id FROM template WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM admin_session WHERE id_hash IN "
    "(SELECT id_hash FROM admin_session WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM admin_user WHERE username IN "
    "(SELECT username FROM admin_user WHERE tenant = $1 LIMIT $2)",
};

enum { TABLES = sizeof tables / sizeof *tables };

static Status erase_rows(StoreTx *tx, Erase *erase, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx, tables[erase->_table],
                       VALUES(value_int(erase->tenant_no), value_int(ERASE_ROWS)), &changed, err);
    if (st == ST_OK && tables[erase->_table] == sql_scheduled)
        erase->schedules += (uint64_t)changed;
    if (st == ST_OK && changed < ERASE_ROWS) erase->_table++;
    return st;
}

static Status newest_event(StoreTx *tx, int64_t *ret_no, Err *err)
{
    Arena arena;
    Rows rows;
    arena_init(&arena, 4 * ARENA_CHUNK_BYTES);
    Status st = tx_query(tx, "SELECT MAX(no) FROM event", NO_VALUES, &arena, &rows, err);
    if (st == ST_OK) *ret_no = rows_int(&rows, 0, 0);
    arena_done(&arena);
    return st;
}

static Status erase_events(StoreTx *tx, Erase *erase, Err *err)
{
    int64_t newest, to = erase->_event_no + ERASE_EVENTS;
    Status st = newest_event(tx, &newest, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM event WHERE no > $1 AND no <= $2 AND tenant = $3",
                    VALUES(value_int(erase->_event_no), value_int(to), value_int(erase->tenant_no)),
                    NULL, err);
    if (st != ST_OK) return st;
    erase->_event_no = to;
    if (to >= newest) erase->_table++;
    return ST_OK;
}

Status erase_step(StoreTx *tx, Erase *erase, Err *err)
{
    if (erase->_table < TABLES) return erase_rows(tx, erase, err);
    if (erase->_table == TABLES) return erase_events(tx, erase, err);
    Status st = tx_run(tx, "DELETE FROM tenant WHERE no = $1", VALUES(value_int(erase->tenant_no)),
                       NULL, err);
    if (st == ST_OK) erase->done = true;
    return st;
}
