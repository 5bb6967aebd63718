/* Invariants
 *  1. A waiter is in its call's list until the call is home or its client was told; it is in its client's
 *     list exactly as long as the client lives, so what a client may have in flight is counted even when it
 *     takes commands back.
 *  2. `answer` runs at most once for a waiter, and never for one taken back or without a client. */
#include "domain/realtime/call.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/command.h"

RealtimeCall *call_new(const Client *c, Str channel, size_t arena_bytes_max,
                       void (*answer)(RealtimeCall *call, Waiter *w, Status st))
{
    RealtimeCall *call = c->realtime->calls->make(c->realtime);
    Str user = client_user(c);
    CHECK(user.len + channel.len <= sizeof call->text);
    call->realtime = c->realtime;
    list_init(&call->waiters);
    arena_init(&call->arena, arena_bytes_max);
    call->answer = answer;
    call->user_len = (uint8_t)user.len;
    memcpy(call->text, user.at, user.len);
    if (channel.len) memcpy(call->text + user.len, channel.at, channel.len);
    return call;
}

bool client_may_wait(const Client *c)
{
    return c->waiter_count < CLIENT_CALLS_MAX;
}

Waiter *call_wait(RealtimeCall *call, Client *c, uint32_t id)
{
    Waiter *w = mem_new(Waiter);
    w->client = c;
    w->id = id;
    list_push_back(&call->waiters, &w->_of_call);
    list_push_back(&c->waiters, &w->_of_client);
    c->waiter_count++;
    return w;
}

static void leave_client(Waiter *w)
{
    if (!w->client) return;
    list_unlink(&w->_of_client);
    w->client->waiter_count--;
    w->client = NULL;
}

static void waiter_free(Waiter *w)
{
    leave_client(w);
    list_unlink(&w->_of_call);
    mem_free(w);
}

/* `st` only for who is still there; an answer may close its client, which makes it forget its waiters. */
static void answer_all(RealtimeCall *call, Status st)
{
    ListNode *n;
    while ((n = list_first(&call->waiters))) {
        Waiter *w = CONTAINER_OF(n, Waiter, _of_call);
        if (w->client && w->id) call->answer(call, w, st);
        waiter_free(w);
    }
}

static void call_free(RealtimeCall *call)
{
    arena_done(&call->arena);
    call->realtime->calls->drop(call);
}

void call_answered(RealtimeCall *call)
{
    answer_all(call, call->store.st);
    call_free(call);
}

void call_expired(RealtimeCall *call)
{
    answer_all(call, ST_UNAVAILABLE);
}

Status call_send(RealtimeCall *call, StoreKind kind)
{
    call->store.kind = kind;
    Status st = call->realtime->calls->send(call);
    if (st == ST_OK) return ST_OK;
    ListNode *n;
    while ((n = list_first(&call->waiters))) waiter_free(CONTAINER_OF(n, Waiter, _of_call));
    call_free(call);
    return st;
}

size_t call_publications(const RealtimeCall *call, uint64_t since, bool as_text, CfPublication *ret)
{
    const StreamCall *s = &call->stream;
    size_t count = 0;
    for (uint32_t i = 0; i < s->ret_count; i++)
        if (s->ret_items[i].seq > since)
            ret[count++] = (CfPublication){.data = s->ret_items[i].data,
                                           .offset = s->ret_items[i].seq,
                                           .as_text = as_text,
                                           .info = call->infos ? call->infos[i] : NULL};
    return count;
}

Waiter *client_ask(Client *c, uint32_t id, RealtimeCall *call, StoreKind kind, CfOut *out)
{
    if (!client_may_wait(c)) {
        call_free(call);
        codec_of(c)->error(out, id, CF_ERR_TOO_MANY_REQUESTS);
        return NULL;
    }
    Waiter *w = call_wait(call, c, id);
    if (call_send(call, kind) == ST_OK) return w;
    codec_of(c)->error(out, id, CF_ERR_INTERNAL);
    return NULL;
}

void waiters_forget(Client *c)
{
    ListNode *n;
    while ((n = list_first(&c->waiters))) leave_client(CONTAINER_OF(n, Waiter, _of_client));
}

Waiter *waiter_of_reader(const Client *c, const Reader *reader)
{
    for (ListNode *n = list_first(&c->waiters); n; n = list_next(&c->waiters, n)) {
        Waiter *w = CONTAINER_OF(n, Waiter, _of_client);
        if (w->reader == reader) return w;
    }
    return NULL;
}

void waiter_take_back(Waiter *w)
{
    w->id = 0;
    w->reader = NULL;
}
