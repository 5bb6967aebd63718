/* Any bytes as a message of an expiry client that is let in:
 *  1. a pong is said for the three spellings of PING and for nothing else, and nothing else is ever said;
 *  2. a mark is made only of JSON that has the words for it, and never together with a pong;
 *  3. no message ends the session. */
#include "fuzz.h"

#include "domain/realtime/dialect_expiry.h"
#include "proto/jwt.h"

FUZZ_INIT()

#define TENANT_ID "01a1fbdf-0178-70e1-8dd3-c51781abc30d"
static const char pong[] = "\x81\x0f{\"type\":\"pong\"}";

static char said[64];
static size_t said_len;
static int marks;

static ssize_t take(Writer *w, const struct iovec *parts, int count)
{
    (void)w;
    CHECK(count == 1);
    said_len = parts->iov_len;
    memcpy(said, parts->iov_base, said_len < sizeof said ? said_len : sizeof said);
    return (ssize_t)parts->iov_len;
}

static void want(Writer *w, bool wanted)
{
    (void)w, (void)wanted;
}

static void never(Writer *w)
{
    (void)w;
    CHECK(false);
}

static void arm(Writer *w, int64_t at_ms)
{
    (void)w, (void)at_ms;
}

static void no_close(Writer *w, uint16_t code, Str reason)
{
    (void)w, (void)code, (void)reason;
    CHECK(false);
}

static const DialectOps ops = {{take, want, never, never}, arm, no_close};

static void on_mark(Expiry *e, Uuid id)
{
    (void)e, (void)id;
    marks++;
}

static void wake(void *ctx)
{
    (void)ctx;
}

static Str id_of(const void *tenant)
{
    return ((const Tenant *)tenant)->id_text;
}

/* One session for all inputs: what one message leaves behind, the next one meets. */
static Expiry *the_session(void)
{
    static Expiry session;
    static Snapshot snapshot, *current = &snapshot;
    static Tenant tenant;
    static Realtime realtime;
    static int64_t now_ms = 1000000;
    Buf token;

    if (session.tenant) return &session;
    tenant = (Tenant){.no = 1, .active = true, .id_text = S(TENANT_ID)};
    atomic_init(&tenant._refs, 1);
    map_init(&snapshot.by_id, 1, id_of);
    CHECK(map_put(&snapshot.by_id, &tenant) == ST_OK);
    realtime = (Realtime){.hub = hub_new(wake, NULL),
                          .token_key = jwt_key_new(S("0123456789abcdef0123456789abcdef")),
                          .snapshot = &current,
                          .now_ms = &now_ms};
    buf_init(&realtime.replies, KIB(4));
    buf_init(&token, JWT_BYTES_MAX);
    CHECK(jwt_sign(realtime.token_key,
                   S("{\"sub\":\"u\",\"tenant\":\"" TENANT_ID "\",\"exp\":2000000000}"),
                   &token) == ST_OK);
    expiry_init(&session, &realtime, &ops, on_mark);
    expiry_enter(&session, buf_view(&token));
    CHECK(session.tenant && said_len > 0);
    buf_done(&token);
    return &session;
}

static bool has(Str text, const char *word)
{
    return memmem(text.at, text.len, word, strlen(word)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str message = str_make(data, size);
    Expiry *e = the_session();

    if (size > WS_MESSAGE_MAX) return 0;
    said_len = 0;
    marks = 0;
    expiry_on_text(e, message);
    bool ping = str_is(message, "PING") || str_is(message, "PING\n") || str_is(message, "PING\r\n");
    CHECK((said_len > 0) == ping);
    CHECK(!ping || str_eq(str_make(said, said_len), str_of(pong)));
    CHECK(marks == 0 || (marks == 1 && !ping));
    /* An escape may stand for any letter; without one the words must be there. */
    CHECK(marks == 0 || has(message, "\\u") || (has(message, "mark_read") && has(message, "id")));
    CHECK(e->tenant != NULL);
    return 0;
}
