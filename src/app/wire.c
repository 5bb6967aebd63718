#include "app/wire.h"

#include "driver/http/http_client.h"
#include "driver/limiter/local.h"
#include "driver/provider/carrier.h"
#include "driver/provider/kinds.h"
#include "driver/store/sqlite.h"

static Status check_scheme(const Config *config, Err *err)
{
    if (str_is(config->store, "sqlite:")) return ST_OK;
    return err_set(err, ST_INVALID, "setting store: \"%.*s\" is not known here; use \"sqlite:\"",
                   STR_FMT(str_head(config->store, 80)));
}

Status wire_store(const Config *config, Store **ret_store, Err *err)
{
    Status st = check_scheme(config, err);
    if (st != ST_OK) return st;
    SqliteOptions options = {.directory = config->data};
    return sqlite_store_open(&options, ret_store, err);
}

Limiter *wire_limiter(const Config *config)
{
    (void)config; /* one process, one memory */
    return limiter_local_new();
}

const ProviderKinds *wire_provider_kinds(void)
{
    return provider_kinds();
}

Carrier *wire_carrier(const Config *config, Loop *loop)
{
    OutboundPolicy policy = {0};
    for (uint32_t i = 0; i < config->outbound_allow.count; i++) /* config_check has seen them */
        CHECK(outbound_policy_add(&policy, config->outbound_allow.at[i], NULL) == ST_OK);
    return carrier_new(loop, &policy, config->outbound_ca);
}

HttpClient *wire_http(Loop *loop, const OutboundPolicy *policy, Str ca_file)
{
    return http_client_new(loop, policy, ca_file);
}

Status wire_backup(const Config *config, Str target, Err *err)
{
    Status st = check_scheme(config, err);
    return st == ST_OK ? sqlite_backup(config->data, target, err) : st;
}

Status wire_compact(const Config *config, int64_t *ret_before, int64_t *ret_after, Err *err)
{
    CompactSizes sizes;
    Status st = check_scheme(config, err);
    if (st == ST_OK) st = sqlite_compact(config->data, &sizes, err);
    if (st != ST_OK) return st;
    *ret_before = sizes.before_bytes;
    *ret_after = sizes.after_bytes;
    return ST_OK;
}
