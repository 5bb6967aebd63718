/* suppression_store.c: asking is one point of the primary key, two with a category of its own. */
#include "domain/deliver/suppression_store.h"

#include "base/isotime.h"

static const Str reasons[SUPPRESS_REASON_COUNT] = {
    [SUPPRESS_BOUNCED] = STR_INIT("bounced"),
    [SUPPRESS_COMPLAINED] = STR_INIT("complained"),
    [SUPPRESS_UNSUBSCRIBED] = STR_INIT("unsubscribed"),
    [SUPPRESS_REJECTED] = STR_INIT("rejected"),
    [SUPPRESS_MANUAL] = STR_INIT("manual"),
};

Str suppress_reason_name(SuppressReason reason)
{
    CHECK(reason < SUPPRESS_REASON_COUNT);
    return reasons[reason];
}

bool suppress_reason_parse(Str text, SuppressReason *ret_reason)
{
    for (SuppressReason r = SUPPRESS_BOUNCED; r < SUPPRESS_REASON_COUNT; r++)
        if (str_eq(reasons[r], text)) {
            *ret_reason = r;
            return true;
        }
    return false;
}

/* In the caller's bytes; longer than any address: nobody has it. */
static Str normal(Channel channel, Str address, char ret[SUPPRESSION_ADDRESS_MAX])
{
    Str cut = str_head(address, SUPPRESSION_ADDRESS_MAX);
    if (channel != CHANNEL_EMAIL || !cut.at) return cut;
    for (size_t i = 0; i < cut.len; i++)
        ret[i] = cut.at[i] >= 'A' && cut.at[i] <= 'Z' ? (char)(cut.at[i] + 'a' - 'A') : cut.at[i];
    return str_make(ret, cut.len);
}

Status suppression_add(StoreTx *tx, const Suppression *s, bool *ret_added, Err *err)
{
    char room[SUPPRESSION_ADDRESS_MAX];
    int64_t changed = 0;
    Status st = tx_run(tx,
                       "INSERT INTO suppression (tenant, channel, address, category, id, reason, "
                       "source, note, end_user, since_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
                       "$9, $10) ON CONFLICT (tenant, channel, address, category) DO NOTHING",
                       VALUES(value_int(s->tenant_no), value_int(s->channel),
                              value_text(normal(s->channel, s->address, room)),
                              value_text(s->category), value_blob(s->id.at, sizeof s->id.at),
                              value_int(s->reason), value_text(s->source), value_text(s->note),
                              s->user_no ? value_int(s->user_no) : value_null(),
                              value_int(s->since_ms)),
                       &changed, err);
    if (st == ST_OK) *ret_added = changed > 0;
    return st;
}

Status suppression_any(StoreTx *tx, uint32_t tenant_no, Channel channel, bool *ret_any, Err *err)
{
    Arena arena;
    Rows rows;
    arena_init(&arena, 4 * ARENA_CHUNK_BYTES);
    Status st = tx_query(tx, "SELECT 1 FROM suppression WHERE tenant = $1 AND channel = $2 LIMIT 1",
                         VALUES(value_int(tenant_no), value_int(channel)), &arena, &rows, err);
    if (st == ST_OK) *ret_any = rows.count > 0;
    arena_done(&arena);
    return st;
}

static Str cause_of(const Rows *rows, Str category, Arena *arena)
{
    char at[ISO_MS_LEN];
    Str reason = suppress_reason_name((SuppressReason)rows_int(rows, 0, 0));
    iso_ms(rows_int(rows, 0, 1), at);
    if (rows_text(rows, 0, 2).len == 0)
        return arena_format(arena, "Recipient is suppressed: %.*s on %.10s", STR_FMT(reason), at);
    return arena_format(arena, "Recipient is suppressed for %.*s: %.*s on %.10s", STR_FMT(category),
                        STR_FMT(reason), at);
}

Status suppression_cause(StoreTx *tx, uint32_t tenant_no, Channel channel, Str address,
                         Str category, Arena *arena, Str *ret_cause, Err *err)
{
    char room[SUPPRESSION_ADDRESS_MAX];
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT reason, since_ms, category FROM suppression WHERE tenant = $1 AND "
                         "channel = $2 AND address = $3 AND category IN ('', $4) "
                         "ORDER BY category LIMIT 1",
                         VALUES(value_int(tenant_no), value_int(channel),
                                value_text(normal(channel, address, room)), value_text(category)),
                         arena, &rows, err);
    if (st != ST_OK) return st;
    *ret_cause = rows.count ? cause_of(&rows, category, arena) : (Str){NULL, 0};
    return ST_OK;
}

/* ---- for operators ---- */

#define COLUMNS                                                                                    \
    "SELECT id, channel, address, category, reason, source, note, end_user, since_ms "             \
    "FROM suppression "

static Suppression row_of(const Rows *rows, uint32_t i, uint32_t tenant_no)
{
    Suppression s = {.tenant_no = tenant_no,
                     .channel = (Channel)rows_int(rows, i, 1),
                     .address = rows_text(rows, i, 2),
                     .category = rows_text(rows, i, 3),
                     .reason = (SuppressReason)rows_int(rows, i, 4),
                     .source = rows_text(rows, i, 5),
                     .note = rows_text(rows, i, 6),
                     .user_no = rows_int(rows, i, 7),
                     .since_ms = rows_int(rows, i, 8)};
    Str id = rows_text(rows, i, 0);
    CHECK(id.len == sizeof s.id.at && s.channel < CHANNEL_COUNT);
    memcpy(s.id.at, id.at, id.len);
    return s;
}

/* Ids are by time, so the index by id is the order. The filters are looked at row by row, but for an
 * address: that is a point. */
Status suppression_page(StoreTx *tx, uint32_t tenant_no, const SuppressionFilter *f, Uuid before,
                        uint32_t limit, Arena *arena, SuppressionRows *ret_rows, Err *err)
{
    char room[SUPPRESSION_ADDRESS_MAX];
    Rows rows;
    if (uuid_is_zero(before)) memset(before.at, 0xff, sizeof before.at);
    Str address = f->address.at ? normal(CHANNEL_EMAIL, f->address, room) : (Str){NULL, 0};
    Status st = tx_query(
        tx,
        COLUMNS "WHERE tenant = $1 AND id < $2 AND channel BETWEEN $3 AND $4 "
                "AND reason BETWEEN $5 AND $6 AND address = COALESCE($7, address) "
                "AND category = COALESCE($8, category) ORDER BY id DESC LIMIT $9",
        VALUES(value_int(tenant_no), value_blob(before.at, sizeof before.at),
               value_int(f->channel == SUPPRESSION_ANY ? 0 : f->channel),
               value_int(f->channel == SUPPRESSION_ANY ? CHANNEL_COUNT : f->channel),
               value_int(f->reason == SUPPRESSION_ANY ? 0 : f->reason),
               value_int(f->reason == SUPPRESSION_ANY ? SUPPRESS_REASON_COUNT : f->reason),
               value_text(address), value_text(f->category), value_int(limit)),
        arena, &rows, err);
    if (st != ST_OK) return st;
    Suppression *at = arena_try(arena, sizeof *at * (rows.count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the suppressions do not fit into memory");
    for (uint32_t i = 0; i < rows.count; i++) at[i] = row_of(&rows, i, tenant_no);
    *ret_rows = (SuppressionRows){at, rows.count};
    return ST_OK;
}

Status suppression_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena,
                        Suppression *ret_suppression, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, COLUMNS "WHERE tenant = $1 AND id = $2",
                         VALUES(value_int(tenant_no), value_blob(id.at, sizeof id.at)), arena,
                         &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Suppression not found");
    *ret_suppression = row_of(&rows, 0, tenant_no);
    return ST_OK;
}

Status suppression_lift(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx, "DELETE FROM suppression WHERE tenant = $1 AND id = $2",
                       VALUES(value_int(tenant_no), value_blob(id.at, sizeof id.at)), &changed,
                       err);
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Suppression not found");
}
