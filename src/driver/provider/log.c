/* log: for development. Nothing leaves the process: the carrier writes one line that names the delivery,
 * and every message counts as sent. Addresses and bodies stay out of the log, as everywhere. */
#include "driver/provider/kinds.h"

static Status log_build(const Credentials *credentials, const Message *message, Arena *arena,
                        ProviderRequest *ret_request, Err *err)
{
    (void)credentials, (void)arena, (void)err;
    ret_request->transport = TRANSPORT_LOG;
    ret_request->body = message->id_text;
    return ST_OK;
}

static void log_read(const Message *message, const ProviderAnswer *answer, Arena *arena,
                     Outcome *ret_outcome)
{
    (void)answer, (void)arena;
    ret_outcome->class = OUTCOME_OK;
    ret_outcome->provider_id = message->id_text;
}

const ProviderKind kind_log = {
    .name = STR_INIT("log"),
    .channels = CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_SMS),
    .takes_key = true,
    .build = log_build,
    .read = log_read,
};
