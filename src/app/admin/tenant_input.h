/* tenant_input.h: what a body may say about a tenant, checked; and what it does to a row.
 *
 * Create and update read the same fields; a field that is absent changes nothing.
 *
 * Thread: none of its own.  Ownership: texts live in the arena or in the body. */
#ifndef ORQ_APP_ADMIN_TENANT_INPUT_H
#define ORQ_APP_ADMIN_TENANT_INPUT_H

#include "app/admin/fields.h"
#include "domain/tenant/tenant_store.h"

typedef struct TenantInput {
    bool has_name, has_slug, has_rate, has_cap, has_delivery, has_channels, has_sender_email,
        has_sender_name, has_bridge, has_client_publish, has_active, has_webhook;
    Str name, slug;
    uint32_t rate_limit_per_minute, daily_cap;
    ChannelSet delivery_channels;
    Str channels; /* JSON array, each name once */
    Str sender_email, sender_name;
    bool bridge_dialects, allow_client_publish, active;
    Str webhook_secret;         /* {NULL,0}: remove it */
    uint32_t webhook_overlap_s; /* the secret before it stays good so long; 0: not at all */
} TenantInput;

/* Problems are noted in f->problems. */
void tenant_input_read(const Fields *f, TenantInput *ret_input);

/* Does the body name only what a tenant's own admin may change? Limits, name, state, dialects and what
 * will be added later are the operator's: deny by default. */
bool tenant_input_is_own(const Json *json, Arena *arena);

/* Copies what was given into the row, the webhook secret aside (it must be sealed first). */
void tenant_input_apply(const TenantInput *input, TenantRow *row);

/* [a-z0-9-], 1..SLUG_MAX, from any name: "Blue Door, Ltd." -> "blue-door-ltd". */
Str slug_from(Str name, Arena *arena);
bool slug_is_good(Str slug);
bool email_is_good(Str address); /* syntax that is safe in a header; no promise that it exists */
bool channel_name_is_good(Str name);

#endif
