/* Any bytes as the token of an unsubscribe link, and as who is in one:
 *  1. what opens was made by us: made again from what it says, it is the same token;
 *  2. what we make opens, and says what it was made of. */
#include "fuzz.h"

#include "domain/deliver/unsubscribe.h"

FUZZ_INIT()

static void check_open(Str token, Arena *a)
{
    OptOut who;
    if (!unsubscribe_open(S("secret"), token, a, &who)) return;
    CHECK(str_eq(unsubscribe_token(S("secret"), &who, a), token));
}

static void check_made(Str text, Arena *a)
{
    OptOut who = {.tenant = {{0}}}, read;
    Str rest = text;
    who.category = str_cut(&rest, '\n');
    who.address = rest;
    if (!who.address.len) return;
    Str token = unsubscribe_token(S("secret"), &who, a);
    if (!token.at) return;
    CHECK(unsubscribe_open(S("secret"), token, a, &read));
    CHECK(str_eq(read.category, who.category) && str_eq(read.address, who.address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a;
    arena_init(&a, MIB(1));
    check_open(str_make(data, size), &a);
    check_made(str_make(data, size), &a);
    arena_done(&a);
    return 0;
}
