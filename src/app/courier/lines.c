/* lines.c: a line is remembered while something waits in it or is on its way from it.
 *
 *   WAITING --timer, wake-up, a call returns--> READY --turn--> ASKED --its claim came back--> READY or WAITING */
#include "app/courier/parts.h"
#include "base/mem.h"

enum { LOOK_AGAIN_MS = 600 * 1000 }; /* at the latest: the wall clock may have been set meanwhile */

static void on_time(Timer *timer)
{
    line_ready(CONTAINER_OF(timer, Line, timer));
}

Line *line_get(Courier *c, LineKey key)
{
    Line *line = map_get(&c->lines, str_make(&key, sizeof key));
    if (line) return line;
    line = mem_new(Line);
    line->key = key;
    line->courier = c;
    if (map_put(&c->lines, line) == ST_OK) return line;
    mem_free(line);
    return NULL;
}

void line_ready(Line *line)
{
    Courier *c = line->courier;
    timer_cancel(&line->timer);
    if (line->state == LINE_ASKED) line->woken = true;
    if (line->state != LINE_WAITING || line->parked) return;
    line->full = false;
    line->state = LINE_READY;
    list_push_back(&c->ready, &line->node);
    c->ready_count++;
    turn_soon(c);
}

void line_due(Line *line, int64_t due_ms)
{
    Loop *loop = line->courier->loop;
    if (line->state != LINE_WAITING || line->full) return; /* it will be asked anyway */
    if (due_ms == INT64_MAX) {
        line_forget(line);
        return;
    }
    if (due_ms <= loop->now_ms) {
        line_ready(line);
        return;
    }
    uint64_t delay_ms = (uint64_t)(due_ms - loop->now_ms);
    if (delay_ms > LOOK_AGAIN_MS) delay_ms = LOOK_AGAIN_MS;
    uint64_t tick = (loop->mono_ms + delay_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
    if (timer_is_armed(&line->timer) && line->timer._due_tick <= tick) return; /* sooner already */
    loop_arm(loop, &line->timer, delay_ms, on_time);
}

void line_look_again(Line *line, uint64_t mono_ms)
{
    Loop *loop = line->courier->loop;
    line->full = true;
    if (mono_ms == PACER_WHEN_ONE_RETURNS && line->held) return;
    uint64_t delay_ms = mono_ms > loop->mono_ms && mono_ms != PACER_WHEN_ONE_RETURNS
                            ? mono_ms - loop->mono_ms
                            : WHEEL_TICK_MS;
    loop_arm(loop, &line->timer, delay_ms, on_time);
}

void line_returned(Line *line)
{
    if (line->full) line_ready(line);
}

void line_forget(Line *line)
{
    Courier *c = line->courier;
    if (line->held || line->parked || line->state != LINE_WAITING || timer_is_armed(&line->timer))
        return;
    map_remove(&c->lines, str_make(&line->key, sizeof line->key));
    mem_free(line);
}

void lines_look_again(Courier *c)
{
    Line *line;
    for (uint32_t i = 0; (line = map_next(&c->lines, &i));) {
        if (!line->parked && !line->full) continue;
        line->parked = false;
        line_ready(line);
    }
}

void lines_free(Courier *c)
{
    Line *line;
    for (uint32_t i = 0; (line = map_next(&c->lines, &i));) mem_free(line);
    map_done(&c->lines);
}
