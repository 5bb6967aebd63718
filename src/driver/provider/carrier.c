/* carrier.c: a ProviderRequest becomes a call of the HTTP client or a mail, and what came of it a
 * ProviderAnswer.
 *
 * done() runs from a task of the loop for what fails before it begins, and from the drivers' own callbacks
 * otherwise: never inside carrier_send. */
#include "driver/provider/carrier.h"

#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "driver/http/http_client.h"
#include "driver/provider/mail_call.h"

typedef struct Lines { /* "Name: value" of a request */
    Str at[PROVIDER_HEADERS_MAX];
} Lines;

typedef struct Carriage { /* one call on its way */
    ListNode node;
    struct Post *post;
    CarrierCall *call;
    HttpCall http;
    Lines lines;
    MailCall mail;
} Carriage;

typedef struct Post {
    Carrier port;
    Loop *loop;
    OutboundPolicy policy;
    char *ca_file; /* NULL: the system's */
    HttpClient *http;
    /* One a mode, each with connections of its own: libcurl hands a kept one that is not encrypted to a
     * mail that asks for STARTTLS, if host and user are the same. */
    CurlLoop *mail[SMTP_TLS_COUNT];
    Task task;
    List running;
    List over; /* their answers are complete; the task tells */
} Post;

static Post *post_of(Carrier *carrier)
{
    return CONTAINER_OF(carrier, Post, port);
}

/* ---- the end of a call ---- */

static void tell(Carriage *c)
{
    CarrierCall *call = c->call;
    list_unlink(&c->node);
    call->answer.now_ms = c->post->loop->now_ms;
    mail_call_done(&c->mail);
    http_call_done(&c->http);
    mem_free(c);
    call->done(call);
}

static TaskResult tell_all(Task *task)
{
    Post *p = CONTAINER_OF(task, Post, task);
    while (!list_is_empty(&p->over)) tell(CONTAINER_OF(list_first(&p->over), Carriage, node));
    return TASK_DONE;
}

/* Later, because whoever sends must have returned. */
static void end_soon(Carriage *c, Arrival arrival, Str error)
{
    c->call->answer.arrival = arrival;
    c->call->answer.error = error;
    list_unlink(&c->node);
    list_push_back(&c->post->over, &c->node);
    loop_defer(c->post->loop, &c->post->task);
}

static Str kept(const CarrierCall *call, Str text)
{
    Str copy;
    return arena_copy(call->arena, text, &copy) ? copy : S("");
}

/* ---- HTTP ---- */

static void read_headers(CarrierCall *call, Str head)
{
    ProviderAnswer *a = &call->answer;
    while (head.at && a->header_count < ANSWER_HEADERS_MAX) {
        Str value = str_cut(&head, '\n');
        if (value.len && value.at[value.len - 1] == '\r') value.len--;
        Str name = str_cut(&value, ':');
        if (value.at) a->headers[a->header_count++] = (ProviderHeader){name, str_trim(value)};
    }
}

static void http_over(HttpCall *http)
{
    Carriage *c = CONTAINER_OF(http, Carriage, http);
    CarrierCall *call = c->call;
    ProviderAnswer *a = &call->answer;
    bool answered = http->st == ST_OK || (http->st == ST_TOO_BIG && http->ret_status);
    if (answered) {
        a->arrival = ARRIVAL_ANSWERED;
        a->status = http->ret_status;
        a->body = kept(call, buf_view(&http->ret_body));
        read_headers(call, kept(call, buf_view(&http->ret_head)));
    } else {
        bool refused = http->st == ST_FORBIDDEN || http->st == ST_INVALID;
        a->arrival = refused ? ARRIVAL_FORBIDDEN : http->sent ? ARRIVAL_UNKNOWN : ARRIVAL_NOT_SENT;
        a->error = kept(call, err_view(&http->err));
    }
    tell(c);
}

static Str joined(const CarrierCall *call, Str a, Str b, Str c)
{
    char *at = arena_try(call->arena, a.len + b.len + c.len + 1);
    if (!at) return (Str){NULL, 0};
    if (a.len) memcpy(at, a.at, a.len);
    if (b.len) memcpy(at + a.len, b.at, b.len);
    if (c.len) memcpy(at + a.len + b.len, c.at, c.len);
    return str_make(at, a.len + b.len + c.len);
}

static bool fill_http(Carriage *c)
{
    const ProviderRequest *r = c->call->request;
    Str base = r->base_url;
    while (r->path.len && base.len && base.at[base.len - 1] == '/') base.len--;
    c->http = (HttpCall){.method = r->method,
                         .url = joined(c->call, base, r->path, S("")),
                         .headers = c->lines.at,
                         .header_count = r->header_count,
                         .body = r->body,
                         .timeout_ms = c->call->timeout_ms,
                         .answer_max = PROVIDER_ANSWER_MAX,
                         .done = http_over};
    bool fits = c->http.url.at != NULL;
    for (uint32_t i = 0; i < r->header_count && fits; i++) {
        c->lines.at[i] = joined(c->call, r->headers[i].name, S(": "), r->headers[i].value);
        fits = c->lines.at[i].at != NULL;
    }
    return fits;
}

/* ---- mail ---- */

static void mail_over(CurlJob *job, CURLcode code)
{
    Carriage *c = CONTAINER_OF(job, Carriage, mail.job);
    mail_call_read(&c->mail, code);
    tell(c);
}

static void send_mail(Carriage *c)
{
    Err err = {""};
    Status st = mail_call_init(&c->mail, c->post->mail[c->call->request->smtp.tls], c->call, &err);
    c->mail.job.finished = mail_over;
    if (st == ST_OK) st = curl_job_start(&c->mail.job);
    if (st == ST_INVALID)
        end_soon(c, ARRIVAL_FORBIDDEN, kept(c->call, err_view(&err)));
    else if (st != ST_OK)
        end_soon(c, ARRIVAL_NOT_SENT, S("no memory for another connection"));
}

/* ---- the port ---- */

static void post_send(Carrier *carrier, CarrierCall *call)
{
    Post *p = post_of(carrier);
    Carriage *c = mem_new(Carriage);
    c->post = p;
    c->call = call;
    call->answer = (ProviderAnswer){.body = S(""), .error = S("")};
    list_push_back(&p->running, &c->node);
    switch (call->request->transport) {
    case TRANSPORT_HTTP:
        if (fill_http(c))
            http_start(p->http, &c->http);
        else
            end_soon(c, ARRIVAL_NOT_SENT, S("the request does not fit into memory"));
        return;
    case TRANSPORT_SMTP:
        send_mail(c);
        return;
    case TRANSPORT_LOG: /* whoever sends has written the line */
        call->answer.status = 200;
        end_soon(c, ARRIVAL_ANSWERED, S(""));
        return;
    }
}

static void post_cut(Carrier *carrier)
{
    Post *p = post_of(carrier);
    while (!list_is_empty(&p->running)) {
        Carriage *c = CONTAINER_OF(list_first(&p->running), Carriage, node);
        http_cancel(p->http, &c->http);
        mail_call_done(&c->mail);
        end_soon(c, ARRIVAL_UNKNOWN, S("it was cut"));
    }
}

static void post_free(Carrier *carrier)
{
    Post *p = post_of(carrier);
    CHECK(list_is_empty(&p->running) && list_is_empty(&p->over));
    loop_undefer(&p->task);
    http_client_free(p->http);
    for (int i = 0; i < SMTP_TLS_COUNT; i++) curl_loop_free(p->mail[i]);
    mem_free(p->ca_file);
    mem_free(p);
}

Carrier *carrier_new(Loop *loop, const OutboundPolicy *policy, Str ca_file)
{
    static const CarrierOps ops = {post_send, post_cut, post_free};
    Post *p = mem_new(Post);
    p->port.ops = &ops;
    p->loop = loop;
    p->policy = *policy;
    p->ca_file = ca_file.len ? str_dup_z(ca_file) : NULL;
    p->http = http_client_new(loop, &p->policy, ca_file);
    for (int i = 0; i < SMTP_TLS_COUNT; i++)
        p->mail[i] = curl_loop_new(loop, &p->policy, p->ca_file);
    p->task.run = tell_all;
    list_init(&p->running);
    list_init(&p->over);
    return &p->port;
}
