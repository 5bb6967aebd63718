/* webhook.h: giving a tenant a webhook secret, replacing it, taking it away.
 *
 * Replacing may leave the old secret good for a while, so that a team can change its own side at its
 * own time. There are never more than two.
 *
 * Thread: any.  Ownership: what is sealed lives in the arena.
 * Errors: ST_INVALID when the secret there was cannot be opened (and should have stayed good). */
#ifndef ORQ_DOMAIN_TENANT_WEBHOOK_H
#define ORQ_DOMAIN_TENANT_WEBHOOK_H

#include "domain/tenant/tenant_store.h"
#include "domain/tenant/vault.h"

typedef struct WebhookChange {
    Str secret;         /* {NULL,0}: none any more, the old one neither */
    uint32_t overlap_s; /* how long the one before stays good */
    int64_t now_ms;
} WebhookChange;

Status webhook_change(TenantRow *row, const WebhookChange *change, const SealKey *master,
                      Arena *arena, Err *err) MUST_USE;

#endif
