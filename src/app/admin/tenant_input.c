#include "app/admin/tenant_input.h"

#include "base/limits.h"
#include "domain/realtime/channel.h"

enum { EMAIL_MAX = 254, EMAIL_LOCAL_MAX = 64, CHANNEL_MAX = 64 };
/* JSON integers above this are typing errors, not limits. */
#define COUNT_MAX 1000000000u

static const Str known[] = {
    STR_INIT("name"),
    STR_INIT("slug"),
    STR_INIT("rateLimitPerMinute"),
    STR_INIT("dailyCap"),
    STR_INIT("webhookSecret"),
    STR_INIT("deliveryChannels"),
    STR_INIT("channels"),
    STR_INIT("senderEmail"),
    STR_INIT("senderName"),
    STR_INIT("bridgeDialects"),
    STR_INIT("active"),
    STR_INIT("webhookSecretOverlapSeconds"),
    STR_INIT("allowClientPublish"),
};

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool slug_is_good(Str slug)
{
    if (slug.len == 0 || slug.len > SLUG_MAX) return false;
    for (size_t i = 0; i < slug.len; i++)
        if (!is_lower_or_digit(slug.at[i]) && slug.at[i] != '-') return false;
    return slug.at[0] != '-' && slug.at[slug.len - 1] != '-';
}

Str slug_from(Str name, Arena *arena)
{
    char *slug = arena_alloc(arena, SLUG_MAX);
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < SLUG_MAX; i++) {
        char c = name.at[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (is_lower_or_digit(c))
            slug[len++] = c;
        else if (len && slug[len - 1] != '-') /* runs of anything else become one dash */
            slug[len++] = '-';
    }
    while (len && slug[len - 1] == '-') len--;
    return len ? str_make(slug, len) : S("tenant");
}

static bool domain_is_good(Str domain)
{
    if (domain.len == 0) return false;
    while (domain.at) {
        Str label = str_cut(&domain, '.');
        if (label.len == 0 || label.len > 63) return false;
        if (label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
        for (size_t i = 0; i < label.len; i++)
            if (!is_alnum(label.at[i]) && label.at[i] != '-') return false;
    }
    return true;
}

bool email_is_good(Str address)
{
    const Str specials = S("!#$%&'*+-/=?^_`{|}~."); /* RFC 5322 atext, and the dot */
    ptrdiff_t at = str_find_last(address, '@');
    if (at < 1 || at > EMAIL_LOCAL_MAX || address.len > EMAIL_MAX) return false;
    for (ptrdiff_t i = 0; i < at; i++)
        if (!is_alnum(address.at[i]) && str_find(specials, address.at[i]) < 0) return false;
    return domain_is_good(str_from(address, (size_t)at + 1));
}

bool channel_name_is_good(Str name)
{
    if (name.len == 0 || name.len > CHANNEL_MAX) return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_alnum(name.at[i]) && str_find(S("_.-"), name.at[i]) < 0) return false;
    return !str_eq(name, S("global_system")) && !str_eq(name, S(STATE_CHANNEL));
}

static void read_webhook(const Fields *f, TenantInput *in)
{
    const Str secret = S("webhookSecret"), overlap = S("webhookSecretOverlapSeconds");
    in->has_webhook = fields_is_null(f, secret) ||
                      fields_text(f, secret, WEBHOOK_SECRET_MIN, WEBHOOK_SECRET_MAX,
                                  &in->webhook_secret);
    fields_count(f, overlap, WEBHOOK_OVERLAP_MAX_S, &in->webhook_overlap_s);
    if (fields_has(f, overlap) && (!fields_has(f, secret) || fields_is_null(f, secret)))
        fields_problem(f, "webhookSecretOverlapSeconds needs a new webhookSecret");
}

static void read_slug(const Fields *f, TenantInput *in)
{
    if (!fields_text(f, S("slug"), 1, SLUG_MAX, &in->slug)) return;
    in->has_slug = slug_is_good(in->slug);
    if (!in->has_slug)
        fields_problem(f, "slug must consist of lowercase letters, digits and inner hyphens");
}

static void read_delivery_channels(const Fields *f, TenantInput *in)
{
    JsonRef array;
    ChannelSet set = 0;
    if (!fields_array(f, S("deliveryChannels"), &array)) return;
    for (JsonRef c = json_first(f->json, array); c != JSON_NONE; c = json_next(f->json, array, c)) {
        Str name;
        Channel channel;
        if (!json_string(f->json, c, f->arena, &name) || !channel_parse(name, &channel)) {
            fields_problem(f, "each value in deliveryChannels must be one of the following values: "
                              "EMAIL, SMS, PUSH");
            return;
        }
        set |= CHANNEL_BIT(channel);
    }
    in->has_delivery = true;
    in->delivery_channels = set;
}

static bool is_among(const Str *names, uint32_t count, Str name)
{
    for (uint32_t i = 0; i < count; i++)
        if (str_eq(names[i], name)) return true;
    return false;
}

/* Good names need no escaping, so the array is built by hand. */
static Str channels_json(const Str *names, uint32_t count, Arena *arena)
{
    char *json = arena_alloc(arena, 2 + (size_t)count * (CHANNEL_MAX + 3));
    size_t len = 0;
    json[len++] = '[';
    for (uint32_t i = 0; i < count; i++) {
        if (i) json[len++] = ',';
        json[len++] = '"';
        memcpy(json + len, names[i].at, names[i].len);
        len += names[i].len;
        json[len++] = '"';
    }
    json[len++] = ']';
    return str_make(json, len);
}

static void read_channels(const Fields *f, TenantInput *in)
{
    JsonRef array;
    Str names[TENANT_CHANNELS_MAX];
    uint32_t count = 0;
    if (!fields_array(f, S("channels"), &array)) return;
    for (JsonRef c = json_first(f->json, array); c != JSON_NONE; c = json_next(f->json, array, c)) {
        Str name;
        if (!json_string(f->json, c, f->arena, &name) || !channel_name_is_good(name)) {
            fields_problem(f,
                           "each value in channels must be 1 to %d of the characters A-Z a-z 0-9 _ "
                           ". - and not global_system or global_state, which every tenant has",
                           CHANNEL_MAX);
            return;
        }
        if (is_among(names, count, name)) continue;
        if (count == TENANT_CHANNELS_MAX) {
            fields_problem(f, "channels must hold at most %d names", TENANT_CHANNELS_MAX);
            return;
        }
        names[count++] = name;
    }
    in->has_channels = true;
    in->channels = channels_json(names, count, f->arena);
}

/* "" and null both mean: none. */
static void read_sender(const Fields *f, TenantInput *in)
{
    in->sender_email = in->sender_name = S("");
    if (fields_is_null(f, S("senderEmail")))
        in->has_sender_email = true;
    else if (fields_line(f, S("senderEmail"), 0, EMAIL_MAX, &in->sender_email)) {
        in->has_sender_email = in->sender_email.len == 0 || email_is_good(in->sender_email);
        if (!in->has_sender_email) fields_problem(f, "senderEmail must be an email address");
    }
    in->has_sender_name = fields_is_null(f, S("senderName")) ||
                          fields_line(f, S("senderName"), 0, TENANT_NAME_MAX, &in->sender_name);
}

void tenant_input_read(const Fields *f, TenantInput *ret_input)
{
    TenantInput in = {0};
    if (!fields_open(f, known, sizeof known / sizeof *known)) return;
    in.has_name = fields_line(f, S("name"), 1, TENANT_NAME_MAX, &in.name);
    if (in.has_name && str_trim(in.name).len == 0) fields_problem(f, "name should not be empty");
    read_slug(f, &in);
    in.has_rate = fields_count(f, S("rateLimitPerMinute"), COUNT_MAX, &in.rate_limit_per_minute);
    in.has_cap = fields_count(f, S("dailyCap"), COUNT_MAX, &in.daily_cap);
    read_webhook(f, &in);
    read_delivery_channels(f, &in);
    read_channels(f, &in);
    read_sender(f, &in);
    in.has_bridge = fields_flag(f, S("bridgeDialects"), &in.bridge_dialects);
    in.has_client_publish = fields_flag(f, S("allowClientPublish"), &in.allow_client_publish);
    in.has_active = fields_flag(f, S("active"), &in.active);
    *ret_input = in;
}

bool tenant_input_is_own(const Json *json, Arena *arena)
{
    static const Str own[] = {STR_INIT("senderEmail"), STR_INIT("senderName"), STR_INIT("channels"),
                              STR_INIT("webhookSecret"), STR_INIT("webhookSecretOverlapSeconds")};
    for (JsonRef c = json_first(json, 0); c != JSON_NONE; c = json_next(json, 0, c)) {
        Str name;
        if (!json_string(json, c, arena, &name) || !is_among(own, sizeof own / sizeof *own, name))
            return false;
    }
    return true;
}

void tenant_input_apply(const TenantInput *input, TenantRow *row)
{
    if (input->has_name) row->name = input->name;
    if (input->has_slug) row->slug = input->slug;
    if (input->has_rate) row->rate_limit_per_minute = input->rate_limit_per_minute;
    if (input->has_cap) row->daily_cap = input->daily_cap;
    if (input->has_delivery) row->delivery_channels = input->delivery_channels;
    if (input->has_channels) row->channels = input->channels;
    if (input->has_sender_email) row->sender_email = input->sender_email;
    if (input->has_sender_name) row->sender_name = input->sender_name;
    if (input->has_bridge) row->bridge_dialects = input->bridge_dialects;
    if (input->has_client_publish) row->allow_client_publish = input->allow_client_publish;
    if (input->has_active) row->active = input->active;
}
