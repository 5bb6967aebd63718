/* program.h: what a template is compiled to; private to this folder.
 *
 * One block of memory: this header, then the tables, then the text they point into. Ops run in order;
 * a small stack of values carries operands; the tables are reached by index.
 *
 *   {{#each items}}<{{name}}>{{else}}none{{/each}}
 *
 *   0 path   items          push a value
 *   1 each   -> 6           take it; nothing in it: go to 6; else enter the first item
 *   2 text   "<"
 *   3 show   name
 *   4 text   ">"
 *   5 next   -> 2, 7        next item: go to 2; no more: leave, go to 7
 *   6 text   "none"
 *   7 end */
#ifndef ORQ_DOMAIN_TEMPLATE_PROGRAM_H
#define ORQ_DOMAIN_TEMPLATE_PROGRAM_H

#include "domain/template/syntax.h"
#include "domain/template/template.h"

#define PROGRAM_OPS(X)                                                                             \
    X(OP_TEXT, "text")       /* append text[a, a+b) */                                             \
    X(OP_SHOW, "show")       /* append path a; flag: raw */                                        \
    X(OP_PRINT, "print")     /* pop, append; flag: raw */                                          \
    X(OP_PATH, "path")       /* push path a */                                                     \
    X(OP_LITERAL, "literal") /* push literal a */                                                  \
    X(OP_LOOKUP, "lookup")   /* pop key, pop subject, push subject[key] */                         \
    X(OP_IF, "if")           /* pop; when false go to a; flag: pops includeZero first */           \
    X(OP_UNLESS, "unless")   /* the same, when true */                                             \
    X(OP_EACH, "each")       /* pop; enter the first item, or go to a */                           \
    X(OP_WITH, "with")       /* pop; enter it, or go to a */                                       \
    X(OP_SECTION, "section") /* pop; {{#x}}: enter it, its items, or go to a; flag: boxed this */  \
    X(OP_NEXT, "next")       /* next item: go to a; else leave and go to b */                      \
    X(OP_JUMP, "jump")       /* go to a */                                                         \
    X(OP_END, "end")

typedef enum OpCode {
#define X(code, name) code,
    PROGRAM_OPS(X)
#undef X
} OpCode;

typedef struct Op {
    uint8_t code; /* OpCode */
    uint8_t flag;
    uint32_t a, b;
} Op;

typedef enum PathBase {
    BASE_CONTEXT, /* the context `depth` levels up */
    BASE_ROOT,    /* @root */
    BASE_INDEX,   /* of the loop `depth` levels up */
    BASE_KEY,
    BASE_FIRST,
    BASE_LAST,
    BASE_NAME,   /* block parameter `param` of the scope `depth` levels up */
    BASE_NOTHING /* @unknown */
} PathBase;

typedef struct PathRef {
    uint8_t base;     /* PathBase */
    uint8_t param;    /* BASE_NAME: 0 the item, 1 its key; others have no value */
    bool boxed;       /* a null context shows as an object here (see compile.c) */
    bool falsy_stops; /* @data: any falsy value ends the walk, not only null */
    bool from_root;   /* reads the root context, as far as one can tell beforehand */
    uint16_t depth;
    uint32_t part, part_count;
} PathRef;

typedef struct Part {
    uint32_t text, len; /* in the text */
    uint32_t index;     /* as array index, or UINT32_MAX */
} Part;

typedef struct Literal {
    double number;
    uint32_t kind; /* ExprKind */
    uint32_t text, len;
} Literal;

struct Template {
    uint32_t op_count, path_count, text_len;
    bool climbs; /* some path uses ../, so contexts have to be remembered */
    const Literal *literals;
    const Op *ops;
    const PathRef *paths;
    const Part *parts;
    const char *text;
};

static inline Str program_text(const Template *t, uint32_t at, uint32_t len)
{
    return str_make(t->text + at, len);
}

/* Tree -> program. */
Status program_compile(Str source, const Body *root, Template **ret_template, Err *err) MUST_USE;
/* One line an op; for tests and debugging. */
void program_dump(const Template *t, Buf *out);

#endif
