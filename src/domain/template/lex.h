/* lex.h: template source -> text, tags, tokens; private to this folder.
 *
 * The source has two alphabets. Outside of tags there is text, ended by "{{" and by the backslash
 * rules (\{{ is literal text; \\{{ is a backslash and then a tag). Inside of a tag there are tokens.
 * The parser knows which of the two it stands in, so it asks for one or the other.
 *
 * Thread: one parser.  Ownership: every Str borrows the source or the arena.
 * Errors: TOKEN_INVALID, or TAG_UNCLOSED; the parser makes the sentence. */
#ifndef ORQ_DOMAIN_TEMPLATE_LEX_H
#define ORQ_DOMAIN_TEMPLATE_LEX_H

#include "base/arena.h"

typedef struct Lexer {
    Str source;
    size_t at;
    bool literal_tag; /* the "{{" at `at` was escaped: it is text */
    bool tag_ahead;   /* text before the tag at `at` was handed out */
    bool after_separator;
    Arena *arena; /* for strings with escapes; asked for at most the source again */
} Lexer;

typedef enum TagKind {
    TAG_ECHO,          /* {{x */
    TAG_ECHO_RAW,      /* {{&x */
    TAG_ECHO_TRIPLE,   /* {{{x */
    TAG_BLOCK,         /* {{#x */
    TAG_INVERSE_BLOCK, /* {{^x */
    TAG_ELSE,          /* {{else}} {{^}}, whole */
    TAG_ELSE_CHAIN,    /* {{else x */
    TAG_END,           /* {{/x */
    TAG_COMMENT,       /* whole */
    TAG_PARTIAL,       /* {{> */
    TAG_PARTIAL_BLOCK, /* {{#> */
    TAG_DECORATOR,     /* {{* {{#* */
    TAG_RAW_BLOCK,     /* {{{{ */
    TAG_UNCLOSED       /* a comment without its end */
} TagKind;

typedef struct Tag {
    TagKind kind;
    size_t at;        /* of its first brace */
    bool strip_open;  /* {{~ */
    bool strip_close; /* ~}} of the whole tags; for the others the closing token tells */
} Tag;

typedef enum TokenKind {
    TOKEN_ID,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_UNDEFINED,
    TOKEN_AT,           /* @ */
    TOKEN_SEPARATOR,    /* . or / */
    TOKEN_EQUALS,       /* = */
    TOKEN_OPEN_CALL,    /* ( */
    TOKEN_CLOSE_CALL,   /* ) */
    TOKEN_OPEN_NAMES,   /* as | */
    TOKEN_CLOSE_NAMES,  /* | */
    TOKEN_CLOSE,        /* }} */
    TOKEN_CLOSE_TRIPLE, /* }}} */
    TOKEN_END,          /* the source is over */
    TOKEN_INVALID
} TokenKind;

typedef struct Token {
    TokenKind kind;
    size_t at;
    Str text;         /* of an id or string: unescaped, without brackets or quotes */
    bool bracketed;   /* [id]: never this, . or .. */
    bool strip_close; /* ~}} */
} Token;

/* The next piece of text, or false when a tag or the end comes first. */
bool lex_text(Lexer *lx, Str *ret_text);
bool lex_is_over(const Lexer *lx);
Tag lex_tag(Lexer *lx);     /* only where lex_text said false and the source is not over */
Token lex_token(Lexer *lx); /* inside a tag */

#endif
