#include "app/recent_sweep.h"

#include "base/mem.h"
#include "domain/realtime/recent.h"

enum { REST_MS = 30000, BREATH_MS = 20 }; /* between rounds; between the steps of one */

struct RecentSweep {
    Timer timer;
    Lane *lane;
};

static void step(Timer *timer)
{
    RecentSweep *s = CONTAINER_OF(timer, RecentSweep, timer);
    Loop *loop = s->lane->loop;
    bool more = recent_sweep(s->lane->app->recent, (int64_t)loop->mono_ms);
    loop_arm(loop, &s->timer, more ? BREATH_MS : REST_MS, step);
}

RecentSweep *recent_sweep_start(Lane *lane)
{
    RecentSweep *s = mem_new(RecentSweep);
    s->lane = lane;
    loop_arm(lane->loop, &s->timer, REST_MS, step);
    return s;
}

void recent_sweep_free(RecentSweep *s)
{
    mem_free(s);
}
