#include "port/provider.h"

const ProviderKind *provider_kind_find(const ProviderKinds *kinds, Str name)
{
    for (uint32_t i = 0; i < kinds->count; i++)
        if (str_eq(kinds->at[i]->name, name)) return kinds->at[i];
    return NULL;
}

uint32_t provider_field_count(const ProviderKind *kind)
{
    uint32_t count = 0;
    while (count < PROVIDER_FIELDS_MAX && kind->fields[count].name.len) count++;
    return count;
}

Str provider_header(const ProviderAnswer *answer, Str name)
{
    for (uint32_t i = 0; i < answer->header_count; i++)
        if (str_eq_nocase(answer->headers[i].name, name)) return answer->headers[i].value;
    return (Str){NULL, 0};
}

void provider_add_header(ProviderRequest *request, Str name, Str value)
{
    CHECK(request->header_count < PROVIDER_HEADERS_MAX);
    request->headers[request->header_count++] = (ProviderHeader){name, value};
}

Str outcome_class_name(OutcomeClass class)
{
    static const Str names[] = {STR_INIT("OK"),          STR_INIT("RETRY"),
                                STR_INIT("RETRY_AFTER"), STR_INIT("PERMANENT"),
                                STR_INIT("SUPPRESS"),    STR_INIT("CONFIGURATION"),
                                STR_INIT("AMBIGUOUS")};
    return names[class];
}

void carrier_send(Carrier *carrier, CarrierCall *call)
{
    carrier->ops->send(carrier, call);
}

void carrier_cut(Carrier *carrier)
{
    carrier->ops->cut(carrier);
}

void carrier_free(Carrier *carrier)
{
    if (carrier) carrier->ops->free(carrier);
}
