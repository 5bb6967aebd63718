/* White space that the output does not get, by the rules of Handlebars 4.7:
 *
 *   ~            takes all white space on its side, lines included
 *   standalone   a line with nothing but a block's tag or a comment disappears whole
 *
 * Whether a tag stands alone is asked of the original text of its neighbours; what is taken, is taken
 * from the text that is left. A neighbour is only looked at when it is text. */
#include "domain/template/syntax.h"

#include "domain/template/jstext.h"

typedef struct Standalone {
    bool open, close; /* a block: its first and its last tag */
    bool whole;       /* a comment */
} Standalone;

static bool has_newline(Str text)
{
    return str_find(text, '\n') >= 0;
}

/* Is the text before a tag the start of a line? `before` is the node left of the tag. */
static bool line_starts(const Node *before, bool is_root)
{
    if (!before) return is_root;
    if (before->kind != NODE_TEXT) return false;
    Str text = before->original;
    size_t space = js_space_tail(text);
    if (has_newline(str_from(text, text.len - space))) return true;
    return !before->prev && is_root && space == text.len;
}

static bool line_ends(const Node *after, bool is_root)
{
    if (!after) return is_root;
    if (after->kind != NODE_TEXT) return false;
    Str text = after->original;
    size_t space = js_space_head(text);
    if (has_newline(str_head(text, space))) return true;
    return !after->next && is_root && space == text.len;
}

static size_t blanks_head(Str text)
{
    size_t at = 0;
    while (at < text.len && (text.at[at] == ' ' || text.at[at] == '\t')) at++;
    return at;
}

/* Takes from the start of the node right of a tag: all white space, or the rest of the line. */
static void take_right(Node *n, bool all)
{
    if (!n || n->kind != NODE_TEXT || (!all && n->right_stripped)) return;
    size_t len = all ? js_space_head(n->text) : blanks_head(n->text);
    if (!all) {
        len += str_starts(str_from(n->text, len), S("\r"));
        len += str_starts(str_from(n->text, len), S("\n"));
    }
    n->text = str_from(n->text, len);
    n->right_stripped = len > 0;
}

/* Takes from the end of the node left of a tag: all white space, or the indentation. */
static void take_left(Node *n, bool all)
{
    if (!n || n->kind != NODE_TEXT || (!all && n->left_stripped)) return;
    size_t len = all ? js_space_tail(n->text) : 0;
    while (!all && len < n->text.len && blanks_head(str_from(n->text, n->text.len - len - 1)) > 0)
        len++;
    n->text.len -= len;
    n->left_stripped = len > 0;
}

static void strip_body(Body *body, bool is_root);

/* The last body of a chain of {{else x}}. */
static Body *last_inverse(Body *inverse)
{
    while (inverse->chained) inverse = inverse->last->block.program;
    return inverse;
}

static void strip_around_else(Block *b, Body *program, Body *inverse)
{
    Body *first = inverse->chained ? inverse->first->block.program : inverse;
    if (b->inverse_strip.open) take_left(program->last, true);
    if (b->inverse_strip.close) take_right(first->first, true);
    if (b->close.open) take_left(last_inverse(inverse)->last, true);
    if (line_starts(program->last, false) && line_ends(first->first, false)) {
        take_left(program->last, false);
        take_right(first->first, false);
    }
}

static Standalone strip_block(Block *b)
{
    if (b->program) strip_body(b->program, false);
    if (b->inverse) strip_body(b->inverse, false);
    Body *program = b->program ? b->program : b->inverse;
    Body *inverse = b->program ? b->inverse : NULL;
    CHECK(program != NULL); /* the parser made at least one */
    Body *first = inverse && inverse->chained ? inverse->first->block.program : inverse;
    Standalone alone = {.open = line_ends(program->first, false),
                        .close = line_starts((first ? first : program)->last, false)};
    if (b->open.close) take_right(program->first, true);
    if (inverse)
        strip_around_else(b, program, inverse);
    else if (b->close.open)
        take_left(program->last, true);
    return alone;
}

static void strip_around(Node *n, bool is_root)
{
    Standalone alone = {.whole = n->kind == NODE_COMMENT};
    if (n->kind == NODE_BLOCK) {
        alone = strip_block(&n->block);
        n->strip = (Strip){n->block.open.open, n->block.close.close};
    }
    bool starts = line_starts(n->prev, is_root), ends = line_ends(n->next, is_root);
    if (n->strip.close) take_right(n->next, true);
    if (n->strip.open) take_left(n->prev, true);
    if (alone.whole && starts && ends) {
        take_right(n->next, false);
        take_left(n->prev, false);
    }
    if (alone.open && starts) {
        take_right((n->block.program ? n->block.program : n->block.inverse)->first, false);
        take_left(n->prev, false);
    }
    if (alone.close && ends) {
        take_right(n->next, false);
        take_left((n->block.inverse ? n->block.inverse : n->block.program)->last, false);
    }
}

static void strip_body(Body *body, bool is_root)
{
    for (Node *n = body->first; n; n = n->next)
        if (n->kind != NODE_TEXT) strip_around(n, is_root);
}

void whitespace_strip(Body *root)
{
    strip_body(root, true);
}
