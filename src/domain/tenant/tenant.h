/* tenant.h: a team that uses us, as every loop sees it: immutable, reference-counted, shared.
 *
 * A Tenant carries all that a request needs to be answered without asking the store: keys, limits,
 * channels and its active templates, compiled. An admin write builds a new Tenant and a new Snapshot
 * and every loop swaps; a request in hand keeps the Snapshot it began with.
 *
 * Thread: read from any; built on the store's writer thread (registry.h).
 * Ownership: tenant_ref/unref, snapshot_ref/unref; whatever a Tenant points to lives as long as it. */
#ifndef ORQ_DOMAIN_TENANT_TENANT_H
#define ORQ_DOMAIN_TENANT_TENANT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/map.h"
#include "domain/template/template.h"
#include "port/channel.h"

/* How many template versions the platform ships (global.*): see platform.c. */

typedef enum TemplateFormat { FORMAT_TEXT, FORMAT_HTML, FORMAT_MJML } TemplateFormat;

typedef struct TenantTemplate {
    Uuid id;
    uint32_t version;
    Channel channel;
    TemplateFormat format;
    Template *subject; /* NULL when none is set */
    Template *body;
    Str target_channel; /* "" = global_system */
    bool at_most_once;  /* not sent again when it is not known whether it went out */
} TenantTemplate;

typedef struct TenantProvider { /* an active one; its kind is looked up by name (port/provider.h) */
    Uuid id;
    Str name, kind;
    Channel channel;
    Str credentials; /* JSON, in the clear, here only; {NULL,0}: they could not be opened */
    Str base_url;    /* "" = the vendor's own */
    Str hook;        /* what its status webhooks' address ends in; {NULL,0}: none */
    int64_t updated_ms;
} TenantProvider;

typedef struct TemplateGroup { /* all active templates of one event type */
    Str event_type;
    const TenantTemplate *by_channel[CHANNEL_COUNT]; /* NULL: none */
} TemplateGroup;

/* How a tenant's own tokens are verified (verification.h). */
typedef enum KeyKind { KEY_HS256, KEY_RS256, KEY_ES256, KEY_JWKS, KEY_KIND_COUNT } KeyKind;
typedef struct VerificationKey VerificationKey;

typedef struct Tenant {
    atomic_uint _refs;
    Arena arena; /* everything below lives here; compiled templates are freed with it */
    uint32_t no; /* the store's number */
    Uuid id;
    Str id_text, name, slug;
    bool active;
    bool bridge_dialects;
    bool
        allow_client_publish; /* clients may publish on dialogues and rooms they are subscribed to */
    Sha256 key_hash;          /* of the API key */
    bool has_old_key;         /* the key before it, until then */
    Sha256 old_key_hash;
    int64_t old_key_until_ms;
    uint32_t rate_limit_per_minute, daily_cap; /* 0 = unlimited */
    Str webhook_secret;     /* in the clear, here only; {NULL,0}: triggers need no signature */
    Str webhook_old_secret; /* the one before it, good until then; {NULL,0}: none */
    int64_t webhook_old_until_ms; /* wall clock */
    ChannelSet delivery_channels;
    Str *channels; /* custom WebSocket channels, without global_system */
    uint32_t channel_count;
    Str sender_email, sender_name;
    TenantProvider *providers; /* in the order they are asked */
    uint32_t provider_count;
    Map groups;          /* TemplateGroup by event type */
    Template **programs; /* every compiled program, for the free */
    uint32_t program_count;
    VerificationKey *verification; /* keys of the tenant's own tokens */
    uint32_t verification_count;
} Tenant;

Tenant *tenant_ref(const Tenant *t);
void tenant_unref(const Tenant *t);

/* Is `name` one the tenant's users may subscribe to ("global_system" or one of its channels)? */
bool tenant_has_channel(const Tenant *t, Str name);

typedef struct Snapshot {
    atomic_uint _refs;
    Tenant **tenants; /* each referenced */
    uint32_t count;
    Map by_key_hash, by_old_key_hash, by_id, by_slug, by_no;
    const Tenant *platform; /* the built-in global.* templates, as a tenant of their own */
} Snapshot;

Snapshot *snapshot_ref(Snapshot *s);
void snapshot_unref(Snapshot *s);

/* NULL when unknown. An inactive tenant is found too: the caller looks at `active`. */
/* By its key, or by the one before while that still holds (rotate-key with an overlap). */
const Tenant *snapshot_by_api_key(const Snapshot *s, Str api_key, int64_t now_ms);
const Tenant *snapshot_by_id(const Snapshot *s, Str id_text);
const Tenant *snapshot_by_slug(const Snapshot *s, Str slug);
const Tenant *snapshot_by_no(const Snapshot *s, uint32_t no);

/* The template that fires for (event type, channel): the tenant's active one, else the platform's.
 * NULL when there is none. Event types match exactly (KIT-21). */
const TenantTemplate *snapshot_template(const Snapshot *s, const Tenant *t, Str event_type,
                                        Channel channel);

#endif
