/* Replies of one incoming message are collected and leave as one frame, separated by newlines. A
 * command that closes the connection sends what was collected first. */
#include "domain/realtime/client.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/command.h"

void client_init(Client *c, Realtime *realtime, const ClientOps *ops)
{
    *c = (Client){.realtime = realtime, .ops = ops, .opened_ms = *realtime->now_ms};
    writer_init(&c->writer, &ops->writer);
    c->id = uuid_v4(realtime->random);
    client_arm(c);
}

static void leave_channels(Client *c)
{
    while (c->writer._readers) {
        Reader *r = c->writer._readers;
        hub_unsubscribe(c->realtime->hub, r);
        mem_free(r);
    }
    c->channel_count = 0;
}

void client_done(Client *c)
{
    leave_channels(c);
    writer_done(&c->writer);
    if (c->tenant) tenant_unref(c->tenant);
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
                     c->expires_ms + s->expired_close_delay_ms);
    else
        at = c->opened_ms + s->connect_timeout_ms;
    c->ops->arm(c, at);
}

static void send_ping(Client *c, int64_t now_ms)
{
    const RealtimeSettings *s = &c->realtime->settings;
    static const char ping[] = {(char)0x81, 2, '{', '}'}; /* an empty reply in a text frame */
    c->awaits_pong = true;
    c->next_ping_ms = now_ms + s->ping_interval_ms;
    c->pong_due_ms = now_ms + s->pong_timeout_ms;
    writer_send(&c->writer, str_make(ping, sizeof ping));
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
        break;
    case CLIENT_CLOSED:
        return;
    }
    if (c->state != CLIENT_CLOSED) client_arm(c);
}

/* ---- messages ---- */

static void flush_replies(Client *c, size_t begin)
{
    Buf *out = &c->realtime->replies;
    if (buf_len(out) == begin + 4) return; /* only the room of a header: no reply */
    wire_text_end(out, begin);
    writer_send(&c->writer, buf_view(out));
}

void client_on_message(Client *c, Str message)
{
    Buf *out = &c->realtime->replies;
    CfClose close = 0;
    if (c->state == CLIENT_CLOSED) return;
    if (message.len && message.at[message.len - 1] == '\n') message.len--; /* one is tolerated */
    if (message.len == 0) {
        client_close(c, CF_CLOSE_BAD_REQUEST);
        return;
    }
    buf_clear(out);
    size_t begin = wire_text_begin(out);
    for (Str rest = message; rest.at && !close;) {
        Arena arena;
        CfCommand command;
        Str line = str_cut(&rest, '\n');
        size_t before = buf_len(out);
        if (before > begin + 4) buf_add_byte(out, '\n');
        size_t mark = buf_len(out);
        arena_init(&arena, REQUEST_ARENA_MAX);
        if (cf_json_read(line, &arena, &command, NULL) != ST_OK)
            close = CF_CLOSE_BAD_REQUEST;
        else
            close = client_command(c, &command, &arena, out);
        arena_done(&arena);
        if (buf_len(out) == mark) buf_truncate(out, before); /* it had no reply */
        if (c->state == CLIENT_REFUSED) break;               /* nothing more of this frame counts */
    }
    flush_replies(c, begin);
    if (close)
        client_close(c, close);
    else if (c->state != CLIENT_CLOSED)
        client_arm(c);
}
