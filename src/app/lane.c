/* Stopping: no new connections; idle ones close at once, WebSockets with 3001, requests in hand get their
 * answer; after DRAIN_TIMEOUT_MS whatever is left is cut. All loops stop together: an answer in hand on
 * one lane may wait for mail that every lane must open (a new snapshot). A client that left does not take
 * its errand along: that comes home first. And each loop reads its box once more before it ends, for
 * what the last errand sent to all. */
#include "app/app.h"
#include "app/http/server.h"
#include "app/key_fetch.h"
#include "app/retention.h"
#include "app/ws/endpoint.h"
#include "app/ws/stream.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/hmac.h"

enum { DRAIN_CHECK_MS = 16 };

static void want_keys(void *ctx, uint32_t tenant_no)
{
    key_fetch_want(ctx, tenant_no);
}

void lane_start(Lane *lane)
{
    Err err = {""};
    lane->loop->lane = lane;
    lane->want_keys = want_keys;
    lane->http = http_server_new(lane);
    lane->ws = ws_server_new(lane);
    lane->streams = streams_new(lane);
    if (lane->loop->index == 0) lane->app->retention = retention_start(lane);
    ListenOptions options = {
        .address = lane->app->config->listen,
        .on_accept = http_server_accept,
        .refuse = http_server_refuse,
        .tls = lane->app->tls,
        .refuse_plain = http_server_refuse_plain,
        .ctx = lane->http,
    };
    if (listen_open(lane->loop, &options, &lane->listener, &err) != ST_OK) {
        LOG(LOG_ERROR, "listen.failed", log_str("reason", err_view(&err)));
        lane->listener = NULL;
    }
}

static bool is_idle(const Lane *lane)
{
    return http_server_is_empty(lane->http) && ws_server_is_empty(lane->ws) &&
           streams_are_gone(lane->streams) && lane->errands_out == 0;
}

static void on_drain_check(Timer *timer)
{
    Lane *lane = CONTAINER_OF(timer, Lane, drain_timer);
    bool late = lane->loop->mono_ms > lane->drain_until_ms;
    if (late) {
        http_server_close_all(lane->http);
        ws_server_close_all(lane->ws);
        streams_cut(lane->streams);
    }
    if (!lane->drained && is_idle(lane)) {
        lane->drained = true;
        atomic_fetch_sub(&lane->app->lanes_draining, 1);
    }
    if (atomic_load(&lane->app->lanes_draining) == 0) {
        loop_open_mail(lane->loop);
        loop_stop(lane->loop);
    } else {
        loop_arm(lane->loop, &lane->drain_timer, DRAIN_CHECK_MS, on_drain_check);
    }
}

static void drain(Mail *mail, Loop *here)
{
    Lane *lane = CONTAINER_OF(mail, Lane, mail);
    if (lane->listener) listen_close(lane->listener);
    lane->drain_until_ms = here->mono_ms + DRAIN_TIMEOUT_MS;
    http_server_drain(lane->http);
    ws_server_drain(lane->ws);
    streams_drain(lane->streams);
    loop_arm(here, &lane->drain_timer, DRAIN_CHECK_MS, on_drain_check);
}

void lane_stop(Lane *lane)
{
    lane->mail.open = drain;
    mailbox_post(lane->loop, &lane->mail);
}

void lane_free(Lane *lane)
{
    http_server_free(lane->http);
    streams_free(lane->streams);
    ws_server_free(lane->ws);
    jwt_key_free(lane->token_key);
    hmac_free(lane->hmac);
    buf_done(&lane->scratch);
    snapshot_unref(lane->snapshot);
    loop_free(lane->loop);
}
