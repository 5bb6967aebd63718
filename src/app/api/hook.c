/* hook.c: POST /hooks/{kind}/{token}: a vendor tells what became of messages (ORQ-19).
 *
 *   reader: whose token?  -->  loop: is it signed? what does it say?  -->  writer: HOOK_STEP reports at a time
 *
 * Whoever does not know a token learns nothing and costs one look into an index; the signature is checked before
 * the writer hears of the call. What we do not know is dropped with 200: the vendor would only repeat it. */
#include "app/app.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "app/secrets.h"
#include "base/log.h"
#include "base/metric.h"
#include "domain/catalog/provider_store.h"
#include "domain/deliver/report_store.h"

enum { HOOK_STEP = 128 /* reports in one transaction: some milliseconds of the writer's */ };

typedef struct Hook {
    Str kind_name, token;
    const ProviderKind *kind;
    HookOwner owner;
    ReportSource source;
    StatusReports reports;
    size_t applied; /* of them, so far */
    uint64_t fates[REPORT_UNKNOWN + 1];
} Hook;

static void refuse_unknown(Request *rq)
{
    respond_error(rq, 404, S("There is no such hook"));
}

/* ---- the writer ---- */

static void done(Request *rq, Errand *e);

static Status run_apply(StoreTx *tx, StoreJob *job, Err *err)
{
    Errand *e = CONTAINER_OF(job, Errand, job);
    Hook *h = e->extra;
    Random random;
    Arena arena;
    Status st = ST_OK;
    random_init(&random);
    memset(h->fates, 0, sizeof h->fates);
    for (size_t i = h->applied; st == ST_OK && i < h->reports.count && i < h->applied + HOOK_STEP;
         i++) {
        ReportFate fate = REPORT_UNKNOWN;
        arena_init(&arena, MIB(1));
        st = report_apply(tx, &h->source, &h->reports.at[i], &random, &arena, &fate, err);
        arena_done(&arena);
        h->fates[fate]++;
    }
    return st;
}

static void apply_next(Request *rq, Hook *h)
{
    Errand *e = errand_new(rq, done);
    e->extra = h;
    e->job = (StoreJob){.run = run_apply};
    errand_send(e, STORE_WRITE_JOB);
}

static void done(Request *rq, Errand *e)
{
    Hook *h = e->extra;
    if (e->call.st != ST_OK) {
        respond_status(rq, e->call.st, &e->call.err); /* 5xx: the vendor comes again */
        return;
    }
    for (ReportFate f = REPORT_APPLIED; f <= REPORT_UNKNOWN; f++)
        metric_add_by(METRIC_REPORTS, (MetricValue)(METRIC_FATE_APPLIED + f), METRIC_NONE_ALL,
                      (int64_t)h->fates[f]);
    h->applied += HOOK_STEP;
    if (h->applied < h->reports.count)
        apply_next(rq, h);
    else
        respond_json(rq, 200, S("{\"success\":true}"));
}

/* ---- the loop: signed by whom we share a secret with? ---- */

/* As the vendor was told to call it, which behind a proxy is not what the request says. */
static Str called_url(Request *rq)
{
    Str base = rq->lane->app->config->public_url, target = rq->head->target;
    char *at = arena_try(&rq->arena, base.len + target.len + 1);
    if (!at) return target;
    if (base.len) memcpy(at, base.at, base.len);
    memcpy(at + base.len, target.at, target.len);
    return str_make(at, base.len + target.len);
}

static Status read_reports(Request *rq, Hook *h, Err *err)
{
    Str json;
    Credentials credentials;
    uint32_t count = rq->head->header_count;
    ProviderHeader *headers = arena_try(&rq->arena, sizeof *headers * (count + 1));
    const SealKey *master = rq->lane->app->secrets->master;
    if (!headers) return err_set(err, ST_TOO_BIG, "the headers do not fit into memory");
    for (uint32_t i = 0; i < count; i++)
        headers[i] = (ProviderHeader){rq->head->headers[i].name, rq->head->headers[i].value};
    if (provider_open(master, h->owner.tenant, h->owner.row.id, h->owner.row.credentials_sealed,
                      &rq->arena, &json, NULL) != ST_OK ||
        !credentials_parse(h->kind, json, &rq->arena, &credentials))
        return err_set(err, ST_UNAVAILABLE, "the provider's credentials cannot be opened");
    const StatusCall call = {.url = called_url(rq),
                             .headers = headers,
                             .header_count = count,
                             .body = rq->body,
                             .now_ms = rq->lane->loop->now_ms};
    return h->kind->report(&credentials, &call, &rq->arena, &h->reports, err);
}

static void found(Request *rq, Errand *e)
{
    Hook *h = e->extra;
    Err err = {""};
    if (e->call.st == ST_NOT_FOUND ||
        (e->call.st == ST_OK && !str_eq(h->owner.row.kind, h->kind_name))) {
        refuse_unknown(rq);
        return;
    }
    if (e->call.st != ST_OK) {
        respond_status(rq, e->call.st, &e->call.err);
        return;
    }
    Status st = read_reports(rq, h, &err);
    if (st != ST_OK) {
        metric_add_by(METRIC_REPORTS, METRIC_FATE_REFUSED, METRIC_NONE_ALL, 1);
        LOG(LOG_WARN, "hook.refused", log_str("provider", h->owner.row.name),
            log_str("kind", h->kind_name), log_str("why", err_view(&err)));
        if (st == ST_UNAUTHORIZED)
            respond_error(rq, 401, err_view(&err));
        else
            respond_status(rq, st, &err);
        return;
    }
    h->source = (ReportSource){.tenant_no = h->owner.row.tenant_no,
                               .provider_id = h->owner.row.id,
                               .provider = h->owner.row.name,
                               .channel = h->owner.row.channel,
                               .now_ms = rq->lane->loop->now_ms};
    apply_next(rq, h);
}

/* ---- a reader: whose is it? ---- */

static Status run_find(StoreTx *tx, StoreJob *job, Err *err)
{
    Errand *e = CONTAINER_OF(job, Errand, job);
    Hook *h = e->extra;
    return provider_read_by_hook(tx, h->token, &e->rq->arena, &h->owner, err);
}

void api_hook(Request *rq)
{
    Hook *h = arena_new(&rq->arena, Hook);
    h->kind_name = rq->params[0];
    h->token = rq->params[1];
    h->kind = provider_kind_find(rq->lane->app->provider_kinds, h->kind_name);
    if (!h->kind || !h->kind->report || h->token.len != PROVIDER_HOOK_LEN) {
        refuse_unknown(rq);
        return;
    }
    Errand *e = errand_new(rq, found);
    e->extra = h;
    e->job = (StoreJob){.run = run_find};
    errand_send(e, STORE_READ_JOB);
}
