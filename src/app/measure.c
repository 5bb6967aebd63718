/* The labels follow from the route's pattern, never from the path a peer sent. */
#include "app/measure.h"

#include "app/http/router.h"
#include "base/metric.h"

static const struct {
    Str prefix;
    MetricValue route;
} groups[] = {
    {STR_INIT("/api/v1/events/"), METRIC_ROUTE_TRIGGER},
    {STR_INIT("/api/v1/auth/"), METRIC_ROUTE_TOKEN},
    {STR_INIT("/api/v1/notifications/"), METRIC_ROUTE_FEED},
    {STR_INIT("/api/notification/"), METRIC_ROUTE_FEED},
    {STR_INIT("/api/v1/admin/"), METRIC_ROUTE_ADMIN},
    {STR_INIT("/connection/"), METRIC_ROUTE_SOCKET},
    {STR_INIT("/api/ws/"), METRIC_ROUTE_SOCKET},
    {STR_INIT("/workspace/"), METRIC_ROUTE_PRODUCER},
    {STR_INIT("/api/v1/realtime/"), METRIC_ROUTE_PRODUCER},
    {STR_INIT("/health"), METRIC_ROUTE_OPS},
    {STR_INIT("/ready"), METRIC_ROUTE_OPS},
    {STR_INIT("/metrics"), METRIC_ROUTE_OPS},
    {STR_INIT("/openapi.json"), METRIC_ROUTE_OPS},
};

static MetricValue group_of(const Route *route)
{
    if (route && str_is(route->path, "/")) return METRIC_ROUTE_SOCKET;
    for (size_t i = 0; route && i < sizeof groups / sizeof groups[0]; i++)
        if (str_starts(route->path, groups[i].prefix)) return groups[i].route;
    return METRIC_ROUTE_OTHER;
}

static MetricValue class_of(int status)
{
    CHECK(status >= 100 && status <= 599);
    return (MetricValue)((int)METRIC_CLASS_1XX + status / 100 - 1);
}

void measure_request(const Request *rq)
{
    MetricValue group = group_of(rq->route);
    metric_add_by(METRIC_HTTP_REQUESTS, group, class_of(rq->_status), 1);
    metric_observe_by(METRIC_HTTP_SECONDS, group, (uv_hrtime() - rq->started_ns) / 1000);
    if (rq->_status == 429) metric_add_by(METRIC_RATE_LIMITED, group, METRIC_NONE_ALL, 1);
}

static MetricValue channel_value(Channel channel)
{
    return (MetricValue)((int)METRIC_CHANNEL_EMAIL + (int)channel);
}

static MetricValue status_value(DeliveryStatus status)
{
    return (MetricValue)((int)METRIC_STATUS_PENDING + (int)status);
}

static void measure_event(const EventPlan *event)
{
    metric_add(METRIC_EVENTS, 1);
    if (event->delivery_count == 0) metric_add(METRIC_EVENTS_UNMATCHED, 1);
    for (uint8_t i = 0; i < event->delivery_count; i++)
        metric_add_by(METRIC_DELIVERIES, channel_value(event->deliveries[i].channel),
                      status_value(event->deliveries[i].status), 1);
}

static void measure_replay(const EventReplay *replay)
{
    metric_add(METRIC_IDEMPOTENCY_REPLAYS, 1);
    if (replay->body_differs) metric_add(METRIC_IDEMPOTENCY_CHANGED, 1);
}

void measure_accept(const AcceptCall *call)
{
    if (call->call.st != ST_OK) return;
    for (size_t i = 0; i < call->event_count; i++)
        if (call->events[i].ret_replay.is)
            measure_replay(&call->events[i].ret_replay);
        else if (event_happened(&call->events[i]))
            measure_event(&call->events[i]);
}
