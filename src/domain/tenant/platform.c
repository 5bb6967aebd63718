/* platform.c: the templates every tenant has without making any: global.* on all three channels.
 *
 * They are a Tenant of their own that owns nothing but templates, so one lookup serves both kinds. A
 * tenant's own active template for the same event type and channel wins (snapshot_template).
 *
 * All read the variables `title` and `message`. Push sets no subject: its title is variables.title
 * (E.2). What is missing renders as nothing (E.3), and an SMS without a title starts with its message. */
#include "domain/tenant/build.h"

/* Inline styles and one table: what mail programs agree on. */
#define EMAIL_BODY(accent, tint, label)                                                            \
    "<!doctype html>\n"                                                                            \
    "<html lang=\"en\">\n"                                                                         \
    "<head>\n"                                                                                     \
    "<meta charset=\"utf-8\">\n"                                                                   \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"                   \
    "<title>{{title}}</title>\n"                                                                   \
    "</head>\n"                                                                                    \
    "<body style=\"margin:0;padding:0;background:#f3f4f6;\">\n"                                    \
    "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "             \
    "style=\"background:#f3f4f6;\">\n"                                                             \
    "<tr><td align=\"center\" style=\"padding:32px 16px;\">\n"                                     \
    "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "             \
    "style=\"max-width:560px;background:#ffffff;border-radius:12px;overflow:hidden;"               \
    "border-top:6px solid " accent ";font-family:-apple-system,'Segoe UI',Roboto,Helvetica,"       \
    "Arial,sans-serif;\">\n"                                                                       \
    "<tr><td style=\"padding:28px 32px 0 32px;\">\n"                                               \
    "<span style=\"display:inline-block;padding:4px 10px;border-radius:999px;background:" tint     \
    ";color:" accent ";font-size:12px;font-weight:600;letter-spacing:.04em;\">" label "</span>\n"  \
    "</td></tr>\n"                                                                                 \
    "{{#if title}}<tr><td style=\"padding:16px 32px 0 32px;color:#111827;font-size:22px;"          \
    "line-height:1.3;font-weight:700;\">{{title}}</td></tr>\n"                                     \
    "{{/if}}<tr><td style=\"padding:12px 32px 32px 32px;color:#374151;font-size:16px;"             \
    "line-height:1.6;white-space:pre-line;\">{{message}}</td></tr>\n"                              \
    "</table>\n"                                                                                   \
    "</td></tr>\n"                                                                                 \
    "</table>\n"                                                                                   \
    "</body>\n"                                                                                    \
    "</html>\n"

static const struct {
    Str event_type, email_body;
} families[] = {
    {STR_INIT("global.info"), STR_INIT(EMAIL_BODY("#1d4ed8", "#dbeafe", "Information"))},
    {STR_INIT("global.success"), STR_INIT(EMAIL_BODY("#15803d", "#dcfce7", "Success"))},
    {STR_INIT("global.warning"), STR_INIT(EMAIL_BODY("#b45309", "#fef3c7", "Warning"))},
    {STR_INIT("global.alert"), STR_INIT(EMAIL_BODY("#c2410c", "#ffedd5", "Alert"))},
    {STR_INIT("global.error"), STR_INIT(EMAIL_BODY("#b91c1c", "#fee2e2", "Error"))},
};

static void add(Tenant *platform, TemplateRow row)
{
    Err err = {""};
    row.version = 1;
    row.active = true;
    row.target_channel = S("");
    /* Our own text: not compiling is a bug of ours, found by platform_test.c. */
    CHECK(tenant_add_template(platform, &row, &err) == ST_OK);
}

Tenant *platform_new(void)
{
    Tenant *platform = tenant_new();
    platform->id_text = platform->name = platform->slug = S("");
    platform->sender_email = platform->sender_name = S("");
    platform->active = true;
    platform->delivery_channels = CHANNELS_ALL;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        Str event_type = families[i].event_type;
        add(platform, (TemplateRow){.event_type = event_type,
                                    .channel = CHANNEL_EMAIL,
                                    .format = FORMAT_HTML,
                                    .subject = S("{{title}}"),
                                    .body = families[i].email_body});
        add(platform, (TemplateRow){.event_type = event_type,
                                    .channel = CHANNEL_SMS,
                                    .subject = S(""),
                                    .body = S("{{#if title}}{{title}}: {{/if}}{{message}}")});
        add(platform, (TemplateRow){.event_type = event_type,
                                    .channel = CHANNEL_PUSH,
                                    .subject = S(""),
                                    .body = S("{{message}}")});
    }
    return platform;
}
