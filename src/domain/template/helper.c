/* The rule of Handlebars: a call with a value or an option is a helper; without, only a plain name
 * that is one of the built-in helpers is. Everything else is a variable. */
#include "domain/template/helper.h"

typedef struct Helper {
    Str name;
    HelperKind kind;
    bool is_block;
    uint32_t values;
    const char *usage;
} Helper;

static const Helper helpers[] = {
    {STR_INIT("if"), HELPER_IF, true, 1, "{{#if x}}...{{/if}}"},
    {STR_INIT("unless"), HELPER_UNLESS, true, 1, "{{#unless x}}...{{/unless}}"},
    {STR_INIT("each"), HELPER_EACH, true, 1, "{{#each x}}...{{/each}}"},
    {STR_INIT("with"), HELPER_WITH, true, 1, "{{#with x}}...{{/with}}"},
    {STR_INIT("lookup"), HELPER_LOOKUP, false, 2, "{{lookup x key}}"},
    {STR_INIT("log"), HELPER_REFUSED, false, 0, NULL},
    {STR_INIT("helperMissing"), HELPER_REFUSED, false, 0, NULL},
    {STR_INIT("blockHelperMissing"), HELPER_REFUSED, false, 0, NULL},
};

static const Helper *by_name(Str name)
{
    for (size_t i = 0; i < sizeof helpers / sizeof helpers[0]; i++)
        if (str_eq(helpers[i].name, name)) return &helpers[i];
    return NULL;
}

Status helper_find(const Call *call, HelperPlace place, Str source, size_t at, HelperKind *ret_kind,
                   Err *err)
{
    const Path *path = &call->callee->path;
    bool plain = path->part_count == 1 && !path->is_data && path->depth == 0 &&
                 str_eq(path->original, path->parts->name);
    bool called = call->param_count > 0 || call->options || place == PLACE_VALUE;
    const Helper *h = plain ? by_name(path->parts->name) : NULL;
    Str name = syntax_brief(path->original);

    *ret_kind = HELPER_NONE;
    if (!h && !called) return ST_OK;
    if (!h)
        return syntax_error(source, at, err, ST_INVALID,
                            "'%.*s' is no helper; there are if, unless, each, with and lookup",
                            STR_FMT(name));
    if (h->kind == HELPER_REFUSED)
        return syntax_error(source, at, err, ST_INVALID,
                            "the helper '%.*s' is not supported; for a variable of this name "
                            "write this.%.*s",
                            STR_FMT(name), STR_FMT(name));
    if (h->is_block != (place == PLACE_BLOCK) || call->param_count != h->values)
        return syntax_error(source, at, err, ST_INVALID,
                            "'%.*s' is used like this: %s; for a variable of this name write "
                            "this.%.*s",
                            STR_FMT(name), h->usage, STR_FMT(name));
    *ret_kind = h->kind;
    return ST_OK;
}
