/* Any bytes as a connection's input:
 *  1. the parser says the same whatever the cut (tests/http1_test.h checks each step: slices inside
 *     the input, as much body as was declared, nothing read beyond);
 *  2. llhttp, run over the same bytes on its own, sees the first request as we do, with the same
 *     body and the same end, or refuses it. Two readers that disagree are what smuggling needs. */
#include "fuzz.h"

#include <llhttp.h>

#include "../http1_test.h"

FUZZ_INIT()

/* A first request, as one of the two saw it. */
typedef struct Seen {
    Buf body;
    size_t end; /* offset behind it; 0 = it was not complete */
} Seen;

static void check_cuts(Str in)
{
    Transcript whole;
    transcript_run(&whole, in, in.len, 1);
    size_t cuts[][2] = {
        {1, 1}, {3, 7}, {in.len / 2, in.len}, {in.len - in.len / 4, in.len}, {0, 1 + in.len / 5}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        Transcript cut;
        transcript_run(&cut, in, cuts[i][0], cuts[i][1]);
        CHECK(str_eq(buf_view(&cut.text), buf_view(&whole.text)));
        transcript_done(&cut);
    }
    transcript_done(&whole);
}

static void see_ours(Str in, Seen *seen)
{
    Arena a;
    arena_init(&a, REQUEST_ARENA_MAX);
    HttpParser *p = http_new(&a);
    HttpStep step;
    size_t used = 0, at = 0;
    do {
        step = http_step(p, str_from(in, at), &used);
        at += used;
        if (step == STEP_BODY) buf_add(&seen->body, http_body_part(p));
    } while (step == STEP_HEAD || step == STEP_BODY);
    if (step == STEP_DONE) seen->end = at;
    http_free(p);
    arena_done(&a);
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    Seen *seen = parser->data;
    buf_add(&seen->body, str_make(at, len));
    return HPE_OK;
}

static int on_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static void see_theirs(Str in, Seen *seen)
{
    static const llhttp_settings_t settings = {.on_body = on_body,
                                               .on_message_complete = on_complete};
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = seen;
    llhttp_errno_t said = llhttp_execute(&parser, in.at, in.len);
    CHECK(said != HPE_OK || seen->end == 0);
    if (said == HPE_PAUSED || said == HPE_PAUSED_UPGRADE)
        seen->end = (size_t)(llhttp_get_error_pos(&parser) - in.at);
    else if (said != HPE_OK)
        seen->end = SIZE_MAX; /* refused */
}

static void check_oracle(Str in)
{
    Seen ours = {0}, theirs = {0};
    buf_init(&ours.body, MIB(2));
    buf_init(&theirs.body, MIB(2));
    see_ours(in, &ours);
    if (ours.end) see_theirs(in, &theirs);
    if (ours.end && theirs.end != SIZE_MAX) {
        CHECK(ours.end == theirs.end);
        CHECK(str_eq(buf_view(&ours.body), buf_view(&theirs.body)));
    }
    buf_done(&ours.body);
    buf_done(&theirs.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    check_cuts(str_make(data, size));
    check_oracle(str_make(data, size));
    return 0;
}
