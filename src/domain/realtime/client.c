/* Replies of one incoming message are collected and leave as one frame, separated by newlines. A
 * command that closes the connection sends what was collected first. */
#include "domain/realtime/client.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"
#include "domain/realtime/crowd.h"
#include "domain/realtime/subscription.h"

void client_init(Client *c, Realtime *realtime, const ClientOps *ops, WireFormat format)
{
    *c = (Client){.realtime = realtime, .ops = ops, .opened_ms = *realtime->now_ms};
    list_init(&c->waiters);
    writer_init(&c->writer, &ops->writer, format, realtime->backlog);
    c->id = uuid_v4(realtime->random);
    client_arm(c);
}

static void leave_channels(Client *c)
{
    waiters_forget(c);
    while (c->writer._readers) subscription_drop(c, subscription_of(c->writer._readers));
}

void client_done(Client *c)
{
    leave_channels(c);
    writer_done(&c->writer);
    crowd_leave(c->realtime->crowd, c->member);
    if (c->tenant) tenant_unref(c->tenant);
    if (c->hint) tenant_unref(c->hint);
    mem_free(c->user);
    c->state = CLIENT_CLOSED;
}

void client_close(Client *c, CfClose code)
{
    if (c->state == CLIENT_CLOSED) return;
    c->state = CLIENT_CLOSED;
    leave_channels(c);
    c->ops->close(c, (uint16_t)code, cf_close_reason(code));
}

/* ---- what it says ---- */

CfOut client_begin(Client *c)
{
    Buf *out = &c->realtime->replies;
    buf_clear(out);
    return wire_begin(c->writer.format, out);
}

void client_send(Client *c, CfOut *out)
{
    if (wire_end(c->writer.format, out)) writer_send(&c->writer, buf_view(out->buf));
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b) /* 0 is never */
{
    return !a ? b : !b ? a : a < b ? a : b;
}

void client_arm(Client *c)
{
    const RealtimeSettings *s = &c->realtime->settings;
    int64_t at;
    if (c->state == CLIENT_CONNECTED)
        at = earlier(earlier(c->next_ping_ms, c->pong_due_ms),
                     earlier(c->expires_ms + s->expired_close_delay_ms, client_expiry_ms(c)));
    else
        at = c->opened_ms + s->connect_timeout_ms;
    c->ops->arm(c, at);
}

static void send_ping(Client *c, int64_t now_ms)
{
    const RealtimeSettings *s = &c->realtime->settings;
    c->awaits_pong = true;
    c->next_ping_ms = now_ms + s->ping_interval_ms;
    c->pong_due_ms = now_ms + s->pong_timeout_ms;
    CfOut out = client_begin(c);
    wire_codec(c->writer.format)->ping(&out);
    client_send(c, &out);
}

void client_on_time(Client *c)
{
    int64_t now_ms = *c->realtime->now_ms;
    const RealtimeSettings *s = &c->realtime->settings;
    switch ((ClientState)c->state) {
    case CLIENT_NEW:
    case CLIENT_REFUSED:
        if (now_ms >= c->opened_ms + s->connect_timeout_ms) client_close(c, CF_CLOSE_STALE);
        break;
    case CLIENT_CONNECTED:
        if (now_ms >= c->expires_ms + s->expired_close_delay_ms)
            client_close(c, CF_CLOSE_EXPIRED);
        else if (c->pong_due_ms && now_ms >= c->pong_due_ms)
            client_close(c, CF_CLOSE_NO_PONG);
        else if (c->next_ping_ms && now_ms >= c->next_ping_ms)
            send_ping(c, now_ms);
        if (c->first_expiry_s && now_ms >= client_expiry_ms(c)) client_end_expired(c);
        break;
    case CLIENT_CLOSED:
        return;
    }
    if (c->state != CLIENT_CLOSED) client_arm(c);
}

/* ---- messages ---- */

/* One command of a frame. False: nothing more of the frame counts. */
static bool take_command(Client *c, Str message, CfOut *out, CfClose *ret_close)
{
    Arena arena;
    CfCommand command;
    arena_init(&arena, REQUEST_ARENA_MAX);
    if (wire_codec(c->writer.format)->read(message, &arena, &command, NULL) != ST_OK)
        *ret_close = CF_CLOSE_BAD_REQUEST;
    else
        *ret_close = client_command(c, &command, &arena, out);
    arena_done(&arena);
    return !*ret_close && c->state == CLIENT_CONNECTED;
}

void client_on_message(Client *c, Str frame)
{
    const CfCodec *codec = wire_codec(c->writer.format);
    CfClose close = CF_CLOSE_BAD_REQUEST; /* a frame of no command at all */
    Str message;
    if (c->state == CLIENT_CLOSED) return;
    CfOut out = client_begin(c);
    while (codec->next(&frame, &message) && take_command(c, message, &out, &close)) {
    }
    client_send(c, &out);
    if (close)
        client_close(c, close);
    else if (c->state != CLIENT_CLOSED)
        client_arm(c);
}
