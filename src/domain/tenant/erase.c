/* erase.c: table by table, ERASE_ROWS at a time. Events and idempotency keys have no index by tenant
 * (nothing else asks for one), so they are visited once, in ranges of their numbers. */
#include "domain/tenant/erase.h"

enum { ERASE_ROWS = 1000, LOOK_ROWS = 10000 };

/* $1 tenant, $2 how many. Row values instead of rowids: PostgreSQL has none. */
static const char sql_scheduled[] =
    "DELETE FROM scheduled WHERE no IN (SELECT no FROM scheduled WHERE tenant = $1 LIMIT $2)";
static const char *const tables[] = {
    "DELETE FROM inbox WHERE tenant = $1 AND (end_user, message) IN "
    "(SELECT end_user, message FROM inbox WHERE tenant = $1 ORDER BY end_user, message LIMIT $2)",
    "DELETE FROM message WHERE no IN (SELECT no FROM message WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM attempt WHERE tenant = $1 AND (event, channel, no) IN (SELECT event, channel, no "
    "FROM attempt WHERE tenant = $1 ORDER BY event, channel, no LIMIT $2)",
    "DELETE FROM report WHERE tenant = $1 AND (event, channel, kind) IN (SELECT event, channel, "
    "kind FROM report WHERE tenant = $1 ORDER BY event, channel, kind LIMIT $2)",
    "DELETE FROM suppression WHERE tenant = $1 AND id IN "
    "(SELECT id FROM suppression WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM provider WHERE tenant = $1 AND id IN "
    "(SELECT id FROM provider WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM delivery WHERE tenant = $1 AND (event, channel) IN "
    "(SELECT event, channel FROM delivery WHERE tenant = $1 ORDER BY event, channel LIMIT $2)",
    "DELETE FROM idempotency_spill WHERE tenant = $1 AND key_hash IN "
    "(SELECT key_hash FROM idempotency_spill WHERE tenant = $1 LIMIT $2)",
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
    "DELETE FROM verification_key WHERE tenant = $1 AND id IN "
    "(SELECT id FROM verification_key WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM service_account WHERE client_id IN "
    "(SELECT client_id FROM service_account WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM admin_session WHERE id_hash IN "
    "(SELECT id_hash FROM admin_session WHERE tenant = $1 LIMIT $2)",
    "DELETE FROM admin_user WHERE username IN "
    "(SELECT username FROM admin_user WHERE tenant = $1 LIMIT $2)",
};

enum { TABLES = sizeof tables / sizeof *tables };

typedef struct Walk {  /* a table without an index by tenant */
    const char *ends;  /* $1 after: the next number, and the highest */
    const char *erase; /* $1 from, $2 up to, $3 tenant */
} Walk;

static const Walk walks[] = {
    {"SELECT (SELECT MIN(no) FROM idempotency WHERE no > $1), (SELECT MAX(no) FROM idempotency)",
     "DELETE FROM idempotency WHERE no >= $1 AND no <= $2 AND tenant = $3"},
    {"SELECT (SELECT MIN(no) FROM event WHERE no > $1), (SELECT MAX(no) FROM event)",
     "DELETE FROM event WHERE no >= $1 AND no <= $2 AND tenant = $3"},
};

enum { WALKS = sizeof walks / sizeof *walks };

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

/* What sweeps deleted at the start of the table is not walked over: its numbers are jumped. */
static Status ends_of(StoreTx *tx, const Walk *walk, int64_t after_no, int64_t *ret_next,
                      int64_t *ret_newest, Err *err)
{
    Arena arena;
    Rows rows;
    arena_init(&arena, 4 * ARENA_CHUNK_BYTES);
    Status st = tx_query(tx, walk->ends, VALUES(value_int(after_no)), &arena, &rows, err);
    if (st == ST_OK) {
        *ret_next = rows_int(&rows, 0, 0);
        *ret_newest = rows_int(&rows, 0, 1);
    }
    arena_done(&arena);
    return st;
}

static Status erase_walk(StoreTx *tx, Erase *erase, const Walk *walk, Err *err)
{
    int64_t from = 0, newest = 0;
    Status st = ends_of(tx, walk, erase->_no, &from, &newest, err);
    int64_t to = from + LOOK_ROWS - 1;
    if (st == ST_OK)
        st = tx_run(tx, walk->erase,
                    VALUES(value_int(from), value_int(to), value_int(erase->tenant_no)), NULL, err);
    if (st != ST_OK) return st;
    bool all = to >= newest;
    erase->_no = all ? 0 : to;
    if (all) erase->_table++;
    return ST_OK;
}

Status erase_step(StoreTx *tx, Erase *erase, Err *err)
{
    if (erase->_table < TABLES) return erase_rows(tx, erase, err);
    if (erase->_table < TABLES + WALKS)
        return erase_walk(tx, erase, &walks[erase->_table - TABLES], err);
    Status st = tx_run(tx, "DELETE FROM tenant WHERE no = $1", VALUES(value_int(erase->tenant_no)),
                       NULL, err);
    if (st == ST_OK) erase->done = true;
    return st;
}
