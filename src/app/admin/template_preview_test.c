#include "app/admin/template_preview.h"

#include "check_test.h"

static Json parsed(const char *text, Arena *arena)
{
    Json json;
    assert_status(json_parse(str_of(text), arena, &json, NULL), ST_OK);
    return json;
}

TEST(preview_paths_resolve_as_rendering_does)
{
    Arena a;
    arena_init(&a, 1 << 20);
    Json variables = parsed("{\"user\":{\"name\":\"n\"},\"items\":[{\"id\":1}],\"no\":null}", &a);
    Json fallback = parsed("{\"userId\":\"u\",\"user\":{\"mail\":\"m\"}}", &a);
    static const char *const there[] = {"user",         "user.name", "items.0.id",
                                        "items.length", "no",        "userId"};
    static const char *const missing[] = {"User",      "user.mail",       "items.1.id", "items.x",
                                          "items.0.x", "user.name.first", "userId.x",   ""};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (!preview_path_resolves(str_of(there[i]), &variables, &fallback))
            fail_msg("%s is there", there[i]);
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (preview_path_resolves(str_of(missing[i]), &variables, &fallback))
            fail_msg("%s is missing", missing[i]);
    arena_done(&a);
}

TEST(preview_knows_which_variables_are_read)
{
    Arena a;
    Template *subject, *body;
    arena_init(&a, 1 << 20);
    PreviewPaths *paths = arena_new(&a, PreviewPaths);
    paths->arena = &a;
    assert_status(template_compile(S("{{name}}"), &subject, NULL), ST_OK);
    assert_status(template_compile(S("{{name}}{{#if order.late}}{{x}}{{/if}}"), &body, NULL),
                  ST_OK);
    preview_paths_add(paths, subject);
    preview_paths_add(paths, body);
    preview_paths_add(paths, NULL);
    assert_int_equal(paths->count, 3); /* each once */
    assert_true(preview_reads(paths, S("name")));
    assert_true(preview_reads(paths, S("order")));
    assert_false(preview_reads(paths, S("late")));
    assert_false(preview_reads(paths, S("spare")));
    template_free(subject);
    template_free(body);
    arena_done(&a);
}

TEST_MAIN()
