#include "app/admin/template_fields.h"

#include "base/limits.h"

static const Str known[] = {
    STR_INIT("eventType"), STR_INIT("channel"),       STR_INIT("format"), STR_INIT("subject"),
    STR_INIT("body"),      STR_INIT("targetChannel"), STR_INIT("active"), STR_INIT("delivery"),
};

TemplateFormat template_format_default(Channel channel)
{
    return channel == CHANNEL_EMAIL ? FORMAT_HTML : FORMAT_TEXT;
}

void template_fields_channel(const Fields *f, TemplateFields *in)
{
    Str name;
    if (!fields_text(f, S("channel"), 1, 64, &name)) return;
    in->has_channel = channel_parse(name, &in->channel);
    if (!in->has_channel)
        fields_problem(f, "channel must be one of the following values: EMAIL, SMS, PUSH");
}

void template_fields_format(const Fields *f, TemplateFields *in)
{
    Str name;
    if (!fields_text(f, S("format"), 1, 64, &name)) return;
    in->has_format = template_format_parse(name, &in->format);
    if (!in->has_format)
        fields_problem(f, "format must be one of the following values: text, html, mjml");
    else if (in->format == FORMAT_MJML)
        fields_problem(f, "MJML is compiled by a helper that this build does not have yet; "
                          "send format html");
}

/* "body: line 3, column 7: ..." */
static void check_source(const Fields *f, const char *name, Str source)
{
    Template *program;
    Err why = {""};
    if (template_compile(source, &program, &why) == ST_OK)
        template_free(program);
    else
        fields_problem(f, "%s: %s", name, why.text);
}

static void read_sources(const Fields *f, TemplateFields *in)
{
    in->subject = S("");
    in->has_subject = fields_is_null(f, S("subject")) ||
                      fields_line(f, S("subject"), 0, TITLE_MAX, &in->subject);
    if (in->has_subject) check_source(f, "subject", in->subject);
    in->has_body = fields_text(f, S("body"), 1, TEMPLATE_SOURCE_MAX, &in->body);
    if (in->has_body) check_source(f, "body", in->body);
}

static void read_target(const Fields *f, TemplateFields *in)
{
    in->target_channel = S("");
    in->has_target = fields_is_null(f, S("targetChannel")) ||
                     fields_line(f, S("targetChannel"), 0, CHANNEL_NAME_MAX, &in->target_channel);
    if (!in->has_target) return;
    if (str_eq(in->target_channel, S("global_system"))) in->target_channel = S(""); /* RT-17 */
    if (str_find(in->target_channel, '#') >= 0)
        fields_problem(f, "targetChannel must not contain '#'; the user's id is added by itself");
}

static void read_delivery(const Fields *f, TemplateFields *in)
{
    Str name;
    if (!fields_text(f, S("delivery"), 1, 64, &name)) return;
    in->at_most_once = str_is(name, "at_most_once");
    in->has_delivery = in->at_most_once || str_is(name, "at_least_once");
    if (!in->has_delivery)
        fields_problem(f,
                       "delivery must be one of the following values: at_least_once, at_most_once");
}

void template_fields_read(const Fields *f, TemplateFields *ret_input)
{
    TemplateFields in = {0};
    if (!fields_open(f, known, sizeof known / sizeof *known)) return;
    in.has_event_type = fields_line(f, S("eventType"), 1, EVENT_TYPE_MAX, &in.event_type);
    template_fields_channel(f, &in);
    template_fields_format(f, &in);
    read_sources(f, &in);
    read_target(f, &in);
    read_delivery(f, &in);
    in.has_active = fields_flag(f, S("active"), &in.active);
    *ret_input = in;
}

void template_fields_apply(const TemplateFields *input, TemplateRow *row)
{
    if (input->has_event_type) row->event_type = input->event_type;
    if (input->has_channel) row->channel = input->channel;
    if (input->has_format) row->format = input->format;
    if (input->has_subject) row->subject = input->subject;
    if (input->has_body) row->body = input->body;
    if (input->has_target) row->target_channel = input->target_channel;
    if (input->has_active) row->active = input->active;
    if (input->has_delivery) row->at_most_once = input->at_most_once;
}

static bool tenant_row_has_channel(const TenantRow *tenant, Str name, Arena *arena)
{
    Json json;
    if (json_parse(tenant->channels, arena, &json, NULL) != ST_OK) return false;
    for (JsonRef c = json_first(&json, 0); c != JSON_NONE; c = json_next(&json, 0, c))
        if (json_string_is(&json, c, name)) return true;
    return false;
}

void template_row_check(const TemplateRow *row, const TenantRow *tenant, Arena *arena,
                        Problems *problems)
{
    const Fields f = {.arena = arena, .problems = problems};
    if (row->channel != CHANNEL_EMAIL && row->format != FORMAT_TEXT)
        fields_problem(&f, "format must be text for the channel %.*s",
                       STR_FMT(channel_name(row->channel)));
    if (row->target_channel.len && !tenant_row_has_channel(tenant, row->target_channel, arena))
        fields_problem(&f,
                       "targetChannel must be one of the tenant's channels; %.*s is not, add it to "
                       "the tenant first",
                       STR_FMT(row->target_channel));
}
