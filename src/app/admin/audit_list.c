/* audit_list.c: GET /api/v1/admin/audit, newest first: the operator sees all, a tenant's admin what
 * concerns the own tenant.
 *
 * Two statements, because one that may or may not name a tenant would use no index. The other filters
 * are looked at row by row: an empty text matches everything. */
#include "app/admin/audit.h"
#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/http/router.h"
#include "domain/tenant/tenant_store.h"

typedef struct AuditFilter {
    uint32_t limit, tenant_no; /* 0: all */
    bool has_tenant_id;
    Uuid tenant_id;
    Str action, actor; /* "": any */
    int64_t before_no, from_ms, to_ms;
} AuditFilter;

#define SELECT                                                                                     \
    "SELECT a.no, a.at_ms, t.id, a.actor, a.action, a.subject, a.trace_id, a.before, a.after "     \
    "FROM audit a LEFT JOIN tenant t ON t.no = a.tenant "
#define FILTERS                                                                                    \
    "AND a.at_ms >= $2 AND a.at_ms < $3 AND ($4 = '' OR a.action = $4) "                           \
    "AND ($5 = '' OR a.actor = $5) "

static Status read_all(StoreTx *tx, const AuditFilter *f, Arena *arena, Rows *ret_rows, Err *err)
{
    return tx_query(tx, SELECT "WHERE a.no < $1 " FILTERS "ORDER BY a.no DESC LIMIT $6",
                    VALUES(value_int(f->before_no), value_int(f->from_ms), value_int(f->to_ms),
                           value_text(f->action), value_text(f->actor), value_int(f->limit + 1)),
                    arena, ret_rows, err);
}

static Status read_of_tenant(StoreTx *tx, const AuditFilter *f, Arena *arena, Rows *ret_rows,
                             Err *err)
{
    return tx_query(
        tx, SELECT "WHERE a.no < $1 " FILTERS "AND a.tenant = $6 ORDER BY a.no DESC LIMIT $7",
        VALUES(value_int(f->before_no), value_int(f->from_ms), value_int(f->to_ms),
               value_text(f->action), value_text(f->actor), value_int(f->tenant_no),
               value_int(f->limit + 1)),
        arena, ret_rows, err);
}

static void put_tenant_id(Buf *out, Str bytes)
{
    Uuid id;
    if (bytes.len != sizeof id.at) {
        put_text(out, "tenantId", (Str){NULL, 0});
        return;
    }
    memcpy(id.at, bytes.at, sizeof id.at);
    put_id(out, "tenantId", id);
}

static void row_json(Buf *out, const Rows *rows, uint32_t i, Arena *arena)
{
    Str before = rows_text(rows, i, 7), after = rows_text(rows, i, 8);
    put_open(out);
    put_text(out, "id", arena_format(arena, "%lld", (long long)rows_int(rows, i, 0)));
    put_time(out, "at", rows_int(rows, i, 1));
    put_tenant_id(out, rows_text(rows, i, 2));
    put_text(out, "actor", rows_text(rows, i, 3));
    put_text(out, "action", rows_text(rows, i, 4));
    put_text(out, "subject", rows_text(rows, i, 5));
    put_text(out, "traceId", rows_text(rows, i, 6));
    put_raw(out, "before", before.len ? before : S("null"));
    put_raw(out, "after", after.len ? after : S("null"));
    put_close(out);
}

static Status find_tenant(StoreTx *tx, AdminJob *job, AuditFilter *f, Err *err)
{
    TenantRow tenant;
    if (!f->has_tenant_id) return ST_OK;
    Status st = tenant_read(tx, f->tenant_id, job->arena, &tenant, err);
    if (st != ST_OK) return st;
    /* An admin's own number is known already; another tenant's id looks like nobody's. */
    if (f->tenant_no && f->tenant_no != tenant.no)
        return err_set(err, ST_NOT_FOUND, "Tenant not found");
    f->tenant_no = tenant.no;
    return ST_OK;
}

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    AuditFilter *f = job->input;
    Rows rows;
    Status st = find_tenant(tx, job, f, err);
    if (st == ST_OK)
        st = f->tenant_no ? read_of_tenant(tx, f, job->arena, &rows, err)
                          : read_all(tx, f, job->arena, &rows, err);
    if (st != ST_OK) return st;
    uint32_t shown = rows.count < f->limit ? rows.count : f->limit;
    for (uint32_t i = 0; i < shown; i++) row_json(&job->data, &rows, i, job->arena);
    if (rows.count > f->limit)
        job->next_cursor = arena_format(job->arena, "%lld",
                                        (long long)rows_int(&rows, shown - 1, 0));
    return ST_OK;
}

static bool read_filter(Request *rq, AuditFilter *f)
{
    Str text;
    Problems problems = {.count = 0};
    f->action = f->actor = S("");
    if (request_query(rq, S("action"), &text)) f->action = text;
    if (request_query(rq, S("actor"), &text)) f->actor = text;
    page_time(rq, "from", &problems, &f->from_ms);
    page_time(rq, "to", &problems, &f->to_ms);
    f->has_tenant_id = request_query(rq, S("tenantId"), &text);
    if (f->has_tenant_id && !uuid_parse(text, &f->tenant_id))
        problems_add(&problems, S("tenantId must be a UUID"));
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_audit_list(Request *rq)
{
    AuditFilter *f = arena_new(&rq->arena, AuditFilter);
    Page page;
    if (!page_read(rq, &page)) return;
    f->limit = page.limit;
    f->before_no = f->to_ms = INT64_MAX;
    if (rq->session->role == ROLE_TENANT_ADMIN) f->tenant_no = rq->session->tenant_no;
    if (page.cursor.at && !str_to_i64(page.cursor, &f->before_no)) {
        page_refuse_cursor(rq);
        return;
    }
    if (!read_filter(rq, f)) return;
    admin_job_list(rq, run_list, f);
}
