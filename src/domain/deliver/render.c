#include "domain/deliver/render.h"

#include "base/limits.h"
#include "domain/deliver/html_text.h"
#include "domain/intake/push.h"

typedef struct Rendering { /* one message in the making */
    Json variables, routing;
    Arena *arena;
    Err *err;
} Rendering;

/* Both were checked when the event was accepted. */
static Status open_event(Rendering *r, const Claimed *c)
{
    Json payload;
    Status st = json_parse(c->variables, r->arena, &r->variables, NULL);
    if (st == ST_OK) st = json_parse(c->payload, r->arena, &payload, NULL);
    if (st == ST_OK && !trigger_routing(&payload, 0, r->arena, &r->routing)) st = ST_TOO_BIG;
    if (st == ST_OK) return ST_OK;
    return err_set(r->err, st, "the event's data does not fit into memory");
}

static Status run(Rendering *r, const Template *template, TemplateEscape escape, const char *part,
                  Str *ret_text)
{
    TemplateInput input = {.variables = &r->variables, .fallback = &r->routing};
    Err why = {""};
    Buf out;
    buf_init(&out, TEMPLATE_OUTPUT_MAX);
    Status st = template_render(template, &input, escape, &out, &why);
    if (st == ST_OK) st = buf_status(&out);
    if (st != ST_OK)
        st = err_set(r->err, ST_INVALID, "the template's %s could not be rendered: %s", part,
                     why.text[0] ? why.text : status_text(st));
    else if (!arena_copy(r->arena, buf_len(&out) ? buf_view(&out) : S(""), ret_text))
        st = err_set(r->err, ST_TOO_BIG, "the rendered %s does not fit into memory", part);
    buf_done(&out);
    return st;
}

/* A header is one line, whatever the variables say (threat 19). */
static Str one_line(Str text, Arena *arena)
{
    Str cut = text_cut(text, TITLE_MAX);
    char *at = arena_try(arena, cut.len + 1);
    if (!at) return S("");
    for (size_t i = 0; i < cut.len; i++)
        at[i] = (uint8_t)cut.at[i] < ' ' || cut.at[i] == 0x7f ? ' ' : cut.at[i];
    return str_trim(str_make(at, cut.len));
}

static Status render_subject(Rendering *r, const Template *subject, Str *ret_subject)
{
    Str text = S("");
    Status st = ST_OK;
    if (subject) st = run(r, subject, ESCAPE_NONE, "subject", &text);
    if (st == ST_OK && !subject) { /* as a PUSH does (E.2) */
        JsonRef title = json_get(&r->variables, 0, S("title"));
        if (!json_string(&r->variables, title, r->arena, &text) || !text.len)
            text = S("Notification");
    }
    if (st == ST_OK) *ret_subject = one_line(text, r->arena);
    return st;
}

static Status add_text(Rendering *r, Message *m)
{
    Buf text;
    buf_init(&text, TEMPLATE_OUTPUT_MAX);
    html_text(m->html, &text);
    Status st = buf_status(&text);
    if (st == ST_OK && !arena_copy(r->arena, buf_len(&text) ? buf_view(&text) : S(""), &m->text))
        st = ST_TOO_BIG;
    buf_done(&text);
    return st == ST_OK ? st : err_set(r->err, st, "the text part does not fit into memory");
}

/* ---- the preheader: what a mailbox shows beside the subject ---- */

static void put_escaped(Buf *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '&')
            buf_lit(out, "&amp;");
        else if (text.at[i] == '<')
            buf_lit(out, "&lt;");
        else if (text.at[i] == '>')
            buf_lit(out, "&gt;");
        else
            buf_add_byte(out, (uint8_t)text.at[i]);
    }
}

/* Behind <body ...>, or 0: where a mail's visible text begins. */
static size_t visible_start(Str html)
{
    Str body = S("<body");
    for (size_t i = 0; i + body.len < html.len; i++) {
        char next = html.at[i + body.len];
        if (!str_eq_nocase(str_make(html.at + i, body.len), body)) continue;
        if (next != '>' && next != ' ' && next != '\n' && next != '\t' && next != '\r') continue;
        ptrdiff_t end = str_find(str_from(html, i), '>');
        return end < 0 ? 0 : i + (size_t)end + 1;
    }
    return 0;
}

/* From the variable of that name; it is in the HTML alone, which was made into text before. */
static Status add_preheader(Rendering *r, Message *m)
{
    Str text;
    Buf out;
    JsonRef at = json_get(&r->variables, 0, S("preheader"));
    if (!json_string(&r->variables, at, r->arena, &text) || !text.len) return ST_OK;
    size_t start = visible_start(m->html);
    buf_init(&out, TEMPLATE_OUTPUT_MAX);
    buf_add(&out, str_head(m->html, start));
    buf_lit(&out, "<div style=\"display:none;max-height:0;overflow:hidden\">");
    put_escaped(&out, one_line(text, r->arena));
    buf_lit(&out, "</div>");
    buf_add(&out, str_from(m->html, start));
    Status st = buf_status(&out);
    if (st == ST_OK && !arena_copy(r->arena, buf_view(&out), &m->html)) st = ST_TOO_BIG;
    buf_done(&out);
    return st == ST_OK ? st : err_set(r->err, st, "the preheader does not fit into the mail");
}

static Status render_with(Rendering *r, Channel channel, TemplateFormat format,
                          const Template *subject, const Template *body, Message *m)
{
    bool html = channel == CHANNEL_EMAIL && format != FORMAT_TEXT;
    Status st = ST_OK;
    if (channel == CHANNEL_EMAIL) st = render_subject(r, subject, &m->subject);
    if (st == ST_OK)
        st = run(r, body, html ? ESCAPE_HTML : ESCAPE_NONE, "body", html ? &m->html : &m->text);
    if (st == ST_OK && html) st = add_text(r, m);
    return st == ST_OK && html ? add_preheader(r, m) : st;
}

/* The version is not the active one any more: its text came along. */
static Status render_source(Rendering *r, const Claimed *c, Message *m)
{
    Template *subject = NULL, *body = NULL;
    if (!c->has_source)
        return err_set(r->err, ST_INVALID, "the template was deleted before this was sent");
    Status st = template_compile(c->body, &body, r->err);
    if (st == ST_OK && c->subject.len) st = template_compile(c->subject, &subject, r->err);
    if (st == ST_OK) st = render_with(r, (Channel)c->line.channel, c->format, subject, body, m);
    template_free(subject);
    template_free(body);
    return st;
}

static Str id_text(Uuid id, Arena *arena)
{
    char *text = arena_alloc(arena, UUID_TEXT_LEN);
    uuid_text(id, text);
    return str_make(text, UUID_TEXT_LEN);
}

Status message_render(const Claimed *c, const Tenant *tenant, const TenantTemplate *template,
                      Arena *arena, Message *ret_message, Err *err)
{
    Rendering r = {.arena = arena, .err = err};
    Message m = {.id = c->id,
                 .id_text = id_text(c->id, arena),
                 .channel = (Channel)c->line.channel,
                 .tenant = tenant->slug,
                 .tenant_id = tenant->id_text,
                 .category = c->event_type,
                 .event_id = c->event_id,
                 .user_id = c->user_id,
                 .to = c->recipient,
                 .from = tenant->sender_email,
                 .from_name = tenant->sender_name,
                 .subject = S(""),
                 .text = S(""),
                 .html = S(""),
                 .created_ms = c->created_ms};
    Status st = open_event(&r, c);
    if (st == ST_OK && template)
        st = render_with(&r, m.channel, template->format, template->subject, template->body, &m);
    else if (st == ST_OK)
        st = render_source(&r, c, &m);
    if (st == ST_OK) *ret_message = m;
    return st;
}
