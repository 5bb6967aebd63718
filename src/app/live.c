/* One block for what is said: its text once, and a letter to every lane. The last lane to open its letter
 * frees the block. */
#include "app/live.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>

#include "app/ws/endpoint.h"
#include "app/ws/stream.h"
#include "base/mem.h"
#include "base/metric.h"
#include "domain/realtime/channel.h"
#include "domain/realtime/dialect_workspace.h"
#include "domain/realtime/notice.h"

typedef struct Bundle Bundle;

typedef struct Letter {
    Mail mail;
    Bundle *bundle;
} Letter;

struct Bundle {
    atomic_int unread;
    void (*deliver)(Realtime *here, const Bundle *b);
    uint32_t tenant_no;
    uint64_t order;    /* live_replace */
    Str channel;       /* these two are behind the letters, and behind them the publication */
    Str users_notices; /* notice channel for what is bridged; "" when it is not */
    Publication *publication;
    Letter letters[];
};

static void open_letter(Mail *mail, Loop *here)
{
    Bundle *b = CONTAINER_OF(mail, Letter, mail)->bundle;
    const Lane *lane = here->lane;

    b->deliver(ws_server_realtime(lane->ws), b);
    if (atomic_fetch_sub_explicit(&b->unread, 1, memory_order_acq_rel) > 1) return;
    mem_free(b);
}

static char *put(char *at, Str *text)
{
    if (text->len) text->at = memcpy(at, text->at, text->len);
    return at + text->len;
}

/* Copies the draft and all it points to, and posts it to every lane. */
static void to_all_lanes(App *app, const Bundle *draft)
{
    static const Publication none;
    const Publication *publication = draft->publication ? draft->publication : &none;
    int lanes = app->lane_count; /* read once: the last post may free the bundle */
    size_t head = sizeof(Bundle) + sizeof(Letter) * (size_t)lanes;
    size_t said = head + draft->channel.len + draft->users_notices.len;
    said += -said % alignof(max_align_t);
    Bundle *b = mem_alloc(said + publication_size(publication));

    *b = *draft;
    atomic_init(&b->unread, lanes);
    put(put((char *)b + head, &b->channel), &b->users_notices);
    b->publication = publication_copy(publication, (char *)b + said);
    for (int i = 0; i < lanes; i++) {
        b->letters[i] = (Letter){.mail.open = open_letter, .bundle = b};
        mailbox_post(app->lanes[i].loop, &b->letters[i].mail);
    }
}

/* ---- publications ---- */

static void publish(Realtime *here, const Bundle *b)
{
    hub_publish(here->hub, b->tenant_no, b->channel, b->publication);
    if (b->users_notices.len)
        hub_publish(here->hub, b->tenant_no, b->users_notices, b->publication);
}

static void say(App *app, uint32_t tenant_no, Str channel, Str users_notices,
                const Publication *publication)
{
    Publication said = *publication;

    metric_add(METRIC_PUBLICATIONS, 1);
    to_all_lanes(app, &(Bundle){.deliver = publish,
                                .tenant_no = tenant_no,
                                .channel = channel,
                                .users_notices = users_notices,
                                .publication = &said});
}

void live_say(App *app, uint32_t tenant_no, Str channel, const Publication *publication)
{
    say(app, tenant_no, channel, S(""), publication);
}

static void say_notification(App *app, const EventPlan *event)
{
    char id[UUID_TEXT_LEN], epoch[EPOCH_TEXT_LEN];
    const NotificationPlan *n = &event->notification;
    NoticeChannel users = notice_channel(event->user_id);
    uuid_text(n->id, id);
    Notice notice = {.id = str_make(id, sizeof id),
                     .event_type = event->event_type,
                     .title = n->title,
                     .body = n->body,
                     .product_name = n->product_name,
                     .expiry_date = n->expiry_date,
                     .created_ms = event->created_ms};
    Publication p = {.data = n->data,
                     .offset = event->ret_feed_seq,
                     .epoch = epoch_text(event->ret_feed_epoch, epoch),
                     .notice = &notice};
    say(app, event->tenant_no, n->channel, n->bridged ? notice_channel_name(&users) : S(""), &p);
}

/* ---- the workspace dialect ---- */

static void replace(Realtime *here, const Bundle *b)
{
    workspace_replace(here->hub, b->tenant_no, b->channel, b->order);
}

void live_replace(App *app, uint32_t tenant_no, Str channel, uint64_t order)
{
    to_all_lanes(
        app,
        &(Bundle){.deliver = replace, .tenant_no = tenant_no, .channel = channel, .order = order});
}

/* ---- what was committed ---- */

static void say_notifications(App *app, const AcceptCall *call)
{
    for (size_t i = 0; i < call->event_count; i++) {
        const EventPlan *event = &call->events[i];
        if (event->has_notification && event_happened(event)) say_notification(app, event);
    }
}

/* ---- read marks ---- */

static void say_state(App *app, uint32_t tenant_no, Str user_id, Str data)
{
    char channel[sizeof STATE_CHANNEL + USER_ID_MAX];
    size_t head = sizeof STATE_CHANNEL; /* with '#' for its NUL */
    CHECK(user_id.len <= USER_ID_MAX);
    memcpy(channel, STATE_CHANNEL "#", head);
    memcpy(channel + head, user_id.at, user_id.len);
    live_say(app, tenant_no, str_make(channel, head + user_id.len), &(Publication){.data = data});
}

static void say_read(App *app, const MarkReadCall *call)
{
    char id[UUID_TEXT_LEN];
    Buf data;
    if (!call->ret_changed) return;
    uuid_text(call->notification_id, id);
    buf_init(&data, KIB(1));
    buf_format(&data, "{\"type\":\"read\",\"id\":\"%.*s\",\"unread\":%u}", (int)sizeof id, id,
               call->ret_unread);
    say_state(app, call->tenant_no, call->user_id, buf_view(&data));
    buf_done(&data);
}

static void say_all_read(App *app, const MarkAllReadCall *call)
{
    if (call->ret_count == 0) return;
    say_state(app, call->tenant_no, call->user_id, S("{\"type\":\"readAll\",\"unread\":0}"));
}

void live_committed(App *app, StoreCall *call)
{
    if (call->st != ST_OK) return;
    switch (call->kind) {
    case STORE_ACCEPT:
        say_notifications(app, CONTAINER_OF(call, AcceptCall, call));
        return;
    case STORE_MARK_READ:
        say_read(app, CONTAINER_OF(call, MarkReadCall, call));
        return;
    case STORE_MARK_ALL_READ:
        say_all_read(app, CONTAINER_OF(call, MarkAllReadCall, call));
        return;
    case STORE_FEED:
    case STORE_UNREAD:
    case STORE_STREAM:
    case STORE_WRITE_JOB:
    case STORE_READ_JOB:
        return;
    }
}

void live_recheck(Lane *lane)
{
    ws_server_recheck(lane->ws);
    streams_recheck(lane->streams);
}
