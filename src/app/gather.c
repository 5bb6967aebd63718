#include "app/gather.h"

#include "base/mem.h"

static void come_home(Mail *mail, Loop *here)
{
    Gather *g = CONTAINER_OF(mail, Gather, mail);
    (void)here;
    g->home->errands_out--;
    g->back(g);
}

static void visit_here(Mail *mail, Loop *here)
{
    GatherPart *part = CONTAINER_OF(mail, GatherPart, mail);
    Gather *g = part->gather;
    g->visit(here->lane, part);
    if (atomic_fetch_sub(&g->out, 1) == 1) mailbox_post(g->home->loop, &g->mail);
}

Gather *gather_new(Lane *home, void (*visit)(Lane *lane, GatherPart *part), void (*back)(Gather *g),
                   void *ctx)
{
    int lanes = home->app->lane_count;
    Gather *g = mem_zero(sizeof(Gather) + sizeof(GatherPart) * (size_t)lanes);
    g->mail.open = come_home;
    g->home = home;
    g->visit = visit;
    g->back = back;
    g->ctx = ctx;
    g->part_count = lanes;
    atomic_init(&g->out, lanes);
    for (int i = 0; i < lanes; i++) {
        g->parts[i].mail.open = visit_here;
        g->parts[i].gather = g;
        arena_init(&g->parts[i].arena, GATHER_PART_BYTES_MAX);
    }
    return g;
}

void gather_go(Gather *g)
{
    App *app = g->home->app;
    g->home->errands_out++;
    for (int i = 0, count = g->part_count; i < count; i++) /* the last post may bring it home */
        mailbox_post(app->lanes[i].loop, &g->parts[i].mail);
}

void gather_free(Gather *g)
{
    for (int i = 0; i < g->part_count; i++) arena_done(&g->parts[i].arena);
    mem_free(g);
}

size_t gather_count(const Gather *g)
{
    size_t sum = 0;
    for (int i = 0; i < g->part_count; i++) sum += g->parts[i].count;
    return sum;
}
