/* unsubscribe.c: /u/{token}, the link of a mail's List-Unsubscribe header (RFC 8058).
 *
 * POST does it at once: that is what a mailbox's own button sends. GET shows a page with a button and does
 * nothing, because scanners and previews follow links. The page says nothing of who is asked: it needs no
 * escaping and tells nobody who has only seen the link over a shoulder. */
#include "app/app.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "app/secrets.h"
#include "domain/deliver/suppression_store.h"
#include "domain/deliver/unsubscribe.h"

#define PAGE(title, body)                                                                          \
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "            \
    "content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\"><title>" title       \
    "</title><style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;"   \
    "padding:0 1rem;color-scheme:light dark}button{font:inherit;padding:.6rem 1.2rem}</style>"     \
    "<h1>" title "</h1>" body "</html>"

static void answer_page(Request *rq, int status, Str page)
{
    respond_header(rq, S("Content-Security-Policy"),
                   S("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                     "frame-ancestors 'none'"));
    respond_header(rq, S("Referrer-Policy"), S("no-referrer"));
    respond_header(rq, S("Cache-Control"), S("no-store"));
    respond(rq, status, S("text/html; charset=utf-8"), page);
}

/* NULL, and answered, when the link is none of ours or its tenant has gone. */
static const Tenant *open_link(Request *rq, OptOut *ret_who)
{
    char id[UUID_TEXT_LEN];
    const Tenant *tenant = NULL;
    Str secret = rq->lane->app->secrets->token_secret;
    if (unsubscribe_open(secret, rq->params[0], &rq->arena, ret_who)) {
        uuid_text(ret_who->tenant, id);
        tenant = snapshot_by_id(rq->snapshot, str_make(id, sizeof id));
    }
    if (!tenant)
        answer_page(rq, 404,
                    S(PAGE("This link does not work",
                           "<p>It may have been cut in two. Copy it whole from the mail.</p>")));
    return tenant;
}

void unsubscribe_show(Request *rq)
{
    OptOut who;
    if (!open_link(rq, &who)) return;
    answer_page(rq, 200,
                S(PAGE("No more of these mails?",
                       "<p>You will get no more e-mails of this kind. Others are not concerned.</p>"
                       "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" "
                       "value=\"One-Click\"><button>Unsubscribe</button></form>")));
}

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    const Suppression *suppression = CONTAINER_OF(job, Errand, job)->extra;
    bool added;
    return suppression_add(tx, suppression, &added, err);
}

static void back(Request *rq, Errand *e)
{
    if (e->call.st == ST_OK)
        answer_page(
            rq, 200,
            S(PAGE("You are unsubscribed", "<p>You will get no more e-mails of this kind.</p>")));
    else
        respond_status(rq, e->call.st, &e->call.err);
}

void unsubscribe_do(Request *rq)
{
    OptOut who;
    Loop *loop = rq->lane->loop;
    const Tenant *tenant = open_link(rq, &who);
    if (!tenant) return;
    Suppression *suppression = arena_new(&rq->arena, Suppression);
    *suppression = (Suppression){.id = uuid_v7(loop->now_ms, &loop->random),
                                 .tenant_no = tenant->no,
                                 .channel = CHANNEL_EMAIL,
                                 .address = who.address,
                                 .category = who.category,
                                 .reason = SUPPRESS_UNSUBSCRIBED,
                                 .source = S("recipient"),
                                 .since_ms = loop->now_ms};
    Errand *e = errand_new(rq, back);
    e->extra = suppression;
    e->job = (StoreJob){.run = run};
    errand_send(e, STORE_WRITE_JOB);
}
