/* registry.h: where Snapshots come from: the master copy of all tenants, on the store's writer.
 *
 * registry_load reads everything once at start. After that an admin job calls registry_stage inside
 * its transaction (it reads the tenant's rows, its own writes included, and compiles); when the
 * commit succeeded, registry_publish makes the staged change the new Snapshot. A rolled-back job's
 * staged change is dropped with registry_unstage.
 *
 * Thread: load before the loops start; stage, publish, unstage on the store's writer thread. */
#ifndef ORQ_DOMAIN_TENANT_REGISTRY_H
#define ORQ_DOMAIN_TENANT_REGISTRY_H

#include "base/limits.h"
#include "base/seal.h"
#include "domain/tenant/tenant.h"
#include "port/store.h"

typedef struct Registry Registry;

typedef struct StagedTenant {
    uint32_t tenant_no;
    Tenant *tenant; /* NULL: the tenant is gone */
} StagedTenant;

/* The master key opens the tenants' webhook secrets; it outlives the registry. */
Status registry_load(StoreTx *tx, const SealKey *master, Registry **ret_registry,
                     Err *err) MUST_USE;
void registry_free(Registry *r);
Snapshot *registry_snapshot(Registry *r); /* the current one, referenced for the caller */

/* Stored templates that no longer compile do not fire and do not stop the start: the process logs
 * them, the operator saves them again. */
typedef struct LeftOutTemplate {
    uint32_t tenant_no;
    Uuid id;
    Err why;
} LeftOutTemplate;
typedef struct LeftOut {
    LeftOutTemplate first[LEFT_OUT_MAX];
    uint32_t total; /* may be more than LEFT_OUT_MAX */
} LeftOut;
const LeftOut *registry_left_out(const Registry *r); /* writer thread, or before the loops start */

Status registry_stage(Registry *r, StoreTx *tx, uint32_t tenant_no, StagedTenant *ret_staged,
                      Err *err) MUST_USE;
Snapshot *registry_publish(Registry *r, StagedTenant *staged); /* referenced for the caller */
void registry_unstage(StagedTenant *staged);

#endif
