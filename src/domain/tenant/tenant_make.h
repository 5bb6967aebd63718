/* tenant_make.h: what a new tenant starts with.
 *
 * Thread: any.  Ownership: everything lives in the arena; name and slug are borrowed. */
#ifndef ORQ_DOMAIN_TENANT_TENANT_MAKE_H
#define ORQ_DOMAIN_TENANT_TENANT_MAKE_H

#include "domain/tenant/tenant_store.h"
#include "domain/tenant/vault.h"

enum { TENANT_RATE_DEFAULT = 100, TENANT_CAP_DEFAULT = 10000 }; /* ORQ-22 */

TenantRow tenant_make(Str name, Str slug, int64_t now_ms, const SealKey *master, Random *random,
                      Arena *arena);

enum { KEY_OVERLAP_MAX_S = 7 * 86400 };

/* A new API key; the old one is unknown as soon as the row is published. So is the one before it. */
void tenant_give_key(TenantRow *row, const SealKey *master, Random *random, Arena *arena);
/* The same, but the key that held until now stays valid until then. */
void tenant_change_key(TenantRow *row, int64_t old_until_ms, const SealKey *master, Random *random,
                       Arena *arena);

#endif
