/* verification_keys.c: .../tenants/{id}/verification-keys: the keys that verify a tenant's own login
 * tokens. A key is checked before it is stored; what is secret never comes back. Key sets are fetched
 * by key_fetch.c, which meets a new one in the next snapshot. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/http/router.h"
#include "domain/tenant/tenant_store.h"
#include "domain/tenant/vault.h"
#include "domain/tenant/verification.h"

typedef struct NewKey {
    VerificationRow row;
    Str secret;
} NewKey;

static uint32_t count_keys(const VerificationRow *row)
{
    Jwks set = {.count = 0};
    if (row->kind != KEY_JWKS) return 1;
    if (row->jwks.at) (void)!jwks_parse(row->jwks, &set, NULL);
    uint32_t count = set.count;
    jwks_done(&set);
    return count;
}

static void key_json(Buf *out, const VerificationRow *row)
{
    put_open(out);
    put_id(out, "id", row->id);
    put_text(out, "kind", str_of(key_kind_name(row->kind)));
    put_text(out, "kid", row->kid);
    put_text(out, "issuer", row->issuer);
    put_text(out, "audience", row->audience);
    put_text(out, "userClaim", row->user_claim);
    if (row->kind == KEY_HS256) put_text(out, "secret", S("********"));
    if (row->kind == KEY_RS256 || row->kind == KEY_ES256)
        put_text(out, "publicKey", row->public_key);
    if (row->kind == KEY_JWKS) {
        put_text(out, "jwksUrl", row->jwks_url);
        put_num(out, "keyCount", count_keys(row));
        if (row->jwks_fetched_ms)
            put_time(out, "fetchedAt", row->jwks_fetched_ms);
        else
            put_text(out, "fetchedAt", (Str){NULL, 0});
        put_text(out, "lastError", row->jwks_error);
    }
    put_time(out, "createdAt", row->created_ms);
    put_close(out);
}

/* ---- list: never more than VERIFICATION_KEYS_MAX, so there are no pages ---- */

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    VerificationRows rows = {0};
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = verification_read(tx, tenant.no, job->arena, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) key_json(&job->data, &rows.at[i]);
    return st;
}

void admin_verification_list(Request *rq)
{
    admin_job_list(rq, run_list, NULL);
}

/* ---- create ---- */

static Status check_room(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err)
{
    VerificationRows rows;
    Status st = verification_read(tx, tenant_no, job->arena, &rows, err);
    if (st != ST_OK || rows.count < VERIFICATION_KEYS_MAX) return st;
    return err_set(err, ST_CONFLICT,
                   "The tenant has %u verification keys already; that is the limit", rows.count);
}

static Status run_create(StoreTx *tx, AdminJob *job, Err *err)
{
    NewKey *key = job->input;
    TenantRow tenant;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = check_room(tx, job, tenant.no, err);
    if (st != ST_OK) return st;
    if (key->secret.at) {
        key->row.secret_sealed = vault_seal(job->master, tenant.id, SECRET_VERIFICATION,
                                            key->secret, job->arena);
        secret_wipe((void *)(uintptr_t)key->secret.at, key->secret.len);
    }
    st = verification_insert(tx, tenant.no, &key->row, err);
    if (st != ST_OK) return st;
    key_json(&job->data, &key->row);
    st = admin_job_audit(tx, job, tenant.no, "verification_key.created", key->row.id,
                         (Str){NULL, 0}, buf_view(&job->data), err);
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

/* Each kind takes its own source of trust and no other. */
static void read_source(const Fields *f, const OutboundPolicy *outbound, NewKey *key)
{
    static const char *const members[KEY_KIND_COUNT] = {"secret", "publicKey", "publicKey",
                                                        "jwksUrl"};
    VerificationRow *row = &key->row;
    JwtVerifyKey *made = NULL;
    Err why = {""};
    Str name = str_of(members[row->kind]), text;
    static const Str all[] = {STR_INIT("secret"), STR_INIT("publicKey"), STR_INIT("jwksUrl")};
    for (int i = 0; i < 3; i++)
        if (!str_eq(all[i], name) && fields_has(f, all[i]))
            fields_problem(f, "%.*s does not go with the kind %s", STR_FMT(all[i]),
                           key_kind_name(row->kind));
    fields_require(f, name, "a string");
    if (!fields_text(f, name, 1, PUBLIC_KEY_TEXT_MAX, &text)) return;
    Status st = ST_OK;
    switch (row->kind) {
    case KEY_HS256:
        key->secret = text;
        st = jwt_verify_key_secret(text, S(""), &made, &why);
        break;
    case KEY_RS256:
    case KEY_ES256:
        row->public_key = text;
        st = jwt_verify_key_pem(row->kind == KEY_RS256 ? JWT_RS256 : JWT_ES256, text, S(""), &made,
                                &why);
        break;
    case KEY_JWKS:
        row->jwks_url = text;
        st = outbound_url_check(outbound, text, &why);
        break;
    case KEY_KIND_COUNT:
        break;
    }
    if (st != ST_OK) fields_problem(f, "%.*s: %.*s", STR_FMT(name), STR_FMT(err_view(&why)));
    jwt_verify_key_free(made);
}

static void read_kind(const Fields *f, const OutboundPolicy *outbound, NewKey *key)
{
    Str kind;
    fields_require(f, S("kind"), "one of hs256, rs256, es256, jwks");
    if (!fields_line(f, S("kind"), 1, 16, &kind)) return;
    if (key_kind_parse(kind, &key->row.kind))
        read_source(f, outbound, key);
    else
        fields_problem(f, "kind must be one of hs256, rs256, es256, jwks");
}

static bool read_key(Request *rq, NewKey *key)
{
    static const Str known[] = {STR_INIT("kind"),     STR_INIT("secret"),   STR_INIT("publicKey"),
                                STR_INIT("jwksUrl"),  STR_INIT("kid"),      STR_INIT("issuer"),
                                STR_INIT("audience"), STR_INIT("userClaim")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    key->row.user_claim = S("sub");
    if (fields_open(&f, known, sizeof known / sizeof known[0])) {
        read_kind(&f, &rq->lane->app->outbound, key);
        fields_line(&f, S("kid"), 1, KID_MAX, &key->row.kid);
        fields_line(&f, S("issuer"), 1, 255, &key->row.issuer);
        fields_line(&f, S("audience"), 1, 255, &key->row.audience);
        fields_line(&f, S("userClaim"), 1, 64, &key->row.user_claim);
        if (key->row.kind == KEY_JWKS && key->row.kid.at)
            fields_problem(&f, "kid does not go with the kind jwks: the set names its keys");
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_verification_create(Request *rq)
{
    NewKey *key = arena_new(&rq->arena, NewKey);
    if (!read_key(rq, key)) return;
    if (key->row.kind == KEY_JWKS && rq->session->role != ROLE_OPERATOR) {
        respond_error(rq, 403,
                      S("Only an operator may name an address for this server to call; "
                        "upload the public key instead"));
        return;
    }
    AdminJob *job = admin_job_new(rq, run_create, key);
    if (!job) return;
    key->row.id = uuid_v7(job->now_ms, &rq->lane->loop->random);
    key->row.created_ms = job->now_ms;
    job->status = 201;
    admin_job_send(job, STORE_WRITE_JOB);
}

/* ---- delete ---- */

static Status audit_deletion(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Uuid id, Err *err)
{
    Buf was;
    VerificationRows rows = {0};
    Status st = verification_read(tx, tenant_no, job->arena, &rows, err);
    buf_init(&was, KIB(16));
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++)
        if (memcmp(rows.at[i].id.at, id.at, sizeof id.at) == 0) key_json(&was, &rows.at[i]);
    if (st == ST_OK && buf_len(&was))
        st = admin_job_audit(tx, job, tenant_no, "verification_key.deleted", id, buf_view(&was),
                             (Str){NULL, 0}, err);
    buf_done(&was);
    return st;
}

static Status run_delete(StoreTx *tx, AdminJob *job, Err *err)
{
    const Uuid *id = job->input;
    TenantRow tenant;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = audit_deletion(tx, job, tenant.no, *id, err);
    if (st == ST_OK) st = verification_delete(tx, tenant.no, *id, err);
    if (st != ST_OK) return st;
    buf_lit(&job->data, "{\"deleted\":true}");
    return admin_job_stage(tx, job, tenant.no, err);
}

void admin_verification_delete(Request *rq)
{
    Uuid *id = arena_new(&rq->arena, Uuid);
    if (!uuid_parse(rq->params[1], id)) {
        respond_error(rq, 404, S("Verification key not found"));
        return;
    }
    AdminJob *job = admin_job_new(rq, run_delete, id);
    if (job) admin_job_send(job, STORE_WRITE_JOB);
}
