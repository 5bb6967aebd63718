/* A template and data, split at the first newline-NUL pair; without one the data is {}. Any bytes:
 *  1. a template is refused with a sentence, or compiled;
 *  2. rendering ends with success or at a ceiling; success stays below the ceiling of the output;
 *  3. rendering twice gives the same bytes, also with a fallback that has nothing;
 *  4. in data and template without any of & < > " ' ` = escaping changes nothing;
 *  5. what is rendered is valid UTF-8;
 *  6. every path that is listed is named once. */
#include "fuzz.h"

#include "base/utf8.h"
#include "domain/template/program.h"

FUZZ_INIT()

typedef struct Round {
    const Template *t;
    TemplateInput in;
} Round;

static Status render(const Round *r, TemplateEscape escape, Buf *out)
{
    Err err = {""};
    Status st = template_render(r->t, &r->in, escape, out, &err);
    CHECK(st == ST_OK || (st == ST_TOO_BIG && err.text[0]));
    CHECK(st != ST_OK || buf_len(out) <= TEMPLATE_OUTPUT_MAX);
    return st;
}

static bool has_markup(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (str_find(S("&<>\"'`=\\"), text.at[i]) >= 0)
            return true; /* an escape in JSON may hide one */
    return false;
}

static void check_render(const Template *t, const Json *data, Str source)
{
    Buf plain, again, html;
    Json nothing = {.count = 0};
    Round r = {t, {data, NULL}}, with_fallback = {t, {data, &nothing}};
    buf_init(&plain, MIB(64));
    buf_init(&again, MIB(64));
    buf_init(&html, MIB(64));
    Status st = render(&r, ESCAPE_NONE, &plain);
    CHECK(render(&with_fallback, ESCAPE_NONE, &again) == st);
    CHECK(str_eq(buf_view(&plain), buf_view(&again)));
    CHECK(utf8_is_valid(buf_view(&plain)));
    bool markup = has_markup(source) || has_markup(data->text);
    if (render(&r, ESCAPE_HTML, &html) == ST_OK && st == ST_OK && !markup)
        CHECK(str_eq(buf_view(&plain), buf_view(&html)));
    CHECK(buf_len(&html) >= buf_len(&plain) || st != ST_OK || buf_status(&html) != ST_OK ||
          buf_len(&html) > TEMPLATE_OUTPUT_MAX / 2);
    buf_done(&plain);
    buf_done(&again);
    buf_done(&html);
}

typedef struct Seen {
    Str last;
    size_t count;
} Seen;

static void see_path(void *ctx, Str path)
{
    Seen *seen = ctx;
    CHECK(seen->count == 0 || !str_eq(seen->last, path));
    seen->count++;
    seen->last = path;
}

static void check_program(const Template *t)
{
    Buf dump;
    Seen seen = {.count = 0};
    buf_init(&dump, MIB(64));
    program_dump(t, &dump);
    CHECK(buf_status(&dump) == ST_OK && str_ends(buf_view(&dump), S("end\n")));
    template_paths(t, see_path, &seen);
    CHECK(seen.count <= t->path_count);
    buf_done(&dump);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Arena arena;
    Json data;
    Template *t = NULL;
    Err err = {""};
    const char *cut = size ? memmem(bytes, size, "\n\0", 2) : NULL;
    size_t len = cut ? (size_t)(cut - (const char *)bytes) : size;
    Str source = str_make(bytes, len), json = S("{}");
    if (cut) json = str_make(cut + 2, size - len - 2);
    arena_init(&arena, MIB(64));
    if (json_parse(json, &arena, &data, NULL) == ST_OK) {
        Status st = template_compile(source, &t, &err);
        CHECK(st == ST_OK || st == ST_INVALID || st == ST_TOO_BIG);
        CHECK((st == ST_OK) == (t != NULL) && (st == ST_OK || err.text[0]));
        if (t) {
            check_program(t);
            check_render(t, &data, source);
        }
    }
    template_free(t);
    arena_done(&arena);
    return 0;
}
