/* turn.c: one transaction at a time, and whatever came up meanwhile is the next one's.
 *
 *   answered ----.
 *                +--> Turn --store: settle; claim; COMMIT--> claimed: start each
 *   ready lines -'                                          settled: free each, tell its line */
#include "app/app.h"
#include "app/courier/parts.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

enum {
    CLAIM_BYTES_MAX = MIB(64), /* one turn's events; the largest single one fits many times */
    PAUSE_MS = 250,            /* the store takes nothing: later again */
    LOOKS_MAX = 512,           /* lines looked at for one turn */
};

static void come_home(Mail *mail, Loop *here);

void claims_unref(Claims *claims)
{
    if (--claims->refs) return;
    snapshot_unref(claims->snapshot);
    arena_done(&claims->arena);
    mem_free(claims);
}

/* ---- what goes along ---- */

static void take_answered(Courier *c, Turn *turn)
{
    while (!list_is_empty(&c->answered)) {
        Sending *s = CONTAINER_OF(list_first(&c->answered), Sending, node);
        list_unlink(&s->node);
        turn->settled[turn->settled_count] = s->settled;
        turn->settling[turn->settled_count++] = s;
    }
}

/* How many of what is free this line may have; 0: none, and the line knows why. */
static uint32_t quota_of(Courier *c, Line *line, uint32_t free)
{
    uint64_t when_ms = 0;
    const Tenant *tenant = snapshot_by_no(c->snapshot, line->key.tenant_no);
    if (!tenant) { /* deleted; its rows are on their way out */
        line_forget(line);
        return 0;
    }
    line->parked = !tenant->active;
    if (line->parked) return 0;
    uint32_t room = line_room(c, line, tenant, &when_ms);
    if (room && room <= line->waiting) when_ms = PACER_WHEN_ONE_RETURNS;
    room = room > line->waiting ? room - line->waiting : 0;
    uint32_t share = c->small ? 1 : (free + 1) / 2;
    if (room == 0) line_look_again(line, when_ms);
    return room < share ? room : share;
}

static void ask(Turn *turn, Line *line, uint32_t quota)
{
    uint32_t i = turn->request.line_count++;
    turn->lines[i] = (LineClaim){.key = line->key, .quota = quota};
    turn->line_of[i] = line;
    line->state = LINE_ASKED;
    line->woken = false;
}

static void take_lines(Courier *c, Turn *turn)
{
    uint32_t free = COURIER_IN_FLIGHT_MAX - c->in_hand;
    for (uint32_t looks = 0;
         looks < LOOKS_MAX && free && c->ready_count && turn->request.line_count < TURN_LINES_MAX;
         looks++) {
        Line *line = CONTAINER_OF(list_first(&c->ready), Line, node);
        list_unlink(&line->node);
        c->ready_count--;
        line->state = LINE_WAITING;
        uint32_t quota = quota_of(c, line, free);
        if (quota) ask(turn, line, quota);
        free -= quota;
        if (c->small && quota) return;
    }
}

/* ---- there ---- */

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    Turn *turn = CONTAINER_OF(job, Turn, job);
    Status st = queue_settle(tx, turn->request.claim, turn->settled, turn->settled_count, err);
    return st == ST_OK ? queue_claim(tx, &turn->request, &turn->claims->arena, err) : st;
}

static void post_home(StoreCall *call)
{
    Courier *c = CONTAINER_OF(call, Courier, turn.job.call);
    mailbox_post(c->loop, &c->turn.mail);
}

/* ---- and back ---- */

static void count_settled(const Sending *s)
{
    metric_add_by(METRIC_SETTLED, (MetricValue)(METRIC_CHANNEL_EMAIL + s->claimed.line.channel),
                  (MetricValue)(METRIC_STATUS_PENDING + delivery_state_status(s->settled.to)), 1);
}

static void settled(Courier *c, Sending *s)
{
    Line *line = s->line;
    int64_t due_ms = s->settled.due_ms;
    DeliveryState to = s->settled.to;
    if (s->settled.to != STATE_QUEUED) count_settled(s);
    c->in_hand--;
    line->held--;
    sending_free(s);
    if (to == STATE_RETRY_WAIT)
        line_due(line, due_ms);
    else if (to == STATE_QUEUED)
        line_ready(line);
    else
        line_forget(line);
}

static void claimed(Courier *c, Turn *turn)
{
    Claimed *at = turn->request.ret_at;
    for (uint32_t i = 0; i < turn->request.line_count; i++) {
        Line *line = turn->line_of[i];
        const LineClaim *said = &turn->lines[i];
        bool more = line->woken || said->ret_count == said->quota;
        line->state = LINE_WAITING;
        for (uint32_t k = 0; k < said->ret_count; k++) sending_start(c, turn->claims, line, at++);
        if (more)
            line_ready(line);
        else
            line_due(line, said->ret_due_ms);
    }
}

/* Nothing was changed: the answers are settled by the next turn, the lines are asked again. */
static void failed(Courier *c, Turn *turn)
{
    Status st = turn->job.call.st;
    for (uint32_t i = turn->settled_count; i > 0; i--)
        list_push_front(&c->answered, &turn->settling[i - 1]->node);
    for (uint32_t i = 0; i < turn->request.line_count; i++) {
        turn->line_of[i]->state = LINE_WAITING;
        line_ready(turn->line_of[i]);
    }
    c->small = st == ST_TOO_BIG;
    if (!c->failing && !c->small)
        LOG(LOG_WARN, "courier.store_failed", log_str("why", err_view(&turn->job.call.err)));
    c->failing = !c->small;
}

static void paused(Timer *timer)
{
    turn_soon(CONTAINER_OF(timer, Courier, pause));
}

static void come_home(Mail *mail, Loop *here)
{
    Courier *c = CONTAINER_OF(mail, Courier, turn.mail);
    Turn *turn = &c->turn;
    c->turn_out = false;
    if (turn->job.call.st == ST_OK) {
        c->failing = c->small = false;
        for (uint32_t i = 0; i < turn->settled_count; i++) settled(c, turn->settling[i]);
        claimed(c, turn);
    } else {
        failed(c, turn);
        if (!c->small) loop_arm(here, &c->pause, PAUSE_MS, paused);
    }
    claims_unref(turn->claims);
    turn_soon(c);
}

/* ---- one turn ---- */

static void open_turn(Courier *c)
{
    Turn *turn = &c->turn;
    Claims *claims = mem_new(Claims);
    claims->refs = 1;
    claims->snapshot = snapshot_ref(c->snapshot);
    arena_init(&claims->arena, CLAIM_BYTES_MAX);
    turn->claims = claims;
    turn->mail.open = come_home;
    turn->job = (StoreJob){.call = {.kind = STORE_WRITE_JOB, .done = post_home}, .run = run};
    turn->settled_count = 0;
    turn->request = (ClaimRequest){.claim = c->claim,
                                   .now_ms = c->loop->now_ms,
                                   .snapshot = claims->snapshot,
                                   .lines = turn->lines,
                                   .ret_at = turn->claimed};
}

static void send_turn(Courier *c)
{
    Turn *turn = &c->turn;
    open_turn(c);
    take_answered(c, turn);
    if (!c->draining && c->started) take_lines(c, turn);
    if (!turn->settled_count && !turn->request.line_count) {
        claims_unref(turn->claims);
        if (c->ready_count && c->in_hand < COURIER_IN_FLIGHT_MAX) turn_soon(c); /* LOOKS_MAX */
        return;
    }
    c->turn_out = true;
    Status st = store_submit(c->app->store, &turn->job.call);
    if (st == ST_OK) return;
    turn->job.call.st = st;
    (void)err_set(&turn->job.call.err, st, "the store takes no calls");
    come_home(&turn->mail, c->loop);
}

static bool has_work(const Courier *c)
{
    return !list_is_empty(&c->answered) || (c->ready_count && !c->draining && c->started);
}

static TaskResult on_turn(Task *task)
{
    Courier *c = CONTAINER_OF(task, Courier, task);
    sendings_begin(c);
    if (!c->turn_out && !timer_is_armed(&c->pause) && has_work(c)) send_turn(c);
    if (c->draining) courier_check_end(c);
    return TASK_DONE;
}

void turn_soon(Courier *c)
{
    c->task.run = on_turn;
    loop_defer(c->loop, &c->task);
}
