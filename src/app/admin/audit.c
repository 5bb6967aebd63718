#include "app/admin/audit.h"

Status audit_write(StoreTx *tx, const AuditEntry *entry, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO audit (tenant, at_ms, actor, action, subject, trace_id, before, "
                  "after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                  VALUES(entry->tenant_no ? value_int(entry->tenant_no) : value_null(),
                         value_int(entry->at_ms), value_text(entry->actor),
                         value_text(str_of(entry->action)), value_text(entry->subject),
                         value_text(entry->trace_id), value_text(entry->before),
                         value_text(entry->after)),
                  NULL, err);
}
