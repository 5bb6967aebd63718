/* scan.c: RECOVERING --nothing left--> LINES --last page--> done. One job at a time; a failed one is tried
 * again, because until it succeeds nothing is sent. */
#include "app/app.h"
#include "app/courier/parts.h"
#include "base/log.h"

enum { AGAIN_MS = 500 };

static void step(Courier *c);

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    Courier *c = CONTAINER_OF(job, Courier, scan.job);
    Scan *scan = &c->scan;
    if (scan->recovering) return queue_recover(tx, c->claim, scan->now_ms, &scan->recovered, err);
    return queue_lines(tx, scan->after, scan->lines, &scan->count, err);
}

static void post_home(StoreCall *call)
{
    Courier *c = CONTAINER_OF(call, Courier, scan.job.call);
    mailbox_post(c->loop, &c->scan.mail);
}

static void took_recovered(Scan *scan)
{
    LogNum again, dead;
    scan->recovered_all.again += scan->recovered.again;
    scan->recovered_all.dead += scan->recovered.dead;
    if (scan->recovered.again + scan->recovered.dead > 0) return; /* there may be more */
    scan->recovering = false;
    if (scan->recovered_all.again + scan->recovered_all.dead == 0) return;
    LOG(LOG_WARN, "courier.recovered", log_num("again", scan->recovered_all.again, &again),
        log_num("dead", scan->recovered_all.dead, &dead));
}

/* Lines that are known may begin while the rest is read. */
static void took_lines(Courier *c)
{
    Scan *scan = &c->scan;
    c->started = true;
    for (uint32_t i = 0; i < scan->count; i++) {
        Line *line = line_get(c, scan->lines[i].key);
        if (line) line_due(line, scan->lines[i].due_ms);
        scan->after = scan->lines[i].key;
    }
    scan->running = scan->count == QUEUE_LINES_PAGE;
    turn_soon(c);
}

static void on_again(Timer *timer)
{
    step(CONTAINER_OF(timer, Courier, scan.timer));
}

static void come_home(Mail *mail, Loop *here)
{
    Courier *c = CONTAINER_OF(mail, Courier, scan.mail);
    Scan *scan = &c->scan;
    scan->out = false;
    if (c->draining) {
        courier_check_end(c);
        return;
    }
    if (scan->job.call.st != ST_OK) {
        LOG(LOG_WARN, "courier.start_failed", log_str("why", err_view(&scan->job.call.err)));
        loop_arm(here, &scan->timer, AGAIN_MS, on_again);
        return;
    }
    if (scan->recovering)
        took_recovered(scan);
    else
        took_lines(c);
    if (scan->running)
        step(c);
    else if (scan->again)
        scan_lines(c);
}

static void step(Courier *c)
{
    Scan *scan = &c->scan;
    scan->now_ms = c->loop->now_ms;
    scan->mail.open = come_home;
    scan->job = (StoreJob){.call = {.kind = STORE_WRITE_JOB, .done = post_home}, .run = run};
    scan->out = store_submit(c->app->store, &scan->job.call) == ST_OK;
    if (!scan->out) loop_arm(c->loop, &scan->timer, AGAIN_MS, on_again);
}

void scan_lines(Courier *c)
{
    Scan *scan = &c->scan;
    scan->again = scan->running;
    if (scan->running) return;
    scan->running = true;
    scan->after = (LineKey){0, 0};
    step(c);
}

void scan_start(Courier *c)
{
    c->scan.recovering = c->scan.running = true;
    step(c);
}
