/* template_preview.c: POST /api/v1/admin/tenants/{id}/templates/preview.
 *
 * Everything happens on the loop: compiling and rendering stop at the ceilings of limits.h, and
 * nothing is stored. What a trigger would do is done here too: `variables` first, then the routing
 * fields of `payload` and nothing else of it (API-18). */
#include "app/admin/template_preview.h"

#include "app/admin/put.h"
#include "app/admin/template_fields.h"
#include "app/api/body.h"
#include "app/http/router.h"
#include "base/limits.h"

/* ---- paths ---- */

static void add_path(void *ctx, Str path)
{
    PreviewPaths *paths = ctx;
    if (paths->count == PREVIEW_PATHS_MAX) return;
    for (uint32_t i = 0; i < paths->count; i++)
        if (str_eq(paths->at[i], path)) return;
    if (arena_copy(paths->arena, path, &paths->at[paths->count])) paths->count++;
}

void preview_paths_add(PreviewPaths *paths, const Template *t)
{
    if (t) template_paths(t, add_path, paths);
}

static JsonRef step_into(const Json *j, JsonRef at, Str part)
{
    uint64_t index;
    if (json_is(j, at, JSON_ARRAY) && str_to_u64(part, &index) && index < json_count(j, at))
        return json_at(j, at, (uint32_t)index);
    return json_is(j, at, JSON_OBJECT) ? json_get(j, at, part) : JSON_NONE;
}

bool preview_path_resolves(Str path, const Json *variables, const Json *fallback)
{
    const Json *j = variables;
    Str first = str_cut(&path, '.');
    JsonRef at = step_into(j, 0, first);
    if (at == JSON_NONE) {
        j = fallback;
        at = step_into(j, 0, first);
    }
    while (path.at && at != JSON_NONE) {
        Str part = str_cut(&path, '.');
        if (str_is(part, "length") && json_is(j, at, JSON_ARRAY)) return true;
        at = step_into(j, at, part);
    }
    return at != JSON_NONE;
}

bool preview_reads(const PreviewPaths *paths, Str name)
{
    for (uint32_t i = 0; i < paths->count; i++) {
        Str path = paths->at[i];
        if (str_eq(str_cut(&path, '.'), name)) return true;
    }
    return false;
}

/* ---- the request ---- */

typedef struct Preview {
    TemplateFields given;
    Json variables, fallback;
    Template *subject, *body; /* subject: NULL when there is none */
    Buf subject_text, body_text;
} Preview;

static const Str known[] = {
    STR_INIT("channel"), STR_INIT("format"),    STR_INIT("subject"),
    STR_INIT("body"),    STR_INIT("variables"), STR_INIT("payload"),
};

static Json empty_object(Arena *arena)
{
    Json json;
    CHECK(json_parse(S("{}"), arena, &json, NULL) == ST_OK);
    return json;
}

/* A part of the body as a document of its own. */
static Json part_of(const Fields *f, JsonRef at)
{
    Json json;
    if (json_parse(json_raw(f->json, at), f->arena, &json, NULL) == ST_OK) return json;
    problems_add(f->problems, S("the request is too large"));
    return empty_object(f->arena);
}

static Json routing_of(const Fields *f, JsonRef payload)
{
    static const char *const names[] = {"userId", "recipientEmail", "recipientPhone"};
    Buf routing;
    Str text;
    buf_init(&routing, HTTP_BODY_MAX);
    put_open(&routing);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        JsonRef at = json_get(f->json, payload, str_of(names[i]));
        if (at != JSON_NONE) put_raw(&routing, names[i], json_raw(f->json, at));
    }
    put_close(&routing);
    bool kept = buf_status(&routing) == ST_OK && arena_copy(f->arena, buf_view(&routing), &text);
    buf_done(&routing);
    Json json;
    if (kept && json_parse(text, f->arena, &json, NULL) == ST_OK) return json;
    problems_add(f->problems, S("the request is too large"));
    return empty_object(f->arena);
}

static Template *compile(const Fields *f, const char *name, Str source)
{
    Template *program;
    Err why = {""};
    if (template_compile(source, &program, &why) == ST_OK) return program;
    fields_problem(f, "%s: %s", name, why.text);
    return NULL;
}

static void read_sources(const Fields *f, Preview *p)
{
    Str subject, body;
    fields_require(f, S("channel"), "one of the following values: EMAIL, SMS, PUSH");
    fields_require(f, S("body"), "a string");
    template_fields_channel(f, &p->given);
    template_fields_format(f, &p->given);
    if (p->given.has_channel && !p->given.has_format)
        p->given.format = template_format_default(p->given.channel);
    if (!fields_is_null(f, S("subject")) && fields_line(f, S("subject"), 0, TITLE_MAX, &subject) &&
        subject.len)
        p->subject = compile(f, "subject", subject);
    if (fields_text(f, S("body"), 0, TEMPLATE_SOURCE_MAX, &body))
        p->body = compile(f, "body", body);
}

static void read_preview(const Fields *f, Preview *p)
{
    JsonRef at;
    p->variables = p->fallback = empty_object(f->arena);
    if (!fields_open(f, known, sizeof known / sizeof *known)) return;
    read_sources(f, p);
    if (fields_object(f, S("variables"), &at)) p->variables = part_of(f, at);
    if (fields_object(f, S("payload"), &at)) p->fallback = routing_of(f, at);
}

static void render(const Fields *f, const char *name, const Template *t, const Preview *p,
                   TemplateEscape escape, Buf *out)
{
    const TemplateInput input = {&p->variables, &p->fallback};
    Err why = {""};
    Status st = template_render(t, &input, escape, out, &why);
    if (st == ST_OK) st = buf_status(out);
    if (st != ST_OK) fields_problem(f, "%s: %s", name, why.text[0] ? why.text : status_text(st));
}

/* Such a mail also reads the variable "preheader", which no template names (domain/deliver/render.c). */
static bool is_html_mail(const Preview *p)
{
    return p->given.channel == CHANNEL_EMAIL && p->given.format != FORMAT_TEXT;
}

static void render_both(const Fields *f, Preview *p)
{
    bool html = is_html_mail(p);
    if (p->subject) render(f, "subject", p->subject, p, ESCAPE_NONE, &p->subject_text);
    render(f, "body", p->body, p, html ? ESCAPE_HTML : ESCAPE_NONE, &p->body_text);
}

/* ---- the answer ---- */

/* Push has a title even without a subject (E.2). */
static void put_subject(Buf *out, const Fields *f, const Preview *p)
{
    Str title;
    if (p->subject)
        put_text(out, "subject", buf_view(&p->subject_text));
    else if (p->given.channel != CHANNEL_PUSH)
        put_text(out, "subject", (Str){NULL, 0});
    else if (json_string(&p->variables, json_get(&p->variables, 0, S("title")), f->arena, &title) &&
             title.len)
        put_text(out, "subject", title);
    else
        put_text(out, "subject", S("Notification"));
}

static void put_warnings(Buf *out, const Preview *p)
{
    put_array_open(out, "warnings");
    if (buf_len(&p->body_text) == 0) put_item(out, S("the body renders to nothing"));
    if (p->subject && buf_len(&p->subject_text) == 0)
        put_item(out, S("the subject renders to nothing"));
    if (p->subject && p->given.channel == CHANNEL_SMS)
        put_item(out, S("an SMS has no subject; it is not sent"));
    if (!p->subject && p->given.channel == CHANNEL_EMAIL)
        put_item(out, S("an e-mail should have a subject"));
    put_array_close(out);
}

static void put_variables(Buf *out, const Fields *f, const Preview *p)
{
    PreviewPaths *paths = arena_new(f->arena, PreviewPaths);
    const Json *v = &p->variables;
    paths->arena = f->arena;
    preview_paths_add(paths, p->subject);
    preview_paths_add(paths, p->body);

    put_array_open(out, "missingVariables");
    for (uint32_t i = 0; i < paths->count; i++)
        if (!preview_path_resolves(paths->at[i], v, &p->fallback)) put_item(out, paths->at[i]);
    put_array_close(out);

    put_array_open(out, "unusedVariables");
    for (JsonRef c = json_first(v, 0); c != JSON_NONE; c = json_next(v, 0, c)) {
        Str name;
        if (!json_string(v, c, f->arena, &name) || preview_reads(paths, name)) continue;
        if (!is_html_mail(p) || !str_is(name, "preheader")) put_item(out, name);
    }
    put_array_close(out);
}

static void answer(Request *rq, const Fields *f, const Preview *p)
{
    Buf out;
    buf_init(&out, HTTP_RESPONSE_MAX);
    put_open(&out);
    put_subject(&out, f, p);
    put_text(&out, "body", buf_len(&p->body_text) ? buf_view(&p->body_text) : S(""));
    put_warnings(&out, p);
    put_variables(&out, f, p);
    put_close(&out);
    if (buf_status(&out) == ST_OK)
        respond_data(rq, 200, buf_view(&out));
    else
        respond_status(rq, buf_status(&out), NULL);
    buf_done(&out);
}

void admin_template_preview(Request *rq)
{
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    Preview p = {0};
    if (!snapshot_by_id(rq->snapshot, rq->params[0])) {
        respond_error(rq, 404, S("Tenant not found"));
        return;
    }
    if (!request_json(rq, &json) || !body_left_room(rq)) return;
    buf_init(&p.subject_text, TEMPLATE_OUTPUT_MAX);
    buf_init(&p.body_text, TEMPLATE_OUTPUT_MAX);
    read_preview(&f, &p);
    if (problems.count == 0) render_both(&f, &p);
    if (problems.count)
        respond_problems(rq, &problems);
    else
        answer(rq, &f, &p);
    template_free(p.subject);
    template_free(p.body);
    buf_done(&p.subject_text);
    buf_done(&p.body_text);
}
