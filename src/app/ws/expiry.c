/* GET /api/ws/notification?access_token=: a product-expiry socket (dialect_expiry.h) on a WebSocket.
 *
 * A mark_read travels to the store and is heard of no more, but for a count of those that failed. A socket
 * that sends them faster than they are stored is read no further until some are. */
#include "app/app.h"
#include "app/committed.h"
#include "app/http/router.h"
#include "app/ws/endpoint.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/dialect_expiry.h"

typedef struct ExpirySocket {
    Expiry session; /* first */
    Lane *lane;
    List marks; /* on their way */
    unsigned mark_count;
} ExpirySocket;

typedef struct Mark {
    MarkReadCall call;
    Mail mail;
    Lane *lane;
    ListNode node;        /* in the socket's marks */
    ExpirySocket *socket; /* NULL: it is gone */
    char user[USER_ID_MAX];
} Mark;

static ExpirySocket *of(Writer *session)
{
    return (ExpirySocket *)(void *)session; /* its Writer is its first member */
}

/* ---- mark_read ---- */

static void mark_end(Mark *m)
{
    ExpirySocket *e = m->socket;

    if (e) {
        list_unlink(&m->node);
        if (--e->mark_count == MARKS_AT_ONCE_MAX / 2) socket_set_reading(&e->session.writer, true);
    }
    mem_free(m);
}

/* An id that is not this user's changes nothing and is no failure (EXP-19). */
static void come_home(Mail *mail, Loop *here)
{
    Mark *m = CONTAINER_OF(mail, Mark, mail);
    Status st = m->call.call.st;

    (void)here;
    if (st != ST_OK && st != ST_NOT_FOUND) metric_add(METRIC_MARKS_LOST, 1);
    m->lane->errands_out--;
    mark_end(m);
}

static void settle(StoreCall *call) /* on a thread of the store's */
{
    Mark *m = CONTAINER_OF(call, Mark, call.call);

    committed(m->lane->app, call); /* the user's other tabs are told */
    mailbox_post(m->lane->loop, &m->mail);
}

static void mark_read(Expiry *session, Uuid id)
{
    ExpirySocket *e = of(&session->writer);
    Str user = expiry_user(session);
    Mark *m = mem_new(Mark);

    memcpy(m->user, user.at, user.len);
    m->call = (MarkReadCall){.call = {.kind = STORE_MARK_READ, .done = settle},
                             .tenant_no = session->tenant->no,
                             .user_id = str_make(m->user, user.len),
                             .notification_id = id,
                             .now_ms = e->lane->loop->now_ms};
    m->mail.open = come_home;
    m->lane = e->lane;
    m->socket = e;
    list_push_back(&e->marks, &m->node);
    if (++e->mark_count == MARKS_AT_ONCE_MAX) socket_set_reading(&session->writer, false);
    if (store_submit(e->lane->app->store, &m->call.call) == ST_OK) {
        e->lane->errands_out++;
        return;
    }
    metric_add(METRIC_MARKS_LOST, 1);
    mark_end(m);
}

/* ---- the socket tells ---- */

static const DialectOps ops = {SOCKET_WRITER_OPS, socket_arm, socket_close};

static void on_message(Writer *session, bool is_text, Str message)
{
    if (is_text) expiry_on_text(&of(session)->session, message);
}

static void on_time(Writer *session)
{
    expiry_on_time(&of(session)->session);
}

static void end(Writer *session, SocketEnding why)
{
    Expiry *e = &of(session)->session;

    switch (why) {
    case SOCKET_SHUTDOWN:
        expiry_close(e, EXPIRY_SHUTDOWN, S("Server shutdown"));
        return;
    case SOCKET_SHUT_OUT: /* its token opens nothing any more */
        expiry_close(e, EXPIRY_REFUSED, S("Invalid or expired access token"));
        return;
    case SOCKET_SLOW:
        expiry_close(e, EXPIRY_SLOW, S("Too slow to read its notifications"));
        return;
    }
    CHECK(false);
}

static void gone(Writer *session)
{
    expiry_leave(&of(session)->session);
}

static void done(Writer *session)
{
    ExpirySocket *e = of(session);

    for (ListNode *n; (n = list_first(&e->marks)); list_unlink(n))
        CONTAINER_OF(n, Mark, node)->socket = NULL;
    expiry_done(&e->session);
}

static const Tenant *tenant(const Writer *session)
{
    return ((const ExpirySocket *)(const void *)session)->session.tenant;
}

static const SocketDialect dialect = {
    .metric = METRIC_DIALECT_EXPIRY,
    .session_bytes = sizeof(ExpirySocket),
    .on_message = on_message,
    .on_time = on_time,
    .end = end,
    .gone = gone,
    .done = done,
    .tenant = tenant,
};

void ws_expiry(Request *rq)
{
    Str token = S("");
    Socket *s = ws_server_open(rq, &dialect, S(""));
    if (!s) return;
    ExpirySocket *e = of(socket_session(s));
    request_query(rq, S("access_token"), &token);
    e->lane = rq->lane;
    list_init(&e->marks);
    expiry_init(&e->session, ws_server_realtime(rq->lane->ws), &ops, mark_read);
    expiry_enter(&e->session, token);
}
