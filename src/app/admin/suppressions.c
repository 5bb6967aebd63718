/* suppressions.c: to whom a tenant sends nothing any more (ORQ-05): .../tenants/{id}/suppressions.
 *
 * The audit log says that an address was added or lifted, with its id, and not which: it outlives the person's
 * data. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/api/body.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/deliver/suppression_store.h"
#include "domain/intake/plan.h"
#include "domain/tenant/tenant_store.h"

static void put_rest(Buf *out, const Suppression *s)
{
    put_text(out, "channel", channel_name(s->channel));
    put_text(out, "category", s->category.len ? s->category : (Str){NULL, 0});
    put_text(out, "reason", suppress_reason_name(s->reason));
    put_text(out, "source", s->source);
    put_time(out, "since", s->since_ms);
}

static void suppression_json(Buf *out, const Suppression *s)
{
    put_open(out);
    put_id(out, "id", s->id);
    put_text(out, "address", s->address);
    put_text(out, "note", s->note);
    put_rest(out, s);
    put_close(out);
}

static Status audit(StoreTx *tx, const AdminJob *job, const char *action, const Suppression *s,
                    bool is_new, Err *err)
{
    Buf text;
    buf_init(&text, HTTP_RESPONSE_MAX);
    put_open(&text);
    put_rest(&text, s);
    put_close(&text);
    Str json = buf_view(&text), none = {NULL, 0};
    Status st = admin_job_audit(tx, job, s->tenant_no, action, s->id, is_new ? none : json,
                                is_new ? json : none, err);
    buf_done(&text);
    return st;
}

/* ---- list ---- */

typedef struct ListInput {
    SuppressionFilter filter;
    Uuid before;
    uint32_t limit;
} ListInput;

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    const ListInput *in = job->input;
    TenantRow tenant;
    SuppressionRows rows;
    char id[UUID_TEXT_LEN];
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK)
        st = suppression_page(tx, tenant.no, &in->filter, in->before, in->limit + 1, job->arena,
                              &rows, err);
    if (st != ST_OK) return st;
    uint32_t shown = rows.count < in->limit ? rows.count : in->limit;
    for (uint32_t i = 0; i < shown; i++) suppression_json(&job->data, &rows.at[i]);
    if (rows.count > in->limit) {
        uuid_text(rows.at[shown - 1].id, id);
        job->next_cursor = arena_format(job->arena, "%.*s", UUID_TEXT_LEN, id);
    }
    return ST_OK;
}

static bool read_filter(Request *rq, SuppressionFilter *f)
{
    Str text;
    SuppressReason reason;
    Problems problems = {.count = 0};
    *f = (SuppressionFilter){.channel = SUPPRESSION_ANY, .reason = SUPPRESSION_ANY};
    page_sent_channel(rq, &problems, &f->channel);
    if (request_query(rq, S("reason"), &text)) {
        if (suppress_reason_parse(text, &reason))
            f->reason = (int)reason;
        else
            problems_add(&problems, S("reason must be one of the following values: bounced, "
                                      "complained, unsubscribed, rejected, manual"));
    }
    if (request_query(rq, S("address"), &text)) f->address = text;
    if (request_query(rq, S("category"), &text)) f->category = text;
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_suppression_list(Request *rq)
{
    ListInput *in = arena_new(&rq->arena, ListInput);
    Page page;
    if (!page_read(rq, &page) || !read_filter(rq, &in->filter)) return;
    if (page.cursor.at && !uuid_parse(page.cursor, &in->before)) {
        page_refuse_cursor(rq);
        return;
    }
    in->limit = page.limit;
    admin_job_list(rq, run_list, in);
}

/* ---- add ---- */

static Status run_add(StoreTx *tx, AdminJob *job, Err *err)
{
    Suppression *s = job->input;
    TenantRow tenant;
    bool added = false;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st != ST_OK) return st;
    s->tenant_no = tenant.no;
    s->source = job->actor;
    st = suppression_add(tx, s, &added, err);
    if (st == ST_OK && !added)
        return err_set(err, ST_CONFLICT, "This address is suppressed already");
    Suppression saved;
    if (st == ST_OK) st = suppression_read(tx, tenant.no, s->id, job->arena, &saved, err);
    if (st != ST_OK) return st;
    suppression_json(&job->data, &saved);
    return audit(tx, job, "suppression.added", &saved, true, err);
}

static void read_address(const Fields *f, Suppression *s)
{
    if (!fields_line(f, S("address"), 1, SUPPRESSION_ADDRESS_MAX, &s->address)) return;
    if (recipient_fits(s->channel, s->address)) return;
    if (s->channel == CHANNEL_EMAIL)
        fields_problem(f, "address must be an e-mail address for the channel EMAIL");
    else
        fields_problem(f, "address must be a number like +254712345678 for the channel SMS");
}

static bool read_new(Request *rq, Suppression *s)
{
    static const Str known[] = {STR_INIT("channel"), STR_INIT("address"), STR_INIT("category"),
                                STR_INIT("reason"), STR_INIT("note")};
    Json json;
    Str text = S("");
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    s->category = S("");
    s->reason = SUPPRESS_MANUAL;
    if (fields_open(&f, known, sizeof known / sizeof *known)) {
        bool channel = fields_text(&f, S("channel"), 1, 5, &text) &&
                       channel_parse(text, &s->channel) && s->channel != CHANNEL_PUSH;
        if (!channel) fields_problem(&f, "channel must be one of the following values: EMAIL, SMS");
        fields_require(&f, S("address"), "a string");
        if (channel) read_address(&f, s);
        fields_line(&f, S("category"), 1, EVENT_TYPE_MAX, &s->category);
        fields_line(&f, S("note"), 1, SUPPRESSION_NOTE_MAX, &s->note);
        if (fields_text(&f, S("reason"), 1, 20, &text) && !suppress_reason_parse(text, &s->reason))
            fields_problem(&f, "reason must be one of the following values: bounced, complained, "
                               "unsubscribed, rejected, manual");
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_suppression_add(Request *rq)
{
    Suppression *s = arena_new(&rq->arena, Suppression);
    Loop *loop = rq->lane->loop;
    if (!read_new(rq, s)) return;
    s->id = uuid_v7(loop->now_ms, &loop->random);
    s->since_ms = loop->now_ms;
    AdminJob *job = admin_job_new(rq, run_add, s);
    if (!job) return;
    job->status = 201;
    admin_job_send(job, STORE_WRITE_JOB);
}

/* ---- lift ---- */

static Status run_lift(StoreTx *tx, AdminJob *job, Err *err)
{
    const Uuid *id = job->input;
    TenantRow tenant;
    Suppression before;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = suppression_read(tx, tenant.no, *id, job->arena, &before, err);
    if (st == ST_OK) st = suppression_lift(tx, tenant.no, *id, err);
    if (st == ST_OK) st = audit(tx, job, "suppression.lifted", &before, false, err);
    buf_lit(&job->data, "{\"deleted\":true}");
    return st;
}

void admin_suppression_lift(Request *rq)
{
    Uuid *id = arena_new(&rq->arena, Uuid);
    if (!uuid_parse(rq->params[1], id)) {
        respond_error(rq, 404, S("Suppression not found"));
        return;
    }
    AdminJob *job = admin_job_new(rq, run_lift, id);
    if (job) admin_job_send(job, STORE_WRITE_JOB);
}
