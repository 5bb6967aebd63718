/* oidc.c: POST /oidc/token: a service account's id and secret for a workspace token (OAuth 2.0 client
 * credentials, RFC 6749 4.4), in the form or by HTTP Basic.
 *
 *   loop     read the form -> may this account and this address try now?
 *   reader   the account's hash and its tenant
 *   loop     wrong: count the failure, 401          right: sign the token
 *
 * Nothing is remembered, so a deleted account gets no token from the moment its deletion is durable.
 * Unknown accounts and wrong secrets are answered alike (CEW-04). */
#include <stdio.h>

#include "app/admin/login_gate.h"
#include "app/api/token.h"
#include "app/app.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "base/base64.h"
#include "proto/url.h"

enum { ADDRESS_MAX = 64, CREDENTIAL_MAX = 128 };

typedef struct TokenTry {
    Str client_id, client_secret;
    char address_text[ADDRESS_MAX];
    Str address;
    bool fits;
    Str tenant_id; /* of the account that fits */
} TokenTry;

/* ---- answers ---- */

static void refuse(Request *rq, int status, const char *error, const char *message)
{
    Buf out;
    buf_init(&out, KIB(1));
    buf_lit(&out, "{\"error\":");
    json_put_string(&out, str_of(error));
    buf_lit(&out, ",\"message\":");
    json_put_string(&out, str_of(message));
    buf_lit(&out, "}");
    respond_json(rq, status, buf_view(&out));
    buf_done(&out);
}

static void refuse_client(Request *rq)
{
    respond_header(rq, S("WWW-Authenticate"), S("Basic realm=\"orqestra\""));
    refuse(rq, 401, "Unauthorized", "Invalid client credentials");
}

static void answer(Request *rq, const Tenant *tenant, Str client_id)
{
    Lane *lane = rq->lane;
    Buf claims, *out = &lane->scratch;
    buf_init(&claims, KIB(2));
    buf_lit(&claims, "{");
    token_claims_put(&claims, tenant->id_text, client_id, lane->loop->now_ms / 1000,
                     SERVICE_TOKEN_TTL_S);
    buf_lit(&claims, ",\"workspaces\":[");
    json_put_string(&claims, tenant->slug);
    buf_lit(&claims, "]}");
    buf_clear(out);
    buf_lit(out, "{\"access_token\":\"");
    Status st = jwt_sign(lane->token_key, buf_view(&claims), out);
    buf_format(out, "\",\"token_type\":\"Bearer\",\"expires_in\":%d}", SERVICE_TOKEN_TTL_S);
    buf_done(&claims);
    if (st == ST_OK) st = buf_status(out);
    if (st == ST_OK)
        respond_json(rq, 200, buf_view(out));
    else
        respond_status(rq, st, NULL);
}

/* ---- reading ---- */

static bool is_form(const Request *rq)
{
    Str type = request_header(rq, S("content-type"));
    return str_eq_nocase(str_trim(str_cut(&type, ';')), S("application/x-www-form-urlencoded"));
}

/* Authorization: Basic base64(id:secret). False when there is none; then the form has them. */
static bool read_basic(Request *rq, TokenTry *try)
{
    size_t len;
    Str rest = request_header(rq, S("authorization"));
    if (!str_eq_nocase(str_cut(&rest, ' '), S("basic"))) return false;
    Str encoded = str_trim(rest);
    uint8_t *at = arena_try(&rq->arena, encoded.len + 1);
    if (!at || !base64_decode(encoded, at, &len)) return true; /* and fits nobody */
    try->client_secret = str_make(at, len);
    try->client_id = str_cut(&try->client_secret, ':');
    return true;
}

static bool read_form(Request *rq, TokenTry *try)
{
    Str grant;
    if (!is_form(rq)) {
        refuse(rq, 400, "invalid_request",
               "Send a form: Content-Type: application/x-www-form-urlencoded");
        return false;
    }
    if (url_query(rq->body, S("grant_type"), &rq->arena, &grant) != ST_OK) grant = S("");
    if (!str_is(grant, "client_credentials")) {
        refuse(rq, 400, "unsupported_grant_type", "grant_type must be client_credentials");
        return false;
    }
    if (read_basic(rq, try)) return true;
    (void)!url_query(rq->body, S("client_id"), &rq->arena, &try->client_id);
    (void)!url_query(rq->body, S("client_secret"), &rq->arena, &try->client_secret);
    return true;
}

/* ---- trying ---- */

static bool gate_lets_in(Request *rq, const TokenTry *try)
{
    LoginGate *gate = rq->lane->app->logins;
    char text[16];
    Str seconds;
    uint64_t now = rq->lane->loop->mono_ms;
    uint32_t account_s = login_gate_wait_s(gate, LOGIN_ACCOUNT, try->client_id, now);
    uint32_t address_s = login_gate_wait_s(gate, LOGIN_ADDRESS, try->address, now);
    uint32_t wait_s = account_s > address_s ? account_s : address_s;
    if (wait_s == 0) return true;
    int len = snprintf(text, sizeof text, "%u", wait_s);
    if (arena_copy(&rq->arena, str_make(text, (size_t)len), &seconds))
        respond_header(rq, S("Retry-After"), seconds);
    refuse(rq, 429, "Too Many Requests", "Too many wrong credentials. Wait, then try again");
    return false;
}

/* On a reader's thread. */
static Status compare(StoreTx *tx, StoreJob *job, Err *err)
{
    Errand *e = CONTAINER_OF(job, Errand, job);
    TokenTry *try = e->extra;
    Rows rows;
    Sha256 given = hash_sha256(try->client_secret);
    Status st = tx_query(tx,
                         "SELECT a.secret_hash, t.id FROM service_account a "
                         "JOIN tenant t ON t.no = a.tenant WHERE a.client_id = $1",
                         VALUES(value_text(try->client_id)), &e->rq->arena, &rows, err);
    if (st != ST_OK || rows.count == 0) return st;
    Str hash = rows_text(&rows, 0, 0), id = rows_text(&rows, 0, 1);
    Uuid tenant;
    CHECK(hash.len == sizeof given.at && id.len == sizeof tenant.at);
    try->fits = bytes_equal(hash.at, given.at, sizeof given.at);
    memcpy(tenant.at, id.at, id.len);
    char *text = arena_alloc(&e->rq->arena, UUID_TEXT_LEN);
    uuid_text(tenant, text);
    try->tenant_id = str_make(text, UUID_TEXT_LEN);
    return ST_OK;
}

static void compared(Request *rq, Errand *e)
{
    const TokenTry *try = e->extra;
    LoginGate *gate = rq->lane->app->logins;
    uint64_t now = rq->lane->loop->mono_ms;
    if (e->call.st != ST_OK) {
        respond_status(rq, e->call.st, &e->call.err);
        return;
    }
    if (!try->fits) {
        login_gate_failed(gate, LOGIN_ACCOUNT, try->client_id, now);
        login_gate_failed(gate, LOGIN_ADDRESS, try->address, now);
        refuse_client(rq);
        return;
    }
    login_gate_passed(gate, LOGIN_ACCOUNT, try->client_id);
    const Tenant *tenant = snapshot_by_id(rq->lane->snapshot, try->tenant_id);
    if (tenant && tenant->active)
        answer(rq, tenant, try->client_id);
    else
        refuse_client(rq);
}

void api_oidc_token(Request *rq)
{
    TokenTry *try = arena_new(&rq->arena, TokenTry);
    try->client_id = try->client_secret = S("");
    try->address = str_make(try->address_text, request_peer(rq, try->address_text, ADDRESS_MAX));
    if (!read_form(rq, try)) return;
    if (try->client_id.len > CREDENTIAL_MAX) try->client_id = S(""); /* nobody's */
    if (!try->client_secret.at) try->client_secret = S("");
    if (!gate_lets_in(rq, try)) return;
    Errand *e = errand_new(rq, compared);
    e->extra = try;
    e->job.run = compare;
    errand_send(e, STORE_READ_JOB);
}
