/* queue_store.c: every statement goes through delivery_line, an index in which only what waits has a row.
 *
 * Of a line, retries that are due come first, up to half of the quota, so that neither a flood of new
 * events nor a flood of retries stops the other; then first attempts by event number. What one half
 * leaves the other takes. */
#include "domain/deliver/queue_store.h"

#include "base/limits.h"

#define UNCERTAIN_CAUSE                                                                            \
    "the server stopped while this was being sent; it is not known whether the provider took it"

static Status say_no_room(Err *err)
{
    return err_set(err, ST_TOO_BIG, "the claimed deliveries do not fit into memory");
}

/* ---- claim ---- */

/* The index alone finds them; event and user are read by their numbers. */
#define CLAIM_COLUMNS                                                                              \
    "SELECT d.event, d.id, d.status, d.attempt_count, d.retry_count, d.recipient, "                \
    "d.template_id, d.template_version, e.end_user, u.id, e.id, e.type, e.payload, e.variables, "  \
    "e.created_ms FROM delivery d JOIN event e ON e.no = d.event "                                 \
    "LEFT JOIN end_user u ON u.no = e.end_user AND u.tenant = d.tenant "                           \
    "WHERE d.tenant = $1 AND d.channel = $2 "
#define WAITING "AND d.status IN (0, 4) AND d.claim = 0 "

static Uuid uuid_at(const Rows *rows, uint32_t row, uint32_t column)
{
    Uuid id = {{0}};
    Str bytes = rows_text(rows, row, column);
    if (bytes.len == sizeof id.at) memcpy(id.at, bytes.at, bytes.len);
    return id;
}

static Str text_at(const Rows *rows, uint32_t row, uint32_t column)
{
    Str text = rows_text(rows, row, column);
    return text.at ? text : S("");
}

static Claimed claimed_of(const Rows *rows, uint32_t i, LineKey line)
{
    return (Claimed){.line = line,
                     .event_no = rows_int(rows, i, 0),
                     .id = uuid_at(rows, i, 1),
                     .retrying = rows_int(rows, i, 2) == DELIVERY_RETRYING,
                     .attempt_count = (uint32_t)rows_int(rows, i, 3),
                     .retry_count = (uint32_t)rows_int(rows, i, 4),
                     .recipient = text_at(rows, i, 5),
                     .template_id = uuid_at(rows, i, 6),
                     .template_version = (uint32_t)rows_int(rows, i, 7),
                     .user_no = rows_int(rows, i, 8),
                     .user_id = text_at(rows, i, 9),
                     .event_id = text_at(rows, i, 10),
                     .event_type = text_at(rows, i, 11),
                     .payload = text_at(rows, i, 12),
                     .variables = text_at(rows, i, 13),
                     .created_ms = rows_int(rows, i, 14)};
}

typedef enum Share { SHARE_RETRIES, SHARE_FIRST } Share;

static Status read_share(StoreTx *tx, const ClaimRequest *r, LineKey key, Share share,
                         uint32_t limit, Arena *arena, Rows *ret_rows, Err *err)
{
    const Value tenant = value_int(key.tenant_no), channel = value_int(key.channel);
    if (limit == 0) {
        *ret_rows = (Rows){0};
        return ST_OK;
    }
    /* As a range: with "= 0" SQLite would rather walk the tenant's deliveries by event, all that were ever
     * sent included, because that is in order, too. */
    if (share == SHARE_FIRST)
        return tx_query(
            tx, CLAIM_COLUMNS WAITING "AND d.due_ms <= 0 ORDER BY d.due_ms, d.event LIMIT $3",
            VALUES(tenant, channel, value_int(limit)), arena, ret_rows, err);
    return tx_query(tx,
                    CLAIM_COLUMNS WAITING
                    "AND d.due_ms > 0 AND d.due_ms <= $3 ORDER BY d.due_ms, d.event LIMIT $4",
                    VALUES(tenant, channel, value_int(r->now_ms), value_int(limit)), arena,
                    ret_rows, err);
}

static void keep_rows(ClaimRequest *r, const Rows *rows, uint32_t count, LineClaim *line)
{
    for (uint32_t i = 0; i < count; i++) r->ret_at[r->ret_count++] = claimed_of(rows, i, line->key);
    line->ret_count += count;
}

static Status read_line(StoreTx *tx, ClaimRequest *r, LineClaim *line, Arena *arena, Err *err)
{
    Rows retries = {0}, first = {0};
    Status st = read_share(tx, r, line->key, SHARE_RETRIES, line->quota, arena, &retries, err);
    uint32_t kept = retries.count < line->quota / 2 ? retries.count : line->quota / 2;
    if (st == ST_OK)
        st = read_share(tx, r, line->key, SHARE_FIRST, line->quota - kept, arena, &first, err);
    if (st != ST_OK) return st;
    if (kept + first.count < line->quota) /* room that first attempts leave */
        kept = retries.count < line->quota - first.count ? retries.count
                                                         : line->quota - first.count;
    keep_rows(r, &retries, kept, line);
    keep_rows(r, &first, first.count, line);
    return ST_OK;
}

static Status read_next_due(StoreTx *tx, LineClaim *line, Arena *arena, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT MIN(due_ms) FROM delivery WHERE tenant = $1 AND channel = $2 AND "
                         "status IN (0, 4) AND claim = 0",
                         VALUES(value_int(line->key.tenant_no), value_int(line->key.channel)),
                         arena, &rows, err);
    if (st != ST_OK) return st;
    bool any = rows_at(&rows, 0, 0).kind != VALUE_NULL;
    line->ret_due_ms = any ? rows_int(&rows, 0, 0) : INT64_MAX;
    return ST_OK;
}

static Status mark(StoreTx *tx, int64_t claim, const Claimed *c, Err *err)
{
    return tx_run(
        tx, "UPDATE delivery SET claim = $1 WHERE tenant = $2 AND event = $3 AND channel = $4",
        VALUES(value_int(claim), value_int(c->line.tenant_no), value_int(c->event_no),
               value_int(c->line.channel)),
        NULL, err);
}

const TenantTemplate *claimed_template(const Snapshot *snapshot, const Tenant *tenant,
                                       const Claimed *c)
{
    const TenantTemplate *t = snapshot_template(snapshot, tenant, c->event_type,
                                                (Channel)c->line.channel);
    bool same = t && t->version == c->template_version &&
                bytes_equal(&t->id, &c->template_id, sizeof t->id);
    return same ? t : NULL;
}

static bool snapshot_has(const Snapshot *snapshot, const Claimed *c)
{
    const Tenant *tenant = snapshot_by_no(snapshot, c->line.tenant_no);
    return tenant && claimed_template(snapshot, tenant, c);
}

static bool same_template(const Claimed *a, const Claimed *b)
{
    return a->line.tenant_no == b->line.tenant_no && a->template_version == b->template_version &&
           bytes_equal(&a->template_id, &b->template_id, sizeof a->template_id);
}

/* Neighbours mostly share their template, and then its text. */
static Status read_source(StoreTx *tx, Claimed *c, const Claimed *before, Arena *arena, Err *err)
{
    Rows rows;
    if (before && before->has_source && same_template(before, c)) {
        c->has_source = true;
        c->at_most_once = before->at_most_once;
        c->format = before->format;
        c->subject = before->subject;
        c->body = before->body;
        return ST_OK;
    }
    Status st = tx_query(tx,
                         "SELECT format, subject, body, at_most_once FROM template_version "
                         "WHERE tenant = $1 AND template = $2 AND version = $3",
                         VALUES(value_int(c->line.tenant_no),
                                value_blob(c->template_id.at, sizeof c->template_id.at),
                                value_int(c->template_version)),
                         arena, &rows, err);
    if (st != ST_OK || rows.count == 0) return st; /* deleted: rendering will say so */
    c->has_source = true;
    c->format = (TemplateFormat)rows_int(&rows, 0, 0);
    c->subject = text_at(&rows, 0, 1);
    c->body = text_at(&rows, 0, 2);
    c->at_most_once = rows_int(&rows, 0, 3) != 0;
    return ST_OK;
}

/* Asked when it is claimed and not when it is planned: between the two may lie days (P10). */
static Status look_up_suppressed(StoreTx *tx, const LineClaim *line, Claimed *at, Arena *arena,
                                 Err *err)
{
    bool any = false;
    if (!line->ret_count) return ST_OK;
    Status st = suppression_any(tx, line->key.tenant_no, (Channel)line->key.channel, &any, err);
    for (uint32_t i = 0; st == ST_OK && any && i < line->ret_count; i++)
        st = suppression_cause(tx, line->key.tenant_no, (Channel)line->key.channel, at[i].recipient,
                               at[i].event_type, arena, &at[i].suppressed, err);
    return st;
}

Status queue_claim(StoreTx *tx, ClaimRequest *r, Arena *arena, Err *err)
{
    Status st = ST_OK;
    r->ret_count = 0;
    for (uint32_t i = 0; i < r->line_count && st == ST_OK; i++) {
        LineClaim *line = &r->lines[i];
        line->ret_count = 0;
        line->ret_due_ms = 0;
        uint32_t first = r->ret_count;
        st = read_line(tx, r, line, arena, err);
        for (uint32_t c = first; c < r->ret_count && st == ST_OK; c++)
            st = mark(tx, r->claim, &r->ret_at[c], err);
        if (st == ST_OK) st = look_up_suppressed(tx, line, &r->ret_at[first], arena, err);
        if (st == ST_OK && line->ret_count < line->quota) st = read_next_due(tx, line, arena, err);
    }
    for (uint32_t i = 0; i < r->ret_count && st == ST_OK; i++)
        if (!snapshot_has(r->snapshot, &r->ret_at[i]))
            st = read_source(tx, &r->ret_at[i], i ? &r->ret_at[i - 1] : NULL, arena, err);
    return st;
}

/* ---- settle ---- */

static Status save_attempt(StoreTx *tx, LineKey line, int64_t event_no, const AttemptRow *a,
                           Err *err)
{
    Value provider_id = uuid_is_zero(a->provider_id)
                            ? value_null()
                            : value_blob(a->provider_id.at, sizeof a->provider_id.at);
    return tx_run(tx,
                  "INSERT INTO attempt (tenant, event, channel, no, provider, provider_id, "
                  "started_ms, finished_ms, class, status, reference, request, answer, cause) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
                  "ON CONFLICT (tenant, event, channel, no) DO NOTHING",
                  VALUES(value_int(line.tenant_no), value_int(event_no), value_int(line.channel),
                         value_int(a->no), value_text(a->provider), provider_id,
                         value_int(a->started_ms), value_int(a->finished_ms), value_int(a->class),
                         a->status ? value_int(a->status) : value_null(), value_text(a->reference),
                         value_text(a->request), value_text(a->answer), value_text(a->cause)),
                  NULL, err);
}

/* Gives it back as it was. */
static Status release(StoreTx *tx, int64_t claim, LineKey line, int64_t event_no, Err *err)
{
    return tx_run(tx,
                  "UPDATE delivery SET claim = 0 WHERE tenant = $1 AND event = $2 AND channel = $3 "
                  "AND claim = $4",
                  VALUES(value_int(line.tenant_no), value_int(event_no), value_int(line.channel),
                         value_int(claim)),
                  NULL, err);
}

/* A status webhook may have been faster: what it said is later news, and stays. */
static Status save_settled(StoreTx *tx, int64_t claim, const Settled *s, int64_t *ret_changed,
                           Err *err)
{
    return tx_run(tx,
                  "UPDATE delivery SET claim = 0, status = CASE WHEN status IN (0, 4) THEN $1 ELSE "
                  "status END, cause = $2, attempt_count = $3, retry_count = $4, due_ms = $5, "
                  "provider = $6, suppressed = $7, updated_ms = $8 "
                  "WHERE tenant = $9 AND event = $10 AND channel = $11 AND claim = $12",
                  VALUES(value_int(delivery_state_status(s->to)), value_text(s->cause),
                         value_int(s->attempt_count), value_int(s->retry_count),
                         value_int(s->due_ms), value_text(s->provider),
                         value_int(s->to == STATE_SUPPRESSED), value_int(s->now_ms),
                         value_int(s->line.tenant_no), value_int(s->event_no),
                         value_int(s->line.channel), value_int(claim)),
                  ret_changed, err);
}

static Status settle_one(StoreTx *tx, int64_t claim, const Settled *s, Err *err)
{
    int64_t changed = 0;
    bool added;
    CHECK(delivery_may_move(s->from, STATE_CLAIMED) && delivery_may_move(STATE_CLAIMED, s->to));
    if (s->to == STATE_QUEUED) return release(tx, claim, s->line, s->event_no, err);
    Status st = save_settled(tx, claim, s, &changed, err);
    for (uint32_t i = 0; i < s->new_count && changed && st == ST_OK; i++)
        st = save_attempt(tx, s->line, s->event_no, &s->attempts[i], err);
    if (st == ST_OK && changed && s->suppression)
        st = suppression_add(tx, s->suppression, &added, err);
    return st;
}

Status queue_settle(StoreTx *tx, int64_t claim, const Settled *settled, uint32_t count, Err *err)
{
    Status st = ST_OK;
    for (uint32_t i = 0; i < count && st == ST_OK; i++)
        st = settle_one(tx, claim, &settled[i], err);
    return st;
}

/* ---- after a crash ---- */

static Status recover_one(StoreTx *tx, const Rows *rows, uint32_t i, int64_t now_ms,
                          Recovered *count, Err *err)
{
    LineKey line = {(uint32_t)rows_int(rows, i, 0), (uint32_t)rows_int(rows, i, 2)};
    int64_t event_no = rows_int(rows, i, 1), claim = rows_int(rows, i, 3);
    AttemptRow lost = {.no = (uint32_t)rows_int(rows, i, 4) + 1,
                       .started_ms = now_ms,
                       .finished_ms = now_ms,
                       .class = OUTCOME_AMBIGUOUS,
                       .cause = S(UNCERTAIN_CAUSE)};
    bool dead = rows_int(rows, i, 5) != 0;
    Status st = tx_run(
        tx,
        "UPDATE delivery SET claim = 0, attempt_count = $1, status = CASE WHEN $2 = 1 "
        "THEN 3 ELSE status END, cause = CASE WHEN $2 = 1 THEN $3 ELSE cause END, "
        "updated_ms = CASE WHEN $2 = 1 THEN $4 ELSE updated_ms END "
        "WHERE tenant = $5 AND event = $6 AND channel = $7 AND claim = $8",
        VALUES(value_int(lost.no), value_int(dead),
               value_text(S(UNCERTAIN_CAUSE "; its template says to send it at most once")),
               value_int(now_ms), value_int(line.tenant_no), value_int(event_no),
               value_int(line.channel), value_int(claim)),
        NULL, err);
    if (st == ST_OK) st = save_attempt(tx, line, event_no, &lost, err);
    if (dead)
        count->dead++;
    else
        count->again++;
    return st;
}

Status queue_recover(StoreTx *tx, int64_t claim, int64_t now_ms, Recovered *ret_recovered, Err *err)
{
    _Static_assert(DELIVERY_FAILED == 3, "the status above");
    Arena arena;
    Rows rows;
    Recovered count = {0};
    arena_init(&arena, MIB(1));
    Status st = tx_query(tx,
                         "SELECT d.tenant, d.event, d.channel, d.claim, d.attempt_count, "
                         "COALESCE(v.at_most_once, 0) FROM delivery d LEFT JOIN template_version v "
                         "ON v.tenant = d.tenant AND v.template = d.template_id "
                         "AND v.version = d.template_version "
                         "WHERE d.claim <> 0 AND d.claim <> $1 LIMIT $2",
                         VALUES(value_int(claim), value_int(QUEUE_RECOVER_ROWS)), &arena, &rows,
                         err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++)
        st = recover_one(tx, &rows, i, now_ms, &count, err);
    arena_done(&arena);
    if (st == ST_OK) *ret_recovered = count;
    return st;
}

/* ---- the lines at start ---- */

/* The next (tenant, channel) behind a key, by a jump in the index: nothing of a line is read but its
 * first. */
static Status next_line(StoreTx *tx, LineKey after, Arena *arena, Rows *ret_rows, Err *err)
{
    return tx_query(tx,
                    "SELECT tenant, channel, due_ms FROM delivery WHERE (tenant, channel) > ($1, "
                    "$2) AND status IN (0, 4) AND claim = 0 ORDER BY tenant, channel, due_ms "
                    "LIMIT 1",
                    VALUES(value_int(after.tenant_no), value_int(after.channel)), arena, ret_rows,
                    err);
}

Status queue_lines(StoreTx *tx, LineKey after, WaitingLine *ret_lines, uint32_t *ret_count,
                   Err *err)
{
    Arena arena;
    Rows rows = {.count = 1};
    Status st = ST_OK;
    uint32_t count = 0;
    arena_init(&arena, MIB(1));
    while (st == ST_OK && rows.count && count < QUEUE_LINES_PAGE) {
        st = next_line(tx, after, &arena, &rows, err);
        if (st != ST_OK || !rows.count) break;
        after = (LineKey){(uint32_t)rows_int(&rows, 0, 0), (uint32_t)rows_int(&rows, 0, 1)};
        ret_lines[count++] = (WaitingLine){after, rows_int(&rows, 0, 2)};
    }
    arena_done(&arena);
    if (st == ST_OK) *ret_count = count;
    return st;
}

/* ---- reading ---- */

Status attempts_read(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Channel channel,
                     Arena *arena, AttemptRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT no, provider, started_ms, finished_ms, class, status, reference, "
                         "request, answer, cause FROM attempt "
                         "WHERE tenant = $1 AND event = $2 AND channel = $3 ORDER BY no",
                         VALUES(value_int(tenant_no), value_int(event_no), value_int(channel)),
                         arena, &rows, err);
    if (st != ST_OK) return st;
    AttemptRow *at = arena_try(arena, sizeof *at * (rows.count + 1));
    if (!at) return say_no_room(err);
    for (uint32_t i = 0; i < rows.count; i++)
        at[i] = (AttemptRow){.no = (uint32_t)rows_int(&rows, i, 0),
                             .provider = rows_text(&rows, i, 1),
                             .started_ms = rows_int(&rows, i, 2),
                             .finished_ms = rows_int(&rows, i, 3),
                             .class = (OutcomeClass)rows_int(&rows, i, 4),
                             .status = (int)rows_int(&rows, i, 5),
                             .reference = rows_text(&rows, i, 6),
                             .request = rows_text(&rows, i, 7),
                             .answer = rows_text(&rows, i, 8),
                             .cause = rows_text(&rows, i, 9)};
    *ret_rows = (AttemptRows){at, rows.count};
    return ST_OK;
}

Status queue_read(StoreTx *tx, const Snapshot *snapshot, LineKey line, int64_t event_no,
                  Arena *arena, Claimed *ret_claimed, Err *err)
{
    Rows rows;
    Status st = tx_query(
        tx, CLAIM_COLUMNS "AND d.event = $3",
        VALUES(value_int(line.tenant_no), value_int(line.channel), value_int(event_no)), arena,
        &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Log not found");
    Claimed claimed = claimed_of(&rows, 0, line);
    if (!snapshot_has(snapshot, &claimed)) st = read_source(tx, &claimed, NULL, arena, err);
    if (st == ST_OK) *ret_claimed = claimed;
    return st;
}
