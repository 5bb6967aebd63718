#include "app/admin/provider_input.h"

#include "app/admin/put.h"
#include "base/limits.h"

enum { NAME_MAX_BYTES = 120, URL_MAX_BYTES = 2048, PRIORITY_MAX = 1000, SHOWN = 4 };

static const Str known[] = {
    STR_INIT("name"),    STR_INIT("channel"),  STR_INIT("kind"),   STR_INIT("credentials"),
    STR_INIT("baseUrl"), STR_INIT("priority"), STR_INIT("active"),
};

/* ---- the plain fields ---- */

static void read_channel(const Fields *f, ProviderInput *in)
{
    Str name;
    if (!fields_text(f, S("channel"), 1, 64, &name)) return;
    in->has_channel = channel_parse(name, &in->channel) && in->channel != CHANNEL_PUSH;
    if (!in->has_channel)
        fields_problem(f, "channel must be one of the following values: EMAIL, SMS");
}

static void read_kind(const Fields *f, const ProviderKinds *kinds, ProviderInput *in)
{
    Str name;
    char list[256] = "";
    size_t len = 0;
    if (!fields_text(f, S("kind"), 1, 64, &name)) return;
    in->kind = provider_kind_find(kinds, name);
    in->has_kind = in->kind != NULL;
    if (in->has_kind) return;
    for (uint32_t i = 0; i < kinds->count; i++) {
        Str one = kinds->at[i]->name;
        if (len + one.len + 3 > sizeof list) break;
        if (len) memcpy(list + len, ", ", 2);
        len += len ? 2 : 0;
        memcpy(list + len, one.at, one.len);
        len += one.len;
    }
    fields_problem(f, "kind must be one of the following values: %.*s", (int)len, list);
}

/* http(s)://host[:port][/path], nothing in front of the host and nothing behind the path. */
static bool url_is_good(Str url, bool with_path)
{
    Str rest = url;
    if (str_starts(url, S("https://")))
        rest = str_from(url, 8);
    else if (str_starts(url, S("http://")))
        rest = str_from(url, 7);
    else
        return false;
    for (size_t i = 0; i < url.len; i++)
        if ((uint8_t)url.at[i] <= ' ' || (uint8_t)url.at[i] >= 0x7f ||
            strchr("\"<>\\^`{|}#", url.at[i]))
            return false;
    Str host = str_cut(&rest, '/');
    if (str_find(host, '@') >= 0 || str_find(host, '?') >= 0) return false;
    return host.len > 0 && (with_path || rest.len == 0);
}

static void read_base_url(const Fields *f, const OutboundPolicy *outbound, ProviderInput *in)
{
    Err why = {""};
    in->base_url = S("");
    in->has_base_url = fields_is_null(f, S("baseUrl")) ||
                       fields_line(f, S("baseUrl"), 1, URL_MAX_BYTES, &in->base_url);
    if (in->base_url.len && !url_is_good(in->base_url, false))
        fields_problem(f, "baseUrl must be scheme, host and port, for example "
                          "https://mail.example.com:8443");
    else if (in->base_url.len && outbound_url_check(outbound, in->base_url, &why) != ST_OK)
        fields_problem(f, "baseUrl: %.*s", STR_FMT(err_view(&why)));
}

/* ---- credentials ---- */

static bool is_field(const ProviderKind *kind, Str name)
{
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++)
        if (str_eq(kind->fields[i].name, name)) return true;
    return false;
}

static void refuse_unknown(const Fields *f, const ProviderKind *kind, JsonRef object)
{
    for (JsonRef c = json_first(f->json, object); c != JSON_NONE;
         c = json_next(f->json, object, c)) {
        Str name;
        if (json_string(f->json, c, f->arena, &name) && !is_field(kind, name))
            fields_problem(f, "credentials.%.*s is not a field of %.*s",
                           STR_FMT(str_head(name, 60)), STR_FMT(kind->name));
    }
}

/* A port may come as a number. */
static bool text_of(const Fields *f, JsonRef at, Str *ret_text)
{
    int64_t number;
    if (!json_i64(f->json, at, &number)) return json_string(f->json, at, f->arena, ret_text);
    *ret_text = json_raw(f->json, at);
    return true;
}

static Status check_address(const CredentialField *field, const OutboundPolicy *outbound, Str value,
                            Err *err)
{
    if (value.len && field->url) return outbound_url_check(outbound, value, err);
    if (value.len && field->host) return outbound_host_check(outbound, value, err);
    return ST_OK;
}

static void read_credential(const Fields *f, const CredentialField *field,
                            const OutboundPolicy *outbound, JsonRef at, bool *ret_given,
                            Str *ret_value)
{
    Err why = {""};
    Str value = S("");
    *ret_given = at != JSON_NONE;
    if (json_is(f->json, at, JSON_NULL)) return;
    if (*ret_given && !text_of(f, at, &value))
        fields_problem(f, "credentials.%.*s must be a string", STR_FMT(field->name));
    else if (value.len > CREDENTIAL_BYTES_MAX || !line_is_clean(value))
        fields_problem(f, "credentials.%.*s must be one line of at most %d bytes",
                       STR_FMT(field->name), CREDENTIAL_BYTES_MAX);
    else if (field->url && value.len && !url_is_good(value, true))
        fields_problem(f, "credentials.%.*s must be an http or https URL", STR_FMT(field->name));
    else {
        *ret_value = value;
        if (check_address(field, outbound, value, &why) != ST_OK)
            fields_problem(f, "credentials.%.*s: %.*s", STR_FMT(field->name),
                           STR_FMT(err_view(&why)));
    }
}

static void read_credentials(const Fields *f, const ProviderKind *kind,
                             const OutboundPolicy *outbound, ProviderInput *in)
{
    JsonRef object;
    for (uint32_t i = 0; i < PROVIDER_FIELDS_MAX; i++) in->credentials.value[i] = S("");
    in->has_credentials = fields_object(f, S("credentials"), &object);
    if (!in->has_credentials || !kind) return;
    refuse_unknown(f, kind, object);
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++)
        read_credential(f, &kind->fields[i], outbound,
                        json_get(f->json, object, kind->fields[i].name), &in->given[i],
                        &in->credentials.value[i]);
}

void provider_input_read(const Fields *f, const ProviderKinds *kinds, const ProviderKind *kind,
                         const OutboundPolicy *outbound, ProviderInput *ret_input)
{
    ProviderInput in = {0};
    if (!fields_open(f, known, sizeof known / sizeof *known)) return;
    in.has_name = fields_line(f, S("name"), 1, NAME_MAX_BYTES, &in.name);
    read_channel(f, &in);
    read_kind(f, kinds, &in);
    read_base_url(f, outbound, &in);
    in.has_priority = fields_count(f, S("priority"), PRIORITY_MAX, &in.priority);
    in.has_active = fields_flag(f, S("active"), &in.active);
    read_credentials(f, in.kind ? in.kind : kind, outbound, &in);
    *ret_input = in;
}

void provider_check(const Fields *f, const ProviderKind *kind, Channel channel,
                    const Credentials *credentials)
{
    Err err = {""};
    bool whole = true;
    if (!(kind->channels & CHANNEL_BIT(channel)))
        fields_problem(f, "kind %.*s does not send on the channel %.*s", STR_FMT(kind->name),
                       STR_FMT(channel_name(channel)));
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++) {
        if (!kind->fields[i].required || credentials->value[i].len) continue;
        fields_problem(f, "credentials.%.*s is required for %.*s", STR_FMT(kind->fields[i].name),
                       STR_FMT(kind->name));
        whole = false;
    }
    if (whole && kind->check && kind->check(credentials, &err) != ST_OK)
        fields_problem(f, "credentials.%s", err.text);
}

/* ---- as it is shown ---- */

static void put_masked(Buf *out, const CredentialField *field, Str value)
{
    char shown[4 + SHOWN];
    Str name = field->name;
    if (!value.len) return;
    json_put_string(out, name);
    buf_add_byte(out, ':');
    if (!field->secret) {
        json_put_string(out, value);
    } else {
        /* Of a short one the last 4 would be most of it. */
        size_t tail = value.len >= 4 * SHOWN ? SHOWN : 0;
        memcpy(shown, "****", 4);
        memcpy(shown + 4, value.at + value.len - tail, tail);
        json_put_string(out, str_make(shown, 4 + tail));
    }
    buf_add_byte(out, ',');
}

static void put_credentials(Buf *out, const ProviderKind *kind, const Credentials *credentials)
{
    Buf object;
    buf_init(&object, PROVIDER_FIELDS_MAX * 7 * CREDENTIAL_BYTES_MAX);
    buf_add_byte(&object, '{');
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++)
        put_masked(&object, &kind->fields[i], credentials->value[i]);
    if (buf_len(&object) > 1) buf_truncate(&object, buf_len(&object) - 1);
    buf_add_byte(&object, '}');
    put_raw(out, "credentials", buf_view(&object));
    buf_done(&object);
}

void provider_json(Buf *out, const ProviderRow *row, const ProviderKind *kind,
                   const Credentials *credentials, Str webhook_url)
{
    put_open(out);
    put_id(out, "id", row->id);
    put_text(out, "name", row->name);
    put_text(out, "channel", channel_name(row->channel));
    put_text(out, "kind", row->kind);
    if (kind && credentials)
        put_credentials(out, kind, credentials);
    else
        put_text(out, "credentials", (Str){NULL, 0});
    put_text(out, "baseUrl", row->base_url.len ? row->base_url : (Str){NULL, 0});
    put_text(out, "webhookUrl", webhook_url);
    put_num(out, "priority", row->priority);
    put_flag(out, "active", row->active);
    put_time(out, "createdAt", row->created_ms);
    put_time(out, "updatedAt", row->updated_ms);
    put_close(out);
}
