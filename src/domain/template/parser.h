/* parser.h: what the two halves of the parser share; private to this folder.
 *
 * parse.c reads bodies and blocks, parse_expr.c what stands inside of a tag.
 *
 * Invariants: the first error stops everything (st is set once, every loop looks at it); recursion is
 * bounded by TEMPLATE_DEPTH_MAX for blocks and calls and by CHAIN_MAX (parse.c) for {{else x}}; every
 * allocation is counted as a node. */
#ifndef ORQ_DOMAIN_TEMPLATE_PARSER_H
#define ORQ_DOMAIN_TEMPLATE_PARSER_H

#include "domain/template/lex.h"
#include "domain/template/syntax.h"

typedef struct Parser {
    Lexer lx;
    Token token; /* the one in hand, inside a tag */
    Tag stop;    /* the tag that ended the last body */
    bool stopped;
    Arena *arena;
    uint32_t nodes, depth, chain;
    Status st;
    Err *err;
} Parser;

/* Sets st and the sentence, unless there was an error before. */
void parser_fail(Parser *p, size_t at, Status st, const char *format, ...) PRINTF_LIKE(4, 5);
/* The token in hand cannot stand there. */
void parser_unexpected(Parser *p, const char *wanted);
/* Zeroed room, also when the count is too high: the loop that asked sees st and stops. */
void *parser_node(Parser *p, size_t bytes);
#define NEW(p, Type) ((Type *)parser_node(p, sizeof(Type)))
bool parser_enter(Parser *p, size_t at); /* one level deeper; false when too deep */
void parser_next(Parser *p);             /* the next token */

/* A name or literal that is no call, NULL after an error; and a literal turned into a name. */
Expr *parse_simple(Parser *p, const char *wanted);
Expr *parse_as_path(Parser *p, Expr *e);
void parse_call(Parser *p, Call *call);
Name *parse_names(Parser *p); /* as |a b|, or NULL */

#endif
