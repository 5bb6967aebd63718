/* template_store.c: one statement a function; COLUMNS and row_of keep the reading in one order.
 *
 * Ids are version 7, so the order of ids is the order of creation and one index serves lists both
 * ways. */
#include "domain/catalog/template_store.h"

#define COLUMNS                                                                                    \
    "tenant, id, event_type, channel, format, subject, body, target_channel, version, active, "    \
    "created_ms, updated_ms, at_most_once"

static const Str format_names[] = {STR_INIT("text"), STR_INIT("html"), STR_INIT("mjml")};

Str template_format_name(TemplateFormat format)
{
    return format_names[format];
}

bool template_format_parse(Str name, TemplateFormat *ret_format)
{
    for (TemplateFormat f = FORMAT_TEXT; f <= FORMAT_MJML; f++)
        if (str_eq(format_names[f], name)) {
            *ret_format = f;
            return true;
        }
    return false;
}

static Value id_value(const Uuid *id)
{
    return value_blob(id->at, sizeof id->at);
}

static Str text_of(const Rows *rows, uint32_t i, uint32_t column) /* NULL reads as "" */
{
    Str text = rows_text(rows, i, column);
    return text.at ? text : S("");
}

static TemplateRow row_of(const Rows *rows, uint32_t i)
{
    TemplateRow row = {
        .tenant_no = (uint32_t)rows_int(rows, i, 0),
        .event_type = text_of(rows, i, 2),
        .channel = (Channel)rows_int(rows, i, 3),
        .format = (TemplateFormat)rows_int(rows, i, 4),
        .subject = text_of(rows, i, 5),
        .body = text_of(rows, i, 6),
        .target_channel = text_of(rows, i, 7),
        .version = (uint32_t)rows_int(rows, i, 8),
        .active = rows_int(rows, i, 9) != 0,
        .created_ms = rows_int(rows, i, 10),
        .updated_ms = rows_int(rows, i, 11),
        .at_most_once = rows_int(rows, i, 12) != 0,
    };
    Str id = rows_text(rows, i, 1);
    CHECK(id.len == sizeof row.id.at && row.channel < CHANNEL_COUNT && row.format <= FORMAT_MJML);
    memcpy(row.id.at, id.at, id.len);
    return row;
}

static Status rows_of(const Rows *rows, Arena *arena, TemplateRows *ret_rows, Err *err)
{
    TemplateRow *at = arena_try(arena, sizeof *at * (rows->count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the templates do not fit into memory");
    for (uint32_t i = 0; i < rows->count; i++) at[i] = row_of(rows, i);
    *ret_rows = (TemplateRows){at, rows->count};
    return ST_OK;
}

Status template_insert(StoreTx *tx, const TemplateRow *row, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO template (" COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                  VALUES(value_int(row->tenant_no), id_value(&row->id), value_text(row->event_type),
                         value_int(row->channel), value_int(row->format), value_text(row->subject),
                         value_text(row->body), value_text(row->target_channel),
                         value_int(row->version), value_int(row->active),
                         value_int(row->created_ms), value_int(row->updated_ms),
                         value_int(row->at_most_once)),
                  NULL, err);
}

Status template_save(StoreTx *tx, const TemplateRow *row, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx,
        "UPDATE template SET event_type = $1, format = $2, subject = $3, body = $4, "
        "target_channel = $5, version = $6, active = $7, updated_ms = $8, "
        "at_most_once = $9 WHERE tenant = $10 AND id = $11",
        VALUES(value_text(row->event_type), value_int(row->format), value_text(row->subject),
               value_text(row->body), value_text(row->target_channel), value_int(row->version),
               value_int(row->active), value_int(row->updated_ms), value_int(row->at_most_once),
               value_int(row->tenant_no), id_value(&row->id)),
        &changed, err);
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Template not found");
}

Status template_keep_version(StoreTx *tx, const TemplateRow *row, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO template_version (tenant, template, version, subject, body, format, "
                  "target_channel, created_ms, at_most_once) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                  VALUES(value_int(row->tenant_no), id_value(&row->id), value_int(row->version),
                         value_text(row->subject), value_text(row->body), value_int(row->format),
                         value_text(row->target_channel), value_int(row->updated_ms),
                         value_int(row->at_most_once)),
                  NULL, err);
}

Status template_delete(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx, "DELETE FROM template_version WHERE tenant = $1 AND template = $2",
                       VALUES(value_int(tenant_no), id_value(&id)), NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM template WHERE tenant = $1 AND id = $2",
                    VALUES(value_int(tenant_no), id_value(&id)), &changed, err);
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Template not found");
}

Status template_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena, TemplateRow *ret_row,
                     Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT " COLUMNS " FROM template WHERE tenant = $1 AND id = $2",
                         VALUES(value_int(tenant_no), id_value(&id)), arena, &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Template not found");
    *ret_row = row_of(&rows, 0);
    return ST_OK;
}

Status template_read_active(StoreTx *tx, uint32_t tenant_no, Uuid after, uint32_t limit,
                            Arena *arena, TemplateRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT " COLUMNS " FROM template WHERE tenant = $1 AND id > $2 AND "
                         "active = 1 ORDER BY id LIMIT $3",
                         VALUES(value_int(tenant_no), id_value(&after), value_int(limit)), arena,
                         &rows, err);
    return st == ST_OK ? rows_of(&rows, arena, ret_rows, err) : st;
}

Status template_read_before(StoreTx *tx, uint32_t tenant_no, Uuid before, uint32_t limit,
                            Arena *arena, TemplateRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT " COLUMNS " FROM template WHERE tenant = $1 AND id < $2 "
                         "ORDER BY id DESC LIMIT $3",
                         VALUES(value_int(tenant_no), id_value(&before), value_int(limit)), arena,
                         &rows, err);
    return st == ST_OK ? rows_of(&rows, arena, ret_rows, err) : st;
}

Status template_find_target(StoreTx *tx, uint32_t tenant_no, Str target_channel, Arena *arena,
                            bool *ret_found, TemplateRow *ret_row, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT " COLUMNS " FROM template WHERE tenant = $1 AND "
                         "target_channel = $2 ORDER BY id LIMIT 1",
                         VALUES(value_int(tenant_no), value_text(target_channel)), arena, &rows,
                         err);
    if (st != ST_OK) return st;
    *ret_found = rows.count > 0;
    if (*ret_found) *ret_row = row_of(&rows, 0);
    return ST_OK;
}

Status template_count(StoreTx *tx, uint32_t tenant_no, Arena *arena, uint32_t *ret_count, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT COUNT(*) FROM template WHERE tenant = $1",
                         VALUES(value_int(tenant_no)), arena, &rows, err);
    if (st == ST_OK) *ret_count = (uint32_t)rows_int(&rows, 0, 0);
    return st;
}
