/* build.h: how the immutable things of tenant.h come to be. Only registry.c, platform.c and tests
 * build; everybody else reads.
 *
 * Thread: one owner until the first reference is shared.
 * Errors: ST_INVALID and ST_TOO_BIG for a template that does not compile; ST_CONFLICT for a second
 * one of the same (event type, channel). */
#ifndef ORQ_DOMAIN_TENANT_BUILD_H
#define ORQ_DOMAIN_TENANT_BUILD_H

#include "domain/catalog/provider_store.h"
#include "domain/catalog/template_store.h"
#include "domain/tenant/tenant.h"
#include "domain/tenant/tenant_store.h"
#include "domain/tenant/vault.h"

Tenant *tenant_new(void); /* empty, one reference */

/* Copies the row's facts; ST_INVALID when its list of channels cannot be read. */
Status tenant_fill(Tenant *t, const TenantRow *row, Err *err) MUST_USE;

/* Opens the row's secrets into the tenant. ST_INVALID when the master key did not seal them: a tenant
 * that asked for signatures must not run without. */
Status tenant_open_secrets(Tenant *t, const TenantRow *row, const SealKey *master,
                           Err *err) MUST_USE;

/* Compiles and adds; a failed call leaves the tenant as it was. */
Status tenant_add_template(Tenant *t, const TemplateRow *row, Err *err) MUST_USE;

/* All of the tenant's providers in the order of the rows; inactive ones are left out. */
Status tenant_set_providers(Tenant *t, const ProviderRows *rows, const SealKey *master,
                            Err *err) MUST_USE;

/* Takes over one reference of each tenant and of platform; the array stays the caller's. */
Snapshot *snapshot_new(Tenant *const *tenants, uint32_t count, const Tenant *platform);

/* The built-in templates (platform.c), one reference for the caller. */
Tenant *platform_new(void);

#endif
