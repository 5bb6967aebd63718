#include "driver/provider/kinds.h"

const ProviderKinds *provider_kinds(void)
{
    static const ProviderKind *const all[] = {&kind_smtp,   &kind_resend,         &kind_sendgrid,
                                              &kind_twilio, &kind_africastalking, &kind_webhook,
                                              &kind_log};
    static const ProviderKinds kinds = {all, sizeof all / sizeof *all};
    return &kinds;
}
