#include "domain/realtime/channel.h"

ChannelKind channel_kind(const Tenant *tenant, Str user, Str channel, Str *ret_name)
{
    ptrdiff_t hash = str_find_last(channel, '#');
    if (hash < 0 || user.len == 0) return CHANNEL_FOREIGN;
    if (!str_eq(str_from(channel, (size_t)hash + 1), user)) return CHANNEL_FOREIGN;
    *ret_name = str_head(channel, (size_t)hash);
    if (tenant_has_channel(tenant, *ret_name)) return CHANNEL_STREAM;
    return str_is(*ret_name, STATE_CHANNEL) ? CHANNEL_STATE : CHANNEL_FOREIGN;
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
