/* html_text.c: one pass, no recursion, no state but a few flags: linear in the input, whatever it holds. */
#include "domain/deliver/html_text.h"

#include "base/utf8.h"

enum { TAG_NAME_MAX = 12, LINK_MAX = 2000, REFERENCE_MAX = 10 };

typedef struct Writer {
    Buf *out;
    bool space;     /* one is due before the next word */
    unsigned lines; /* line ends due before it */
    bool any;       /* something was written */
    bool preformatted;
    Str link;         /* of the <a> we are in; {NULL,0}: none */
    size_t link_from; /* where its text begins in out */
} Writer;

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

/* ---- words and lines ---- */

static void flush(Writer *w)
{
    unsigned lines = w->any ? w->lines : 0;
    for (unsigned i = 0; i < lines; i++) buf_add_byte(w->out, '\n');
    if (!lines && w->space && w->any) buf_add_byte(w->out, ' ');
    w->lines = 0;
    w->space = false;
    w->any = true;
}

static void put(Writer *w, Str text)
{
    flush(w);
    buf_add(w->out, text);
}

static void break_lines(Writer *w, unsigned lines)
{
    if (w->lines < lines) w->lines = lines;
    w->space = false;
}

/* ---- &amp; &#8364; &nbsp; ---- */

static const struct {
    const char *name, *text;
} references[] = {
    {"amp", "&"},
    {"lt", "<"},
    {"gt", ">"},
    {"quot", "\""},
    {"apos", "'"},
    {"nbsp", " "},
    {"copy", "\xc2\xa9"},
    {"reg", "\xc2\xae"},
    {"hellip", "..."},
    {"ndash", "\xe2\x80\x93"},
    {"mdash", "\xe2\x80\x94"},
    {"lsquo", "\xe2\x80\x98"},
    {"rsquo", "\xe2\x80\x99"},
    {"ldquo", "\xe2\x80\x9c"},
    {"rdquo", "\xe2\x80\x9d"},
    {"euro", "\xe2\x82\xac"},
    {"zwnj", ""},
    {"shy", ""},
};

static bool put_number(Writer *w, Str digits)
{
    uint32_t value = 0, base = 10;
    char text[4];
    if (digits.len && lower(digits.at[0]) == 'x') {
        base = 16;
        digits = str_from(digits, 1);
    }
    if (!digits.len || digits.len > 7) return false;
    for (size_t i = 0; i < digits.len; i++) {
        char c = lower(digits.at[i]);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                                : 99;
        if (digit >= base) return false;
        value = value * base + digit;
    }
    bool scalar = value >= 32 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    if (scalar) put(w, str_make(text, utf8_encode(value, text)));
    return true;
}

/* How many bytes the reference at the start takes; 0: it is just an ampersand. */
static size_t put_reference(Writer *w, Str rest)
{
    ptrdiff_t end = str_find(str_head(rest, REFERENCE_MAX), ';');
    if (end < 2) return 0;
    Str name = str_make(rest.at + 1, (size_t)end - 1);
    if (name.at[0] == '#') return put_number(w, str_from(name, 1)) ? (size_t)end + 1 : 0;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (str_is(name, references[i].name)) {
            if (*references[i].text) put(w, str_of(references[i].text));
            return (size_t)end + 1;
        }
    return 0;
}

/* ---- tags ---- */

static Str tag_name(Str tag, char room[TAG_NAME_MAX])
{
    size_t len = 0;
    while (len < tag.len && len < TAG_NAME_MAX && !is_space(tag.at[len]) && tag.at[len] != '/') {
        room[len] = lower(tag.at[len]);
        len++;
    }
    return str_make(room, len);
}

static bool is_one_of(Str name, const char *list) /* " p div " */
{
    char padded[TAG_NAME_MAX + 3] = " ";
    memcpy(padded + 1, name.at, name.len);
    padded[name.len + 1] = ' ';
    return name.len && strstr(list, padded) != NULL;
}

/* href="..." of a tag; quotes of either kind. */
static Str href_of(Str tag)
{
    for (size_t i = 0; i + 6 < tag.len; i++) {
        if (!is_space(tag.at[i]) || !str_eq_nocase(str_make(tag.at + i + 1, 5), S("href=")))
            continue;
        Str value = str_from(tag, i + 6);
        char quote = value.at[0];
        if (quote != '"' && quote != '\'') return (Str){NULL, 0};
        ptrdiff_t end = str_find(str_from(value, 1), quote);
        return end > 0 && end <= LINK_MAX ? str_make(value.at + 1, (size_t)end) : (Str){NULL, 0};
    }
    return (Str){NULL, 0};
}

/* "Pay (https://example.com/pay)", and the address alone when that is the text anyway. */
static void close_link(Writer *w)
{
    Str link = w->link;
    w->link = (Str){NULL, 0};
    bool web = str_starts(link, S("http://")) || str_starts(link, S("https://"));
    if (!web) return;
    Str all = buf_view(w->out), text = w->link_from < all.len ? str_from(all, w->link_from) : S("");
    if (str_eq(str_trim(text), link)) return;
    w->space = w->any;
    put(w, S("("));
    for (size_t i = 0; i < link.len; i++) {
        bool amp = str_starts(str_from(link, i), S("&amp;"));
        buf_add_byte(w->out, (uint8_t)link.at[i]);
        if (amp) i += 4;
    }
    buf_add_byte(w->out, ')');
}

static void open_tag(Writer *w, Str name, Str tag)
{
    if (is_one_of(name, " p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre hr "))
        break_lines(w, 2);
    else if (is_one_of(name, " div tr li section article header footer center "))
        break_lines(w, 1);
    else if (is_one_of(name, " td th "))
        w->space = true;
    if (str_is(name, "br")) w->lines += w->lines < 2;
    if (str_is(name, "li")) put(w, S("- "));
    if (str_is(name, "pre")) w->preformatted = true;
    if (str_is(name, "a")) {
        w->link = href_of(tag);
        w->link_from = buf_len(w->out);
    }
}

static void close_tag(Writer *w, Str name)
{
    if (is_one_of(name, " p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre "))
        break_lines(w, 2);
    else if (is_one_of(name, " div tr li section article header footer center "))
        break_lines(w, 1);
    if (str_is(name, "pre")) w->preformatted = false;
    if (str_is(name, "a") && w->link.at) close_link(w);
}

/* Where the tag ends that begins here, a '>' in quotes aside; rest.len: nowhere. */
static size_t tag_end(Str rest)
{
    char quote = 0;
    for (size_t i = 1; i < rest.len; i++) {
        char c = rest.at[i];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if ((c == '"' || c == '\'') && i > 1)
            quote = c;
        else if (c == '>')
            return i;
    }
    return rest.len;
}

/* The place behind "</name", found without case; the whole when there is none. */
static size_t skip_element(Str rest, Str name)
{
    for (size_t i = 0; i + name.len + 2 <= rest.len; i++)
        if (rest.at[i] == '<' && rest.at[i + 1] == '/' &&
            str_eq_nocase(str_make(rest.at + i + 2, name.len), name))
            return i;
    return rest.len;
}

/* How many bytes the markup at the start of rest takes; 0: it is just a '<'. */
static size_t put_markup(Writer *w, Str rest)
{
    char room[TAG_NAME_MAX];
    if (str_starts(rest, S("<!--"))) {
        for (size_t i = 4; i + 3 <= rest.len; i++)
            if (str_starts(str_from(rest, i), S("-->"))) return i + 3;
        return rest.len;
    }
    char first = rest.len > 1 ? lower(rest.at[1]) : ' ';
    if (first != '/' && first != '!' && first != '?' && (first < 'a' || first > 'z')) return 0;
    size_t end = tag_end(rest), used = end < rest.len ? end + 1 : rest.len;
    if (first == '/') {
        close_tag(w, tag_name(str_make(rest.at + 2, end > 2 ? end - 2 : 0), room));
        return used;
    }
    Str tag = str_make(rest.at + 1, end - 1), name = tag_name(tag, room);
    if (is_one_of(name, " style script head title "))
        return used + skip_element(str_from(rest, used), name);
    open_tag(w, name, tag);
    return used;
}

void html_text(Str html, Buf *out)
{
    Writer w = {.out = out};
    for (size_t i = 0; i < html.len;) {
        Str rest = str_from(html, i);
        size_t used = 0;
        if (rest.at[0] == '<') used = put_markup(&w, rest);
        if (rest.at[0] == '&') used = put_reference(&w, rest);
        if (used == 0 && is_space(rest.at[0])) {
            used = 1;
            if (w.preformatted && rest.at[0] == '\n')
                w.lines++;
            else
                w.space = !w.lines;
        }
        if (used == 0) {
            put(&w, str_head(rest, 1));
            used = 1;
        }
        i += used;
    }
    if (w.any) buf_add_byte(out, '\n');
}
