/* A call becomes a Transfer: its easy handle, the header list libcurl borrows, and a task for calls
 * that fail before they begin (a callback never runs inside http_start).
 *
 *   start --ok--> libcurl ... finished --> settle --> done
 *     '--wrong--> at the end of this turn ------------^
 *
 * On a kept connection that the other side has just closed, libcurl sends a request again by itself.
 * For a POST that may be the second time the other side sees it. PREREQFUNCTION runs before each try,
 * so the second one is stopped there and reported as what it is: sent, outcome unknown. */
#include "driver/http/http_client.h"

#include "base/list.h"
#include "base/mem.h"
#include "driver/http/curl_loop.h"

typedef struct Client {
    HttpClient base; /* first */
    CurlLoop *curl;
    char *ca_file; /* NULL: the system's */
    const OutboundPolicy *policy;
    List transfers;
} Client;

typedef struct Transfer {
    CurlJob job;
    Client *client;
    HttpCall *call;
    ListNode node;
    Task fail;
    struct curl_slist *headers;
    char *url, *method; /* NUL-terminated for libcurl */
    uint32_t tries;
    bool repeated, too_big;
} Transfer;

static void free_transfer(Transfer *t)
{
    curl_job_done(&t->job);
    loop_undefer(&t->fail);
    curl_slist_free_all(t->headers);
    mem_free(t->url);
    mem_free(t->method);
    list_unlink(&t->node);
    t->call->_transfer = NULL;
    mem_free(t);
}

static void finish(Transfer *t)
{
    HttpCall *call = t->call;
    free_transfer(t);
    call->done(call); /* last: it may free the call or start another */
}

/* ---- the answer ---- */

static size_t on_header(char *at, size_t size, size_t count, void *ctx)
{
    Transfer *t = ctx;
    Buf *head = &t->call->ret_head;
    Str line = str_make(at, size * count);
    if (str_starts(line, S("HTTP/"))) buf_clear(head); /* the one after a 100 Continue counts */
    buf_add(head, line);
    if (buf_status(head) == ST_OK) return line.len;
    t->too_big = true;
    return 0;
}

static size_t on_body(char *at, size_t size, size_t count, void *ctx)
{
    Transfer *t = ctx;
    Buf *body = &t->call->ret_body;
    size_t max = t->call->answer_max ? t->call->answer_max : HTTP_ANSWER_MAX;
    Str part = str_make(at, size * count);
    Str kept = str_head(part, max - buf_len(body));
    buf_add(body, kept);
    if (kept.len == part.len && buf_status(body) == ST_OK) return part.len;
    t->too_big = true;
    return 0; /* libcurl closes the connection */
}

/* Could the other side have the whole request? Bytes given to the kernel count as arrived. */
static bool was_sent(const Transfer *t)
{
    long head_bytes = 0;
    curl_off_t body_bytes = 0;
    curl_easy_getinfo(t->job.easy, CURLINFO_REQUEST_SIZE, &head_bytes);
    curl_easy_getinfo(t->job.easy, CURLINFO_SIZE_UPLOAD_T, &body_bytes);
    return t->repeated || (head_bytes > 0 && (size_t)body_bytes >= t->call->body.len);
}

static Status explain(Transfer *t, CURLcode code)
{
    HttpCall *call = t->call;
    const char *said = t->job.error[0] ? t->job.error : curl_easy_strerror(code);
    if (t->too_big)
        return err_set(&call->err, ST_TOO_BIG, "the answer is longer than a call may read");
    if (t->repeated)
        return err_set(&call->err, ST_UNAVAILABLE, "the connection ended before an answer came");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return err_set(&call->err, ST_UNAVAILABLE, "no whole answer within %u ms",
                       call->timeout_ms);
    if (t->job.refused && code == CURLE_COULDNT_CONNECT)
        return err_set(&call->err, ST_FORBIDDEN,
                       "the host's address may not be connected to; an operator may list its "
                       "network in the setting outbound_allow");
    return err_set(&call->err, ST_UNAVAILABLE, "%.200s", said);
}

static void on_finished(CurlJob *job, CURLcode code)
{
    Transfer *t = CONTAINER_OF(job, Transfer, job);
    HttpCall *call = t->call;
    long status = 0;
    curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    call->ret_status = (int)status;
    call->sent = was_sent(t);
    call->st = code == CURLE_OK ? ST_OK : explain(t, code);
    finish(t);
}

/* ---- the request ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int before_try(void *ctx, char *their_ip, char *our_ip, int their_port, int our_port)
{
    Transfer *t = ctx;
    (void)their_ip, (void)our_ip, (void)their_port, (void)our_port;
    if (t->tries++ == 0 || str_is(t->call->method, "GET")) return CURL_PREREQFUNC_OK;
    t->repeated = true;
    return CURL_PREREQFUNC_ABORT;
}

static bool is_method(Str method)
{
    for (size_t i = 0; i < method.len; i++)
        if (method.at[i] < 'A' || method.at[i] > 'Z') return false;
    return method.len > 0;
}

/* "Name: value", and nothing that would begin a second line. */
static bool is_header(Str line)
{
    if (str_find(line, ':') <= 0) return false;
    for (size_t i = 0; i < line.len; i++)
        if ((uint8_t)line.at[i] < ' ' || line.at[i] == 0x7f) return false;
    return true;
}

static Status check_call(const Client *c, HttpCall *call)
{
    if (!is_method(call->method))
        return err_set(&call->err, ST_INVALID, "the method is not in capital letters");
    for (uint32_t i = 0; i < call->header_count; i++)
        if (!is_header(call->headers[i]))
            return err_set(&call->err, ST_INVALID, "a header is not \"Name: value\" on one line");
    return outbound_url_check(c->policy, call->url, &call->err);
}

static bool add_header(Transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);
    if (!longer) return false;
    t->headers = longer;
    return true;
}

static bool add_headers(Transfer *t)
{
    bool ok = add_header(t, "Expect:"); /* no waiting for a 100 Continue */
    for (uint32_t i = 0; ok && i < t->call->header_count; i++) {
        char *line = str_dup_z(t->call->headers[i]);
        ok = add_header(t, line);
        mem_free(line);
    }
    return ok;
}

#define SET(option, value)                                                                         \
    if (curl_easy_setopt(t->job.easy, option, value) != CURLE_OK) return false

static bool set_request(Transfer *t)
{
    const HttpCall *call = t->call;
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "orqestra/" ORQ_VERSION);
    SET(CURLOPT_URL, t->url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    SET(CURLOPT_PREREQFUNCTION, before_try);
    SET(CURLOPT_PREREQDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    if (call->body.at) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        SET(CURLOPT_POSTFIELDS, call->body.at);
    } else if (str_is(call->method, "HEAD")) {
        SET(CURLOPT_NOBODY, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, t->method);
    if (!add_headers(t)) return false;
    SET(CURLOPT_HTTPHEADER, t->headers);
    return true;
}

static Status begin(Client *c, Transfer *t)
{
    HttpCall *call = t->call;
    Status st = check_call(c, call);
    if (st != ST_OK) return st;
    t->url = str_dup_z(call->url);
    t->method = str_dup_z(call->method);
    t->job.use = str_starts(call->url, S("http:")) ? OUTBOUND_HTTP : OUTBOUND_HTTPS;
    t->job.finished = on_finished;
    st = curl_job_init(c->curl, &t->job, &call->err);
    if (st != ST_OK) return st;
    if (!set_request(t) || curl_job_start(&t->job) != ST_OK)
        return err_set(&call->err, ST_UNAVAILABLE, "the call could not be prepared");
    return ST_OK;
}

static TaskResult run_fail(Task *task)
{
    finish(CONTAINER_OF(task, Transfer, fail));
    return TASK_DONE;
}

static void op_start(HttpClient *client, HttpCall *call)
{
    Client *c = (Client *)(void *)client;
    Transfer *t = mem_new(Transfer);
    t->client = c;
    t->call = call;
    t->fail.run = run_fail;
    call->_transfer = t;
    call->err.text[0] = '\0';
    call->ret_status = 0;
    call->sent = false;
    buf_init(&call->ret_head, HTTP_ANSWER_HEAD_MAX);
    buf_init(&call->ret_body, call->answer_max ? call->answer_max : HTTP_ANSWER_MAX);
    list_push_back(&c->transfers, &t->node);
    call->st = begin(c, t);
    if (call->st != ST_OK) loop_defer(curl_loop_on(c->curl), &t->fail);
}

static void op_cancel(HttpClient *client, HttpCall *call)
{
    (void)client;
    if (call->_transfer) free_transfer(call->_transfer);
}

static void op_free(HttpClient *client)
{
    Client *c = (Client *)(void *)client;
    for (ListNode *n; (n = list_first(&c->transfers));)
        free_transfer(CONTAINER_OF(n, Transfer, node));
    curl_loop_free(c->curl);
    mem_free(c->ca_file);
    mem_free(c);
}

static const HttpOps ops = {op_start, op_cancel, op_free};

HttpClient *http_client_new(Loop *loop, const OutboundPolicy *policy, Str ca_file)
{
    Client *c = mem_new(Client);
    c->base.ops = &ops;
    c->policy = policy;
    if (ca_file.len) c->ca_file = str_dup_z(ca_file);
    c->curl = curl_loop_new(loop, policy, c->ca_file);
    list_init(&c->transfers);
    return &c->base;
}
