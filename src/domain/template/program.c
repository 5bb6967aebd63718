/* The public face of a template that is not rendering: compile, free, look at. */
#include "domain/template/program.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"

/* A tree costs at most one node's bytes for each counted part, plus the source once for strings. */
enum { COMPILE_ARENA_MAX = MIB(16) };

static Status check_source(Str source, Err *err)
{
    if (source.len > TEMPLATE_SOURCE_MAX)
        return err_set(err, ST_TOO_BIG, "the template has %zu bytes; at most %u are allowed",
                       source.len, (unsigned)TEMPLATE_SOURCE_MAX);
    ptrdiff_t nul = str_find(source, '\0');
    if (nul >= 0)
        return syntax_error(source, (size_t)nul, err, ST_INVALID, "there is a NUL in the text");
    if (!utf8_is_valid(source)) return err_set(err, ST_INVALID, "the template is not valid UTF-8");
    return ST_OK;
}

Status template_compile(Str source, Template **ret_template, Err *err)
{
    Body *root = NULL;
    Arena arena;
    Status st = check_source(source, err);
    if (st != ST_OK) return st;
    arena_init(&arena, COMPILE_ARENA_MAX);
    st = parse_template(source, &arena, &root, err);
    if (st == ST_OK) {
        whitespace_strip(root);
        st = program_compile(source, root, ret_template, err);
    }
    arena_done(&arena);
    return st;
}

void template_free(Template *t)
{
    mem_free(t);
}

/* Paths */

static void add_parts(const Template *t, const PathRef *ref, Buf *out)
{
    for (uint32_t i = 0; i < ref->part_count; i++) {
        const Part *part = &t->parts[ref->part + i];
        if (i > 0) buf_add_byte(out, '.');
        buf_add(out, program_text(t, part->text, part->len));
    }
}

static Str key_of_path(const void *value)
{
    return *(const Str *)value;
}

void template_paths(const Template *t, void (*each)(void *ctx, Str path), void *ctx)
{
    Arena arena;
    Map seen;
    Buf path;
    arena_init(&arena, COMPILE_ARENA_MAX);
    map_init(&seen, 2 * TEMPLATE_NODES_MAX, key_of_path);
    buf_init(&path, TEMPLATE_SOURCE_MAX);
    for (uint32_t i = 0; i < t->path_count; i++) {
        const PathRef *ref = &t->paths[i];
        if (!ref->from_root || ref->part_count == 0) continue;
        buf_clear(&path);
        add_parts(t, ref, &path);
        Str *name = arena_new(&arena, Str);
        if (map_get(&seen, buf_view(&path)) || !arena_copy(&arena, buf_view(&path), name)) continue;
        if (map_put(&seen, name) == ST_OK) each(ctx, *name);
    }
    buf_done(&path);
    map_done(&seen);
    arena_done(&arena);
}

/* Dump */

static void dump_path(const Template *t, const PathRef *ref, Buf *out)
{
    static const char *const bases[] = {
        [BASE_CONTEXT] = "", [BASE_ROOT] = "@root",   [BASE_INDEX] = "@index",
        [BASE_KEY] = "@key", [BASE_FIRST] = "@first", [BASE_LAST] = "@last",
        [BASE_NAME] = "|",   [BASE_NOTHING] = "@?",
    };
    buf_format(out, " ^%u%s", ref->depth, bases[ref->base]);
    if (ref->base == BASE_NAME) buf_format(out, "%u|", ref->param);
    buf_add_byte(out, ' ');
    add_parts(t, ref, out);
}

static void dump_op(const Template *t, const Op *op, Buf *out)
{
    switch ((OpCode)op->code) {
    case OP_TEXT:
        buf_add_byte(out, ' ');
        json_put_string(out, program_text(t, op->a, op->b));
        break;
    case OP_SHOW:
    case OP_PATH:
        dump_path(t, &t->paths[op->a], out);
        break;
    case OP_LITERAL:
    case OP_IF:
    case OP_UNLESS:
    case OP_EACH:
    case OP_WITH:
    case OP_SECTION:
    case OP_JUMP:
        buf_format(out, " %u", op->a);
        break;
    case OP_NEXT:
        buf_format(out, " %u %u", op->a, op->b);
        break;
    case OP_PRINT:
    case OP_LOOKUP:
    case OP_END:
        break;
    }
    if (op->flag) buf_lit(out, " !");
}

void program_dump(const Template *t, Buf *out)
{
    static const char *const names[] = {
#define X(code, name) name,
        PROGRAM_OPS(X)
#undef X
    };
    for (uint32_t i = 0; i < t->op_count; i++) {
        buf_format(out, "%u %s", i, names[t->ops[i].code]);
        dump_op(t, &t->ops[i], out);
        buf_add_byte(out, '\n');
    }
}
