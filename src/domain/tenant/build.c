/* build.c: rows become the Tenant and the Snapshot that every loop reads. */
#include "domain/tenant/build.h"

#include "base/limits.h"
#include "base/mem.h"

static Str group_key(const void *value)
{
    return ((const TemplateGroup *)value)->event_type;
}

static Str hash_key(const void *value)
{
    const Tenant *t = value;
    return str_make(t->key_hash.at, sizeof t->key_hash.at);
}

static Str old_hash_key(const void *value)
{
    const Tenant *t = value;
    return str_make(t->old_key_hash.at, sizeof t->old_key_hash.at);
}

static Str id_key(const void *value)
{
    return ((const Tenant *)value)->id_text;
}

static Str slug_key(const void *value)
{
    return ((const Tenant *)value)->slug;
}

static Str no_key(const void *value)
{
    const Tenant *t = value;
    return str_make(&t->no, sizeof t->no);
}

Tenant *tenant_new(void)
{
    Tenant *t = mem_new(Tenant);
    atomic_init(&t->_refs, 1);
    arena_init(&t->arena, TENANT_BYTES_MAX);
    map_init(&t->groups, TENANT_TEMPLATES_MAX, group_key);
    return t;
}

/* ["orders","billing"] -> t->channels. Only names we validated ourselves were ever stored. */
static Status fill_channels(Tenant *t, Str json_text, Err *err)
{
    Json json;
    Status st = json_parse(json_text, &t->arena, &json, err);
    if (st == ST_OK && !json_is(&json, 0, JSON_ARRAY)) st = ST_INVALID;
    if (st != ST_OK) return err_set(err, st, "the tenant's list of channels cannot be read");

    uint32_t count = json_count(&json, 0);
    if (count > TENANT_CHANNELS_MAX) count = TENANT_CHANNELS_MAX;
    t->channels = arena_alloc(&t->arena, sizeof(Str) * (count + 1));
    for (JsonRef c = json_first(&json, 0); c != JSON_NONE && t->channel_count < count;
         c = json_next(&json, 0, c))
        if (json_string(&json, c, &t->arena, &t->channels[t->channel_count])) t->channel_count++;
    return ST_OK;
}

Status tenant_fill(Tenant *t, const TenantRow *row, Err *err)
{
    Str channels;
    char *id_text = arena_alloc(&t->arena, UUID_TEXT_LEN);
    uuid_text(row->id, id_text);
    t->no = row->no;
    t->id = row->id;
    t->id_text = str_make(id_text, UUID_TEXT_LEN);
    t->active = row->active;
    t->bridge_dialects = row->bridge_dialects;
    t->allow_client_publish = row->allow_client_publish;
    t->key_hash = row->key_hash;
    t->has_old_key = row->has_old_key;
    t->old_key_hash = row->old_key_hash;
    t->old_key_until_ms = row->old_key_until_ms;
    t->rate_limit_per_minute = row->rate_limit_per_minute;
    t->daily_cap = row->daily_cap;
    t->delivery_channels = row->delivery_channels;
    if (!arena_copy(&t->arena, row->name, &t->name) ||
        !arena_copy(&t->arena, row->slug, &t->slug) ||
        !arena_copy(&t->arena, row->sender_email, &t->sender_email) ||
        !arena_copy(&t->arena, row->sender_name, &t->sender_name) ||
        !arena_copy(&t->arena, row->channels, &channels))
        return err_set(err, ST_TOO_BIG, "the tenant does not fit into memory");
    return fill_channels(t, channels, err);
}

static Status open_secret(Tenant *t, const SealKey *master, SecretKind kind, Str sealed,
                          Str *ret_secret, Err *err)
{
    if (!sealed.at) return ST_OK;
    Status st = vault_open(master, t->id, kind, sealed, &t->arena, ret_secret, NULL);
    if (st == ST_OK) return ST_OK;
    return err_set(err, st, "the webhook secret of tenant %.*s cannot be opened", STR_FMT(t->slug));
}

Status tenant_open_secrets(Tenant *t, const TenantRow *row, const SealKey *master, Err *err)
{
    t->webhook_old_until_ms = row->webhook_old_until_ms;
    Status st = open_secret(t, master, SECRET_WEBHOOK, row->webhook_sealed, &t->webhook_secret,
                            err);
    return st == ST_OK ? open_secret(t, master, SECRET_WEBHOOK_OLD, row->webhook_old_sealed,
                                     &t->webhook_old_secret, err)
                       : st;
}

/* The tenant frees the program; room doubles, the smaller arrays stay in the arena. */
static bool keep_program(Tenant *t, Template *program)
{
    uint32_t n = t->program_count;
    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4, ...: the array is full */
        Template **more = arena_try(&t->arena, sizeof *more * (n ? 2 * n : 1));
        if (!more) return false;
        if (n) memcpy(more, t->programs, sizeof *more * n);
        t->programs = more;
    }
    t->programs[t->program_count++] = program;
    return true;
}

static Status compile(Tenant *t, Str source, const char *part, Template **ret_program, Err *err)
{
    Err why = {""};
    Template *program;
    Status st = template_compile(source, &program, &why);
    if (st != ST_OK) return err_set(err, st, "%s: %s", part, why.text);
    if (!keep_program(t, program)) {
        template_free(program);
        return err_set(err, ST_TOO_BIG, "the tenant's templates do not fit into memory");
    }
    *ret_program = program;
    return ST_OK;
}

static Status group_for(Tenant *t, Str event_type, TemplateGroup **ret_group, Err *err)
{
    TemplateGroup *group = map_get(&t->groups, event_type);
    if (!group) {
        group = arena_try(&t->arena, sizeof *group);
        if (group) *group = (TemplateGroup){0};
        if (!group || !arena_copy(&t->arena, event_type, &group->event_type) ||
            map_put(&t->groups, group) != ST_OK)
            return err_set(err, ST_TOO_BIG, "the tenant has too many templates");
    }
    *ret_group = group;
    return ST_OK;
}

Status tenant_add_template(Tenant *t, const TemplateRow *row, Err *err)
{
    TemplateGroup *group;
    TenantTemplate *made = arena_try(&t->arena, sizeof *made);
    if (!made) return err_set(err, ST_TOO_BIG, "the tenant's templates do not fit into memory");
    *made = (TenantTemplate){.id = row->id,
                             .version = row->version,
                             .channel = row->channel,
                             .format = row->format,
                             .at_most_once = row->at_most_once};
    if (!arena_copy(&t->arena, row->target_channel, &made->target_channel))
        return err_set(err, ST_TOO_BIG, "the tenant's templates do not fit into memory");

    Status st = compile(t, row->body, "body", &made->body, err);
    if (st == ST_OK && row->subject.len)
        st = compile(t, row->subject, "subject", &made->subject, err);
    if (st == ST_OK) st = group_for(t, row->event_type, &group, err);
    if (st != ST_OK) return st;
    if (group->by_channel[row->channel])
        return err_set(err, ST_CONFLICT, "a second template for the same event type and channel");
    group->by_channel[row->channel] = made;
    return ST_OK;
}

/* Credentials that do not open (a row was tampered with) must not keep anyone else from starting: the
 * provider stays in its place, and whoever asks it is told. */
static bool copy_provider(Tenant *t, const ProviderRow *row, const SealKey *master,
                          TenantProvider *ret)
{
    *ret = (TenantProvider){.id = row->id, .channel = row->channel, .updated_ms = row->updated_ms};
    if (provider_open(master, t->id, row->id, row->credentials_sealed, &t->arena, &ret->credentials,
                      NULL) != ST_OK)
        ret->credentials = (Str){NULL, 0};
    if (provider_hook_open(master, t->id, row, &t->arena, &ret->hook, NULL) != ST_OK)
        ret->hook = (Str){NULL, 0};
    return arena_copy(&t->arena, row->name, &ret->name) &&
           arena_copy(&t->arena, row->kind, &ret->kind) &&
           arena_copy(&t->arena, row->base_url, &ret->base_url);
}

Status tenant_set_providers(Tenant *t, const ProviderRows *rows, const SealKey *master, Err *err)
{
    if (rows->count == 0) return ST_OK;
    t->providers = arena_try(&t->arena, sizeof *t->providers * rows->count);
    bool fits = t->providers != NULL;
    for (uint32_t i = 0; fits && i < rows->count; i++)
        if (rows->at[i].active)
            fits = copy_provider(t, &rows->at[i], master, &t->providers[t->provider_count++]);
    return fits ? ST_OK : err_set(err, ST_TOO_BIG, "the tenant's providers do not fit into memory");
}

Snapshot *snapshot_new(Tenant *const *tenants, uint32_t count, const Tenant *platform)
{
    Snapshot *s = mem_new(Snapshot);
    atomic_init(&s->_refs, 1);
    s->tenants = mem_alloc(sizeof(Tenant *) * (count + 1));
    s->platform = platform;
    s->count = count;
    map_init(&s->by_key_hash, count, hash_key);
    map_init(&s->by_old_key_hash, count, old_hash_key);
    map_init(&s->by_id, count, id_key);
    map_init(&s->by_slug, count, slug_key);
    map_init(&s->by_no, count, no_key);
    for (uint32_t i = 0; i < count; i++) {
        s->tenants[i] = tenants[i];
        /* The store keeps all three unique; a duplicate means we no longer know who asks. */
        CHECK(map_put(&s->by_key_hash, tenants[i]) == ST_OK);
        if (tenants[i]->has_old_key) CHECK(map_put(&s->by_old_key_hash, tenants[i]) == ST_OK);
        CHECK(map_put(&s->by_id, tenants[i]) == ST_OK);
        CHECK(map_put(&s->by_slug, tenants[i]) == ST_OK);
        CHECK(map_put(&s->by_no, tenants[i]) == ST_OK);
    }
    return s;
}
