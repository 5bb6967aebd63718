/* Keyed: what a trigger pays for being exact: an API key, a signature over the body, a rate limit and an
 * idempotency key, next to a trigger with an API key alone. Two tenants of one server take turns in
 * slices, so that both meet the same machine. README.md says how to read the table. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit.h"

enum { USERS = 100, WARM_UP_MS = 300, KEY_LEN = 16, REQUEST_MAX = 4096 };

#define SECRET     "a-webhook-secret-for-benchmarks"
#define KEY_HEADER "X-Idempotency-Key: "

static unsigned clients = 32, seconds = 12, slices = 12, workers = 1;
static const char *binary;

typedef enum Exact { PLAIN = 0, KEY = 1, SIGNED = 2, LOADS = 4 } Exact; /* SIGNED: and limited */

typedef struct Request {
    size_t len, key_at; /* key_at: where its key stands; 0: it has none */
    char bytes[REQUEST_MAX];
} Request;

typedef struct Load {
    Server at; /* the tenant whose key is sent */
    Exact exact;
    Request requests[USERS];
    uint64_t answered, cpu_ns;
} Load;

static uint64_t next_key = 1;

/* ---- requests ---- */

static void put_signature(char ret_hex[2 * crypto_auth_hmacsha256_BYTES + 1], Str body)
{
    crypto_auth_hmacsha256_state state;
    uint8_t sum[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)SECRET, sizeof SECRET - 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)body.at, body.len);
    crypto_auth_hmacsha256_final(&state, sum);
    sodium_bin2hex(ret_hex, 2 * sizeof sum + 1, sum, sizeof sum);
}

static size_t offset_of(Str text, Str part)
{
    const char *at = memmem(text.at, text.len, part.at, part.len);
    CHECK(at);
    return (size_t)(at - text.at);
}

/* A request of the kit with more headers before the blank line. */
static void put_request(Buf *out, const Load *l, Str user, unsigned mark)
{
    Buf plain;
    char signature[2 * crypto_auth_hmacsha256_BYTES + 1];
    buf_init(&plain, REQUEST_MAX);
    put_trigger(&plain, &l->at, TRIGGER_PATH, user, mark);
    Str all = buf_view(&plain);
    size_t end = offset_of(all, S("\r\n\r\n"));
    Str body = str_make(all.at + end + 4, all.len - end - 4);
    buf_add(out, str_head(all, end + 2));
    put_signature(signature, body);
    if (l->exact & SIGNED) buf_format(out, "X-Orqestra-Signature: %s\r\n", signature);
    if (l->exact & KEY) buf_format(out, KEY_HEADER "%0*d\r\n", KEY_LEN, 0);
    buf_lit(out, "\r\n");
    buf_add(out, body);
    CHECK(buf_status(out) == ST_OK);
    buf_done(&plain);
}

static void request_init(Request *r, const Load *l, unsigned user_index)
{
    char user[32];
    Buf b;
    snprintf(user, sizeof user, "user%u", user_index);
    buf_init(&b, REQUEST_MAX);
    put_request(&b, l, str_of(user), user_index);
    Str all = buf_view(&b);
    memcpy(r->bytes, all.at, all.len);
    r->len = all.len;
    r->key_at = l->exact & KEY ? offset_of(all, S(KEY_HEADER)) + sizeof KEY_HEADER - 1 : 0;
    buf_done(&b);
}

static Load *load_new(const Server *at, Exact exact)
{
    Load *l = calloc(1, sizeof *l);
    CHECK(l);
    l->at = *at;
    l->exact = exact;
    for (unsigned i = 0; i < USERS; i++) request_init(&l->requests[i], l, i);
    return l;
}

/* The next request; each has a key that never was there before. */
static Str request_of(Load *l, uint64_t n)
{
    Request *r = &l->requests[n % USERS];
    char digits[KEY_LEN + 8];
    if (r->key_at) {
        snprintf(digits, sizeof digits, "%0*llu", KEY_LEN, (unsigned long long)next_key++);
        memcpy(r->bytes + r->key_at, digits, KEY_LEN);
    }
    return str_make(r->bytes, r->len);
}

/* ---- turns ---- */

static void run_for(Load *l, Posters *posters, unsigned duration_ms)
{
    uint64_t next = 0, began = now_ns(), now = began;
    while (now - began < duration_ms * 1000000ull) {
        while (posters->idle_count) posters_send(posters, request_of(l, next++), now);
        posters_collect(posters, 1000);
        now = now_ns();
    }
    while (posters->idle_count < posters->count) posters_collect(posters, 1000);
}

static void take_turn(Load *l, unsigned duration_ms)
{
    Posters *posters = calloc(1, sizeof *posters);
    CHECK(posters);
    posters_open(posters, &l->at, clients, 200);
    run_for(l, posters, duration_ms / 10); /* connections, allocator: not counted */
    uint64_t cpu_before = cpu_ns(l->at.pid), answered = posters->answered;
    run_for(l, posters, duration_ms);
    l->cpu_ns += cpu_ns(l->at.pid) - cpu_before;
    l->answered += posters->answered - answered;
    posters_close(posters);
    free(posters);
}

static double each_us(const Load *l)
{
    return l->answered ? (double)l->cpu_ns / (double)l->answered / 1000 : 0;
}

static void measure(const Server *plain, const Server *strict)
{
    static const char *const names[] = {"API key alone", "and an idempotency key",
                                        "and a signature and limits", "and all three"};
    Load *warm_up = load_new(plain, PLAIN), *loads[LOADS];
    take_turn(warm_up, WARM_UP_MS);
    free(warm_up);
    for (unsigned k = 0; k < LOADS; k++) loads[k] = load_new(k & SIGNED ? strict : plain, k);
    for (unsigned i = 0; i < slices; i++)
        for (unsigned k = 0; k < LOADS; k++)
            take_turn(loads[(i + k) % LOADS], seconds * 1000 / (slices * LOADS));
    for (unsigned k = 0; k < LOADS; k++)
        table_note("%-32s %7.1f us CPU each, %llu triggers", names[k], each_us(loads[k]),
                   (unsigned long long)loads[k]->answered);
    table_line("CPU of an exact trigger / of a plain one", "x",
               each_us(loads[KEY | SIGNED]) / each_us(loads[PLAIN]), AT_MOST, 1.25);
    for (unsigned k = 0; k < LOADS; k++) free(loads[k]);
}

int main(int arg_count, char **args)
{
    const Option options[] = {{"clients", &clients, NULL}, {"seconds", &seconds, NULL},
                              {"slices", &slices, NULL},   {"workers", &workers, NULL},
                              {"binary", NULL, &binary},   {NULL, NULL, NULL}};
    Server plain, strict;
    kit_init();
    options_read(arg_count, args, options);
    if (clients == 0 || clients > POSTERS_MAX || seconds == 0 || slices == 0)
        fail("1 to %d clients, 1 second or more, 1 slice or more", POSTERS_MAX);
    table_begin();
    server_start(&plain, binary, workers);
    server_add_tenant(&plain,
                      "{\"name\":\"Strict\",\"rateLimitPerMinute\":100000000,"
                      "\"dailyCap\":1000000000,\"webhookSecret\":\"" SECRET "\"}",
                      &strict);
    table_title("A trigger that is exact, next to a plain one");
    measure(&plain, &strict);
    server_stop(&plain);
    return 0;
}
