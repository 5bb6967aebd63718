#include "net/loop.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check_test.h"
#include "net/conn_open.h"

static uint64_t mono_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void no_start(Loop *l)
{
    (void)l;
}

/* ---- mail ---- */

enum { LETTERS = 1000 };

typedef struct Letter {
    Mail mail;
    int number;
} Letter;

static int opened;
static Letter letters[LETTERS];

static void open_letter(Mail *mail, Loop *here)
{
    assert_int_equal(CONTAINER_OF(mail, Letter, mail)->number, opened);
    if (++opened == LETTERS) loop_stop(here);
}

TEST(mail_is_opened_in_the_order_of_posting)
{
    Loop *l = loop_new(0);
    loop_start(l, no_start);
    for (int i = 0; i < LETTERS; i++) {
        letters[i] = (Letter){{NULL, open_letter}, i};
        mailbox_post(l, &letters[i].mail);
    }
    loop_join(l);
    assert_int_equal(opened, LETTERS);
    loop_free(l);
}

/* ---- the clocks of a callback ---- */

static uint64_t written_ms, seen_ms;

static void on_read(Conn *c, uint8_t *at, size_t len)
{
    (void)at, (void)len;
    seen_ms = c->loop->mono_ms;
    conn_close(c);
}

static void on_closed(Conn *c)
{
    loop_stop(c->loop);
}

static const ConnEvents events = {on_read, NULL, NULL, on_closed};
static int ends[2];

static void open_conn(Loop *l)
{
    Conn *c = conn_open(l, ends[0], NULL);
    c->events = &events;
}

TEST(loop_after_a_sleep_has_the_time_of_the_event)
{
    Loop *l = loop_new(0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    loop_start(l, open_conn);
    usleep(100000); /* the loop sleeps; its clocks grow old */
    written_ms = mono_now_ms();
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_join(l);
    assert_true(seen_ms >= written_ms);
    close(ends[1]);
    loop_free(l);
}

/* ---- tasks ---- */

static Task task;
static int runs;
static Loop *task_loop;

static TaskResult run_task(Task *t)
{
    (void)t;
    if (++runs < 5) return TASK_AGAIN;
    loop_stop(task_loop);
    return TASK_DONE;
}

static void defer_task(Loop *l)
{
    task_loop = l;
    task.run = run_task;
    loop_defer(l, &task);
    loop_defer(l, &task); /* queued already */
}

TEST(loop_runs_a_task_again_while_it_asks_for_it)
{
    Loop *l = loop_new(0);
    loop_start(l, defer_task);
    loop_join(l);
    assert_int_equal(runs, 5);
    loop_free(l);
}

TEST_MAIN()
