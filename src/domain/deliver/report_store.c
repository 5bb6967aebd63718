/* report_store.c: find the delivery, note the report, move the status, suppress.
 *
 * By our own id where the vendor carries it, else by the id it gave to the message in one of our attempts with
 * this very provider. Either way within the tenant: a vendor's webhook is signed by the tenant's own secret and
 * says nothing about anybody else. */
#include "domain/deliver/report_store.h"

#include "domain/deliver/state.h"
#include "domain/deliver/suppression_store.h"
#include "domain/intake/push.h"

typedef struct Found {
    bool is;
    int64_t event_no, user_no, created_ms;
    DeliveryState state;
    Str recipient;
} Found;

#define FIND                                                                                       \
    "SELECT d.event, d.status, d.claim, d.suppressed, d.recipient, e.end_user, e.created_ms "      \
    "FROM delivery d JOIN event e ON e.no = d.event "

static Status find(StoreTx *tx, const ReportSource *source, const StatusReport *report,
                   Arena *arena, Found *ret_found, Err *err)
{
    Uuid id;
    Rows rows = {.count = 0};
    Status st = ST_OK;
    const Value tenant = value_int(source->tenant_no), channel = value_int(source->channel);
    if (uuid_parse(report->delivery_id, &id))
        st = tx_query(tx, FIND "WHERE d.tenant = $1 AND d.channel = $2 AND d.id = $3",
                      VALUES(tenant, channel, value_blob(id.at, sizeof id.at)), arena, &rows, err);
    if (st == ST_OK && !rows.count && report->provider_id.len)
        st = tx_query(tx,
                      FIND "JOIN attempt a ON a.tenant = d.tenant AND a.event = d.event AND "
                           "a.channel = d.channel WHERE a.tenant = $1 AND d.channel = $2 AND "
                           "a.reference = $3 AND a.provider_id = $4 ORDER BY d.event DESC LIMIT 1",
                      VALUES(tenant, channel, value_text(report->provider_id),
                             value_blob(source->provider_id.at, sizeof source->provider_id.at)),
                      arena, &rows, err);
    if (st != ST_OK) return st;
    *ret_found = (Found){0};
    if (rows.count)
        *ret_found = (Found){.is = true,
                             .event_no = rows_int(&rows, 0, 0),
                             .state = delivery_state_of((DeliveryStatus)rows_int(&rows, 0, 1),
                                                        rows_int(&rows, 0, 2) != 0,
                                                        rows_int(&rows, 0, 3) != 0),
                             .recipient = rows_text(&rows, 0, 4),
                             .user_no = rows_int(&rows, 0, 5),
                             .created_ms = rows_int(&rows, 0, 6)};
    return ST_OK;
}

/* ---- its timeline ---- */

/* By the vendor's clock, if that is believable. */
static int64_t told_at(const ReportSource *source, const StatusReport *report, const Found *found)
{
    bool fits = report->at_ms >= found->created_ms && report->at_ms <= source->now_ms;
    return fits ? report->at_ms : source->now_ms;
}

static Status note(StoreTx *tx, const ReportSource *source, const StatusReport *report,
                   const Found *found, bool *ret_new, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx,
        "INSERT INTO report (tenant, event, channel, kind, at_ms, provider, cause) VALUES "
        "($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, event, channel, kind) DO NOTHING",
        VALUES(value_int(source->tenant_no), value_int(found->event_no), value_int(source->channel),
               value_int(report->kind), value_int(told_at(source, report, found)),
               value_text(source->provider),
               report->cause.len ? value_text(text_cut(report->cause, SUPPRESSION_NOTE_MAX))
                                 : value_null()),
        &changed, err);
    if (st == ST_OK) *ret_new = changed > 0;
    return st;
}

/* ---- its status ---- */

static DeliveryState state_told(ReportKind kind)
{
    switch (kind) {
    case REPORT_SENT:
    case REPORT_DEFERRED:
        return STATE_SENT;
    case REPORT_FAILED:
    case REPORT_BOUNCED:
        return STATE_DEAD;
    case REPORT_DELIVERED:
    case REPORT_OPENED:
    case REPORT_CLICKED:
    case REPORT_COMPLAINED: /* it was read, or nobody would complain */
    case REPORT_UNSUBSCRIBED:
    case REPORT_KIND_COUNT:
        break;
    }
    return STATE_CONFIRMED;
}

/* Does the report say more than what is known, and than all reports before it? */
static bool moves_up(const StatusReport *report, const Found *found, const ReportRows *before)
{
    if (!delivery_may_move(found->state, state_told(report->kind))) return false;
    for (uint32_t i = 0; i < before->count; i++)
        if (report_rank(before->at[i].kind) >= report_rank(report->kind)) return false;
    return true;
}

static Str cause_told(const ReportSource *source, const StatusReport *report, Arena *arena)
{
    Str cause = text_cut(report->cause, SUPPRESSION_NOTE_MAX),
        what = report_kind_name(report->kind);
    Str provider = text_cut(source->provider, 200);
    return cause.len ? arena_format(arena, "%.*s reports: %.*s: %.*s", STR_FMT(provider),
                                    STR_FMT(what), STR_FMT(cause))
                     : arena_format(arena, "%.*s reports: %.*s", STR_FMT(provider), STR_FMT(what));
}

/* A delivery that waits for another attempt needs none any more: the vendor has it. */
static Status move(StoreTx *tx, const ReportSource *source, const StatusReport *report,
                   const Found *found, Arena *arena, Err *err)
{
    DeliveryState told = state_told(report->kind);
    Str cause = told == STATE_DEAD ? cause_told(source, report, arena) : (Str){NULL, 0};
    return tx_run(tx,
                  "UPDATE delivery SET status = $1, cause = $2, updated_ms = $3 "
                  "WHERE tenant = $4 AND event = $5 AND channel = $6",
                  VALUES(value_int(delivery_state_status(told)), value_text(cause),
                         value_int(source->now_ms), value_int(source->tenant_no),
                         value_int(found->event_no), value_int(source->channel)),
                  NULL, err);
}

/* ---- the suppression list ---- */

static bool suppresses(ReportKind kind, SuppressReason *ret_reason)
{
    if (kind == REPORT_BOUNCED) *ret_reason = SUPPRESS_BOUNCED;
    if (kind == REPORT_COMPLAINED) *ret_reason = SUPPRESS_COMPLAINED;
    if (kind == REPORT_UNSUBSCRIBED) *ret_reason = SUPPRESS_UNSUBSCRIBED;
    return kind == REPORT_BOUNCED || kind == REPORT_COMPLAINED || kind == REPORT_UNSUBSCRIBED;
}

static Status suppress(StoreTx *tx, const ReportSource *source, const StatusReport *report,
                       const Found *found, Random *random, bool *ret_added, Err *err)
{
    Suppression s = {.id = uuid_v7(source->now_ms, random),
                     .tenant_no = source->tenant_no,
                     .channel = source->channel,
                     .address = found->is ? found->recipient : report->recipient,
                     .category = S(""),
                     .source = source->provider,
                     .note = report->cause.len ? text_cut(report->cause, SUPPRESSION_NOTE_MAX)
                                               : (Str){NULL, 0},
                     .user_no = found->user_no,
                     .since_ms = source->now_ms};
    *ret_added = false;
    if (!suppresses(report->kind, &s.reason) || !s.address.len) return ST_OK;
    return suppression_add(tx, &s, ret_added, err);
}

/* An opt-out may name a number and no message. Anything else of a message we do not know is not ours. */
static bool names_recipient_alone(const StatusReport *report)
{
    return report->kind == REPORT_UNSUBSCRIBED && !report->provider_id.len &&
           !report->delivery_id.len && report->recipient.len &&
           report->recipient.len <= SUPPRESSION_ADDRESS_MAX;
}

Status report_apply(StoreTx *tx, const ReportSource *source, const StatusReport *report,
                    Random *random, Arena *arena, ReportFate *ret_fate, Err *err)
{
    Found found;
    ReportRows before = {.count = 0};
    bool added = false, is_new = false;
    Status st = find(tx, source, report, arena, &found, err);
    if (st != ST_OK) return st;
    if (!found.is && !names_recipient_alone(report)) {
        *ret_fate = REPORT_UNKNOWN;
        return ST_OK;
    }
    if (found.is)
        st = reports_read(tx, source->tenant_no, found.event_no, source->channel, arena, &before,
                          err);
    if (st == ST_OK && found.is) st = note(tx, source, report, &found, &is_new, err);
    if (st == ST_OK && is_new && moves_up(report, &found, &before))
        st = move(tx, source, report, &found, arena, err);
    if (st == ST_OK && (is_new || !found.is))
        st = suppress(tx, source, report, &found, random, &added, err);
    if (st == ST_OK) *ret_fate = is_new || added ? REPORT_APPLIED : REPORT_REPEATED;
    return st;
}

/* ---- reading ---- */

Status reports_read(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Channel channel,
                    Arena *arena, ReportRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT kind, at_ms, provider, cause FROM report WHERE tenant = $1 AND "
                         "event = $2 AND channel = $3 ORDER BY kind",
                         VALUES(value_int(tenant_no), value_int(event_no), value_int(channel)),
                         arena, &rows, err);
    if (st != ST_OK) return st;
    CHECK(rows.count <= REPORT_KIND_COUNT); /* the key */
    ret_rows->count = rows.count;
    for (uint32_t i = 0; i < rows.count; i++)
        ret_rows->at[i] = (ReportRow){.kind = (ReportKind)rows_int(&rows, i, 0),
                                      .at_ms = rows_int(&rows, i, 1),
                                      .provider = rows_text(&rows, i, 2),
                                      .cause = rows_text(&rows, i, 3)};
    return ST_OK;
}

Status reports_forget(StoreTx *tx, uint32_t tenant_no, int64_t event_no, Channel channel, Err *err)
{
    return tx_run(tx, "DELETE FROM report WHERE tenant = $1 AND event = $2 AND channel = $3",
                  VALUES(value_int(tenant_no), value_int(event_no), value_int(channel)), NULL, err);
}
