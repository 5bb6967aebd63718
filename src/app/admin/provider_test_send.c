/* provider_test_send.c: POST .../providers/{providerId}/test: one message now, and the vendor's raw answer (ORQ-23).
 *
 *   writer: the provider's row, an audit entry  -->  courier: one call (trial.h)  -->  loop: the answer as it came
 *
 * What the vendor said, whatever it was, is a 200 of ours: the test was made. Secrets are taken out of all texts. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/courier/trial.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/catalog/provider_store.h"
#include "domain/deliver/excerpt.h"
#include "domain/intake/plan.h"
#include "domain/tenant/tenant_store.h"

enum { TEST_SUBJECT_MAX = 200, TEST_TEXT_MAX = 1600 };

typedef struct TestSend {
    Uuid provider_id, id;
    Str to, subject, text;
    TenantRow tenant;
    ProviderRow row;
    Trial trial;
    AdminJob *job;
} TestSend;

/* ---- the store's side ---- */

static Status open_provider(AdminJob *job, TestSend *t, Err *err)
{
    Str json;
    Trial *trial = &t->trial;
    trial->kind = provider_kind_find(job->rq->lane->app->provider_kinds, t->row.kind);
    if (!trial->kind)
        return err_set(err, ST_CONFLICT, "This server does not know the kind %.*s",
                       STR_FMT(t->row.kind));
    if (provider_open(job->master, job->tenant_id, t->row.id, t->row.credentials_sealed, job->arena,
                      &json, NULL) != ST_OK ||
        !credentials_parse(trial->kind, json, job->arena, &trial->credentials))
        return err_set(err, ST_CONFLICT,
                       "The provider's credentials cannot be opened; set them again");
    trial->base_url = t->row.base_url;
    return ST_OK;
}

static Status check(AdminJob *job, const TestSend *t)
{
    bool email = t->row.channel == CHANNEL_EMAIL;
    if (!recipient_fits(t->row.channel, t->to))
        return admin_job_refuse(
            job, email ? S("to must be an email address, for example user@example.com")
                       : S("to must be in E.164 format, for example +254712345678"));
    if (email && t->trial.kind->needs_sender && !t->tenant.sender_email.len)
        return admin_job_refuse(job, S("No sender_email set on this tenant"));
    return ST_OK;
}

static Status run_prepare(StoreTx *tx, AdminJob *job, Err *err)
{
    TestSend *t = job->input;
    Str none = {NULL, 0};
    Status st = tenant_read(tx, job->tenant_id, job->arena, &t->tenant, err);
    if (st == ST_OK) st = provider_read(tx, t->tenant.no, t->provider_id, job->arena, &t->row, err);
    if (st == ST_OK) st = open_provider(job, t, err);
    if (st == ST_OK) st = check(job, t);
    if (st != ST_OK) return st;
    return admin_job_audit(tx, job, t->tenant.no, "provider.tested", t->row.id, none, none, err);
}

/* ---- the answer ---- */

static Str clean(const Trial *t, Str text)
{
    return excerpt_clean(text, t->kind, &t->credentials, t->arena);
}

static void put_headers(Buf *out, const Trial *t)
{
    const ProviderAnswer *a = &t->call.answer;
    put_array_open(out, "headers");
    for (uint32_t i = 0; i < a->header_count; i++) {
        put_open(out);
        put_text(out, "name", clean(t, a->headers[i].name));
        put_text(out, "value", clean(t, a->headers[i].value));
        put_close(out);
    }
    put_array_close(out);
}

static void put_result(Buf *out, const Trial *t)
{
    const Outcome *o = &t->outcome;
    const Str none = {NULL, 0};
    put_open(out);
    put_text(out, "class", outcome_class_name(o->class));
    put_text(out, "cause", o->cause.len ? o->cause : none);
    if (t->call.answer.status)
        put_num(out, "statusCode", t->call.answer.status);
    else
        put_text(out, "statusCode", none);
    put_headers(out, t);
    put_text(out, "request", t->request);
    put_text(out, "answer", t->answer);
    put_text(out, "providerMessageId", o->provider_id.len ? o->provider_id : none);
    put_num(out, "durationMs", t->took_ms);
    put_close(out);
}

static void come_back(Trial *trial)
{
    TestSend *t = CONTAINER_OF(trial, TestSend, trial);
    AdminJob *job = t->job;
    Request *rq = job->rq;
    rq->lane->errands_out--;
    if (trial->st == ST_OK) {
        put_result(&job->data, trial);
        admin_job_answer(job);
        return;
    }
    Buf data = job->data; /* the job goes with the answer */
    Err err = trial->err;
    respond_status(rq, trial->st, &err);
    buf_done(&data);
}

/* ---- the loop's side ---- */

static Str id_text(Uuid id, Arena *arena)
{
    char text[UUID_TEXT_LEN];
    uuid_text(id, text);
    return arena_format(arena, "%.*s", UUID_TEXT_LEN, text);
}

static void send_trial(AdminJob *job)
{
    TestSend *t = job->input;
    Request *rq = job->rq;
    bool email = t->row.channel == CHANNEL_EMAIL;
    Str id = id_text(t->id, job->arena);
    t->job = job;
    t->trial.home = rq->lane->loop;
    t->trial.arena = job->arena;
    t->trial.done = come_back;
    t->trial.message = (Message){.id = t->id,
                                 .id_text = id,
                                 .channel = t->row.channel,
                                 .tenant = t->tenant.slug,
                                 .tenant_id = id_text(job->tenant_id, job->arena),
                                 .category = S("test"),
                                 .event_id = id,
                                 .user_id = S(""),
                                 .to = t->to,
                                 .from = t->tenant.sender_email.at ? t->tenant.sender_email : S(""),
                                 .from_name = t->tenant.sender_name.at ? t->tenant.sender_name
                                                                       : S(""),
                                 .subject = email ? t->subject : S(""),
                                 .text = t->text,
                                 .html = S(""),
                                 .callback_url = S(""),
                                 .created_ms = job->now_ms};
    rq->lane->errands_out++;
    if (courier_try(rq->lane->app->courier, &t->trial)) return;
    t->trial.st = err_set(&t->trial.err, ST_UNAVAILABLE, "the server is about to stop");
    come_back(&t->trial);
}

static bool read_test(Request *rq, TestSend *t)
{
    static const Str known[] = {STR_INIT("to"), STR_INIT("subject"), STR_INIT("text")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    t->subject = S("A test of Orqestra");
    t->text = S("This is a test. It arrived, so this provider works.");
    if (fields_open(&f, known, sizeof known / sizeof *known)) {
        fields_require(&f, S("to"), "a string");
        fields_line(&f, S("to"), 1, TITLE_MAX, &t->to);
        fields_line(&f, S("subject"), 1, TEST_SUBJECT_MAX, &t->subject);
        fields_text(&f, S("text"), 1, TEST_TEXT_MAX, &t->text);
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_provider_test(Request *rq)
{
    TestSend *t = arena_new(&rq->arena, TestSend);
    Loop *loop = rq->lane->loop;
    if (!uuid_parse(rq->params[1], &t->provider_id)) {
        respond_error(rq, 404, S("Provider not found"));
        return;
    }
    if (!read_test(rq, t)) return;
    t->id = uuid_v7(loop->now_ms, &loop->random);
    AdminJob *job = admin_job_new(rq, run_prepare, t);
    if (!job) return;
    job->then = send_trial;
    admin_job_send(job, STORE_WRITE_JOB);
}
