/* template.h: Handlebars text -> flat program -> text.
 *
 * The language is REQUIREMENTS E.28: {{x}} {{{x}}} {{&x}}, comments, dotted and indexed paths, this, ../,
 * @root @index @key @first @last, #if/else #unless #each/else #with lookup, else-if chains, whitespace
 * control. No partials, no helpers from data, no I/O: values are never parsed as templates.
 *
 * A template is compiled when it is saved (errors name line and column) and immutable after that, so
 * every thread may render it. Rendering allocates nothing but the output and stops at its ceilings
 * (limits.h, TEMPLATE_*): steps, output bytes.
 *
 * Thread: any.  Errors: compile ST_INVALID (syntax), ST_TOO_BIG (source, nodes, depth); render
 * ST_TOO_BIG (steps, output). A missing value is empty text, never an error. */
#ifndef ORQ_DOMAIN_TEMPLATE_TEMPLATE_H
#define ORQ_DOMAIN_TEMPLATE_TEMPLATE_H

#include "proto/json.h"

typedef struct Template Template;

typedef enum TemplateEscape { ESCAPE_NONE, ESCAPE_HTML } TemplateEscape;

typedef struct TemplateInput {
    const Json *variables; /* root context; its root may be any JSON value */
    const Json *fallback;  /* looked into when a top-level name is missing above; may be NULL */
} TemplateInput;

Status template_compile(Str source, Template **ret_template, Err *err) MUST_USE;
void template_free(Template *t); /* NULL is fine */

/* Appends to out. On failure out keeps what was rendered so far; the caller discards it. */
Status template_render(const Template *t, const TemplateInput *input, TemplateEscape escape,
                       Buf *out, Err *err) MUST_USE;

/* Calls `each` for every path the program reads from the root context, as written ("user.name"),
 * each path once, in order of first appearance; paths inside #each/#with bodies that depend on the
 * block's context are left out (their subject is listed). For the preview's analysis. */
void template_paths(const Template *t, void (*each)(void *ctx, Str path), void *ctx);

#endif
