/* Recursive descent over the grammar of Handlebars 4.7.
 *
 *   body    = { text | comment | echo | block }
 *   block   = {{#call names}} body [ else ] {{/path}}
 *   else    = {{else}} body | {{else call names}} body [ else ]
 */
#include "domain/template/parser.h"

#include "base/limits.h"

enum { CHAIN_MAX = 200 };

static Strip close_tag(Parser *p, const Tag *tag, TokenKind closer)
{
    Strip strip = {tag->strip_open, p->token.strip_close};
    if (p->token.kind != closer) parser_unexpected(p, closer == TOKEN_CLOSE ? "'}}'" : "'}}}'");
    return strip; /* the lexer stands behind the braces: do not fetch a token out of the text */
}

/* Bodies */

static Node *add_node(Parser *p, Body *body, NodeKind kind, size_t at)
{
    Node *n = NEW(p, Node);
    n->kind = kind;
    n->at = (uint32_t)at;
    n->prev = body->last;
    *(body->last ? &body->last->next : &body->first) = n;
    body->last = n;
    return n;
}

static void parse_echo(Parser *p, Body *body, const Tag *tag)
{
    Node *n = add_node(p, body, NODE_ECHO, tag->at);
    n->raw = tag->kind != TAG_ECHO;
    parser_next(p);
    parse_call(p, &n->echo);
    n->strip = close_tag(p, tag, tag->kind == TAG_ECHO_TRIPLE ? TOKEN_CLOSE_TRIPLE : TOKEN_CLOSE);
}

static Body *parse_body(Parser *p);

/* The rest of a tag that opens a block, and its first body. */
static Body *parse_opening(Parser *p, Block *b, const Tag *tag)
{
    parser_next(p);
    parse_call(p, &b->call);
    Name *names = p->st == ST_OK ? parse_names(p) : NULL;
    b->open = close_tag(p, tag, TOKEN_CLOSE);
    if (p->st != ST_OK) return NULL;
    Body *body = parse_body(p);
    body->names = names;
    return body;
}

static Strip stop_strip(const Parser *p)
{
    return (Strip){p->stop.strip_open, p->stop.strip_close};
}

/* What stands behind {{else}} or {{else x}}, up to the closing tag. A chained block's own closing
 * strip is the one of the tag that closes them all: the outermost caller sets it last. */
static Body *parse_inverse(Parser *p, Strip *ret_strip, bool may_chain)
{
    Tag tag = p->stop;
    *ret_strip = stop_strip(p);
    if (tag.kind == TAG_ELSE) {
        Body *body = parse_body(p);
        if (p->st == ST_OK && p->stopped && p->stop.kind != TAG_END)
            parser_fail(p, p->stop.at, ST_INVALID,
                        "nothing but the closing tag can follow after {{else}}");
        return body;
    }
    if (!may_chain)
        parser_fail(p, tag.at, ST_INVALID,
                    "a {{^...}} block can have {{else}}, but not {{else ...}}");
    if (++p->chain > CHAIN_MAX)
        parser_fail(p, tag.at, ST_TOO_BIG, "more than %d times {{else ...}} inside of each other",
                    CHAIN_MAX);
    if (p->st != ST_OK) return NULL;
    Body *body = NEW(p, Body);
    body->chained = true;
    Block *b = &add_node(p, body, NODE_BLOCK, tag.at)->block;
    b->program = parse_opening(p, b, &tag);
    *ret_strip = b->open;
    if (p->st == ST_OK && p->stopped && p->stop.kind != TAG_END) {
        b->inverse = parse_inverse(p, &b->inverse_strip, true);
        if (b->inverse && b->inverse->chained) b->inverse->first->block.close = b->inverse_strip;
    }
    p->chain--;
    return body;
}

static void parse_closing(Parser *p, Block *b, const Tag *opening)
{
    Str name = b->call.callee->path.original;
    if (!p->stopped) {
        parser_fail(p, opening->at, ST_INVALID, "{{%c%.*s}} is not closed; add {{/%.*s}}",
                    opening->kind == TAG_BLOCK ? '#' : '^', STR_FMT(syntax_brief(name)),
                    STR_FMT(syntax_brief(name)));
        return;
    }
    Tag tag = p->stop;
    parser_next(p);
    Expr *path = parse_simple(p, "the name of a block");
    b->close = close_tag(p, &tag, TOKEN_CLOSE);
    if (!path || p->st != ST_OK) return;
    Str closed = parse_as_path(p, path)->path.original;
    if (!str_eq(name, closed))
        parser_fail(p, tag.at, ST_INVALID, "{{/%.*s}} closes a block that was opened as %.*s",
                    STR_FMT(syntax_brief(closed)), STR_FMT(syntax_brief(name)));
}

static void parse_block(Parser *p, Body *body, const Tag *tag)
{
    Node *n = add_node(p, body, NODE_BLOCK, tag->at);
    Block *b = &n->block;
    bool inverted = tag->kind == TAG_INVERSE_BLOCK;
    if (!parser_enter(p, tag->at)) return;
    b->program = parse_opening(p, b, tag);
    if (p->st == ST_OK && p->stopped && p->stop.kind != TAG_END)
        b->inverse = parse_inverse(p, &b->inverse_strip, !inverted);
    if (p->st == ST_OK) parse_closing(p, b, tag);
    if (p->st != ST_OK) return;
    if (b->inverse && b->inverse->chained) b->inverse->first->block.close = b->close;
    if (inverted) {
        Body *first = b->program;
        b->program = b->inverse;
        b->inverse = first;
    }
    p->depth--;
}

static void refuse_tag(Parser *p, const Tag *tag)
{
    const char *why = tag->kind == TAG_UNCLOSED    ? "the comment is not closed"
                      : tag->kind == TAG_RAW_BLOCK ? "{{{{raw blocks}}}} are not supported"
                      : tag->kind == TAG_DECORATOR ? "decorators ({{*...}}) are not supported"
                                                   : "partials ({{>...}}) are not supported; "
                                                     "write their text here";
    parser_fail(p, tag->at, ST_INVALID, "%s", why);
}

/* True when the tag belongs to the body; false when it ends the body. */
static bool parse_tag(Parser *p, Body *body)
{
    Tag tag = lex_tag(&p->lx);
    switch (tag.kind) {
    case TAG_ECHO:
    case TAG_ECHO_RAW:
    case TAG_ECHO_TRIPLE:
        parse_echo(p, body, &tag);
        return true;
    case TAG_BLOCK:
    case TAG_INVERSE_BLOCK:
        parse_block(p, body, &tag);
        return true;
    case TAG_COMMENT:
        add_node(p, body, NODE_COMMENT, tag.at)->strip = (Strip){tag.strip_open, tag.strip_close};
        return true;
    case TAG_PARTIAL:
    case TAG_PARTIAL_BLOCK:
    case TAG_DECORATOR:
    case TAG_RAW_BLOCK:
    case TAG_UNCLOSED:
        refuse_tag(p, &tag);
        return true;
    case TAG_ELSE:
    case TAG_ELSE_CHAIN:
    case TAG_END:
        break;
    }
    p->stop = tag;
    p->stopped = true;
    return false;
}

/* Up to the end, an {{else}} or a closing tag; which one is in p->stop. */
static Body *parse_body(Parser *p)
{
    Body *body = NEW(p, Body);
    p->stopped = false;
    while (p->st == ST_OK) {
        Str text;
        size_t at = p->lx.at;
        if (lex_text(&p->lx, &text)) {
            Node *n = add_node(p, body, NODE_TEXT, at);
            n->original = n->text = text;
        } else if (lex_is_over(&p->lx) || !parse_tag(p, body)) {
            break;
        } else if (p->st == ST_OK) {
            p->stopped = false; /* that was the end of an inner block */
        }
    }
    return body;
}

Status parse_template(Str source, Arena *arena, Body **ret_root, Err *err)
{
    Parser p = {.lx = {.source = source, .arena = arena}, .arena = arena, .err = err};
    Body *root = parse_body(&p);
    if (p.stopped)
        parser_fail(&p, p.stop.at, ST_INVALID,
                    p.stop.kind == TAG_END ? "this closes a block that was not opened"
                                           : "{{else}} stands outside of a block");
    if (p.st == ST_OK) *ret_root = root;
    return p.st;
}
