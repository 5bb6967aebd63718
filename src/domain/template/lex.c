/* Follows the order of the rules of Handlebars 4.7, because several overlap: "{{else}}" is no
 * variable, "{{elsewhere}}" is; "as |" opens names, "as" alone is a path; "1" is a number only where
 * a value ends.
 *
 * One addition: after a separator a word is always a name, so items.0 works like items.0.name. */
#include "domain/template/lex.h"

#include "domain/template/jstext.h"

static Str rest_of(const Lexer *lx)
{
    return str_from(lx->source, lx->at);
}

/* Index of the first `needle` at or after `from`, or the length of text. */
static size_t find(Str text, Str needle, size_t from)
{
    if (from >= text.len) return text.len;
    const char *hit = memmem(text.at + from, text.len - from, needle.at, needle.len);
    return hit ? (size_t)(hit - text.at) : text.len;
}

/* Text */

/* The escaped "{{" and what follows, up to the next tag or the backslashes before it. */
static Str take_literal_tag(Lexer *lx)
{
    Str rest = rest_of(lx);
    size_t end = find(rest, S("{{"), 2);
    if (end < rest.len)
        for (int slashes = 0; slashes < 2 && end > 2 && rest.at[end - 1] == '\\'; slashes++) end--;
    lx->at += end;
    lx->literal_tag = false;
    return str_head(rest, end);
}

bool lex_text(Lexer *lx, Str *ret_text)
{
    if (lx->tag_ahead || lex_is_over(lx)) return false;
    if (!lx->literal_tag) {
        Str text = str_head(rest_of(lx), find(rest_of(lx), S("{{"), 0));
        lx->at += text.len;
        if (!lex_is_over(lx)) {
            bool real = str_ends(text, S("\\\\"));
            lx->literal_tag = !real && str_ends(text, S("\\"));
            lx->tag_ahead = !lx->literal_tag;
            if (real || lx->literal_tag) text.len--;
        }
        if (text.len > 0) {
            *ret_text = text;
            return true;
        }
        if (!lx->literal_tag) return false;
    }
    *ret_text = take_literal_tag(lx);
    return true;
}

bool lex_is_over(const Lexer *lx)
{
    return lx->at == lx->source.len;
}

/* Tags */

static bool is_word_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "}}" or "~}}" at the start of text: its length, or 0. */
static size_t close_len(Str text)
{
    return str_starts(text, S("}}")) ? 2 : str_starts(text, S("~}}")) ? 3 : 0;
}

/* After "{{" and "~": a whole else tag? Fills tag and returns the length, or 0. */
static size_t whole_else(Str text, Tag *tag)
{
    size_t at = 0;
    if (str_starts(text, S("^"))) {
        at = 1;
    } else {
        at = js_space_head(text);
        if (!str_starts(str_from(text, at), S("else"))) return 0;
        at += 4;
    }
    at += js_space_head(str_from(text, at));
    size_t close = close_len(str_from(text, at));
    if (close == 0) return 0;
    tag->kind = TAG_ELSE;
    tag->strip_close = close == 3;
    return at + close;
}

static size_t chained_else(Str text)
{
    size_t at = js_space_head(text) + 4;
    if (at > text.len || !str_starts(str_from(text, at - 4), S("else"))) return 0;
    return at < text.len && is_word_byte((uint8_t)text.at[at]) ? 0 : at;
}

/* text starts at "!". A comment that starts "!--" ends at "--}}", others at "}}". */
static size_t comment(Str text, Tag *tag)
{
    bool dashed = str_starts(text, S("!--"));
    size_t end = 1;
    for (;; end++) {
        end = find(text, dashed ? S("--") : S("}}"), end);
        if (end == text.len) {
            tag->kind = TAG_UNCLOSED;
            return end;
        }
        if (!dashed) break;
        size_t close = close_len(str_from(text, end + 2));
        if (close == 0) continue;
        tag->kind = TAG_COMMENT;
        tag->strip_close = close == 3;
        return end + 2 + close;
    }
    tag->kind = TAG_COMMENT;
    tag->strip_close = text.at[end - 1] == '~';
    return end + 2;
}

/* After "{{" and "~": sets the kind and returns the length of what marks it. */
static size_t tag_mark(Str text, Tag *tag)
{
    static const struct {
        Str mark;
        TagKind kind;
    } marks[] = {
        {STR_INIT(">"), TAG_PARTIAL},     {STR_INIT("#>"), TAG_PARTIAL_BLOCK},
        {STR_INIT("#*"), TAG_DECORATOR},  {STR_INIT("#"), TAG_BLOCK},
        {STR_INIT("/"), TAG_END},         {STR_INIT("^"), TAG_INVERSE_BLOCK},
        {STR_INIT("{"), TAG_ECHO_TRIPLE}, {STR_INIT("&"), TAG_ECHO_RAW},
        {STR_INIT("*"), TAG_DECORATOR},
    };
    size_t len = whole_else(text, tag);
    if (len > 0) return len;
    if (str_starts(text, S("!"))) return comment(text, tag);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (str_starts(text, marks[i].mark)) {
            tag->kind = marks[i].kind;
            return marks[i].mark.len;
        }
    len = chained_else(text);
    tag->kind = len > 0 ? TAG_ELSE_CHAIN : TAG_ECHO;
    return len;
}

Tag lex_tag(Lexer *lx)
{
    Tag tag = {.kind = TAG_RAW_BLOCK, .at = lx->at};
    CHECK(str_starts(rest_of(lx), S("{{")));
    lx->tag_ahead = false;
    lx->after_separator = false;
    if (str_starts(rest_of(lx), S("{{{{"))) return tag;
    lx->at += 2;
    tag.strip_open = str_starts(rest_of(lx), S("~"));
    lx->at += tag.strip_open;
    lx->at += tag_mark(rest_of(lx), &tag);
    return tag;
}

/* Tokens */

static bool is_name_byte(char c)
{
    return str_find(S("!\"#%&'()*+,./;<=>@[\\]^`{|}~"), c) < 0;
}

/* Where a name may end. A name that runs into anything else is a mistake. */
static bool ends_name(Str text, bool is_value)
{
    if (text.len == 0) return false;
    if (js_space_head(text) > 0) return true;
    return str_find(is_value ? S("~})") : S("=~}/.)|"), text.at[0]) >= 0;
}

static size_t name_len(Str text)
{
    size_t at = 0;
    while (at < text.len && is_name_byte(text.at[at]) && js_space_head(str_from(text, at)) == 0)
        at++;
    return at;
}

static size_t digits_len(Str text)
{
    size_t at = 0;
    while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9') at++;
    return at;
}

/* -?[0-9]+(.[0-9]+)? where a value ends, or 0. */
static size_t number_len(Str text)
{
    size_t at = str_starts(text, S("-")), whole = digits_len(str_from(text, at));
    if (whole == 0) return 0;
    at += whole;
    if (at < text.len && text.at[at] == '.') {
        size_t fraction = digits_len(str_from(text, at + 1));
        if (fraction > 0) at += 1 + fraction;
    }
    return ends_name(str_from(text, at), true) ? at : 0;
}

/* text starts with a quote or '['; `close` ends it unless a backslash stands before. When nothing
 * else ends it, the last escaped one does: that is how a regular expression backs up. */
static size_t quoted_len(Str text, char close)
{
    size_t last_escaped = 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.at[i] == close) return i + 1;
        if (text.at[i] == '\\' && i + 1 < text.len && text.at[i + 1] == close)
            last_escaped = ++i + 1;
    }
    return last_escaped;
}

/* Removes the backslash before each of the bytes in `escapable`. */
static Str unescape(Lexer *lx, Str text, Str escapable)
{
    if (str_find(text, '\\') < 0) return text;
    char *out = arena_alloc(lx->arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\\' && i + 1 < text.len && str_find(escapable, text.at[i + 1]) >= 0) i++;
        out[len++] = text.at[i];
    }
    return str_make(out, len);
}

static size_t take_quoted(Lexer *lx, Str text, Token *token)
{
    char open = text.at[0];
    size_t len = quoted_len(text, open == '[' ? ']' : open);
    if (len == 0) return 0;
    Str inside = str_make(text.at + 1, len - 2);
    token->bracketed = open == '[';
    token->kind = token->bracketed ? TOKEN_ID : TOKEN_STRING;
    token->text = unescape(lx, inside, token->bracketed ? S("\\]") : str_make(&open, 1));
    return len;
}

static size_t take_sign(Str text, Token *token)
{
    static const struct {
        Str sign;
        TokenKind kind;
    } signs[] = {
        {STR_INIT("("), TOKEN_OPEN_CALL},
        {STR_INIT(")"), TOKEN_CLOSE_CALL},
        {STR_INIT("}}}}"), TOKEN_INVALID},
        {STR_INIT("="), TOKEN_EQUALS},
        {STR_INIT(".."), TOKEN_ID},
        {STR_INIT("/"), TOKEN_SEPARATOR},
        {STR_INIT("}}}"), TOKEN_CLOSE_TRIPLE},
        {STR_INIT("}~}}"), TOKEN_CLOSE_TRIPLE},
        {STR_INIT("}}"), TOKEN_CLOSE},
        {STR_INIT("~}}"), TOKEN_CLOSE},
        {STR_INIT("@"), TOKEN_AT},
        {STR_INIT("|"), TOKEN_CLOSE_NAMES},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!str_starts(text, signs[i].sign)) continue;
        token->kind = signs[i].kind;
        token->text = signs[i].sign;
        token->strip_close = str_find(signs[i].sign, '~') >= 0;
        return signs[i].sign.len;
    }
    if (!str_starts(text, S("."))) return 0;
    token->kind = ends_name(str_from(text, 1), false) ? TOKEN_ID : TOKEN_SEPARATOR;
    token->text = str_head(text, 1);
    return 1;
}

static size_t take_literal(Str text, Token *token)
{
    static const struct {
        Str word;
        TokenKind kind;
    } words[] = {
        {STR_INIT("true"), TOKEN_TRUE},
        {STR_INIT("false"), TOKEN_FALSE},
        {STR_INIT("undefined"), TOKEN_UNDEFINED},
        {STR_INIT("null"), TOKEN_NULL},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_starts(text, words[i].word) && ends_name(str_from(text, words[i].word.len), true)) {
            token->kind = words[i].kind;
            token->text = words[i].word;
            return words[i].word.len;
        }
    size_t len = number_len(text);
    token->kind = TOKEN_NUMBER;
    token->text = str_head(text, len);
    return len;
}

/* "as |", with the bar. */
static size_t open_names_len(Str text)
{
    if (!str_starts(text, S("as"))) return 0;
    size_t space = js_space_head(str_from(text, 2));
    return space > 0 && str_starts(str_from(text, 2 + space), S("|")) ? 3 + space : 0;
}

static size_t take_word(Lexer *lx, Str text, Token *token)
{
    size_t len = lx->after_separator ? 0 : take_literal(text, token);
    if (len > 0) return len;
    if ((len = open_names_len(text)) > 0) {
        token->kind = TOKEN_OPEN_NAMES;
        return len;
    }
    len = name_len(text);
    token->kind = TOKEN_ID;
    token->text = str_head(text, len);
    return ends_name(str_from(text, len), false) ? len : 0;
}

Token lex_token(Lexer *lx)
{
    lx->at += js_space_head(rest_of(lx));
    Token token = {.kind = TOKEN_END, .at = lx->at};
    Str text = rest_of(lx);
    if (text.len == 0) return token;
    bool quoted = str_find(S("\"'["), text.at[0]) >= 0;
    size_t len = quoted ? take_quoted(lx, text, &token) : take_sign(text, &token);
    if (len == 0) len = take_word(lx, text, &token);
    if (len == 0) token.kind = TOKEN_INVALID;
    lx->after_separator = token.kind == TOKEN_SEPARATOR;
    lx->at += len;
    return token;
}
