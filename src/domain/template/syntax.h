/* syntax.h: the tree of a template between parsing and compiling; private to this folder.
 *
 * The shape is that of Handlebars' own tree, oddities included ({{^x}}a{{else}}b{{/x}} keeps "b" in
 * `program`), because the rules of white space are defined on it.
 *
 * Thread: one compile.  Ownership: everything lives in the arena of the compile; Strs may borrow the
 * source. */
#ifndef ORQ_DOMAIN_TEMPLATE_SYNTAX_H
#define ORQ_DOMAIN_TEMPLATE_SYNTAX_H

#include "base/arena.h"
#include "base/status.h"

typedef enum ExprKind {
    EXPR_PATH,
    EXPR_STRING,
    EXPR_NUMBER,
    EXPR_TRUE,
    EXPR_FALSE,
    EXPR_NULL,
    EXPR_UNDEFINED,
    EXPR_CALL /* (name params) */
} ExprKind;

typedef struct PathPart {
    Str name;
    struct PathPart *next;
} PathPart;

typedef struct Path {
    Str original;    /* as Handlebars compares it: separators kept, brackets gone */
    PathPart *parts; /* without this, . and .. */
    uint32_t part_count;
    uint32_t depth; /* how many ".." */
    bool is_data;   /* @ */
} Path;

typedef struct Expr Expr;

typedef struct Option { /* name=value */
    Str name;
    Expr *value;
    struct Option *next;
} Option;

typedef struct Call { /* also a plain {{x}}: no params, no options */
    Expr *callee;     /* EXPR_PATH; a literal in this place was made one */
    Expr *params;     /* linked by next */
    Option *options;
    uint32_t param_count;
} Call;

struct Expr {
    ExprKind kind;
    uint32_t at; /* offset in the source */
    union {
        Path path;
        Str text; /* EXPR_STRING */
        double number;
        Call call;
    };
    Expr *next;
};

typedef struct Strip { /* the tildes of one tag */
    bool open, close;
} Strip;

typedef struct Name {
    Str text;
    struct Name *next;
} Name;

typedef struct Node Node;

typedef struct Body {
    Node *first, *last;
    Name *names;  /* as |item i| */
    bool chained; /* holds the one block of an {{else x}} */
} Body;

typedef struct Block {
    Call call;
    Body *program, *inverse; /* one of them may be NULL */
    Strip open, inverse_strip, close;
} Block;

typedef enum NodeKind { NODE_TEXT, NODE_ECHO, NODE_BLOCK, NODE_COMMENT } NodeKind;

struct Node {
    NodeKind kind;
    uint32_t at;
    Node *prev, *next;
    Strip strip; /* NODE_ECHO, NODE_COMMENT */
    union {
        struct {
            Str original, text; /* before and after white space was taken */
            bool left_stripped, right_stripped;
        };
        struct {
            Call echo;
            bool raw; /* {{{x}}} {{&x}} */
        };
        Block block;
    };
};

/* Makes the sentence "line 3, column 12: ..." and returns st. */
Status syntax_error(Str source, size_t at, Err *err, Status st, const char *format, ...)
    PRINTF_LIKE(5, 6);
/* A name short enough for a sentence. */
Str syntax_brief(Str name);

Status parse_template(Str source, Arena *arena, Body **ret_root, Err *err) MUST_USE;

/* Takes the white space that tildes and standalone tags take. Recursion is bounded by the parser. */
void whitespace_strip(Body *root);

#endif
