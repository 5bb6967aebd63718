#include "base/metric.h"

#include <pthread.h>

#include "base/limits.h"
#include "check_test.h"

static Buf page;

static Str write_page(const MetricReadings *readings)
{
    buf_init(&page, MIB(1));
    metric_write(&page, readings);
    assert_status(buf_status(&page), ST_OK);
    buf_add_byte(&page, 0);
    return buf_view(&page);
}

static void assert_has(Str text, const char *part)
{
    if (!strstr(text.at, part)) print_error("%s\n  does not hold\n%s\n", text.at, part);
    assert_non_null(strstr(text.at, part));
}

TEST(metric_counts_each_series_for_itself)
{
    int64_t before = metric_total(METRIC_HTTP_REQUESTS, METRIC_ROUTE_FEED, METRIC_CLASS_2XX);
    metric_add_by(METRIC_HTTP_REQUESTS, METRIC_ROUTE_FEED, METRIC_CLASS_2XX, 1);
    metric_add_by(METRIC_HTTP_REQUESTS, METRIC_ROUTE_FEED, METRIC_CLASS_4XX, 2);
    metric_add_by(METRIC_HTTP_REQUESTS, METRIC_ROUTE_OTHER, METRIC_CLASS_5XX, 3);
    assert_int_equal(metric_total(METRIC_HTTP_REQUESTS, METRIC_ROUTE_FEED, METRIC_CLASS_2XX),
                     before + 1);
    Str text = write_page(&(MetricReadings){{0}});
    assert_has(text, "\norqestra_http_requests_total{route=\"feed\",status=\"2xx\"} 1\n");
    assert_has(text, "\norqestra_http_requests_total{route=\"feed\",status=\"4xx\"} 2\n");
    assert_has(text, "\norqestra_http_requests_total{route=\"other\",status=\"5xx\"} 3\n");
    assert_has(text, "\norqestra_http_requests_total{route=\"trigger\",status=\"1xx\"} 0\n");
    buf_done(&page);
}

TEST(metric_gauges_fall_again)
{
    metric_add_by(METRIC_CONNECTIONS, METRIC_DIALECT_EXPIRY, METRIC_NONE_ALL, 5);
    metric_add_by(METRIC_CONNECTIONS, METRIC_DIALECT_EXPIRY, METRIC_NONE_ALL, -3);
    Str text = write_page(&(MetricReadings){{0}});
    assert_has(text, "\n# TYPE orqestra_websocket_connections gauge\n");
    assert_has(text, "\norqestra_websocket_connections{dialect=\"expiry\"} 2\n");
    buf_done(&page);
}

TEST(metric_histograms_add_up_their_buckets)
{
    metric_observe_by(METRIC_HTTP_SECONDS, METRIC_ROUTE_ADMIN, 100);     /* on a bound: in it */
    metric_observe_by(METRIC_HTTP_SECONDS, METRIC_ROUTE_ADMIN, 101);     /* in the next */
    metric_observe_by(METRIC_HTTP_SECONDS, METRIC_ROUTE_ADMIN, 9000000); /* beyond the last */
    Str text = write_page(&(MetricReadings){{0}});
#define LINE "\norqestra_http_request_duration_seconds"
    assert_has(text, LINE "_bucket{route=\"admin\",le=\"0.0001\"} 1\n");
    assert_has(text, LINE "_bucket{route=\"admin\",le=\"0.00025\"} 2\n");
    assert_has(text, LINE "_bucket{route=\"admin\",le=\"5\"} 2\n");
    assert_has(text, LINE "_bucket{route=\"admin\",le=\"+Inf\"} 3\n");
    assert_has(text, LINE "_sum{route=\"admin\"} 9.000201\n");
    assert_has(text, LINE "_count{route=\"admin\"} 3\n");
    buf_done(&page);
    assert_int_equal(metric_total(METRIC_HTTP_SECONDS, METRIC_ROUTE_ADMIN, METRIC_NONE_ALL), 3);
}

TEST(metric_sizes_are_plain_numbers)
{
    metric_observe(METRIC_STORE_BATCH, 0);
    metric_observe(METRIC_STORE_BATCH, 3);
    metric_observe(METRIC_STORE_BATCH, 5000);
    Str text = write_page(&(MetricReadings){{0}});
    assert_has(text, "\norqestra_store_batch_calls_bucket{le=\"1\"} 1\n");
    assert_has(text, "\norqestra_store_batch_calls_bucket{le=\"4096\"} 2\n");
    assert_has(text, "\norqestra_store_batch_calls_sum 5003\n");
    assert_has(text, "\norqestra_store_batch_calls_count 3\n");
    buf_done(&page);
}

TEST(metric_shows_what_is_handed_in)
{
    MetricReadings readings = {{0}};
    readings.at[METRIC_MEMORY] = 1234567890123.0;
    readings.at[METRIC_CPU] = 0.25;
    Str text = write_page(&readings);
    assert_has(text, "\n# TYPE process_cpu_seconds_total counter\n");
    assert_has(text, "\nprocess_resident_memory_bytes 1234567890123\n");
    assert_has(text, "\nprocess_cpu_seconds_total 0.25\n");
    buf_done(&page);
}

enum { THREADS = 8, ROUNDS = 20000 };

static void *count_publications(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) metric_add(METRIC_PUBLICATIONS, 1);
    return NULL;
}

TEST(metric_keeps_what_ended_threads_counted)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_publications, NULL), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(metric_total(METRIC_PUBLICATIONS, METRIC_NONE_ALL, METRIC_NONE_ALL),
                     THREADS * ROUNDS);
}

TEST_MAIN()
