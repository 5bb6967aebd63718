/* GET /metrics, for Prometheus.
 *
 * With the setting metrics_key, whoever sends it as a bearer token may read. Without one the page is open
 * on a loopback address and closed on any other: numbers of events and connections are the operator's
 * business. A request that came through a proxy is from elsewhere, whatever address it was sent to. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/api/disk.h"
#include "app/app.h"
#include "app/http/router.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/metric.h"
#include "domain/realtime/backlog.h"
#include "domain/realtime/recent.h"
#include "net/tls.h"

static bool listens_on_loopback(Str address)
{
    return str_starts(address, S("127.")) || str_starts(address, S("localhost:")) ||
           str_starts(address, S("[::1]:"));
}

static bool came_through_a_proxy(const Request *rq)
{
    return request_header(rq, S("x-forwarded-for")).at || request_header(rq, S("forwarded")).at ||
           request_header(rq, S("x-real-ip")).at;
}

/* Hashes are of one length, so comparing them tells nothing about the key's. */
static bool is_key(const Request *rq, Str key)
{
    Sha256 wanted = hash_sha256(key), given;
    Str rest = request_header(rq, S("authorization"));
    Str scheme = str_cut(&rest, ' ');
    if (!rest.at || !str_eq_nocase(scheme, S("bearer"))) return false;
    given = hash_sha256(str_trim(rest));
    return bytes_equal(&wanted, &given, sizeof wanted);
}

static bool admit(Request *rq)
{
    const Config *config = rq->lane->app->config;
    if (config->metrics_key.len > 0) {
        if (is_key(rq, config->metrics_key)) return true;
        respond_header(rq, S("WWW-Authenticate"), S("Bearer"));
        respond_error(rq, 401, S("Send the metrics_key as a bearer token"));
        return false;
    }
    if (listens_on_loopback(config->listen) && !came_through_a_proxy(rq)) return true;
    respond_error(rq, 403, S("Metrics are closed here until the setting metrics_key is given"));
    return false;
}

static double resident_bytes(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%llu %llu", &size, &resident) != 2) resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Linear in their number: some milliseconds at 15,000 connections, once a scrape. */
static double open_descriptors(void)
{
    double count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) return 0;
    for (const struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* the directory itself */
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void read_process(const App *app, MetricReadings *readings)
{
    struct rlimit files = {0, 0};
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &files);
    readings->at[METRIC_CPU] = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    readings->at[METRIC_MEMORY] = resident_bytes();
    readings->at[METRIC_TLS_EXPIRES] = app->tls ? (double)tls_expires_s(app->tls) : 0;
    readings->at[METRIC_OPEN_FDS] = open_descriptors();
    readings->at[METRIC_MAX_FDS] = (double)files.rlim_cur;
}

static void read_store(App *app, MetricReadings *readings)
{
    StoreHealth health = store_health(app->store);
    uint64_t free_bytes = 0;
    disk_free(app->config->data, &free_bytes);
    readings->at[METRIC_STORE_QUEUE] = health.queued;
    readings->at[METRIC_STORE_WRITABLE] = health.writable && !store_is_stuck(&health);
    readings->at[METRIC_DISK_FREE] = (double)free_bytes;
}

void ops_metrics(Request *rq)
{
    MetricReadings readings = {{0}};
    App *app = rq->lane->app;
    Buf page;

    if (!admit(rq)) return;
    read_process(app, &readings);
    read_store(app, &readings);
    readings.at[METRIC_BACKLOG] = (double)backlog_bytes();
    RecentSize recent = recent_size(app->recent);
    readings.at[METRIC_RECENT_CHANNELS] = recent.channels;
    readings.at[METRIC_RECENT_BYTES] = (double)recent.bytes;
    readings.at[METRIC_UPTIME] = (double)(rq->lane->loop->mono_ms - app->started_mono_ms) / 1000;
    buf_init(&page, METRICS_PAGE_MAX);
    metric_write(&page, &readings);
    buf_lit(&page, "# HELP orqestra_build_info Which build this is\n"
                   "# TYPE orqestra_build_info gauge\n"
                   "orqestra_build_info{version=\"" ORQ_VERSION "\"} 1\n");
    respond_header(rq, S("Cache-Control"), S("no-store"));
    respond(rq, 200, S("text/plain; version=0.0.4; charset=utf-8"), buf_view(&page));
    buf_done(&page);
}
