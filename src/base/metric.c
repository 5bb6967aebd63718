/* A thread's cells are one array; a metric owns a stretch of it, series by series:
 *
 *   counter, gauge   [series 0][series 1]...
 *   histogram        [le b0 .. le b(n-1), +Inf, sum] per series; a bucket holds its own
 *                    observations only, the page adds them up
 *
 * Invariants
 * 1. Only its thread writes a cell; relaxed atomics make the reader's look defined, and compile to the
 *    plain instructions on the writer's side.
 * 2. A thread's block is never freed: what it counted stays counted when the thread has ended. The
 *    number of threads is fixed at start, so is the number of blocks. */
#include "base/metric.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"

enum { BOUNDS = 13, CACHE_LINE = 64 };

static const uint64_t bounds_us[BOUNDS] = {100,   250,   500,    1000,   2500,    5000,   10000,
                                           25000, 50000, 100000, 500000, 1000000, 5000000};
static const uint64_t bounds_size[BOUNDS] = {1,   2,   4,   8,    16,   32,  64,
                                             128, 256, 512, 1024, 2048, 4096};

typedef enum Kind { COUNTER, GAUGE, SECONDS, SIZES, READ_COUNTER, READ_GAUGE } Kind;

enum { /* cells a series of that kind takes */
       CELLS_COUNTER = 1,
       CELLS_GAUGE = 1,
       CELLS_SECONDS = BOUNDS + 2,
       CELLS_SIZES = BOUNDS + 2,
       CELLS_READ_COUNTER = 1,
       CELLS_READ_GAUGE = 1,
};

#define LABEL(set, name)
#define VALUE(set, id, text)
#define LABEL_END(set)
#define SERIES(set) (METRIC_##set##_END - METRIC_##set##_BEGIN - 1)

enum { /* where each metric's cells begin */
#define METRIC(kind, id, name, by, and_by, help)                                                   \
    id##_AT, id##_LAST = id##_AT + SERIES(by) * SERIES(and_by) * CELLS_##kind - 1,
#include "base/metrics.def"
#undef METRIC
       CELL_COUNT
};

typedef struct Info {
    Kind kind;
    const char *name, *help;
    uint32_t at;
    MetricValue by, and_by; /* the BEGIN of each set */
    uint32_t by_count, and_by_count;
} Info;

static const Info infos[METRIC_COUNT] = {
#define METRIC(kind, id, name, by, and_by, help)                                                   \
    {kind,       name,          help, id##_AT, METRIC_##by##_BEGIN, METRIC_##and_by##_BEGIN,       \
     SERIES(by), SERIES(and_by)},
#include "base/metrics.def"
#undef METRIC
};
#undef LABEL_END
#undef VALUE
#undef LABEL

static const char *const texts[METRIC_VALUE_COUNT] = {
/* at BEGIN: the label's name */
#define LABEL(set, name)     name,
#define VALUE(set, id, text) text,
#define LABEL_END(set)       "",
#define METRIC(kind, id, name, by, and_by, help)
#include "base/metrics.def"
#undef METRIC
#undef LABEL_END
#undef VALUE
#undef LABEL
};

/* ---- cells ---- */

typedef struct Block Block;
struct Block {
    Block *next;
    char apart[CACHE_LINE]; /* another thread's block ends before ours begins */
    _Atomic int64_t cells[CELL_COUNT];
    char apart_too[CACHE_LINE];
};

static _Atomic(Block *) blocks;
static _Thread_local Block *mine;

static Block *block_make(void)
{
    Block *b = mem_new(Block);
    b->next = atomic_load(&blocks);
    while (!atomic_compare_exchange_weak(&blocks, &b->next, b)) continue;
    mine = b;
    return b;
}

static void cell_add(uint32_t cell, int64_t n)
{
    Block *b = LIKELY(mine != NULL) ? mine : block_make();
    int64_t before = atomic_load_explicit(&b->cells[cell], memory_order_relaxed);
    atomic_store_explicit(&b->cells[cell], before + n, memory_order_relaxed);
}

static int64_t cell_sum(uint32_t cell)
{
    int64_t sum = 0;
    for (Block *b = atomic_load(&blocks); b; b = b->next)
        sum += atomic_load_explicit(&b->cells[cell], memory_order_relaxed);
    return sum;
}

static uint32_t cells_of(const Info *info)
{
    return info->kind == SECONDS || info->kind == SIZES ? BOUNDS + 2 : 1;
}

/* Where the series of these two values begins. A value of another metric's label is our mistake. */
static uint32_t series_at(const Info *info, MetricValue by, MetricValue and_by)
{
    uint32_t a = (uint32_t)(by - info->by) - 1, b = (uint32_t)(and_by - info->and_by) - 1;
    CHECK(a < info->by_count && b < info->and_by_count);
    return info->at + (a * info->and_by_count + b) * cells_of(info);
}

/* ---- counting ---- */

void metric_add_by(MetricId id, MetricValue by, MetricValue and_by, int64_t n)
{
    cell_add(series_at(&infos[id], by, and_by), n);
}

void metric_observe_by(MetricId id, MetricValue by, uint64_t value)
{
    const Info *info = &infos[id];
    const uint64_t *bounds = info->kind == SECONDS ? bounds_us : bounds_size;
    uint32_t at = series_at(info, by, METRIC_NONE_ALL), bucket = 0;

    CHECK(info->kind == SECONDS || info->kind == SIZES);
    while (bucket < BOUNDS && value > bounds[bucket]) bucket++;
    cell_add(at + bucket, 1);
    cell_add(at + BOUNDS + 1, (int64_t)value);
}

int64_t metric_total(MetricId id, MetricValue by, MetricValue and_by)
{
    const Info *info = &infos[id];
    uint32_t at = series_at(info, by, and_by), cells = cells_of(info);
    int64_t sum = cell_sum(at);
    for (uint32_t i = 1; i + 1 < cells; i++) sum += cell_sum(at + i);
    return sum;
}

/* ---- the page ---- */

static const char *type_of(Kind kind)
{
    switch (kind) {
    case COUNTER:
    case READ_COUNTER:
        return "counter";
    case GAUGE:
    case READ_GAUGE:
        return "gauge";
    case SECONDS:
    case SIZES:
        return "histogram";
    }
    CHECK(false);
}

/* {route="feed",status="2xx",le="0.1"}; nothing at all without labels. */
static void put_labels(Buf *out, const Info *info, uint32_t a, uint32_t b, const char *le)
{
    const char *before = "{";
    if (info->by_count > 1) {
        buf_format(out, "%s%s=\"%s\"", before, texts[info->by], texts[info->by + 1 + a]);
        before = ",";
    }
    if (info->and_by_count > 1) {
        buf_format(out, "%s%s=\"%s\"", before, texts[info->and_by], texts[info->and_by + 1 + b]);
        before = ",";
    }
    if (le) {
        buf_format(out, "%sle=\"%s\"", before, le);
        before = ",";
    }
    if (before[0] == ',') buf_lit(out, "}");
}

static void put_seconds(Buf *out, int64_t us)
{
    buf_format(out, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

static void put_histogram(Buf *out, const Info *info, uint32_t at, uint32_t a)
{
    int64_t seen = 0;
    char le[24];
    for (int i = 0; i <= BOUNDS; i++) {
        if (i == BOUNDS)
            snprintf(le, sizeof le, "+Inf");
        else if (info->kind == SECONDS)
            snprintf(le, sizeof le, "%g", (double)bounds_us[i] / 1e6);
        else
            snprintf(le, sizeof le, "%" PRIu64, bounds_size[i]);
        seen += cell_sum(at + (uint32_t)i);
        buf_format(out, "%s_bucket", info->name);
        put_labels(out, info, a, 0, le);
        buf_format(out, " %" PRId64 "\n", seen);
    }
    buf_format(out, "%s_sum", info->name);
    put_labels(out, info, a, 0, NULL);
    buf_lit(out, " ");
    int64_t sum = cell_sum(at + BOUNDS + 1);
    if (info->kind == SECONDS)
        put_seconds(out, sum);
    else
        buf_add_i64(out, sum);
    buf_format(out, "\n%s_count", info->name);
    put_labels(out, info, a, 0, NULL);
    buf_format(out, " %" PRId64 "\n", seen);
}

static void put_series(Buf *out, MetricId id, uint32_t a, uint32_t b,
                       const MetricReadings *readings)
{
    const Info *info = &infos[id];
    uint32_t at = info->at + (a * info->and_by_count + b) * cells_of(info);
    switch (info->kind) {
    case SECONDS:
    case SIZES:
        put_histogram(out, info, at, a);
        return;
    case COUNTER:
    case GAUGE:
        buf_format(out, "%s", info->name);
        put_labels(out, info, a, b, NULL);
        buf_format(out, " %" PRId64 "\n", cell_sum(at));
        return;
    case READ_COUNTER:
    case READ_GAUGE:
        buf_format(out, "%s %.17g\n", info->name, readings->at[id]);
        return;
    }
}

void metric_write(Buf *out, const MetricReadings *readings)
{
    for (MetricId id = 0; id < METRIC_COUNT; id++) {
        const Info *info = &infos[id];
        buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->help, info->name,
                   type_of(info->kind));
        for (uint32_t a = 0; a < info->by_count; a++)
            for (uint32_t b = 0; b < info->and_by_count; b++) put_series(out, id, a, b, readings);
    }
}
