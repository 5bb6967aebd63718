/* metric.h: counters, gauges and histograms, from the table in metrics.def.
 *
 * Each thread counts in cells of its own, made at its first count and kept to the process's end, so
 * counting is a plain load, add and store: no lock, no shared cache line. Who reads sums over all
 * threads; the sum may be a few counts older than now, and never loses one.
 *
 * Thread: any.  Ownership: cells belong to the process.  Format: Prometheus text 0.0.4. */
#ifndef ORQ_BASE_METRIC_H
#define ORQ_BASE_METRIC_H

#include "base/buf.h"

typedef enum MetricValue { /* METRIC_ROUTE_TRIGGER, ...: a label's value */
#define LABEL(set, name)     METRIC_##set##_BEGIN,
#define VALUE(set, id, text) METRIC_##set##_##id,
#define LABEL_END(set)       METRIC_##set##_END,
#define METRIC(kind, id, name, by, and_by, help)
#include "base/metrics.def"
#undef METRIC
#undef LABEL_END
#undef VALUE
#undef LABEL
                           METRIC_VALUE_COUNT
} MetricValue;

typedef enum MetricId {
#define LABEL(set, name)
#define VALUE(set, id, text)
#define LABEL_END(set)
#define METRIC(kind, id, name, by, and_by, help) METRIC_##id,
#include "base/metrics.def"
#undef METRIC
#undef LABEL_END
#undef VALUE
#undef LABEL
    METRIC_COUNT
} MetricId;

/* A counter or gauge moves by n (a gauge also down). The values must be of the metric's own labels. */
void metric_add_by(MetricId id, MetricValue by, MetricValue and_by, int64_t n);
/* One observation of a histogram: microseconds for SECONDS, the number itself for SIZES. */
void metric_observe_by(MetricId id, MetricValue by, uint64_t value);

static inline void metric_add(MetricId id, int64_t n)
{
    metric_add_by(id, METRIC_NONE_ALL, METRIC_NONE_ALL, n);
}
static inline void metric_observe(MetricId id, uint64_t value)
{
    metric_observe_by(id, METRIC_NONE_ALL, value);
}

/* The sum over all threads; of a histogram, how many observations. */
int64_t metric_total(MetricId id, MetricValue by, MetricValue and_by);

/* What READ_ metrics show, by MetricId; the rest of the array is not looked at. */
typedef struct MetricReadings {
    double at[METRIC_COUNT];
} MetricReadings;

/* The whole page. Series that can be counted but never were are shown as 0, so that a rate over them
 * is right from the first increment on. */
void metric_write(Buf *out, const MetricReadings *readings);

#endif
