/* inbox.c: one letter, on its way or not, and behind it a short list: so a thousand commits a second wake
 * the courier as often as it looks, and telling it allocates nothing. */
#include "app/app.h"
#include "app/courier/parts.h"

enum { WAKES_MAX = sizeof((Inbox *)0)->wakes / sizeof(LineKey) };

/* Under the lock; posts at most once until the letter is opened. */
static bool must_post(Inbox *in)
{
    bool post = !in->posted;
    in->posted = true;
    return post;
}

static void put_wake(Inbox *in, LineKey key)
{
    for (uint32_t i = in->wake_count; i > 0 && i + 8 > in->wake_count; i--) /* the last few */
        if (in->wakes[i - 1].tenant_no == key.tenant_no && in->wakes[i - 1].channel == key.channel)
            return;
    if (in->wake_count < WAKES_MAX)
        in->wakes[in->wake_count++] = key;
    else
        in->overflowed = true;
}

void courier_wake(Courier *c, LineKey key)
{
    if (!c) return;
    uv_mutex_lock(&c->inbox.lock);
    put_wake(&c->inbox, key);
    bool post = must_post(&c->inbox);
    uv_mutex_unlock(&c->inbox.lock);
    if (post) mailbox_post(c->loop, &c->inbox.mail);
}

void courier_accepted(Courier *c, const AcceptCall *call)
{
    for (size_t i = 0; c && i < call->event_count; i++) {
        const EventPlan *event = &call->events[i];
        for (uint8_t d = 0; event_happened(event) && d < event->delivery_count; d++)
            if (event->deliveries[d].status == DELIVERY_PENDING)
                courier_wake(c, (LineKey){event->tenant_no, event->deliveries[d].channel});
    }
}

void courier_adopt(Courier *c, Snapshot *snapshot)
{
    if (!c) return;
    uv_mutex_lock(&c->inbox.lock);
    Snapshot *before = c->inbox.newest;
    c->inbox.newest = snapshot_ref(snapshot);
    bool post = must_post(&c->inbox);
    uv_mutex_unlock(&c->inbox.lock);
    snapshot_unref(before);
    if (post) mailbox_post(c->loop, &c->inbox.mail);
}

void courier_drain(Courier *c)
{
    uv_mutex_lock(&c->inbox.lock);
    c->inbox.drain = true;
    bool post = must_post(&c->inbox);
    uv_mutex_unlock(&c->inbox.lock);
    if (post) mailbox_post(c->loop, &c->inbox.mail);
}

/* ---- on the courier's loop ---- */

static void adopt_here(Courier *c, Snapshot *newest)
{
    if (!newest) return;
    snapshot_unref(c->snapshot);
    c->snapshot = newest;
    lines_look_again(c);
}

static void open_letter(Mail *mail, Loop *here)
{
    Courier *c = CONTAINER_OF(mail, Courier, inbox.mail);
    LineKey wakes[WAKES_MAX];
    (void)here;
    uv_mutex_lock(&c->inbox.lock);
    uint32_t count = c->inbox.wake_count;
    memcpy(wakes, c->inbox.wakes, sizeof wakes[0] * count);
    bool overflowed = c->inbox.overflowed, drain = c->inbox.drain;
    Snapshot *newest = c->inbox.newest;
    c->inbox.newest = NULL;
    c->inbox.wake_count = 0;
    c->inbox.posted = c->inbox.overflowed = false;
    uv_mutex_unlock(&c->inbox.lock);

    adopt_here(c, newest);
    for (uint32_t i = 0; i < count; i++) {
        Line *line = line_get(c, wakes[i]);
        if (line)
            line_ready(line);
        else
            overflowed = true;
    }
    if (overflowed) scan_lines(c);
    if (drain) courier_begin_end(c);
}

void inbox_init(Courier *c)
{
    CHECK(uv_mutex_init(&c->inbox.lock) == 0);
    c->inbox.mail.open = open_letter;
}

void inbox_done(Courier *c)
{
    snapshot_unref(c->inbox.newest);
    uv_mutex_destroy(&c->inbox.lock);
}
