/* operator.c: a generated password is hashed and written at once, in the first start's own job: it is
 * stored before it is shown. A configured one may differ at every start, and takes the long way:
 *
 *   UNSETTLED --operator_start--> HASHING --mail--> WRITING --mail--> SETTLED
 *                                    |  the stored hash fits            ^
 *                                    '----------------------------------'
 *
 * HASHING runs in a read job and WRITING in a write job, so the writer never spends its time on
 * argon2. A failure is logged and leaves it UNSETTLED: the password keeps working in this process, and
 * the next start tries again. */
#include "app/admin/operator.h"

#include "app/admin/audit.h"
#include "app/admin/session.h"
#include "app/admin/session_store.h"
#include "app/app.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"

enum { GENERATED_LEN = 24 }; /* 4 x 5 of 32 letters and dashes: 100 bits */

struct Operator {
    App *app;
    Mail mail;
    StoreJob job;
    atomic_bool settled;
    bool generated, fits_already, was_there;
    int64_t started_ms; /* sessions made before it go when the password changed */
    Sha256 wanted_hash; /* of the password below: sign-ins compare with it meanwhile */
    char wanted[PASSWORD_BYTES_MAX];
    size_t wanted_len;
    AdminUser user;
};

static void hashed(StoreCall *call);
static void go_write(Mail *mail, Loop *here);
static void written(StoreCall *call);
static void settle(Mail *mail, Loop *here);

static Str wanted(const Operator *o)
{
    return str_make(o->wanted, o->wanted_len);
}

static void want(Operator *o, Str text)
{
    memcpy(o->wanted, text.at, text.len);
    o->wanted_len = text.len;
    o->wanted_hash = hash_sha256(text);
    atomic_store(&o->settled, false);
}

/* Letters that nobody mistakes for one another, in groups that can be read aloud. */
static void generate(Operator *o)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    _Static_assert(sizeof letters - 1 == 32, "five bits a letter, none more likely");
    char text[GENERATED_LEN];
    uint8_t bytes[GENERATED_LEN];
    Random random;
    size_t len = 0;
    random_init(&random);
    random_fill(&random, bytes, sizeof bytes);
    for (size_t i = 0; i < 20; i++) {
        if (i && i % 5 == 0) text[len++] = '-';
        text[len++] = letters[bytes[i] & 31];
    }
    want(o, str_make(text, len));
    secret_wipe(text, sizeof text);
    secret_wipe(bytes, sizeof bytes);
}

static Status write_user(StoreTx *tx, Operator *o, Err *err)
{
    const AuditEntry entry = {.at_ms = o->started_ms,
                              .actor = S("server"),
                              .action = o->was_there ? "operator.password_changed"
                                                     : "operator.created",
                              .subject = OPERATOR_NAME};
    Status st = admin_user_write(tx, OPERATOR_NAME, &o->user, o->started_ms, err);
    return st == ST_OK ? audit_write(tx, &entry, err) : st;
}

static Status make_first(StoreTx *tx, Operator *o, Err *err)
{
    generate(o);
    Status st = password_hash(wanted(o), &o->user.hash, err);
    if (st == ST_OK) st = write_user(tx, o, err);
    o->generated = st == ST_OK;
    atomic_store(&o->settled, true);
    return st;
}

Status operator_load(StoreTx *tx, Str configured, int64_t now_ms, Operator **ret_operator, Err *err)
{
    AdminUser stored;
    if (configured.len > PASSWORD_BYTES_MAX)
        return err_set(err, ST_INVALID, "operator_password is longer than %d bytes",
                       PASSWORD_BYTES_MAX);
    Status st = admin_user_read(tx, OPERATOR_NAME, &stored, err);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;

    Operator *o = mem_new(Operator);
    o->started_ms = now_ms;
    o->was_there = st == ST_OK;
    if (o->was_there) o->user = stored;
    o->user.role = ROLE_OPERATOR;
    atomic_init(&o->settled, true);
    st = ST_OK;
    if (configured.len)
        want(o, configured);
    else if (!o->was_there)
        st = make_first(tx, o, err);
    if (st == ST_OK)
        *ret_operator = o;
    else
        operator_free(o);
    return st;
}

Str operator_generated(const Operator *o)
{
    return o->generated ? wanted(o) : S("");
}

void operator_free(Operator *o)
{
    if (!o) return;
    secret_wipe(o->wanted, sizeof o->wanted);
    mem_free(o);
}

bool operator_decides(Operator *o, Str username, Str password, bool *ret_fits)
{
    if (atomic_load(&o->settled) || !str_eq(username, OPERATOR_NAME)) return false;
    Sha256 given = hash_sha256(password);
    *ret_fits = bytes_equal(given.at, o->wanted_hash.at, sizeof given.at);
    return true;
}

static void fail(const Operator *o, const char *step)
{
    LOG(LOG_ERROR, "operator.not_stored", log_str("step", str_of(step)),
        log_str("why", err_view(&o->job.call.err)));
}

static void submit(Operator *o, StoreKind kind, Status (*run)(StoreTx *tx, StoreJob *job, Err *err),
                   void (*done)(StoreCall *))
{
    o->job = (StoreJob){.call = {.kind = kind, .done = done}, .run = run};
    if (store_submit(o->app->store, &o->job.call) != ST_OK) fail(o, "submit");
}

/* HASHING: on a reader's thread. */
static Status hash_run(StoreTx *tx, StoreJob *job, Err *err)
{
    Operator *o = CONTAINER_OF(job, Operator, job);
    (void)tx;
    o->fits_already = o->was_there && password_fits(wanted(o), &o->user.hash);
    return o->fits_already ? ST_OK : password_hash(wanted(o), &o->user.hash, err);
}

void operator_start(Operator *o, App *app)
{
    o->app = app;
    if (atomic_load(&o->settled)) return;
    if (o->wanted_len < PASSWORD_BYTES_MIN)
        LOG(LOG_WARN, "setting.weak",
            log_str("why", S("operator_password is easy to guess; use 10 bytes or more")));
    submit(o, STORE_READ_JOB, hash_run, hashed);
}

static void hashed(StoreCall *call)
{
    Operator *o = CONTAINER_OF(call, Operator, job.call);
    o->mail.open = call->st == ST_OK && !o->fits_already ? go_write : settle;
    mailbox_post(o->app->lanes[0].loop, &o->mail);
}

/* WRITING: on the writer's thread. */
static Status write_run(StoreTx *tx, StoreJob *job, Err *err)
{
    Operator *o = CONTAINER_OF(job, Operator, job);
    Status st = write_user(tx, o, err);
    return st == ST_OK ? session_delete_user(tx, OPERATOR_NAME, o->started_ms, err) : st;
}

static void go_write(Mail *mail, Loop *here)
{
    (void)here;
    submit(CONTAINER_OF(mail, Operator, mail), STORE_WRITE_JOB, write_run, written);
}

static void written(StoreCall *call)
{
    Operator *o = CONTAINER_OF(call, Operator, job.call);
    o->mail.open = settle;
    mailbox_post(o->app->lanes[0].loop, &o->mail);
}

static void settle(Mail *mail, Loop *here)
{
    Operator *o = CONTAINER_OF(mail, Operator, mail);
    (void)here;
    if (o->job.call.st != ST_OK) {
        fail(o, "store");
        return;
    }
    if (!o->fits_already) sessions_remove_user(o->app->sessions, OPERATOR_NAME, o->started_ms);
    atomic_store(&o->settled, true);
    secret_wipe(o->wanted, sizeof o->wanted);
    LOG(LOG_DEBUG, "operator.stored");
}
