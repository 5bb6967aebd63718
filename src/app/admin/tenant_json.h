/* tenant_json.h: a tenant as the admin API shows it.
 *
 * Thread: any.  Errors: a sealed key that does not open shows as null (the master key changed); the
 * Buf remembers its own. */
#ifndef ORQ_APP_ADMIN_TENANT_JSON_H
#define ORQ_APP_ADMIN_TENANT_JSON_H

#include "base/buf.h"
#include "base/seal.h"
#include "domain/tenant/tenant_store.h"

typedef enum KeyShown {
    KEY_HIDDEN, /* for the audit log */
    KEY_LAST4,  /* apiKeyLast4 */
    KEY_WHOLE   /* apiKey, for the operator's eyes (API-02) */
} KeyShown;

void tenant_json(Buf *out, const TenantRow *row, KeyShown shown, const SealKey *master,
                 Arena *arena);

#endif
