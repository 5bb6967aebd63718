/* tenant.c: counting references, looking things up.
 *
 * Everything but the counters is written once, before the first reference is handed to another
 * thread, so lookups take no lock. The last reference frees, on whatever thread lets it go. */
#include "domain/tenant/tenant.h"

#include "base/mem.h"
#include "base/seal.h"
#include "domain/tenant/verification.h"

/* The counter is the one part of an immutable thing that changes. */
static Tenant *counted(const Tenant *t)
{
    return (Tenant *)(uintptr_t)t;
}

Tenant *tenant_ref(const Tenant *t)
{
    Tenant *own = counted(t);
    atomic_fetch_add_explicit(&own->_refs, 1, memory_order_relaxed);
    return own;
}

static void wipe(Str secret) /* lies in the tenant's own arena */
{
    if (secret.at) secret_wipe((void *)(uintptr_t)secret.at, secret.len);
}

void tenant_unref(const Tenant *t)
{
    Tenant *own = counted(t);
    if (!own || atomic_fetch_sub_explicit(&own->_refs, 1, memory_order_acq_rel) != 1) return;
    for (uint32_t i = 0; i < own->program_count; i++) template_free(own->programs[i]);
    map_done(&own->groups);
    verification_keys_done(own);
    wipe(own->webhook_secret);
    wipe(own->webhook_old_secret);
    arena_done(&own->arena);
    mem_free(own);
}

bool tenant_has_channel(const Tenant *t, Str name)
{
    if (str_eq(name, S("global_system"))) return true;
    for (uint32_t i = 0; i < t->channel_count; i++)
        if (str_eq(t->channels[i], name)) return true;
    return false;
}

Snapshot *snapshot_ref(Snapshot *s)
{
    atomic_fetch_add_explicit(&s->_refs, 1, memory_order_relaxed);
    return s;
}

void snapshot_unref(Snapshot *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->_refs, 1, memory_order_acq_rel) != 1) return;
    for (uint32_t i = 0; i < s->count; i++) tenant_unref(s->tenants[i]);
    tenant_unref(s->platform);
    map_done(&s->by_key_hash);
    map_done(&s->by_old_key_hash);
    map_done(&s->by_id);
    map_done(&s->by_slug);
    map_done(&s->by_no);
    mem_free(s->tenants);
    mem_free(s);
}

/* The key is found by its hash, so there is no secret to compare and nothing to time. */
const Tenant *snapshot_by_api_key(const Snapshot *s, Str api_key, int64_t now_ms)
{
    Sha256 hash = hash_sha256(api_key);
    Str key = str_make(hash.at, sizeof hash.at);
    const Tenant *t = map_get(&s->by_key_hash, key);
    if (t) return t;
    t = map_get(&s->by_old_key_hash, key);
    return t && now_ms < t->old_key_until_ms ? t : NULL;
}

const Tenant *snapshot_by_id(const Snapshot *s, Str id_text)
{
    return map_get(&s->by_id, id_text);
}

const Tenant *snapshot_by_slug(const Snapshot *s, Str slug)
{
    return map_get(&s->by_slug, slug);
}

const Tenant *snapshot_by_no(const Snapshot *s, uint32_t no)
{
    return map_get(&s->by_no, str_make(&no, sizeof no));
}

static const TenantTemplate *template_of(const Tenant *t, Str event_type, Channel channel)
{
    const TemplateGroup *group = map_get(&t->groups, event_type);
    return group ? group->by_channel[channel] : NULL;
}

const TenantTemplate *snapshot_template(const Snapshot *s, const Tenant *t, Str event_type,
                                        Channel channel)
{
    const TenantTemplate *own = template_of(t, event_type, channel);
    return own ? own : template_of(s->platform, event_type, channel);
}
