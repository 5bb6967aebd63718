/* Names and numbers that both encodings share. */
#include "proto/centrifuge.h"

Str cf_method_name(CfMethod method)
{
    static const Str names[CF_METHOD_COUNT] = {
        [CF_CONNECT] = STR_INIT("connect"),
        [CF_PING] = STR_INIT("ping"),
        [CF_SUBSCRIBE] = STR_INIT("subscribe"),
        [CF_UNSUBSCRIBE] = STR_INIT("unsubscribe"),
        [CF_PUBLISH] = STR_INIT("publish"),
        [CF_PRESENCE] = STR_INIT("presence"),
        [CF_PRESENCE_STATS] = STR_INIT("presence_stats"),
        [CF_HISTORY] = STR_INIT("history"),
        [CF_RPC] = STR_INIT("rpc"),
        [CF_SEND] = STR_INIT("send"),
        [CF_REFRESH] = STR_INIT("refresh"),
        [CF_SUB_REFRESH] = STR_INIT("sub_refresh"),
    };
    CHECK(method < CF_METHOD_COUNT);
    return names[method];
}

Str cf_close_reason(CfClose code)
{
    switch (code) {
#define CF_CLOSE(name, number, reason)                                                             \
    case name:                                                                                     \
        return S(reason);
#include "proto/centrifuge.def"
#undef CF_CLOSE
    }
    CHECK(false);
}

Str cf_unsubscribe_reason(CfUnsubscribe code)
{
    switch (code) {
#define CF_UNSUBSCRIBE_CODE(name, number, reason)                                                  \
    case name:                                                                                     \
        return S(reason);
#include "proto/centrifuge.def"
#undef CF_UNSUBSCRIBE_CODE
    }
    CHECK(false);
}

Str cf_error_message(CfError error, bool *ret_temporary)
{
    switch (error) {
#define CF_ERROR(name, code, message, temporary)                                                   \
    case name:                                                                                     \
        *ret_temporary = temporary;                                                                \
        return S(message);
#include "proto/centrifuge.def"
#undef CF_ERROR
    }
    CHECK(false);
}
