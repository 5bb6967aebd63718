/* One block a publication: its text once, and a letter to every lane. The last lane to open its letter
 * frees the block. */
#include "app/live.h"

#include <stdatomic.h>

#include "app/ws/endpoint.h"
#include "base/mem.h"
#include "base/metric.h"

typedef struct Publication Publication;

typedef struct Letter {
    Mail mail;
    Publication *publication;
} Letter;

struct Publication {
    atomic_int unread;
    uint32_t tenant_no;
    Str channel, data; /* in the same block, behind the letters */
    Letter letters[];
};

static void deliver_here(Mail *mail, Loop *here)
{
    Publication *p = CONTAINER_OF(mail, Letter, mail)->publication;
    const Lane *lane = here->lane;
    hub_publish(ws_server_realtime(lane->ws)->hub, p->tenant_no, p->channel, p->data);
    if (atomic_fetch_sub_explicit(&p->unread, 1, memory_order_acq_rel) == 1) mem_free(p);
}

static Str put(char **at, Str text)
{
    Str copy = {*at, text.len};
    memcpy(*at, text.at, text.len);
    *at += text.len;
    return copy;
}

static void publish(App *app, const EventPlan *event)
{
    const NotificationPlan *n = &event->notification;
    metric_add(METRIC_PUBLICATIONS, 1);
    int lanes = app->lane_count; /* read once: the last post may free the block */
    Publication *p = mem_alloc(sizeof(Publication) + sizeof(Letter) * (size_t)lanes +
                               n->channel.len + n->data.len);
    char *text = (char *)&p->letters[lanes];
    atomic_init(&p->unread, lanes);
    p->tenant_no = event->tenant_no;
    p->channel = put(&text, n->channel);
    p->data = put(&text, n->data);
    for (int i = 0; i < lanes; i++) {
        p->letters[i] = (Letter){.mail.open = deliver_here, .publication = p};
        mailbox_post(app->lanes[i].loop, &p->letters[i].mail);
    }
}

void live_publish(App *app, const AcceptCall *call)
{
    for (size_t i = 0; i < call->event_count; i++) {
        const EventPlan *event = &call->events[i];
        if (event->has_notification && !event->ret_replay.is) publish(app, event);
    }
}

void live_recheck(Lane *lane)
{
    ws_server_recheck(lane->ws);
}
