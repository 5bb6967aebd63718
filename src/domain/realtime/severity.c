/* One row a severity: its word on a workspace socket is also the word that event types carry, and the
 * expiry dialect folds five into three. */
#include "domain/realtime/severity.h"

static const struct Words {
    Str workspace, expiry;
} words[SEVERITY_COUNT] = {
    [SEVERITY_INFO] = {STR_INIT("info"), STR_INIT("info")},
    [SEVERITY_SUCCESS] = {STR_INIT("success"), STR_INIT("info")},
    [SEVERITY_WARNING] = {STR_INIT("warning"), STR_INIT("warning")},
    [SEVERITY_ALERT] = {STR_INIT("alert"), STR_INIT("warning")},
    [SEVERITY_ERROR] = {STR_INIT("error"), STR_INIT("error")},
};

Severity severity_of(Str event_type)
{
    Str rest = event_type;

    if (!str_eq(str_cut(&rest, '.'), S("global"))) return SEVERITY_INFO;
    Str word = str_cut(&rest, '.');
    for (Severity s = SEVERITY_INFO; s < SEVERITY_COUNT; s++)
        if (str_eq(word, words[s].workspace)) return s;
    return SEVERITY_INFO;
}

Str severity_workspace(Severity severity)
{
    return words[severity].workspace;
}

Str severity_expiry(Severity severity)
{
    return words[severity].expiry;
}
