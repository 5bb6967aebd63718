#include "check_test.h"
#include "domain/tenant/build.h"

static const char *const families[] = {"info", "success", "warning", "alert", "error"};

static const TenantTemplate *find(const Tenant *platform, const char *family, Channel channel)
{
    char event_type[32];
    snprintf(event_type, sizeof event_type, "global.%s", family);
    const TemplateGroup *group = map_get(&platform->groups, str_of(event_type));
    assert_non_null(group);
    assert_non_null(group->by_channel[channel]);
    return group->by_channel[channel];
}

/* Renders into text that stays valid until the next call. */
static const char *rendered(const Template *t, const char *variables, TemplateEscape escape)
{
    static char text[8192];
    Arena arena;
    Json json;
    Buf out;
    arena_init(&arena, 1 << 20);
    buf_init(&out, 1 << 20);
    assert_status(json_parse(str_of(variables), &arena, &json, NULL), ST_OK);
    const TemplateInput input = {&json, NULL};
    assert_status(template_render(t, &input, escape, &out, NULL), ST_OK);
    snprintf(text, sizeof text, "%.*s", STR_FMT(buf_view(&out)));
    buf_done(&out);
    arena_done(&arena);
    return text;
}

TEST(platform_has_five_families_on_three_channels)
{
    Tenant *platform = platform_new();
    assert_int_equal(map_count(&platform->groups), 5);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (Channel c = CHANNEL_EMAIL; c < CHANNEL_COUNT; c++) {
            const TenantTemplate *t = find(platform, families[i], c);
            assert_true(uuid_is_zero(t->id));
            assert_int_equal(t->version, 1);
            assert_int_equal(t->target_channel.len, 0);
        }
    tenant_unref(platform);
}

TEST(platform_push_leaves_the_title_to_the_variables)
{
    Tenant *platform = platform_new();
    const TenantTemplate *t = find(platform, "info", CHANNEL_PUSH);
    assert_null(t->subject);
    assert_string_equal(rendered(t->body, "{\"title\":\"T\",\"message\":\"a < b\"}", ESCAPE_NONE),
                        "a < b");
    assert_string_equal(rendered(t->body, "{}", ESCAPE_NONE), "");
    tenant_unref(platform);
}

TEST(platform_sms_reads_well_without_a_title)
{
    Tenant *platform = platform_new();
    const TenantTemplate *t = find(platform, "alert", CHANNEL_SMS);
    assert_string_equal(rendered(t->body, "{\"title\":\"T\",\"message\":\"M\"}", ESCAPE_NONE),
                        "T: M");
    assert_string_equal(rendered(t->body, "{\"message\":\"M\"}", ESCAPE_NONE), "M");
    assert_string_equal(rendered(t->body, "{\"title\":\"\",\"message\":\"M\"}", ESCAPE_NONE), "M");
    tenant_unref(platform);
}

TEST(platform_email_escapes_and_keeps_its_accent)
{
    static const char *const accents[] = {"#1d4ed8", "#15803d", "#b45309", "#c2410c", "#b91c1c"};
    Tenant *platform = platform_new();
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const TenantTemplate *t = find(platform, families[i], CHANNEL_EMAIL);
        assert_int_equal(t->format, FORMAT_HTML);
        const char *html = rendered(t->body, "{\"title\":\"T & co\",\"message\":\"<b>\"}",
                                    ESCAPE_HTML);
        assert_non_null(strstr(html, accents[i]));
        assert_non_null(strstr(html, "<title>T &amp; co</title>"));
        assert_non_null(strstr(html, "&lt;b&gt;"));
        assert_null(strstr(html, "<b>"));
        assert_string_equal(rendered(t->subject, "{\"title\":\"T & co\"}", ESCAPE_NONE), "T & co");
    }
    tenant_unref(platform);
}

TEST_MAIN()
