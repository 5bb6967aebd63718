/* Two threads, like the server's loop and its store: what was committed comes home on a stack, one wake-up
 * a batch, and is submitted again with fresh ids. */
#include "store_bound.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "driver/store/sqlite.h"

enum { WARM_UP_MS = 300, END_PATIENCE_MS = 20000 };

typedef struct Home { /* calls that came back */
    _Atomic(struct Item *) newest;
    int wake;
} Home;

typedef struct Item {
    AcceptCall accept;
    EventPlan event;
    Home *home;
    struct Item *next;
    char event_id[UUID_TEXT_LEN], user[32], channel[48], data[512];
} Item;

typedef struct Task {
    const char *directory;
    unsigned waiting, users, duration_ms;
    Store *store;
    Random random;
    Home home;
    StoreBound *result; /* shared with the parent */
} Task;

static void come_home(StoreCall *call)
{
    AcceptCall *accept = CONTAINER_OF(call, AcceptCall, call);
    Item *item = CONTAINER_OF(accept, Item, accept);
    Home *home = item->home;
    uint64_t one = 1;
    item->next = atomic_load(&home->newest);
    while (!atomic_compare_exchange_weak(&home->newest, &item->next, item)) {
    }
    if (!item->next) (void)!write(home->wake, &one, sizeof one);
}

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void item_shape(Task *t, Item *i, unsigned index)
{
    int len = snprintf(i->user, sizeof i->user, "user%u", index % t->users);
    snprintf(i->channel, sizeof i->channel, "global_system#%s", i->user);
    snprintf(i->data, sizeof i->data,
             "{\"title\":\"Hello Ada\",\"body\":\"Ada, your note is #000000000000.\","
             "\"category\":\"bench.event\",\"eventType\":\"bench.event\","
             "\"id\":\"01234567-89ab-7cde-8f01-23456789abcd\","
             "\"created_at\":\"2026-01-01T00:00:00.000Z\","
             "\"data\":{\"name\":\"Ada\",\"note\":\"#000000000000.\"}}");
    i->home = &t->home;
    i->accept.events = &i->event;
    i->accept.event_count = 1;
    i->event = (EventPlan){
        .tenant_no = 1,
        .event_id = str_make(i->event_id, sizeof i->event_id),
        .event_type = S("bench.event"),
        .user_id = str_make(i->user, (size_t)len),
        .trace_id = S(""),
        .payload = S("{\"userId\":\"somebody\"}"),
        .variables = S("{\"name\":\"Ada\",\"note\":\"#000000000000.\"}"),
        .deliveries = {{.channel = CHANNEL_PUSH,
                        .status = DELIVERY_SENT,
                        .recipient = S(""),
                        .cause = S(""),
                        .template_id = uuid_v7(clock_ms(), &t->random),
                        .template_version = 1}},
        .delivery_count = 1,
        .has_notification = true,
        .notification = {.title = S("Hello Ada"),
                         .body = S("Ada, your note is #000000000000."),
                         .channel = str_of(i->channel),
                         .data = str_of(i->data)},
    };
}

static void item_submit(Task *t, Item *i)
{
    int64_t now_ms = clock_ms();
    uuid_text(uuid_v7(now_ms, &t->random), i->event_id);
    i->event.created_ms = now_ms;
    i->event.deliveries[0].id = uuid_v4(&t->random);
    i->event.notification.id = uuid_v7(now_ms, &t->random);
    i->accept.call = (StoreCall){.kind = STORE_ACCEPT, .done = come_home};
    if (store_submit(t->store, &i->accept.call) != ST_OK) fail("the store takes nothing");
}

static unsigned take_home(Task *t, bool submit_again)
{
    uint64_t wakes;
    unsigned count = 0;
    (void)!read(t->home.wake, &wakes, sizeof wakes);
    for (Item *i = atomic_exchange(&t->home.newest, NULL), *next; i; i = next, count++) {
        next = i->next;
        if (i->accept.call.st != ST_OK) fail("the store: %s", i->accept.call.err.text);
        if (submit_again) item_submit(t, i);
    }
    return count;
}

static uint64_t own_cpu_ns(void)
{
    return cpu_ns(getpid());
}

static void keep_busy(Task *t, unsigned duration_ms, StoreBound *sum)
{
    StoreHealth before = store_health(t->store);
    uint64_t cpu_before = own_cpu_ns(), began = now_ns(), now = began;
    while (now - began < duration_ms * 1000000ull) {
        take_home(t, true);
        now = now_ns();
    }
    StoreHealth after = store_health(t->store);
    sum->events += after.calls - before.calls;
    sum->commits += after.commits - before.commits;
    sum->cpu_ns += own_cpu_ns() - cpu_before;
    sum->wall_ns += now - began;
}

static void store_main(void *arg)
{
    Task *t = arg;
    StoreBound ignored = {0};
    Item *items = calloc(t->waiting, sizeof *items);
    CHECK(items);
    for (unsigned i = 0; i < t->waiting; i++) {
        item_shape(t, &items[i], i);
        item_submit(t, &items[i]);
    }
    keep_busy(t, WARM_UP_MS, &ignored);
    keep_busy(t, t->duration_ms, t->result);
    for (unsigned left = t->waiting; left;) left -= take_home(t, false);
    store_close(t->store);
    free(items);
}

static void open_and_run(void *arg)
{
    Task *t = arg;
    Err err = {""};
    SqliteOptions options = {.directory = str_of(t->directory)};
    random_init(&t->random);
    t->home.wake = eventfd(0, EFD_CLOEXEC);
    if (sqlite_store_open(&options, &t->store, &err) != ST_OK) fail("the store: %s", err.text);
    store_main(t);
}

void store_bound_run(const char *directory, unsigned waiting, unsigned users, unsigned duration_ms,
                     StoreBound *sum)
{
    StoreBound *result = shared_new(sizeof *result);
    Task task = {.directory = directory,
                 .waiting = waiting,
                 .users = users,
                 .duration_ms = duration_ms,
                 .result = result};
    pid_t pid = child_start(open_and_run, &task);
    for (unsigned ms = 0; !child_is_gone(pid); ms += 5) {
        if (ms > duration_ms + END_PATIENCE_MS) fail("the store does not end");
        sleep_ms(5);
    }
    if (result->events == 0) fail("the store did nothing");
    sum->events += result->events;
    sum->commits += result->commits;
    sum->cpu_ns += result->cpu_ns;
    sum->wall_ns += result->wall_ns;
}
