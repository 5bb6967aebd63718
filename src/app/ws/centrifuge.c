/* GET /connection/websocket: a centrifuge client (client.h) on a WebSocket. */
#include "app/http/router.h"
#include "app/ws/endpoint.h"
#include "proto/ws_handshake.h"

static Client *of(Writer *session)
{
    return (Client *)(void *)session; /* its Writer is its first member */
}

/* ---- the client asks ---- */

static void op_arm(Client *c, int64_t at_ms)
{
    socket_arm(&c->writer, at_ms);
}

static void op_close(Client *c, uint16_t code, Str reason)
{
    socket_close(&c->writer, code, reason);
}

static const ClientOps client_ops = {SOCKET_WRITER_OPS, op_arm, op_close, NULL};

/* ---- the socket tells ---- */

static void on_message(Writer *session, bool is_text, Str message)
{
    (void)is_text; /* an encoding, not a framing: both are read alike */
    client_on_message(of(session), message);
}

static void on_time(Writer *session)
{
    client_on_time(of(session));
}

static void end(Writer *session, SocketEnding why)
{
    static const CfClose codes[] = {[SOCKET_SHUTDOWN] = CF_CLOSE_SHUTDOWN,
                                    [SOCKET_SHUT_OUT] = CF_CLOSE_FORCED,
                                    [SOCKET_SLOW] = CF_CLOSE_SLOW};
    client_close(of(session), codes[why]);
}

static void gone(Writer *session)
{
    of(session)->state = CLIENT_CLOSED;
}

static void done(Writer *session)
{
    client_done(of(session));
}

static const Tenant *tenant(const Writer *session)
{
    const Client *c = (const Client *)(const void *)session;
    return c->state == CLIENT_CLOSED ? NULL : c->tenant;
}

static const SocketDialect dialect = {
    .metric = METRIC_DIALECT_CENTRIFUGE,
    .session_bytes = sizeof(Client),
    .may_deflate = true,
    .on_message = on_message,
    .on_time = on_time,
    .end = end,
    .gone = gone,
    .done = done,
    .tenant = tenant,
};

Client *centrifuge_client(Socket *s)
{
    return s->dialect == &dialect ? of(socket_session(s)) : NULL;
}

/* ---- the encoding ---- */

#define PROTOCOL_JSON     S("centrifuge-json")
#define PROTOCOL_PROTOBUF S("centrifuge-protobuf")

static bool query_is(Request *rq, Str name, const char *value)
{
    Str given;
    return request_query(rq, name, &given) && str_is(given, value);
}

/* A client that offers both gets JSON, as from the protocol's reference. */
static WireFormat format_of(Request *rq)
{
    if (query_is(rq, S("cf_protocol"), "protobuf") || query_is(rq, S("format"), "protobuf"))
        return WIRE_PROTOBUF_WS;
    if (ws_protocol_offered(rq->head, PROTOCOL_JSON)) return WIRE_JSON_WS;
    return ws_protocol_offered(rq->head, PROTOCOL_PROTOBUF) ? WIRE_PROTOBUF_WS : WIRE_JSON_WS;
}

void ws_centrifuge(Request *rq)
{
    if (query_is(rq, S("cf_protocol_version"), "v1")) {
        respond_error(rq, 400,
                      S("Version 1 of the protocol is no longer spoken; leave "
                        "cf_protocol_version out, or update the client"));
        return;
    }
    WireFormat format = format_of(rq);
    Str protocol = format == WIRE_PROTOBUF_WS ? PROTOCOL_PROTOBUF : PROTOCOL_JSON;
    Realtime *realtime = ws_server_realtime(rq->lane->ws);
    const Tenant *hint = ws_hinted_tenant(rq); /* the request is gone with the upgrade */
    Socket *s = ws_server_open(rq, &dialect, protocol);
    if (!s) {
        if (hint) tenant_unref(hint);
        return;
    }
    if (s->deflates)
        format = format == WIRE_PROTOBUF_WS ? WIRE_PROTOBUF_WS_DEFLATE : WIRE_JSON_WS_DEFLATE;
    client_init(of(socket_session(s)), realtime, &client_ops, format);
    of(socket_session(s))->hint = hint;
}
