/* source.h: something that brings messages to a crowd, ours or bare, asked in the same words, so that
 * both are measured by the same code. */
#ifndef ORQ_BENCH_SOURCE_H
#define ORQ_BENCH_SOURCE_H

#include "bare.h"

typedef struct Source {
    pid_t pid; /* whose CPU counts */
    Crowd *crowd;
    size_t first_bytes; /* of the first message's frame */
    size_t frame_bytes; /* of a later one, its position's digits aside */
    uint64_t published; /* messages, since the crowd joined */
    uint64_t arrived;   /* of them, with everyone, when last looked at */
    Bare *bare;         /* or, when NULL: */
    Posters *posters;
    Str request;
} Source;

typedef struct Work { /* what was done, and at what price */
    uint64_t deliveries, cpu_ns, wall_ns;
} Work;

double work_ns_each(const Work *w); /* CPU per delivery */
double work_rate(const Work *w);    /* deliveries per second */

/* Brings the crowd's first messages and learns the sizes of frames from them; *ret_frame is one of the
 * later ones. */
void source_warm_up(Source *s, Str *ret_frame);
/* Rounds of `burst` messages at once, each delivered to everyone before the next, for so much CPU. */
void source_rounds(Source *s, unsigned burst, uint64_t cpu_ns_wanted, Work *sum);
/* Keeps up to `outstanding` messages under way (published, not yet with everyone) for so long. */
void source_saturate(Source *s, unsigned outstanding, uint64_t duration_ns, Work *sum);

#endif
