#include "domain/realtime/channel.h"

#include "base/limits.h"
#include "base/utf8.h"

static ChannelKind kind_of(const Tenant *tenant, Str name, Str users)
{
    bool several = str_find(users, ',') >= 0;
    if (str_is(name, STATE_CHANNEL) && !several) return CHANNEL_STATE;
    if (!tenant_has_channel(tenant, name)) return CHANNEL_ROOM;
    return several ? CHANNEL_DIALOGUE : CHANNEL_STREAM;
}

ChannelName channel_read(const Tenant *tenant, Str channel)
{
    ChannelName room = {CHANNEL_ROOM, channel, S("")};
    ptrdiff_t hash = str_find_last(channel, '#');
    if (hash < 0 || (size_t)hash + 1 == channel.len) return room;
    Str name = str_head(channel, (size_t)hash), users = str_from(channel, (size_t)hash + 1);
    ChannelKind kind = kind_of(tenant, name, users);
    return kind == CHANNEL_ROOM ? room : (ChannelName){kind, name, users};
}

bool channel_is_for(const ChannelName *channel, Str user)
{
    if (user.len == 0 || channel->kind == CHANNEL_ROOM) return false;
    if (channel->kind != CHANNEL_DIALOGUE) return str_eq(channel->users, user);
    for (Str rest = channel->users; rest.at;)
        if (str_eq(str_cut(&rest, ','), user)) return true;
    return false;
}

bool channel_is_sane(Str channel)
{
    if (channel.len == 0 || channel.len > CHANNEL_NAME_MAX || !utf8_is_valid(channel)) return false;
    for (size_t i = 0; i < channel.len; i++)
        if ((uint8_t)channel.at[i] < ' ' || channel.at[i] == 0x7f) return false;
    return true;
}

static const char digits[] = "0123456789abcdef";

Str epoch_text(uint64_t epoch, char text[EPOCH_TEXT_LEN])
{
    if (epoch == 0) return S("");
    for (int i = EPOCH_TEXT_LEN; i-- > 0; epoch >>= 4) text[i] = digits[epoch & 15];
    return str_make(text, EPOCH_TEXT_LEN);
}

uint64_t epoch_parse(Str text)
{
    uint64_t epoch = 0;
    if (text.len == 0) return EPOCH_ANY;
    if (text.len != EPOCH_TEXT_LEN) return EPOCH_NONE;
    for (size_t i = 0; i < text.len; i++) {
        ptrdiff_t digit = str_find(str_of(digits), text.at[i]);
        if (digit < 0) return EPOCH_NONE;
        epoch = epoch << 4 | (uint64_t)digit;
    }
    return epoch & 1 ? epoch : EPOCH_NONE;
}
