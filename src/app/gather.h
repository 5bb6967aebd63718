/* gather.h: one question to every lane, and home with the answers.
 *
 *   asker:   Gather *g = gather_new(lane, visit, back, ctx);  gather_go(g);
 *   lanes:   visit(lane, part)      on each lane's own loop: looks, and leaves its answer in the part
 *   asker:   back(g)                on the asker's loop, once, when all have answered; then gather_free
 *
 * What a lane finds it allocates in the part's arena. While a gather is out it counts among the lane's
 * errands, so that a drain waits for it.
 *
 * Thread: gather_new, _go and _free on the asker's loop. */
#ifndef ORQ_APP_GATHER_H
#define ORQ_APP_GATHER_H

#include <stdatomic.h>

#include "app/app.h"

typedef struct Gather Gather;

typedef struct GatherPart {
    Mail mail;
    Gather *gather;
    Arena arena;
    void *found; /* the visitor's answer; NULL: nothing */
    size_t count;
} GatherPart;

struct Gather {
    Mail mail;
    Lane *home;
    void (*visit)(Lane *lane, GatherPart *part);
    void (*back)(Gather *g);
    void *ctx; /* the asker's; visitors may read it */
    atomic_int out;
    int part_count;
    GatherPart parts[];
};

Gather *gather_new(Lane *home, void (*visit)(Lane *lane, GatherPart *part), void (*back)(Gather *g),
                   void *ctx);
void gather_go(Gather *g);
void gather_free(Gather *g);
size_t gather_count(const Gather *g); /* the sum of the parts' */

#endif
