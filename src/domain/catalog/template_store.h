/* template_store.h: templates and their earlier versions as rows.
 *
 * A template is one (event type, channel) of a tenant. What each version said is kept, because a
 * delivery names the version it was planned with.
 *
 * Thread: inside a store job.  Ownership: rows read live in the arena given.
 * Errors: ST_NOT_FOUND, ST_CONFLICT ((event type, channel) taken), and the store's own. */
#ifndef ORQ_DOMAIN_CATALOG_TEMPLATE_STORE_H
#define ORQ_DOMAIN_CATALOG_TEMPLATE_STORE_H

#include "domain/tenant/tenant.h"
#include "port/store.h"

typedef struct TemplateRow {
    uint32_t tenant_no;
    Uuid id;
    Str event_type;
    Channel channel;
    TemplateFormat format;
    Str subject; /* "" = none */
    Str body;
    Str target_channel; /* "" = global_system */
    uint32_t version;   /* from 1 */
    bool active;
    bool at_most_once; /* the option "delivery" */
    int64_t created_ms, updated_ms;
} TemplateRow;

typedef struct TemplateRows {
    TemplateRow *at;
    uint32_t count;
} TemplateRows;

Str template_format_name(TemplateFormat format); /* "text", "html", "mjml" */
bool template_format_parse(Str name, TemplateFormat *ret_format);

Status template_insert(StoreTx *tx, const TemplateRow *row, Err *err) MUST_USE;
Status template_save(StoreTx *tx, const TemplateRow *row, Err *err) MUST_USE; /* by tenant and id */
/* Files what the row says under its version number; once a version, the current one included. */
Status template_keep_version(StoreTx *tx, const TemplateRow *row, Err *err) MUST_USE;
Status template_delete(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err) MUST_USE;

Status template_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena, TemplateRow *ret_row,
                     Err *err) MUST_USE;
/* Active ones only, in the order of their ids, at most `limit` after `after` (zero: from the start). */
Status template_read_active(StoreTx *tx, uint32_t tenant_no, Uuid after, uint32_t limit,
                            Arena *arena, TemplateRows *ret_rows, Err *err) MUST_USE;
/* All of them, newest first, below `before`. */
Status template_read_before(StoreTx *tx, uint32_t tenant_no, Uuid before, uint32_t limit,
                            Arena *arena, TemplateRows *ret_rows, Err *err) MUST_USE;
/* One that publishes to this custom channel, if any: *ret_found. */
Status template_find_target(StoreTx *tx, uint32_t tenant_no, Str target_channel, Arena *arena,
                            bool *ret_found, TemplateRow *ret_row, Err *err) MUST_USE;
Status template_count(StoreTx *tx, uint32_t tenant_no, Arena *arena, uint32_t *ret_count,
                      Err *err) MUST_USE;

#endif
