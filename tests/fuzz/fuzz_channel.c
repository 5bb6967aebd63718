/* A line of a channel's name, a line of a pattern, a line of a user's id, any bytes in each:
 *  1. a name is cut at its last '#' and nowhere else, and only a room is not cut;
 *  2. a stream and the state have one user, a dialogue admits each of those it names and nobody else;
 *  3. a name matches itself, and every beginning of it with a star behind;
 *  4. what a pattern matches, it matches with stars around it as well. */
#include "fuzz.h"

#include "base/buf.h"
#include "domain/realtime/channel.h"
#include "domain/realtime/presence.h"

FUZZ_INIT()

static Str names[] = {STR_INIT("orders"), STR_INIT("a#b")};
static const Tenant tenant = {.channels = names, .channel_count = 2};

static bool is_among(Str users, Str user)
{
    while (users.at)
        if (str_eq(str_cut(&users, ','), user)) return true;
    return false;
}

static void check_name(Str channel, Str user)
{
    ChannelName c = channel_read(&tenant, channel);
    bool is_for = channel_is_for(&c, user);
    if (c.kind == CHANNEL_ROOM) {
        CHECK(str_eq(c.name, channel) && c.users.len == 0 && !is_for);
        return;
    }
    CHECK(c.name.len + 1 + c.users.len == channel.len && channel.at[c.name.len] == '#');
    CHECK(str_find(c.users, '#') < 0);
    CHECK((c.kind == CHANNEL_DIALOGUE) == (str_find(c.users, ',') >= 0));
    CHECK(is_for == (user.len > 0 && is_among(c.users, user)));
}

static void check_pattern(Str pattern, Str channel)
{
    Buf b;
    CHECK(str_find(channel, '*') >= 0 || channel_matches(channel, channel));
    buf_init(&b, KIB(64));
    for (size_t len = 0; len < channel.len && str_find(channel, '*') < 0; len += 1 + len / 4) {
        buf_clear(&b);
        buf_add(&b, str_head(channel, len));
        buf_add_byte(&b, '*');
        CHECK(channel_matches(buf_view(&b), channel));
    }
    if (pattern.len && channel_matches(pattern, channel)) {
        buf_clear(&b);
        buf_add_byte(&b, '*');
        buf_add(&b, pattern);
        buf_add_byte(&b, '*');
        CHECK(channel_matches(buf_view(&b), channel));
    }
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str rest = str_make(data, size);
    if (size > KIB(4)) return 0;
    Str channel = str_cut(&rest, '\n');
    Str pattern = rest.at ? str_cut(&rest, '\n') : S("");
    Str user = rest.at ? rest : S("");
    check_name(channel, user);
    check_pattern(pattern, channel);
    (void)channel_is_sane(channel);
    return 0;
}
