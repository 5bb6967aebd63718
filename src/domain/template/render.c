/* Runs a program. Three stacks of fixed height, because the parser bounds how deep blocks nest:
 *
 *   scopes   one for each context entered by #each, #with, {{#x}}; the lowest is the root
 *   loops    one for each scope that repeats; holds @index and friends
 *   depths   what "../" climbs: scopes' contexts, but a context that equals (==) the one below it is
 *            not stacked again. That is how Handlebars decides, so {{#with this}} adds no level; only
 *            kept for programs that climb.
 *
 * Every op costs a step and work on the data costs more (value.c). There is no clock: the steps are
 * the time limit. */
#include "base/limits.h"
#include "domain/template/members.h"
#include "domain/template/program.h"

enum {
    SCOPES_MAX = TEMPLATE_DEPTH_MAX + 1,
    VALUES_MAX = 2 * TEMPLATE_DEPTH_MAX +
                 4,       /* lookup keeps its subject while its key is computed */
    SCRATCH_MAX = MIB(8), /* unescaped strings, the order of members */
};

typedef struct Scope {
    Value context;
    uint16_t depth_count; /* before this scope */
    bool loops;           /* owns the top loop */
} Scope;

typedef struct Loop {
    Value subject;
    JsonRef cursor; /* of an array: the element */
    uint32_t index, count;
    size_t base; /* of an object: its rows in members */
} Loop;

typedef struct Vm {
    const Template *t;
    const TemplateInput *in;
    Buf *out;
    size_t out_max; /* length of out that may be reached */
    bool html;
    uint32_t steps;
    uint32_t scope, loop, depth, value; /* heights of the stacks */
    Scratch scratch;
    Buf members;
    Scope scopes[SCOPES_MAX];
    Loop loops[SCOPES_MAX];
    Value depths[SCOPES_MAX];
    Value values[VALUES_MAX];
} Vm;

static Value undefined(void)
{
    return (Value){.kind = VALUE_UNDEFINED};
}

/* Stacks */

static void push(Vm *vm, Value v)
{
    CHECK(vm->value < VALUES_MAX);
    vm->values[vm->value++] = v;
}

static Value pop(Vm *vm)
{
    CHECK(vm->value > 0);
    return vm->values[--vm->value];
}

static Scope *top_scope(Vm *vm)
{
    return &vm->scopes[vm->scope - 1];
}

static Loop *top_loop(Vm *vm)
{
    return &vm->loops[vm->loop - 1];
}

/* A new context, for "../" as well. */
static void set_context(Vm *vm, Value context)
{
    Scope *scope = top_scope(vm);
    scope->context = context;
    vm->depth = scope->depth_count;
    if (!vm->t->climbs) return;
    if (vm->depth > 0) {
        Value below = vm->depths[vm->depth - 1];
        bool stands_in = context.kind == VALUE_EMPTY && below.kind == VALUE_NULL;
        if (stands_in || value_loosely_equal(context, below, &vm->scratch)) return;
    }
    vm->depths[vm->depth++] = context;
}

static void enter_scope(Vm *vm, Value context, bool loops)
{
    CHECK(vm->scope < SCOPES_MAX);
    vm->scopes[vm->scope] = (Scope){.depth_count = (uint16_t)vm->depth, .loops = loops};
    vm->scope++;
    set_context(vm, context);
}

static void leave_scope(Vm *vm)
{
    Scope *scope = top_scope(vm);
    if (scope->loops) {
        Loop *loop = top_loop(vm);
        if (loop->subject.kind == VALUE_OBJECT) buf_truncate(&vm->members, loop->base);
        vm->loop--;
    }
    vm->depth = scope->depth_count;
    vm->scope--;
}

/* Loops */

static Value loop_key(const Vm *vm, const Loop *loop)
{
    if (loop->subject.kind == VALUE_ARRAY) return value_number(loop->index);
    Member m = member_at(&vm->members, loop->base, loop->index);
    return value_of(loop->subject.doc, m.key);
}

static Value loop_item(const Vm *vm, const Loop *loop)
{
    if (loop->subject.kind == VALUE_ARRAY) return value_of(loop->subject.doc, loop->cursor);
    Member m = member_at(&vm->members, loop->base, loop->index);
    return value_of(loop->subject.doc, m.value);
}

/* False when there is nothing to visit, or no memory to visit it (then st is set). */
static bool enter_loop(Vm *vm, Value subject, Status *st)
{
    Loop loop = {.subject = subject, .base = buf_len(&vm->members)};
    if (subject.kind == VALUE_ARRAY) {
        loop.count = json_count(subject.doc, subject.ref);
        loop.cursor = subject.ref + 1;
    } else if (subject.kind == VALUE_OBJECT) {
        if (!members_list(subject, &vm->scratch, &vm->members, &loop.count)) *st = ST_TOO_BIG;
    }
    if (loop.count == 0 || *st != ST_OK) return false;
    vm->loops[vm->loop++] = loop;
    enter_scope(vm, loop_item(vm, top_loop(vm)), true);
    return true;
}

static bool next_item(Vm *vm)
{
    if (!top_scope(vm)->loops) return false;
    Loop *loop = top_loop(vm);
    if (++loop->index == loop->count) return false;
    if (loop->subject.kind == VALUE_ARRAY)
        loop->cursor = loop->subject.doc->nodes[loop->cursor].next;
    set_context(vm, loop_item(vm, loop));
    return true;
}

/* Paths */

static bool is_root(const Vm *vm, Value v)
{
    bool borrowed = v.kind != VALUE_NUMBER && v.kind != VALUE_TEXT && v.kind != VALUE_UNIT;
    return borrowed && v.doc == vm->in->variables && v.ref == 0;
}

static bool has_fallback(const Vm *vm, Value v)
{
    return vm->in->fallback && is_root(vm, v);
}

static Value root_of(const Vm *vm)
{
    return vm->scopes[0].context;
}

/* The loop `depth` levels up, or NULL. */
static const Loop *loop_up(const Vm *vm, uint32_t depth)
{
    return depth < vm->loop ? &vm->loops[vm->loop - 1 - depth] : NULL;
}

static Value context_up(Vm *vm, const PathRef *ref)
{
    Value v = top_scope(vm)->context;
    if (ref->depth > 0)
        return ref->depth < vm->depth ? vm->depths[vm->depth - 1 - ref->depth] : undefined();
    if (ref->boxed && value_is_nullish(v) && !has_fallback(vm, v)) v.kind = VALUE_EMPTY;
    return v;
}

static Value named(const Vm *vm, const PathRef *ref)
{
    uint32_t loop = vm->loop;
    for (uint32_t i = 0; i < ref->depth; i++) loop -= vm->scopes[vm->scope - 1 - i].loops;
    const Scope *scope = &vm->scopes[vm->scope - 1 - ref->depth];
    if (ref->param == 0) return scope->context;
    if (ref->param == 1 && scope->loops) return loop_key(vm, &vm->loops[loop - 1]);
    return undefined();
}

static Value data(const Vm *vm, const PathRef *ref)
{
    const Loop *loop = loop_up(vm, ref->depth);
    if (ref->base == BASE_ROOT) return ref->depth <= vm->loop ? root_of(vm) : undefined();
    if (!loop) return undefined();
    if (ref->base == BASE_INDEX) return value_number(loop->index);
    if (ref->base == BASE_KEY) return loop_key(vm, loop);
    if (ref->base == BASE_FIRST) return value_bool(loop->index == 0);
    if (ref->base == BASE_LAST) return value_bool(loop->index + 1 == loop->count);
    return undefined();
}

static Value base_of(Vm *vm, const PathRef *ref)
{
    if (ref->base == BASE_CONTEXT) return context_up(vm, ref);
    return ref->base == BASE_NAME ? named(vm, ref) : data(vm, ref);
}

static Value part_of(Vm *vm, Value v, const Part *part)
{
    Str name = program_text(vm->t, part->text, part->len);
    Value found = value_get(v, name, part->index, &vm->scratch);
    if (found.kind == VALUE_UNDEFINED && has_fallback(vm, v))
        return value_get(value_of(vm->in->fallback, 0), name, part->index, &vm->scratch);
    return found;
}

static Value resolve(Vm *vm, uint32_t path)
{
    const PathRef *ref = &vm->t->paths[path];
    Value v = base_of(vm, ref);
    for (uint32_t i = 0; i < ref->part_count; i++) {
        bool stops = value_is_nullish(v) || (ref->falsy_stops && value_is_falsy(v, &vm->scratch));
        if (stops && !has_fallback(vm, v)) break;
        v = part_of(vm, v, &vm->t->parts[ref->part + i]);
    }
    return v;
}

static Value literal(const Vm *vm, uint32_t index)
{
    const Literal *l = &vm->t->literals[index];
    switch ((ExprKind)l->kind) {
    case EXPR_STRING:
        return value_text(program_text(vm->t, l->text, l->len));
    case EXPR_NUMBER:
        return value_number(l->number);
    case EXPR_TRUE:
    case EXPR_FALSE:
        return value_bool(l->kind == EXPR_TRUE);
    case EXPR_NULL:
        return (Value){.kind = VALUE_NULL};
    case EXPR_UNDEFINED:
    case EXPR_PATH:
    case EXPR_CALL:
        break;
    }
    return undefined();
}

/* Ops */

static Status print(Vm *vm, Value v, bool raw)
{
    return value_write(v, vm->html && !raw, vm->out, &vm->scratch) ? ST_OK : ST_TOO_BIG;
}

static bool holds(Vm *vm, const Op *op)
{
    bool include_zero = op->flag && !value_is_falsy(pop(vm), &vm->scratch);
    Value v = pop(vm);
    return !value_is_empty(v, &vm->scratch) && (include_zero || !value_is_falsy(v, &vm->scratch));
}

/* {{#x}}: a list repeats, true keeps the context, any other value that is there becomes it. */
static bool enter_section(Vm *vm, const Op *op, Status *st)
{
    Value v = pop(vm);
    if (value_is_nullish(v) || v.kind == VALUE_FALSE) return false;
    if (v.kind == VALUE_ARRAY) return enter_loop(vm, v, st);
    if (v.kind == VALUE_TRUE) v = context_up(vm, &(PathRef){.boxed = op->flag});
    enter_scope(vm, v, false);
    return true;
}

static bool enter_with(Vm *vm)
{
    Value v = pop(vm);
    if (value_is_empty(v, &vm->scratch)) return false;
    enter_scope(vm, v, false);
    return true;
}

static uint32_t next_op(Vm *vm, const Op *op)
{
    if (next_item(vm)) return op->a;
    leave_scope(vm);
    return op->b;
}

static void lookup(Vm *vm)
{
    Value key = pop(vm), subject = pop(vm);
    push(vm, value_lookup(subject, key, &vm->scratch));
}

static Status over_limit(const Vm *vm, Status st, Err *err)
{
    if (vm->steps == 0)
        return err_set(err, ST_TOO_BIG, "rendering takes more than %d steps; is a list too long?",
                       TEMPLATE_STEPS_MAX);
    if (buf_len(vm->out) > vm->out_max)
        return err_set(err, ST_TOO_BIG, "the output is larger than %u bytes",
                       (unsigned)TEMPLATE_OUTPUT_MAX);
    if (buf_status(vm->out) != ST_OK)
        return err_set(err, buf_status(vm->out), "the output does not fit");
    if (st != ST_OK) return err_set(err, st, "a value is too large to work with");
    return ST_OK;
}

static Status run(Vm *vm, Err *err)
{
    const Op *ops = vm->t->ops;
    for (uint32_t at = 0;;) {
        const Op *op = &ops[at++];
        Status st = ST_OK;
        switch ((OpCode)op->code) {
        case OP_TEXT:
            buf_add(vm->out, program_text(vm->t, op->a, op->b));
            break;
        case OP_SHOW:
            st = print(vm, resolve(vm, op->a), op->flag);
            break;
        case OP_PRINT:
            st = print(vm, pop(vm), op->flag);
            break;
        case OP_PATH:
            push(vm, resolve(vm, op->a));
            break;
        case OP_LITERAL:
            push(vm, literal(vm, op->a));
            break;
        case OP_LOOKUP:
            lookup(vm);
            break;
        case OP_IF:
            if (!holds(vm, op)) at = op->a;
            break;
        case OP_UNLESS:
            if (holds(vm, op)) at = op->a;
            break;
        case OP_EACH:
            if (!enter_loop(vm, pop(vm), &st)) at = op->a;
            break;
        case OP_WITH:
            if (!enter_with(vm)) at = op->a;
            break;
        case OP_SECTION:
            if (!enter_section(vm, op, &st)) at = op->a;
            break;
        case OP_NEXT:
            at = next_op(vm, op);
            break;
        case OP_JUMP:
            at = op->a;
            break;
        case OP_END:
            return over_limit(vm, ST_OK, err);
        }
        scratch_charge(&vm->scratch, 1);
        value_scratch_reset(&vm->scratch);
        st = over_limit(vm, st, err);
        if (UNLIKELY(st != ST_OK)) return st;
    }
}

Status template_render(const Template *t, const TemplateInput *input, TemplateEscape escape,
                       Buf *out, Err *err)
{
    Vm vm;
    vm.t = t;
    vm.in = input;
    vm.out = out;
    vm.out_max = buf_len(out) + TEMPLATE_OUTPUT_MAX;
    vm.html = escape == ESCAPE_HTML;
    vm.steps = TEMPLATE_STEPS_MAX;
    vm.scope = vm.loop = vm.depth = vm.value = 0;
    vm.scratch.steps = &vm.steps;
    arena_init(&vm.scratch.arena, SCRATCH_MAX);
    buf_init(&vm.members, SCRATCH_MAX);
    enter_scope(&vm, value_of(input->variables, 0), false);
    Status st = run(&vm, err);
    value_scratch_reset(&vm.scratch);
    buf_done(&vm.members);
    return st;
}
