/* registry.c: the master copy is simply the newest Snapshot.
 *
 *   registry_load     all tenants, page by page  -> the first Snapshot
 *   registry_stage    one tenant, from inside the transaction that changes it
 *   registry_publish  the newest Snapshot with that one tenant replaced -> the newest Snapshot
 *
 * Publishing copies the array of tenants and hashes every key again: about 30 ms for 100,000 tenants.
 * Admin changes are rare and lookups are not, so the cost is on the right side.
 *
 * A stored template that no longer compiles (an older build accepted it) is left out and remembered:
 * one bad row must not keep every other tenant from starting. */
#include "domain/tenant/registry.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/tenant/build.h"
#include "domain/tenant/verification.h"

enum { TENANT_PAGE = 500, TEMPLATE_PAGE = 100 };

struct Registry {
    Snapshot *current;
    const SealKey *master;
    LeftOut left_out;
};

/* Tenants gathered while loading; owns one reference of each. */
typedef struct Gathered {
    Tenant **at;
    uint32_t count, room;
} Gathered;

static void leave_out(LeftOut *list, const TemplateRow *row, const Err *why)
{
    if (list->total < LEFT_OUT_MAX)
        list->first[list->total] = (LeftOutTemplate){row->tenant_no, row->id, *why};
    list->total++;
}

static Status add_templates(Tenant *t, StoreTx *tx, LeftOut *left_out, Err *err)
{
    Uuid after = {{0}};
    Status st = ST_OK;
    for (bool more = true; more && st == ST_OK;) {
        Arena page;
        TemplateRows rows;
        arena_init(&page, TEMPLATE_PAGE_BYTES_MAX);
        st = template_read_active(tx, t->no, after, TEMPLATE_PAGE, &page, &rows, err);
        for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
            Err why = {""};
            if (tenant_add_template(t, &rows.at[i], &why) != ST_OK)
                leave_out(left_out, &rows.at[i], &why);
        }
        more = st == ST_OK && rows.count == TEMPLATE_PAGE;
        if (more) after = rows.at[rows.count - 1].id;
        arena_done(&page);
    }
    return st;
}

static Status add_providers(Tenant *t, StoreTx *tx, const SealKey *master, Err *err)
{
    Arena page;
    ProviderRows rows;
    arena_init(&page, TENANT_BYTES_MAX);
    Status st = provider_read_all(tx, t->no, &page, &rows, err);
    if (st == ST_OK) st = tenant_set_providers(t, &rows, master, err);
    arena_done(&page);
    return st;
}

static Status add_verification(Tenant *t, StoreTx *tx, const SealKey *master, Err *err)
{
    Arena arena;
    VerificationRows rows = {0};
    arena_init(&arena, MIB(4)); /* every key a set of the largest size */
    Status st = verification_read(tx, t->no, &arena, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++)
        st = tenant_add_verification(t, &rows.at[i], master, err);
    arena_done(&arena);
    return st;
}

static Status build(Registry *r, const TenantRow *row, StoreTx *tx, Tenant **ret_tenant, Err *err)
{
    Tenant *t = tenant_new();
    Status st = tenant_fill(t, row, err);
    if (st == ST_OK) st = tenant_open_secrets(t, row, r->master, err);
    if (st == ST_OK) st = add_providers(t, tx, r->master, err);
    if (st == ST_OK) st = add_verification(t, tx, r->master, err);
    if (st == ST_OK) st = add_templates(t, tx, &r->left_out, err);
    if (st == ST_OK)
        *ret_tenant = t;
    else
        tenant_unref(t);
    return st;
}

static Status gather(Gathered *g, Tenant *t, Err *err)
{
    if (g->count == g->room) {
        uint32_t room = g->room ? 2 * g->room : TENANT_PAGE;
        Tenant **more = mem_try_resize(g->at, sizeof *more * room);
        if (!more) {
            tenant_unref(t);
            return err_set(err, ST_UNAVAILABLE, "no memory for the tenants");
        }
        g->at = more;
        g->room = room;
    }
    g->at[g->count++] = t;
    return ST_OK;
}

static Status gather_page(Gathered *g, Registry *r, StoreTx *tx, uint32_t after_no,
                          uint32_t *ret_last_no /* 0: that was the end */, Err *err)
{
    Arena page;
    TenantRows rows = {0};
    arena_init(&page, TEMPLATE_PAGE_BYTES_MAX);
    Status st = tenant_read_after(tx, after_no, TENANT_PAGE, &page, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        Tenant *t = NULL;
        st = build(r, &rows.at[i], tx, &t, err);
        if (st == ST_OK) st = gather(g, t, err);
    }
    if (st == ST_OK) *ret_last_no = rows.count == TENANT_PAGE ? rows.at[rows.count - 1].no : 0;
    arena_done(&page);
    return st;
}

Status registry_load(StoreTx *tx, const SealKey *master, Registry **ret_registry, Err *err)
{
    Gathered all = {0};
    Registry *r = mem_new(Registry);
    r->master = master;
    uint32_t last_no = 0;
    Status st;
    do st = gather_page(&all, r, tx, last_no, &last_no, err);
    while (st == ST_OK && last_no);

    if (st == ST_OK) {
        r->current = snapshot_new(all.at, all.count, platform_new());
        *ret_registry = r;
    } else {
        for (uint32_t i = 0; i < all.count; i++) tenant_unref(all.at[i]);
        mem_free(r);
    }
    mem_free(all.at);
    return st;
}

void registry_free(Registry *r)
{
    if (!r) return;
    snapshot_unref(r->current);
    mem_free(r);
}

Snapshot *registry_snapshot(Registry *r)
{
    return snapshot_ref(r->current);
}

const LeftOut *registry_left_out(const Registry *r)
{
    return &r->left_out;
}

Status registry_stage(Registry *r, StoreTx *tx, uint32_t tenant_no, StagedTenant *ret_staged,
                      Err *err)
{
    Arena arena;
    TenantRow row;
    Tenant *t = NULL;
    arena_init(&arena, TENANT_BYTES_MAX);
    Status st = tenant_read_no(tx, tenant_no, &arena, &row, err);
    if (st == ST_OK) st = build(r, &row, tx, &t, err);
    if (st == ST_NOT_FOUND) st = ST_OK; /* gone: that is what is staged */
    if (st == ST_OK) *ret_staged = (StagedTenant){tenant_no, t};
    arena_done(&arena);
    return st;
}

Snapshot *registry_publish(Registry *r, StagedTenant *staged)
{
    Snapshot *old = r->current;
    Tenant **tenants = mem_alloc(sizeof *tenants * (old->count + 1));
    uint32_t count = 0;
    for (uint32_t i = 0; i < old->count; i++)
        if (old->tenants[i]->no != staged->tenant_no)
            tenants[count++] = tenant_ref(old->tenants[i]);
    if (staged->tenant) tenants[count++] = staged->tenant;
    staged->tenant = NULL; /* its reference is the snapshot's now */

    r->current = snapshot_new(tenants, count, tenant_ref(old->platform));
    mem_free(tenants);
    snapshot_unref(old);
    return snapshot_ref(r->current);
}

void registry_unstage(StagedTenant *staged)
{
    tenant_unref(staged->tenant);
    staged->tenant = NULL;
}
