#include "domain/tenant/webhook.h"

/* Sealed again under the name of its new column: a value that is merely copied there must not open. */
static Status keep_old(TenantRow *row, const WebhookChange *change, const SealKey *master,
                       Arena *arena, Err *err)
{
    Str secret;
    Status st = vault_open(master, row->id, SECRET_WEBHOOK, row->webhook_sealed, arena, &secret,
                           err);
    if (st != ST_OK) return st;
    row->webhook_old_sealed = vault_seal(master, row->id, SECRET_WEBHOOK_OLD, secret, arena);
    row->webhook_old_until_ms = change->now_ms + (int64_t)change->overlap_s * 1000;
    secret_wipe((void *)(uintptr_t)secret.at, secret.len);
    return ST_OK;
}

Status webhook_change(TenantRow *row, const WebhookChange *change, const SealKey *master,
                      Arena *arena, Err *err)
{
    row->webhook_old_sealed = (Str){NULL, 0};
    row->webhook_old_until_ms = 0;
    if (change->secret.at && change->overlap_s > 0 && row->webhook_sealed.at) {
        Status st = keep_old(row, change, master, arena, err);
        if (st != ST_OK) return st;
    }
    row->webhook_sealed = change->secret.at
                              ? vault_seal(master, row->id, SECRET_WEBHOOK, change->secret, arena)
                              : (Str){NULL, 0};
    return ST_OK;
}
