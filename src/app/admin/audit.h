/* audit.h: who changed what (ORQ-25), written in the transaction of the change itself.
 *
 * before and after are the thing's JSON as the API shows it, without secrets.
 *
 * Thread: inside a store job. */
#ifndef ORQ_APP_ADMIN_AUDIT_H
#define ORQ_APP_ADMIN_AUDIT_H

#include "port/store.h"

typedef struct AuditEntry {
    uint32_t tenant_no; /* 0: the whole server */
    int64_t at_ms;
    Str actor;          /* username */
    const char *action; /* "tenant.created" */
    Str subject;        /* id of the thing */
    Str trace_id;       /* {NULL,0}: none */
    Str before, after;  /* JSON, or {NULL,0} */
} AuditEntry;

Status audit_write(StoreTx *tx, const AuditEntry *entry, Err *err) MUST_USE;

#endif
