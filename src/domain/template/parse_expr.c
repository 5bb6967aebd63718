/* The inside of a tag, after the grammar of Handlebars 4.7:
 *
 *   call    = head { value } { name = value }
 *   value   = path | @path | literal | ( call )
 */
#include "domain/template/parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "domain/template/jstext.h"

void parser_fail(Parser *p, size_t at, Status st, const char *format, ...)
{
    char what[ERR_TEXT_MAX];
    va_list args;
    if (p->st != ST_OK) return;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    p->st = syntax_error(p->lx.source, at, p->err, st, "%s", what);
}

void *parser_node(Parser *p, size_t bytes)
{
    if (++p->nodes > TEMPLATE_NODES_MAX)
        parser_fail(p, p->lx.at, ST_TOO_BIG, "the template has more than %d parts; make it simpler",
                    TEMPLATE_NODES_MAX);
    return memset(arena_alloc(p->arena, bytes), 0, bytes);
}

bool parser_enter(Parser *p, size_t at)
{
    if (++p->depth > TEMPLATE_DEPTH_MAX)
        parser_fail(p, at, ST_TOO_BIG, "blocks and calls nest deeper than %d", TEMPLATE_DEPTH_MAX);
    return p->st == ST_OK;
}

/* Tokens */

void parser_next(Parser *p)
{
    p->token = lex_token(&p->lx);
}

static bool take(Parser *p, TokenKind kind)
{
    if (p->token.kind != kind) return false;
    parser_next(p);
    return true;
}

/* A token stands where none of its kind can: says what was found and what would fit. */
void parser_unexpected(Parser *p, const char *wanted)
{
    const Token *t = &p->token;
    size_t at = t->at;
    switch (t->kind) {
    case TOKEN_END:
        parser_fail(p, at, ST_INVALID, "the template ends inside of a tag; %s was expected",
                    wanted);
        return;
    case TOKEN_CLOSE:
        parser_fail(p, at, ST_INVALID, "the tag ends too early; %s was expected", wanted);
        return;
    case TOKEN_CLOSE_TRIPLE:
        parser_fail(p, at, ST_INVALID,
                    "'}}}' closes only {{{x}}}; for a brace behind {{x}} put a space between");
        return;
    case TOKEN_INVALID:
        parser_fail(p, at, ST_INVALID, "this character cannot stand here; %s was expected", wanted);
        return;
    case TOKEN_ID:
    case TOKEN_STRING:
    case TOKEN_NUMBER:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NULL:
    case TOKEN_UNDEFINED:
    case TOKEN_AT:
    case TOKEN_SEPARATOR:
    case TOKEN_EQUALS:
    case TOKEN_OPEN_CALL:
    case TOKEN_CLOSE_CALL:
    case TOKEN_OPEN_NAMES:
    case TOKEN_CLOSE_NAMES:
        break;
    }
    Str text = t->kind == TOKEN_OPEN_NAMES ? S("as |") : syntax_brief(t->text);
    parser_fail(p, at, ST_INVALID, "'%.*s' cannot stand here; %s was expected", STR_FMT(text),
                wanted);
}

/* Expressions */

static bool is_dots(const Token *t, const char *word)
{
    return !t->bracketed && str_is(t->text, word);
}

static void path_step(Parser *p, Path *path, PathPart ***tail)
{
    const Token *t = &p->token;
    bool up = is_dots(t, "..");
    if (!up && !is_dots(t, ".") && !is_dots(t, "this")) {
        PathPart *part = NEW(p, PathPart);
        part->name = t->text;
        **tail = part;
        *tail = &part->next;
        path->part_count++;
    } else if (path->part_count > 0) {
        parser_fail(p, t->at, ST_INVALID, "'%.*s' can only stand at the start of a path",
                    STR_FMT(t->text));
    } else {
        path->depth += up;
    }
}

/* The spelling that {{/x}} must repeat: without brackets and spaces. */
static Str path_original(Parser *p, size_t start, size_t end)
{
    Lexer lx = {.source = p->lx.source, .at = start, .arena = p->arena};
    char *out = arena_alloc(p->arena, end - start);
    size_t len = 0;
    while (lx.at < end) {
        Str text = lex_token(&lx).text;
        memcpy(out + len, text.at, text.len);
        len += text.len;
    }
    return str_make(out, len);
}

static Expr *new_expr(Parser *p, ExprKind kind)
{
    Expr *e = NEW(p, Expr);
    e->kind = kind;
    e->at = (uint32_t)p->token.at;
    return e;
}

static Expr *parse_path(Parser *p)
{
    Expr *e = new_expr(p, EXPR_PATH);
    PathPart **tail = &e->path.parts;
    size_t start = p->token.at, end;
    e->path.is_data = take(p, TOKEN_AT);
    do {
        if (p->token.kind != TOKEN_ID) {
            parser_unexpected(p, "a name");
            return e;
        }
        path_step(p, &e->path, &tail);
        end = p->lx.at;
        parser_next(p);
    } while (p->st == ST_OK && take(p, TOKEN_SEPARATOR));
    e->path.original = path_original(p, start, end);
    return e;
}

static double number_of(Str text) /* the lexer saw only digits, one dot, one sign */
{
    char few[64];
    size_t len = text.len < sizeof few ? text.len : sizeof few - 1;
    memcpy(few, text.at, len);
    few[len] = '\0';
    return strtod(few, NULL);
}

static Expr *parse_literal(Parser *p, ExprKind kind)
{
    Expr *e = new_expr(p, kind);
    if (kind == EXPR_STRING) e->text = p->token.text;
    if (kind == EXPR_NUMBER && p->token.text.len > 40)
        parser_fail(p, p->token.at, ST_INVALID, "this number is too long");
    if (kind == EXPR_NUMBER) e->number = number_of(p->token.text);
    parser_next(p);
    return e;
}

/* A head or a value that is no call. NULL after an error. */
Expr *parse_simple(Parser *p, const char *wanted)
{
    switch (p->token.kind) {
    case TOKEN_ID:
    case TOKEN_AT:
        return parse_path(p);
    case TOKEN_STRING:
        return parse_literal(p, EXPR_STRING);
    case TOKEN_NUMBER:
        return parse_literal(p, EXPR_NUMBER);
    case TOKEN_TRUE:
        return parse_literal(p, EXPR_TRUE);
    case TOKEN_FALSE:
        return parse_literal(p, EXPR_FALSE);
    case TOKEN_NULL:
        return parse_literal(p, EXPR_NULL);
    case TOKEN_UNDEFINED:
        return parse_literal(p, EXPR_UNDEFINED);
    case TOKEN_SEPARATOR:
    case TOKEN_EQUALS:
    case TOKEN_OPEN_CALL:
    case TOKEN_CLOSE_CALL:
    case TOKEN_OPEN_NAMES:
    case TOKEN_CLOSE_NAMES:
    case TOKEN_CLOSE:
    case TOKEN_CLOSE_TRIPLE:
    case TOKEN_END:
    case TOKEN_INVALID:
        break;
    }
    parser_unexpected(p, wanted);
    return NULL;
}

static Expr *parse_value(Parser *p)
{
    if (p->token.kind != TOKEN_OPEN_CALL) return parse_simple(p, "a value");
    Expr *e = new_expr(p, EXPR_CALL);
    if (!parser_enter(p, p->token.at)) return NULL;
    parser_next(p);
    parse_call(p, &e->call);
    if (p->st == ST_OK && !take(p, TOKEN_CLOSE_CALL)) parser_unexpected(p, "')'");
    p->depth--;
    return e;
}

/* {{"a b"}} and {{12}} name a variable by its spelling. */
Expr *parse_as_path(Parser *p, Expr *e)
{
    static const Str spelled[] = {
        [EXPR_TRUE] = STR_INIT("true"),
        [EXPR_FALSE] = STR_INIT("false"),
        [EXPR_NULL] = STR_INIT("null"),
        [EXPR_UNDEFINED] = STR_INIT("undefined"),
    };
    if (e->kind == EXPR_PATH) return e;
    Str name = {0};
    if (e->kind == EXPR_STRING) {
        name = e->text;
    } else if (e->kind == EXPR_NUMBER) {
        char room[JS_NUMBER_MAX];
        CHECK(arena_copy(p->arena, js_number(e->number, room), &name));
    } else {
        name = spelled[e->kind];
    }
    e->kind = EXPR_PATH;
    e->path = (Path){.original = name, .parts = NEW(p, PathPart), .part_count = 1};
    e->path.parts->name = name;
    return e;
}

/* Is this id the name of an option? The lexer is a value: look ahead on a copy. */
static bool starts_option(const Parser *p)
{
    Lexer ahead = p->lx;
    return p->token.kind == TOKEN_ID && lex_token(&ahead).kind == TOKEN_EQUALS;
}

static bool starts_value(const Parser *p)
{
    return p->token.kind <= TOKEN_AT || p->token.kind == TOKEN_OPEN_CALL;
}

static void parse_options(Parser *p, Call *call)
{
    Option **tail = &call->options;
    while (p->st == ST_OK && starts_option(p)) {
        Option *o = NEW(p, Option);
        o->name = p->token.text;
        parser_next(p);
        parser_next(p); /* = */
        o->value = parse_value(p);
        *tail = o;
        tail = &o->next;
    }
    if (p->st == ST_OK && starts_value(p)) parser_unexpected(p, "a value of the form name=value");
}

void parse_call(Parser *p, Call *call)
{
    Expr *head = parse_simple(p, "a name"), **tail = &call->params;
    if (!head) return;
    call->callee = parse_as_path(p, head);
    while (p->st == ST_OK && starts_value(p) && !starts_option(p)) {
        Expr *param = parse_value(p);
        if (!param) return;
        *tail = param;
        tail = &param->next;
        call->param_count++;
    }
    parse_options(p, call);
}

Name *parse_names(Parser *p)
{
    Name *first = NULL, **tail = &first;
    if (!take(p, TOKEN_OPEN_NAMES)) return NULL;
    while (p->st == ST_OK && p->token.kind == TOKEN_ID && !p->token.bracketed) {
        Name *name = NEW(p, Name);
        name->text = p->token.text;
        *tail = name;
        tail = &name->next;
        parser_next(p);
    }
    if (!first || !take(p, TOKEN_CLOSE_NAMES)) parser_unexpected(p, first ? "'|'" : "a name");
    return first;
}
