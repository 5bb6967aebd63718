/* Any bytes as the parts of a mail: refused, or
 *  1. every line ends with CRLF and is at most 998 bytes; no bare CR or LF, no NUL;
 *  2. the header has exactly the lines we wrote, folded ones aside: nothing was smuggled in;
 *  3. no body line begins with a dot, and no body line is a boundary we did not write.
 *
 * Input: from_name, subject, a header's value, text and html, separated by 0xff. */
#include "fuzz.h"

#include "proto/mime.h"

FUZZ_INIT()

static Str next_part(Str *rest)
{
    return rest->at ? str_cut(rest, (char)0xff) : S("");
}

static void check_mail(Str mail, bool alternatives)
{
    unsigned header_lines = 0, boundaries = 0;
    bool in_header = true;
    while (mail.len) {
        ptrdiff_t lf = str_find(mail, '\n');
        CHECK(lf > 0 && lf <= 999 && mail.at[lf - 1] == '\r');
        Str line = str_head(mail, (size_t)lf - 1);
        CHECK(str_find(line, '\r') < 0 && str_find(line, '\0') < 0);
        if (line.len == 0) in_header = false;
        if (in_header && line.at[0] != ' ') header_lines++;
        if (!in_header) {
            CHECK(line.len == 0 || line.at[0] != '.');
            boundaries += str_starts(line, S("--=_b"));
        }
        mail = str_from(mail, (size_t)lf + 1);
    }
    CHECK(header_lines == (alternatives ? 8 : 9));
    CHECK(boundaries == (alternatives ? 3 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Buf out;
    Str rest = str_make(data, size);
    MimeHeader header = {S("X-Test"), S("")};
    Mail mail = {.from = S("a@b.c"),
                 .to = S("x@y.z"),
                 .message_id = S("1@b.c"),
                 .boundary = S("=_b"),
                 .headers = &header,
                 .header_count = 1};
    mail.from_name = next_part(&rest);
    mail.subject = next_part(&rest);
    header.value = next_part(&rest);
    mail.text = next_part(&rest);
    mail.html = next_part(&rest);
    buf_init(&out, MIB(64));
    if (mime_write(&mail, &out, NULL) == ST_OK) check_mail(buf_view(&out), mail.html.len > 0);
    buf_done(&out);
    return 0;
}
