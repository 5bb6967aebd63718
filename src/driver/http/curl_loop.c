/* libcurl tells which sockets it waits for (a uv_poll each) and when it wants to be woken (a timer of
 * the wheel; "at once" is a task at the end of this turn, never a call from inside its own callback).
 * Whatever wakes it, finished transfers are collected afterwards, so `finished` runs from the loop and
 * from nowhere else.
 *
 * The guard is the socket itself: libcurl asks us to open it for one resolved address, and that is the
 * one it connects. A name that answers differently the second time gains nothing. Kept connections were
 * checked when they were opened, and belong to this policy. */
#include "driver/http/curl_loop.h"

#include <unistd.h>

#include "base/mem.h"

struct CurlLoop {
    Loop *loop;
    const OutboundPolicy *policy;
    const char *ca_file;
    CURLM *multi;
    Timer timer;
    Task soon;
};

typedef struct Watch {
    uv_poll_t poll;
    CurlLoop *owner;
    curl_socket_t fd;
} Watch;

static uv_once_t curl_once = UV_ONCE_INIT;

static void init_curl(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
}

/* ---- driving ---- */

static void collect(CurlLoop *c)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
        CurlJob *job;
        CURLcode code = m->data.result; /* the message goes with the handle */
        if (m->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        curl_multi_remove_handle(c->multi, job->easy);
        job->_running = false;
        job->finished(job, code);
    }
}

static void act(CurlLoop *c, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(c->multi, fd, events, &running);
    collect(c);
}

static void on_timer(Timer *timer)
{
    act(CONTAINER_OF(timer, CurlLoop, timer), CURL_SOCKET_TIMEOUT, 0);
}

static TaskResult run_soon(Task *task)
{
    act(CONTAINER_OF(task, CurlLoop, soon), CURL_SOCKET_TIMEOUT, 0);
    return TASK_DONE;
}

static int on_wanted_time(CURLM *multi, long delay_ms, void *ctx)
{
    CurlLoop *c = ctx;
    (void)multi;
    timer_cancel(&c->timer);
    loop_undefer(&c->soon);
    if (delay_ms == 0)
        loop_defer(c->loop, &c->soon);
    else if (delay_ms > 0)
        loop_arm(c->loop, &c->timer, (uint64_t)delay_ms, on_timer);
    return 0;
}

/* ---- sockets ---- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    Watch *w = poll->data;
    int what = status < 0 ? CURL_CSELECT_ERR : 0;
    loop_woke(w->owner->loop);
    if (events & (UV_READABLE | UV_DISCONNECT)) what |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) what |= CURL_CSELECT_OUT;
    act(w->owner, w->fd, what);
}

static void free_watch(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void unwatch(CurlLoop *c, curl_socket_t fd, Watch *w)
{
    if (!w) return;
    uv_poll_stop(&w->poll);
    uv_close((uv_handle_t *)&w->poll, free_watch);
    curl_multi_assign(c->multi, fd, NULL);
}

static Watch *watch(CurlLoop *c, curl_socket_t fd)
{
    Watch *w = mem_new(Watch);
    w->owner = c;
    w->fd = fd;
    w->poll.data = w;
    if (uv_poll_init_socket(&c->loop->uv, &w->poll, fd) != 0) {
        mem_free(w);
        return NULL;
    }
    curl_multi_assign(c->multi, fd, w);
    return w;
}

static int on_wanted_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
    CurlLoop *c = ctx;
    Watch *w = socket_ctx;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        unwatch(c, fd, w);
        return 0;
    }
    if (!w) w = watch(c, fd);
    if (!w) return -1;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&w->poll, events, on_ready) == 0 ? 0 : -1;
}

/* ---- the guard ---- */

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    CurlJob *job = ctx;
    if (purpose != CURLSOCKTYPE_IPCXN ||
        !outbound_connect_allowed(job->_loop->policy, &address->addr, job->use)) {
        job->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

#define SET(option, value)                                                                         \
    if (curl_easy_setopt(job->easy, option, value) != CURLE_OK) return false

static bool set_defaults(CurlLoop *c, CurlJob *job)
{
    SET(CURLOPT_PRIVATE, job);
    SET(CURLOPT_ERRORBUFFER, job->error);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, job);
    SET(CURLOPT_PROXY, ""); /* "": none, and the environment is not asked */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* nobody waits for a resolver that hangs */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_MAXAGE_CONN, (long)HTTP_IDLE_OUT_S);
    if (c->ca_file) {
        SET(CURLOPT_CAINFO, c->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    return true;
}

/* ---- public ---- */

CurlLoop *curl_loop_new(Loop *loop, const OutboundPolicy *policy, const char *ca_file)
{
    uv_once(&curl_once, init_curl);
    CurlLoop *c = mem_new(CurlLoop);
    *c = (CurlLoop){.loop = loop, .policy = policy, .ca_file = ca_file, .soon.run = run_soon};
    c->multi = curl_multi_init();
    CHECK(c->multi != NULL);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_wanted_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_wanted_time);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    return c;
}

void curl_loop_free(CurlLoop *c)
{
    if (!c) return;
    curl_multi_cleanup(c->multi); /* closes kept connections, which un-watches their sockets */
    timer_cancel(&c->timer);
    loop_undefer(&c->soon);
    mem_free(c);
}

Loop *curl_loop_on(const CurlLoop *c)
{
    return c->loop;
}

Status curl_job_init(CurlLoop *c, CurlJob *job, Err *err)
{
    job->_loop = c;
    job->refused = false;
    job->error[0] = '\0';
    job->easy = curl_easy_init();
    if (job->easy && set_defaults(c, job)) return ST_OK;
    curl_job_done(job);
    return err_set(err, ST_UNAVAILABLE, "no memory for another connection");
}

Status curl_job_start(CurlJob *job)
{
    if (curl_multi_add_handle(job->_loop->multi, job->easy) != CURLM_OK) return ST_UNAVAILABLE;
    job->_running = true;
    return ST_OK;
}

void curl_job_done(CurlJob *job)
{
    if (!job->easy) return;
    if (job->_running) curl_multi_remove_handle(job->_loop->multi, job->easy);
    job->_running = false;
    curl_easy_cleanup(job->easy);
    job->easy = NULL;
}
