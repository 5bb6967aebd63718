/* The schema is the files of schema/, in order; user_version says how many of them a database has
 * seen, application_id that it is ours. Only forward: who opens newer data with an older program gets
 * a sentence, because guessing would lose what the newer one wrote. */
#include "driver/store/sqlite_files.h"
#include "driver/store/sqlite_schema.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x4f525131 }; /* "ORQ1" */

static Status check_ours(Db *c, int64_t version, Err *err)
{
    int64_t application = 0, objects = 0;

    Status st = db_pragma_int(c, "PRAGMA application_id", &application, err);
    if (st == ST_OK) st = db_pragma_int(c, "SELECT count(*) FROM sqlite_schema", &objects, err);
    if (st != ST_OK) return st;
    bool fresh = application == 0 && version == 0 && objects == 0;
    if (!fresh && application != APPLICATION_ID)
        return err_set(err, ST_INVALID, "%s is an SQLite database, but not one of Orqestra",
                       sqlite3_db_filename(c->sqlite, "main"));
    if (version > (int64_t)schema_file_count)
        return err_set(
            err, ST_INVALID,
            "the data has schema %lld and this program knows up to %u: it was written by "
            "a newer Orqestra; run that one, or restore a backup made before the upgrade",
            (long long)version, schema_file_count);
    return ST_OK;
}

static Status apply(Db *c, uint32_t version, Err *err)
{
    char marks[96];
    int len = snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%u;",
                       APPLICATION_ID, version);
    CHECK(len > 0 && (size_t)len < sizeof marks);

    Status st = db_script(c, "BEGIN IMMEDIATE", err);
    if (st == ST_OK) st = db_script(c, schema_files[version - 1], err);
    if (st == ST_OK) st = db_script(c, marks, err);
    if (st == ST_OK) st = db_script(c, "COMMIT", err);
    return st; /* a failed step ends the open, and closing rolls back */
}

Status schema_migrate(Db *c, Err *err)
{
    int64_t version = 0;

    Status st = db_pragma_int(c, "PRAGMA user_version", &version, err);
    if (st == ST_OK) st = check_ours(c, version, err);
    for (uint32_t next = (uint32_t)version + 1; st == ST_OK && next <= schema_file_count; next++)
        st = apply(c, next, err);
    return st;
}
