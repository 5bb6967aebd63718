/* store_bound.h: what it costs to make events durable and nothing else: our SQLite driver, called
 * directly. One of the two bounds ingest is measured against. */
#ifndef ORQ_BENCH_STORE_BOUND_H
#define ORQ_BENCH_STORE_BOUND_H

#include "kit.h"

typedef struct StoreBound {
    uint64_t events, commits, cpu_ns, wall_ns;
} StoreBound;

/* In a child: events of the shape a trigger of put_trigger leaves, `waiting` of them submitted at any
 * time, so that batches form as they do behind as many clients. Adds to *sum. */
void store_bound_run(const char *directory, unsigned waiting, unsigned users, unsigned duration_ms,
                     StoreBound *sum);

#endif
