#include "domain/tenant/tenant_make.h"

TenantRow tenant_make(Str name, Str slug, int64_t now_ms, const SealKey *master, Random *random,
                      Arena *arena)
{
    TenantRow row = {.id = uuid_v7(now_ms, random),
                     .name = name,
                     .slug = slug,
                     .active = true,
                     .rate_limit_per_minute = TENANT_RATE_DEFAULT,
                     .daily_cap = TENANT_CAP_DEFAULT,
                     .delivery_channels = CHANNELS_ALL,
                     .channels = S("[]"),
                     .sender_email = S(""),
                     .sender_name = S(""),
                     .bridge_dialects = true,
                     .created_ms = now_ms,
                     .updated_ms = now_ms};
    tenant_give_key(&row, master, random, arena);
    return row;
}

void tenant_give_key(TenantRow *row, const SealKey *master, Random *random, Arena *arena)
{
    ApiKey key = api_key_make(master, row->id, random, arena);
    row->key_hash = key.hash;
    row->key_sealed = key.sealed;
    row->has_old_key = false;
    row->old_key_until_ms = 0;
}

void tenant_change_key(TenantRow *row, int64_t old_until_ms, const SealKey *master, Random *random,
                       Arena *arena)
{
    Sha256 old = row->key_hash;
    tenant_give_key(row, master, random, arena);
    row->has_old_key = true;
    row->old_key_hash = old;
    row->old_key_until_ms = old_until_ms;
}
