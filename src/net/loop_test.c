#include "net/loop.h"

#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check_test.h"
#include "net/conn_open.h"

typedef struct World {
    Loop *loop;
    Conn *conn;
    int ours; /* our end of the pair; the loop has the other */
    int theirs;
    uv_sem_t told;
    uint64_t seen_ms; /* the loop's clock as a callback saw it */
    Mail stop;
} World;

static uint64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_read(Conn *c, uint8_t *at, size_t len)
{
    World *w = c->owner;
    (void)at;
    (void)len;
    w->seen_ms = c->loop->mono_ms;
    uv_sem_post(&w->told);
}
static void on_nothing(Conn *c)
{
    (void)c;
}
static const ConnEvents events = {on_read, on_nothing, on_nothing, on_nothing};

static void on_start(Loop *l)
{
    World *w = l->lane;
    w->conn = conn_open(l, w->theirs);
    conn_counted(1);
    w->conn->events = &events;
    w->conn->owner = w;
    uv_sem_post(&w->told);
}

static void on_stop(Mail *mail, Loop *l)
{
    conn_close(CONTAINER_OF(mail, World, stop)->conn);
    loop_stop(l);
}

static void world_init(World *w)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    *w = (World){.loop = loop_new(0), .ours = pair[0], .theirs = pair[1], .stop.open = on_stop};
    w->loop->lane = w;
    assert_int_equal(uv_sem_init(&w->told, 0), 0);
    loop_start(w->loop, on_start);
    uv_sem_wait(&w->told);
}

static void world_done(World *w)
{
    mailbox_post(w->loop, &w->stop);
    loop_join(w->loop);
    loop_free(w->loop);
    uv_sem_destroy(&w->told);
    close(w->ours);
}

/* What a callback takes for "now" is not before the byte that woke it was sent: a deadline counted
 * from before the sleep would be over at once, and an idle server would refuse its next visitor. */
TEST(loop_reads_its_clocks_after_a_sleep)
{
    World w;
    world_init(&w);
    for (int i = 0; i < 3; i++) {
        uint64_t sent_ms = mono_ms() + 5;
        while (mono_ms() < sent_ms) sched_yield(); /* the loop's last look at the clock is over */
        assert_int_equal(write(w.ours, "x", 1), 1);
        uv_sem_wait(&w.told);
        assert_true(w.seen_ms >= sent_ms);
    }
    world_done(&w);
}

TEST_MAIN()
