#include "driver/provider/kinds.h"

const ProviderKinds *provider_kinds(void)
{
    static const ProviderKind *const all[] = {&kind_log, &kind_webhook};
    static const ProviderKinds kinds = {all, sizeof all / sizeof *all};
    return &kinds;
}
