#include "domain/realtime/channel.h"

#include "base/limits.h"
#include "check_test.h"

static Str names[] = {STR_INIT("orders"), STR_INIT("a#b")};
static const Tenant tenant = {.channels = names, .channel_count = 2};

TEST(channel_kinds_follow_from_the_name)
{
    static const struct {
        const char *channel;
        ChannelKind kind;
        const char *name, *users;
    } cases[] = {
        {"global_system#u", CHANNEL_STREAM, "global_system", "u"},
        {"orders#u", CHANNEL_STREAM, "orders", "u"},
        {"a#b#u", CHANNEL_STREAM, "a#b", "u"}, /* the last '#' counts */
        {"global_state#u", CHANNEL_STATE, "global_state", "u"},
        {"orders#u,v", CHANNEL_DIALOGUE, "orders", "u,v"},
        {"global_system#u,v,w", CHANNEL_DIALOGUE, "global_system", "u,v,w"},
        {"orders#,", CHANNEL_DIALOGUE, "orders", ","},
        {"global_state#u,v", CHANNEL_ROOM, "global_state#u,v", ""}, /* nobody's state */
        {"orders#", CHANNEL_ROOM, "orders#", ""},
        {"orders", CHANNEL_ROOM, "orders", ""},
        {"unknown#u", CHANNEL_ROOM, "unknown#u", ""},
        {"#u", CHANNEL_ROOM, "#u", ""},
        {"", CHANNEL_ROOM, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ChannelName c = channel_read(&tenant, str_of(cases[i].channel));
        assert_int_equal(c.kind, cases[i].kind);
        assert_str(c.name, cases[i].name);
        assert_str(c.users, cases[i].users);
    }
}

static bool is_for(const char *channel, const char *user)
{
    ChannelName c = channel_read(&tenant, str_of(channel));
    return channel_is_for(&c, str_of(user));
}

TEST(channel_is_for_those_it_names)
{
    assert_true(is_for("orders#u", "u"));
    assert_false(is_for("orders#u", "v"));
    assert_false(is_for("orders#uv", "u"));
    assert_true(is_for("global_state#u", "u"));
    assert_true(is_for("orders#u,v", "u") && is_for("orders#u,v", "v"));
    assert_false(is_for("orders#u,v", "w"));
    assert_false(
        is_for("orders#u,v", "u,v")); /* were there such a user, its feed would be no dialogue */
    assert_false(is_for("orders#,", ""));
    assert_false(is_for("room#u", "u"));
}

TEST(channel_names_are_text_of_a_size)
{
    static char long_name[CHANNEL_NAME_MAX + 1];
    memset(long_name, 'x', sizeof long_name);
    assert_true(channel_is_sane(str_make(long_name, CHANNEL_NAME_MAX)));
    assert_false(channel_is_sane(str_make(long_name, CHANNEL_NAME_MAX + 1)));
    assert_true(channel_is_sane(S("r\xc3\xa4ume:1")));
    assert_false(channel_is_sane(S("")));
    assert_false(channel_is_sane(S("\xff")));
    assert_false(channel_is_sane(S("a\nb")));
    assert_false(channel_is_sane(S("\x02"))); /* names of our own making */
    assert_false(channel_is_sane(S("a\x7f")));
}

TEST_MAIN()
