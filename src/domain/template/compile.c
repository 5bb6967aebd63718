/* Walks the tree once and writes ops, filling in the jumps behind it.
 *
 * What a path means is decided here as far as it can be: which names are block parameters, how many
 * contexts a body adds, whether a path can only read the root. Two facts of Handlebars matter:
 *
 *   - #each, #with and {{#x}} add a context; #if, #unless and every else branch do not.
 *   - A branch of a helper is called on "this", and a null "this" becomes an empty object on the way:
 *     inside of {{#if}}, a null item shows as [object Object] and is true. Such places are "boxed". */
#include "domain/template/program.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/template/helper.h"
#include "domain/template/jstext.h"

/* Every table is bounded by the nodes and the source; these only keep Buf's promise of a ceiling. */
enum { TABLE_BYTES_MAX = MIB(16) };

typedef struct Level { /* one body around the place being compiled */
    const struct Level *outer;
    const Name *names;
    bool adds_context;
    bool boxed;
} Level;

typedef struct Compiler {
    Str source;
    Buf ops, paths, parts, literals, text;
    uint32_t barrier; /* no op before this index may be changed: a jump leads here */
    bool climbs;
    const Level *level;
    Status st;
    Err *err;
} Compiler;

/* Tables */

static uint32_t add_row(Buf *table, const void *row, size_t size)
{
    uint32_t index = (uint32_t)(buf_len(table) / size);
    buf_add(table, str_make(row, size));
    return index;
}

static uint32_t op_count(const Compiler *c)
{
    return (uint32_t)(buf_len(&c->ops) / sizeof(Op));
}

static Op *op_at(Compiler *c, uint32_t index)
{
    static Op spare; /* the table is broken (no memory): writes go nowhere that matters */
    if (buf_status(&c->ops) != ST_OK) return &spare;
    return (Op *)(void *)((char *)(uintptr_t)buf_view(&c->ops).at + index * sizeof(Op));
}

static uint32_t emit(Compiler *c, OpCode code, uint8_t flag, uint32_t a)
{
    Op op = {.code = (uint8_t)code, .flag = flag, .a = a};
    return add_row(&c->ops, &op, sizeof op);
}

/* Here is where a jump leads. */
static uint32_t label(Compiler *c)
{
    return c->barrier = op_count(c);
}

static uint32_t add_text(Compiler *c, Str text)
{
    uint32_t at = (uint32_t)buf_len(&c->text);
    buf_add(&c->text, text);
    return at;
}

static void emit_text(Compiler *c, Str text)
{
    if (text.len == 0) return;
    uint32_t at = add_text(c, text), count = op_count(c);
    if (count > c->barrier) { /* grow the text before it, when nothing stands between */
        Op *last = op_at(c, count - 1);
        if (last->code == OP_TEXT && last->a + last->b == at) {
            last->b += (uint32_t)text.len;
            return;
        }
    }
    op_at(c, emit(c, OP_TEXT, 0, at))->b = (uint32_t)text.len;
}

/* Paths */

/* "./x" and "this.x" are never block parameters; by the letter of Handlebars nor is any path with a
 * "this" at the end of a word. */
static bool is_scoped(Str original)
{
    if (str_starts(original, S("."))) return true;
    for (size_t i = 0; i + 4 <= original.len; i++) {
        if (!str_starts(str_from(original, i), S("this"))) continue;
        if (i + 4 == original.len) return true;
        char after = original.at[i + 4];
        bool word = (after >= 'a' && after <= 'z') || (after >= 'A' && after <= 'Z') ||
                    (after >= '0' && after <= '9') || after == '_';
        if (!word) return true;
    }
    return false;
}

/* Is the head a block parameter? Fills ref->depth (contexts up) and ref->param. */
static bool find_name(const Compiler *c, const Path *path, PathRef *ref)
{
    if (path->is_data || path->depth > 0 || path->part_count == 0 || is_scoped(path->original))
        return false;
    uint16_t up = 0;
    for (const Level *level = c->level; level; level = level->outer) {
        uint8_t param = 0;
        for (const Name *n = level->names; n; n = n->next, param += param < UINT8_MAX)
            if (str_eq(n->text, path->parts->name)) {
                ref->depth = up;
                ref->param = param;
                return true;
            }
        up = (uint16_t)(up + level->adds_context);
    }
    return false;
}

static uint32_t contexts_around(const Compiler *c)
{
    uint32_t count = 0;
    for (const Level *level = c->level; level; level = level->outer) count += level->adds_context;
    return count;
}

static PathBase data_base(Str name)
{
    return str_is(name, "root")    ? BASE_ROOT
           : str_is(name, "index") ? BASE_INDEX
           : str_is(name, "key")   ? BASE_KEY
           : str_is(name, "first") ? BASE_FIRST
           : str_is(name, "last")  ? BASE_LAST
                                   : BASE_NOTHING;
}

/* Returns the parts that are left to walk. */
static const PathPart *resolve_base(Compiler *c, const Path *path, PathRef *ref)
{
    const PathPart *parts = path->parts;
    if (find_name(c, path, ref)) {
        ref->base = BASE_NAME;
        return parts->next;
    }
    ref->depth = (uint16_t)(path->depth < UINT16_MAX ? path->depth : UINT16_MAX);
    if (parts && parts->name.len == 0) parts = NULL; /* {{[]}} is {{this}}, says Handlebars */
    if (path->is_data && parts) {
        ref->base = (uint8_t)data_base(parts->name);
        ref->falsy_stops = true;
        ref->from_root = ref->base == BASE_ROOT;
        return parts->next;
    }
    ref->base = BASE_CONTEXT;
    ref->boxed = path->depth == 0 && c->level && c->level->boxed;
    ref->from_root = path->depth == contexts_around(c);
    c->climbs |= path->depth > 0;
    return parts;
}

static uint32_t add_path(Compiler *c, const Path *path)
{
    PathRef ref = {.part = (uint32_t)(buf_len(&c->parts) / sizeof(Part))};
    for (const PathPart *p = resolve_base(c, path, &ref); p; p = p->next) {
        Part part = {add_text(c, p->name), (uint32_t)p->name.len, UINT32_MAX};
        js_array_index(p->name, &part.index);
        add_row(&c->parts, &part, sizeof part);
        ref.part_count++;
    }
    return add_row(&c->paths, &ref, sizeof ref);
}

/* Values */

static uint32_t add_literal(Compiler *c, const Expr *e)
{
    Literal l = {.kind = e->kind};
    if (e->kind == EXPR_NUMBER) l.number = e->number;
    if (e->kind == EXPR_STRING) {
        l.text = add_text(c, e->text);
        l.len = (uint32_t)e->text.len;
    }
    return add_row(&c->literals, &l, sizeof l);
}

static HelperKind find_helper(Compiler *c, const Call *call, HelperPlace place, size_t at)
{
    HelperKind kind = HELPER_NONE;
    PathRef ref = {0};
    bool plain = call->param_count == 0 && !call->options && place != PLACE_VALUE;
    if (plain && call->callee->path.part_count == 1 && find_name(c, &call->callee->path, &ref))
        return HELPER_NONE; /* a block parameter hides a helper */
    if (c->st == ST_OK) c->st = helper_find(call, place, c->source, at, &kind, c->err);
    return kind;
}

static void emit_value(Compiler *c, const Expr *e);

static void emit_lookup(Compiler *c, const Call *call)
{
    emit_value(c, call->params);
    emit_value(c, call->params->next);
    emit(c, OP_LOOKUP, 0, 0);
}

static void emit_value(Compiler *c, const Expr *e)
{
    switch (e->kind) {
    case EXPR_PATH:
        emit(c, OP_PATH, 0, add_path(c, &e->path));
        return;
    case EXPR_CALL:
        if (find_helper(c, &e->call, PLACE_VALUE, e->at) == HELPER_LOOKUP && c->st == ST_OK)
            emit_lookup(c, &e->call);
        return;
    case EXPR_STRING:
    case EXPR_NUMBER:
    case EXPR_TRUE:
    case EXPR_FALSE:
    case EXPR_NULL:
    case EXPR_UNDEFINED:
        break;
    }
    emit(c, OP_LITERAL, 0, add_literal(c, e));
}

static void emit_echo(Compiler *c, const Node *n)
{
    const Call *call = &n->echo;
    HelperKind kind = find_helper(c, call, PLACE_ECHO, n->at);
    if (c->st != ST_OK) return;
    if (kind == HELPER_LOOKUP) {
        emit_lookup(c, call);
        emit(c, OP_PRINT, n->raw, 0);
    } else {
        emit(c, OP_SHOW, n->raw, add_path(c, &call->callee->path));
    }
}

/* Blocks */

static void emit_block(Compiler *c, const Node *n);

static void emit_body(Compiler *c, const Body *body, Level level)
{
    if (!body) return;
    level.outer = c->level;
    level.names = body->names;
    c->level = &level;
    for (const Node *n = body->first; n && c->st == ST_OK; n = n->next) {
        if (n->kind == NODE_TEXT) emit_text(c, n->text);
        if (n->kind == NODE_ECHO) emit_echo(c, n);
        if (n->kind == NODE_BLOCK) emit_block(c, n);
    }
    c->level = level.outer;
}

static const Expr *find_option(const Call *call, const char *name)
{
    for (const Option *o = call->options; o; o = o->next)
        if (str_is(o->name, name)) return o->value; /* of two, the first: as in Handlebars */
    return NULL;
}

/* if, unless: a jump around one of two bodies. */
static void emit_condition(Compiler *c, const Block *b, OpCode code)
{
    const Level branch = {.boxed = true};
    const Expr *include_zero = find_option(&b->call, "includeZero");
    emit_value(c, b->call.params);
    if (include_zero) emit_value(c, include_zero);
    uint32_t test = emit(c, code, include_zero != NULL, 0), skip = 0;
    emit_body(c, b->program, branch);
    if (b->inverse) skip = emit(c, OP_JUMP, 0, 0);
    op_at(c, test)->a = label(c);
    if (!b->inverse) return;
    emit_body(c, b->inverse, branch);
    op_at(c, skip)->a = label(c);
}

/* each, with, {{#x}}: a body that runs for each context entered, and one for when there is none. */
static void emit_scope(Compiler *c, const Block *b, OpCode code, bool boxed_else)
{
    bool boxed = c->level && c->level->boxed;
    uint32_t enter = emit(c, code, boxed, 0);
    uint32_t start = label(c);
    emit_body(c, b->program, (Level){.adds_context = true});
    uint32_t next = emit(c, OP_NEXT, 0, start);
    op_at(c, enter)->a = label(c);
    emit_body(c, b->inverse, (Level){.boxed = boxed_else || boxed});
    op_at(c, next)->b = label(c);
}

/* Names need a helper that gives them values, and a body that is called with them. */
static void check_names(Compiler *c, const Node *n, HelperKind kind)
{
    const Block *b = &n->block;
    bool named = (b->program && b->program->names) || (b->inverse && b->inverse->names);
    bool fits = (kind == HELPER_EACH || kind == HELPER_WITH) && !(b->inverse && b->inverse->names);
    if (named && !fits && c->st == ST_OK)
        c->st = syntax_error(c->source, n->at, c->err, ST_INVALID,
                             "'as |...|' works with {{#each}} and {{#with}} only");
}

static void emit_block(Compiler *c, const Node *n)
{
    const Block *b = &n->block;
    HelperKind kind = find_helper(c, &b->call, PLACE_BLOCK, n->at);
    check_names(c, n, kind);
    if (c->st != ST_OK) return;
    switch (kind) {
    case HELPER_IF:
        emit_condition(c, b, OP_IF);
        return;
    case HELPER_UNLESS:
        emit_condition(c, b, OP_UNLESS);
        return;
    case HELPER_EACH:
    case HELPER_WITH:
        emit_value(c, b->call.params);
        emit_scope(c, b, kind == HELPER_EACH ? OP_EACH : OP_WITH, true);
        return;
    case HELPER_NONE:
        emit(c, OP_PATH, 0, add_path(c, &b->call.callee->path));
        emit_scope(c, b, OP_SECTION, false);
        return;
    case HELPER_LOOKUP: /* helper_find refused them in this place */
    case HELPER_REFUSED:
        return;
    }
}

/* The finished block */

static Status tables_status(const Compiler *c)
{
    const Buf *tables[] = {&c->ops, &c->paths, &c->parts, &c->literals, &c->text};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (buf_status(tables[i]) != ST_OK)
            return err_set(c->err, buf_status(tables[i]), "the template does not fit into memory");
    return ST_OK;
}

/* Copies a table behind the others; *at stays aligned because the widest rows come first. */
static const void *place(uint8_t **at, const Buf *table)
{
    void *here = *at;
    Str rows = buf_view(table);
    if (rows.len) memcpy(here, rows.at, rows.len);
    *at += rows.len;
    return here;
}

static Status assemble(const Compiler *c, Template **ret_template)
{
    size_t bytes = sizeof(Template) + buf_len(&c->literals) + buf_len(&c->ops) +
                   buf_len(&c->paths) + buf_len(&c->parts) + buf_len(&c->text);
    Template *t = mem_try(bytes);
    if (!t) return err_set(c->err, ST_UNAVAILABLE, "no memory for the template");
    uint8_t *at = (uint8_t *)(t + 1);
    *t = (Template){.op_count = op_count(c),
                    .path_count = (uint32_t)(buf_len(&c->paths) / sizeof(PathRef)),
                    .text_len = (uint32_t)buf_len(&c->text),
                    .climbs = c->climbs};
    t->literals = place(&at, &c->literals);
    t->ops = place(&at, &c->ops);
    t->paths = place(&at, &c->paths);
    t->parts = place(&at, &c->parts);
    t->text = place(&at, &c->text);
    *ret_template = t;
    return ST_OK;
}

Status program_compile(Str source, const Body *root, Template **ret_template, Err *err)
{
    Compiler c = {.source = source, .err = err};
    Buf *tables[] = {&c.ops, &c.paths, &c.parts, &c.literals, &c.text};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        buf_init(tables[i], TABLE_BYTES_MAX);
    emit_body(&c, root, (Level){.adds_context = false});
    emit(&c, OP_END, 0, 0);
    if (c.st == ST_OK) c.st = tables_status(&c);
    if (c.st == ST_OK) c.st = assemble(&c, ret_template);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) buf_done(tables[i]);
    return c.st;
}
