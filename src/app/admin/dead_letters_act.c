/* dead_letters_act.c: send dead letters again, or throw them away (ORQ-20): one, or all that fit a filter.
 *
 * Many are done in steps of DEAD_STEP, each a transaction of its own with its line in the audit log, walking down
 * from the newest; so what the log says is what was done, also after a crash between two steps. Nothing is done
 * without a reason. */
#include "app/admin/dead_letters.h"

#include "app/admin/fields.h"
#include "app/admin/put.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/courier/courier.h"
#include "app/http/router.h"
#include "base/isotime.h"
#include "base/limits.h"
#include "domain/tenant/tenant_store.h"

enum { DEAD_STEP = 200 };

typedef struct Act {
    bool purges;
    Str reason;
    Uuid id;           /* one */
    DeadFilter filter; /* many */
    Str filter_json;
    LogCursor from;
    uint32_t tenant_no;
    uint64_t count, skipped;           /* so far */
    uint64_t step_count, step_skipped; /* of the step at hand */
    LogCursor step_next;
    bool step_done;
    ChannelSet channels; /* with something new to send */
} Act;

/* ---- the store's side ---- */

static Status act_on(StoreTx *tx, AdminJob *job, Act *a, const LogRow *row, Err *err)
{
    bool did = false;
    Status st = a->purges ? dead_purge(tx, a->tenant_no, row, &did, err)
                          : dead_retry(tx, a->tenant_no, row, job->now_ms, &did, err);
    if (did)
        a->step_count++;
    else
        a->step_skipped++;
    if (did && !a->purges) a->channels |= CHANNEL_BIT(row->channel);
    return st;
}

static void put_counts(Buf *out, const Act *a, uint64_t count, uint64_t skipped)
{
    put_num(out, a->purges ? "purged" : "retried", (int64_t)count);
    put_num(out, "skipped", (int64_t)skipped);
}

static Status audit_step(StoreTx *tx, const AdminJob *job, const Act *a, Err *err)
{
    Buf after;
    buf_init(&after, HTTP_RESPONSE_MAX);
    put_open(&after);
    put_text(&after, "reason", a->reason);
    if (a->filter_json.at) put_raw(&after, "filter", a->filter_json);
    put_counts(&after, a, a->step_count, a->step_skipped);
    put_close(&after);
    const char *action = a->purges ? "dead_letters.purged" : "dead_letters.retried";
    Str none = {NULL, 0};
    Status st = a->filter_json.at ? admin_job_audit_named(tx, job, a->tenant_no, action, none, none,
                                                          buf_view(&after), err)
                                  : admin_job_audit(tx, job, a->tenant_no, action, a->id, none,
                                                    buf_view(&after), err);
    buf_done(&after);
    return st;
}

static Status run_many(StoreTx *tx, AdminJob *job, Err *err)
{
    Act *a = job->input;
    TenantRow tenant;
    LogPage page = {0};
    Arena arena;
    a->step_count = a->step_skipped = 0;
    arena_init(&arena, REQUEST_ARENA_MAX); /* its own: there may be many steps */
    Status st = tenant_read(tx, job->tenant_id, &arena, &tenant, err);
    if (st == ST_OK) {
        a->tenant_no = tenant.no;
        st = dead_page(tx, tenant.no, &a->filter, a->from, DEAD_STEP, &arena, &page, err);
    }
    for (uint32_t i = 0; st == ST_OK && i < page.rows.count; i++)
        st = act_on(tx, job, a, &page.rows.at[i], err);
    a->step_next = page.next;
    a->step_done = !page.has_more;
    if (st == ST_OK && (page.rows.count || a->step_done)) st = audit_step(tx, job, a, err);
    arena_done(&arena);
    return st;
}

static Status run_one(StoreTx *tx, AdminJob *job, Err *err)
{
    Act *a = job->input;
    TenantRow tenant;
    LogRow row;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = log_read(tx, tenant.no, a->id, job->arena, &row, err);
    if (st != ST_OK) return st;
    a->tenant_no = tenant.no;
    a->step_done = true;
    if (row.status != DELIVERY_FAILED || row.channel == CHANNEL_PUSH)
        return err_set(err, ST_CONFLICT,
                       "Only an e-mail or SMS that has FAILED can be retried; this one is %.*s",
                       STR_FMT(delivery_status_name(row.status)));
    st = act_on(tx, job, a, &row, err);
    if (st == ST_OK && !a->step_count)
        return err_set(err, ST_CONFLICT, "It has no recipient; trigger the event again with one");
    if (st == ST_OK) st = audit_step(tx, job, a, err);
    return st;
}

/* ---- the loop's side ---- */

static void wake(const AdminJob *job, const Act *a)
{
    for (Channel c = CHANNEL_EMAIL; c < CHANNEL_COUNT; c++)
        if (a->channels & CHANNEL_BIT(c))
            courier_wake(job->rq->lane->app->courier, (LineKey){a->tenant_no, c});
}

static void committed_step(AdminJob *job)
{
    Act *a = job->input;
    wake(job, a);
    a->count += a->step_count;
    a->skipped += a->step_skipped;
    a->from = a->step_next;
    if (!a->step_done) {
        admin_job_send(job, STORE_WRITE_JOB);
        return;
    }
    put_open(&job->data);
    put_counts(&job->data, a, a->count, a->skipped);
    put_close(&job->data);
    admin_job_answer(job);
}

static void read_filter(const Fields *f, JsonRef at, DeadFilter *filter)
{
    static const Str known[] = {STR_INIT("channel"), STR_INIT("eventType"), STR_INIT("cause"),
                                STR_INIT("userId"),  STR_INIT("provider"),  STR_INIT("from"),
                                STR_INIT("to")};
    Json json;
    Str text;
    Channel channel;
    if (json_parse(json_raw(f->json, at), f->arena, &json, NULL) != ST_OK) {
        fields_problem(f, "the request is too large");
        return;
    }
    const Fields inner = {&json, f->arena, f->problems};
    if (!fields_open(&inner, known, sizeof known / sizeof *known)) return;
    if (fields_text(&inner, S("channel"), 1, 5, &text)) {
        if (channel_parse(text, &channel) && channel != CHANNEL_PUSH)
            filter->channel = (int)channel;
        else
            fields_problem(f, "channel must be one of the following values: EMAIL, SMS");
    }
    fields_text(&inner, S("eventType"), 1, EVENT_TYPE_MAX, &filter->event_type);
    fields_text(&inner, S("cause"), 1, HTTP_BODY_MAX, &filter->cause);
    fields_text(&inner, S("userId"), 1, USER_ID_MAX, &filter->user_id);
    fields_text(&inner, S("provider"), 1, TENANT_NAME_MAX, &filter->provider);
    if (fields_text(&inner, S("from"), 1, 40, &text) && !iso_parse(text, &filter->from_ms))
        fields_problem(f, "from must be an ISO 8601 date string");
    if (fields_text(&inner, S("to"), 1, 40, &text) && !iso_parse(text, &filter->to_ms))
        fields_problem(f, "to must be an ISO 8601 date string");
}

static bool read_act(Request *rq, Act *a, bool many)
{
    static const Str known[] = {STR_INIT("reason"), STR_INIT("filter")};
    Json json;
    JsonRef at;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    if (fields_open(&f, known, many ? 2 : 1)) {
        fields_require(&f, S("reason"), "a string");
        fields_line(&f, S("reason"), 1, DEAD_REASON_MAX, &a->reason);
        if (many) fields_require(&f, S("filter"), "an object; {} for all of them");
        if (many && fields_object(&f, S("filter"), &at)) {
            a->filter_json = json_raw(&json, at);
            read_filter(&f, at, &a->filter);
        }
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

static void begin_many(Request *rq, bool purges)
{
    Act *a = arena_new(&rq->arena, Act);
    a->purges = purges;
    a->filter = DEAD_FILTER_NONE;
    a->from = LOG_CURSOR_START;
    if (!read_act(rq, a, true)) return;
    AdminJob *job = admin_job_new(rq, run_many, a);
    if (!job) return;
    job->then = committed_step;
    admin_job_send(job, STORE_WRITE_JOB);
}

void admin_dead_retry(Request *rq)
{
    begin_many(rq, false);
}

void admin_dead_purge(Request *rq)
{
    begin_many(rq, true);
}

void admin_log_retry(Request *rq)
{
    Act *a = arena_new(&rq->arena, Act);
    if (!uuid_parse(rq->params[1], &a->id)) {
        respond_error(rq, 404, S("Log not found"));
        return;
    }
    if (!read_act(rq, a, false)) return;
    AdminJob *job = admin_job_new(rq, run_one, a);
    if (!job) return;
    job->then = committed_step;
    admin_job_send(job, STORE_WRITE_JOB);
}
