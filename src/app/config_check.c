/* What a value must satisfy beyond its kind. One line a number; texts and pairs by hand. */
#include <arpa/inet.h>

#include "app/config_set.h"
#include "base/log.h"
#include "domain/deliver/verdict.h"
#include "net/outbound.h"

static const struct {
    SettingId id;
    int64_t low, high;
} ranges[] = {
    {SETTING_workers, 0, LOOPS_MAX},
    {SETTING_ping_interval, 1, 3600}, /* proxies give up on silence long before an hour */
    {SETTING_pong_timeout, 1, 3600},
    {SETTING_connect_timeout, 1, 3600},
    {SETTING_expired_close_delay, 0, 86400},
    {SETTING_connections_per_user, 0, 1 << 30},
    {SETTING_slow_bytes_max, 1, 1 << 20},
    {SETTING_workspace_idle_timeout, 1, 86400},
    {SETTING_retention_interval, 1, 86400},
    {SETTING_store_timeout, 1, 300},
    {SETTING_tls_reload_interval, 1, 86400},
    {SETTING_connection_rate, 0, 1000000},
    {SETTING_provider_timeout, 1, 300},
    {SETTING_disk_free_min, 0, 1 << 30},
    {SETTING_jwks_refresh, 1, 7 * 86400},
    {SETTING_jwks_min_interval, 1, 3600},
    {SETTING_idempotency_ttl, 1, IDEMPOTENCY_TTL_S_MAX},
};

static Status check_ranges(const Config *c, Err *err)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const Setting *s = &settings[ranges[i].id];
        int64_t value;
        memcpy(&value, (const char *)c + s->at, sizeof value);
        if (value < ranges[i].low || value > ranges[i].high)
            return err_set(err, ST_INVALID, "%s is %lld; it goes from %lld to %lld", s->name,
                           (long long)value, (long long)ranges[i].low, (long long)ranges[i].high);
    }
    if (c->pong_timeout >= c->ping_interval)
        return err_set(err, ST_INVALID,
                       "pong_timeout (%lld) must be less than ping_interval (%lld)",
                       (long long)c->pong_timeout, (long long)c->ping_interval);
    return ST_OK;
}

static bool is_address(Str host)
{
    char z[INET6_ADDRSTRLEN], binary[sizeof(struct in6_addr)];
    int family = AF_INET;
    if (host.len == 0 || str_is(host, "localhost")) return true;
    if (host.len >= 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
        family = AF_INET6;
        host = str_make(host.at + 1, host.len - 2);
    }
    if (host.len >= sizeof z) return false;
    memcpy(z, host.at, host.len);
    z[host.len] = '\0';
    return inet_pton(family, z, binary) == 1;
}

static bool is_listen_address(Str text)
{
    ptrdiff_t colon = str_find_last(text, ':');
    uint64_t port;
    return colon >= 0 && str_to_u64(str_from(text, (size_t)colon + 1), &port) && port <= 65535 &&
           is_address(str_head(text, (size_t)colon));
}

/* "*", or scheme://host[:port] as browsers write it, where the host may begin with "*.". */
static bool is_origin(Str text)
{
    if (str_is(text, "*")) return true;
    if (str_starts(text, S("https://")))
        text = str_from(text, 8);
    else if (str_starts(text, S("http://")))
        text = str_from(text, 7);
    else
        return false;
    if (str_starts(text, S("*."))) text = str_from(text, 2);
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.at[i] <= ' ' || strchr("/?#@*\\", text.at[i])) return false;
    return text.len > 0;
}

static Status check_origins(const StrList *origins, Err *err)
{
    for (uint32_t i = 0; i < origins->count; i++)
        if (!is_origin(origins->at[i]))
            return err_set(err, ST_INVALID,
                           "allowed_origins: \"%.*s\" is no origin; write https://app.example.com, "
                           "without a path",
                           STR_FMT(str_head(origins->at[i], 60)));
    return ST_OK;
}

static Status check_secrets(const Config *c, Err *err)
{
    size_t secret = c->token_secret.len, password = c->operator_password.len;
    size_t metrics = c->metrics_key.len;
    if (secret > 0 && secret < TOKEN_SECRET_BYTES_MIN)
        return err_set(err, ST_INVALID, "token_secret has %zu bytes; it needs %d or more", secret,
                       TOKEN_SECRET_BYTES_MIN);
    if (password > 0 && (password < PASSWORD_BYTES_MIN || password > PASSWORD_BYTES_MAX))
        return err_set(err, ST_INVALID, "operator_password has %zu bytes; it needs %d to %d",
                       password, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
    if (metrics > 0 && metrics < METRICS_KEY_BYTES_MIN)
        return err_set(err, ST_INVALID, "metrics_key has %zu bytes; it needs %d or more", metrics,
                       METRICS_KEY_BYTES_MIN);
    return ST_OK;
}

static Status check_retry_delays(const StrList *delays, Err *err)
{
    RetryPlan plan;
    return retry_plan_parse(delays->at, delays->count, &plan, err);
}

static Status check_outbound(const StrList *networks, Err *err)
{
    OutboundPolicy policy = {0};
    Err why = {""};
    for (uint32_t i = 0; i < networks->count; i++) {
        Status st = outbound_policy_add(&policy, networks->at[i], &why);
        if (st != ST_OK) return err_set(err, st, "outbound_allow: %.*s", STR_FMT(err_view(&why)));
    }
    return ST_OK;
}

/* What stands before a path: scheme, host, perhaps a port and a path of its own. */
static Status check_public_url(Str url, Err *err)
{
    bool http = str_starts(url, S("https://")) || str_starts(url, S("http://"));
    bool clean = url.len <= OUTBOUND_URL_MAX && !str_ends(url, S("/"));
    for (size_t i = 0; i < url.len; i++)
        if ((uint8_t)url.at[i] <= ' ' || strchr("?#@\\\"<>", url.at[i])) clean = false;
    if (!url.len || (http && clean)) return ST_OK;
    return err_set(err, ST_INVALID,
                   "public_url: \"%.*s\" is no address; write https://notify.example.com, without "
                   "a slash at its end",
                   STR_FMT(str_head(url, 60)));
}

Status config_check(const Config *c, Err *err)
{
    LogLevel level;
    Status st = check_ranges(c, err);
    if (st == ST_OK) st = check_secrets(c, err);
    if (st == ST_OK) st = check_origins(&c->allowed_origins, err);
    if (st == ST_OK && !c->tls_cert.len != !c->tls_key.len)
        st = err_set(err, ST_INVALID, "%s is set and %s is not; set both, or neither",
                     c->tls_cert.len ? "tls_cert" : "tls_key",
                     c->tls_cert.len ? "tls_key" : "tls_cert");
    if (st == ST_OK) st = check_retry_delays(&c->retry_delays, err);
    if (st == ST_OK) st = check_outbound(&c->outbound_allow, err);
    if (st == ST_OK) st = check_public_url(c->public_url, err);
    if (st != ST_OK) return st;
    if (c->data.len == 0) return err_set(err, ST_INVALID, "data must name a directory");
    if (!is_listen_address(c->listen))
        return err_set(err, ST_INVALID,
                       "listen: \"%.*s\" is not ADDRESS:PORT, e.g. 127.0.0.1:8000 or [::1]:8000",
                       STR_FMT(str_head(c->listen, 60)));
    if (!log_level_parse(c->log_level, &level))
        return err_set(err, ST_INVALID,
                       "log_level: \"%.*s\" is none of debug, info, warn, error, none",
                       STR_FMT(str_head(c->log_level, 40)));
    return ST_OK;
}
