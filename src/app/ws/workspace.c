/* GET /?token=&workspaceSlug= with Upgrade: a workspace's socket (dialect_workspace.h) on a WebSocket.
 *
 * The 101 comes first, whatever is wrong with the token: a browser can see a close code, and not why a
 * handshake failed (X22). */
#include <stdatomic.h>

#include "app/app.h"
#include "app/http/router.h"
#include "app/live.h"
#include "app/ws/endpoint.h"
#include "domain/realtime/dialect_workspace.h"

/* Who entered after whom, over all lanes. Of two sockets of one user the one with more stays, and every
 * lane agrees on that, in whatever order it hears of them. */
static atomic_uint_fast64_t entered;

static Workspace *of(Writer *session)
{
    return (Workspace *)(void *)session; /* its Writer is its first member */
}

/* ---- the session asks ---- */

static ssize_t write_notice(Writer *session, const struct iovec *parts, int count)
{
    workspace_on_activity(of(session)); /* E.19: what goes out counts as well */
    return socket_write(session, parts, count);
}

static const DialectOps ops = {
    {write_notice, socket_want_writable, socket_slow, socket_finished}, socket_arm, socket_close};

/* ---- the socket tells ---- */

static void on_message(Writer *session, bool is_text, Str message)
{
    (void)is_text;
    (void)message; /* CEN-23 */
    workspace_on_activity(of(session));
}

static void on_control(Writer *session)
{
    workspace_on_activity(of(session));
}

static void on_time(Writer *session)
{
    workspace_on_time(of(session));
}

static void end(Writer *session, SocketEnding why)
{
    switch (why) {
    case SOCKET_SHUTDOWN:
        workspace_close(of(session), WORKSPACE_SHUTDOWN, S("Server shutdown"));
        return;
    case SOCKET_SHUT_OUT:
        workspace_close(of(session), WORKSPACE_UNAUTHORIZED, S("Unauthorized: workspace inactive"));
        return;
    case SOCKET_SLOW:
        workspace_close(of(session), WORKSPACE_SLOW, S("Too slow to read its notifications"));
        return;
    }
    CHECK(false);
}

static void gone(Writer *session)
{
    workspace_leave(of(session));
}

static void done(Writer *session)
{
    workspace_done(of(session));
}

static const Tenant *tenant(const Writer *session)
{
    return ((const Workspace *)(const void *)session)->tenant;
}

static const SocketDialect dialect = {
    .metric = METRIC_DIALECT_WORKSPACE,
    .session_bytes = sizeof(Workspace),
    .on_message = on_message,
    .on_control = on_control,
    .on_time = on_time,
    .end = end,
    .gone = gone,
    .done = done,
    .tenant = tenant,
};

void ws_workspace(Request *rq)
{
    Str token = S(""), slug = S("");
    Socket *s = ws_server_open(rq, &dialect, S(""));
    if (!s) return;
    Workspace *w = of(socket_session(s));
    request_query(rq, S("token"), &token);
    request_query(rq, S("workspaceSlug"), &slug);
    workspace_init(w, ws_server_realtime(rq->lane->ws), &ops);
    workspace_enter(w, token, slug, atomic_fetch_add(&entered, 1));
    if (workspace_is_in(w))
        live_replace(rq->lane->app, w->tenant->no, reader_channel(&w->own), w->order);
}
