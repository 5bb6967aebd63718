#include "app/admin/session_store.h"

#include "base/limits.h"

enum { ROWS_BYTES_MAX = MIB(16) };

static Value hash_value(const Sha256 *hash)
{
    return value_blob(hash->at, sizeof hash->at);
}

static Value tenant_value(Role role, uint32_t tenant_no)
{
    return role == ROLE_TENANT_ADMIN ? value_int(tenant_no) : value_null();
}

static bool role_from(int64_t number, Role *ret_role)
{
    if (number != ROLE_OPERATOR && number != ROLE_TENANT_ADMIN) return false;
    *ret_role = (Role)number;
    return true;
}

Status admin_user_read(StoreTx *tx, Str username, AdminUser *ret_user, Err *err)
{
    Arena arena;
    Rows rows;
    AdminUser user = {0};
    arena_init(&arena, ROWS_BYTES_MAX);
    Status st = tx_query(
        tx, "SELECT password_hash, role, tenant, must_reset FROM admin_user WHERE username = $1",
        VALUES(value_text(username)), &arena, &rows, err);
    if (st == ST_OK && rows.count == 0) st = err_set(err, ST_NOT_FOUND, "no such user");
    if (st == ST_OK && (!password_hash_from(rows_text(&rows, 0, 0), &user.hash) ||
                        !role_from(rows_int(&rows, 0, 1), &user.role)))
        st = err_set(err, ST_INTERNAL, "an admin user's row is damaged");
    if (st == ST_OK) {
        user.tenant_no = (uint32_t)rows_int(&rows, 0, 2);
        user.must_reset = rows_int(&rows, 0, 3) != 0;
        *ret_user = user;
    }
    arena_done(&arena);
    return st;
}

Status admin_user_write(StoreTx *tx, Str username, const AdminUser *user, int64_t now_ms, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx, "UPDATE admin_user SET password_hash = $1, must_reset = $2 WHERE username = $3",
        VALUES(value_text(str_of(user->hash.text)), value_int(user->must_reset),
               value_text(username)),
        &changed, err);
    if (st != ST_OK || changed) return st;
    return tx_run(tx,
                  "INSERT INTO admin_user (username, password_hash, role, tenant, must_reset, "
                  "created_ms) VALUES ($1, $2, $3, $4, $5, $6)",
                  VALUES(value_text(username), value_text(str_of(user->hash.text)),
                         value_int(user->role), tenant_value(user->role, user->tenant_no),
                         value_int(user->must_reset), value_int(now_ms)),
                  NULL, err);
}

Status session_insert(StoreTx *tx, const Session *session, int64_t now_ms, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO admin_session (id_hash, username, role, tenant, created_ms, "
                  "expires_ms, idle_until_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                  VALUES(hash_value(&session->id_hash), value_text(str_of(session->username)),
                         value_int(session->role), tenant_value(session->role, session->tenant_no),
                         value_int(now_ms), value_int(session->expires_ms),
                         value_int(session->idle_until_ms)),
                  NULL, err);
}

Status session_touch(StoreTx *tx, const Session *session, Err *err)
{
    return tx_run(tx, "UPDATE admin_session SET idle_until_ms = $1 WHERE id_hash = $2",
                  VALUES(value_int(session->idle_until_ms), hash_value(&session->id_hash)), NULL,
                  err);
}

Status session_delete(StoreTx *tx, Sha256 id_hash, Err *err)
{
    return tx_run(tx, "DELETE FROM admin_session WHERE id_hash = $1", VALUES(hash_value(&id_hash)),
                  NULL, err);
}

Status session_delete_others(StoreTx *tx, Str username, Sha256 kept, Err *err)
{
    return tx_run(tx, "DELETE FROM admin_session WHERE username = $1 AND id_hash <> $2",
                  VALUES(value_text(username), hash_value(&kept)), NULL, err);
}

Status session_delete_user(StoreTx *tx, Str username, int64_t made_before_ms, Err *err)
{
    return tx_run(tx, "DELETE FROM admin_session WHERE username = $1 AND created_ms < $2",
                  VALUES(value_text(username), value_int(made_before_ms)), NULL, err);
}

static bool session_from(const Rows *rows, uint32_t i, Session *ret_session)
{
    Str hash = rows_text(rows, i, 0), username = rows_text(rows, i, 1);
    Session session = {.tenant_no = (uint32_t)rows_int(rows, i, 3),
                       .expires_ms = rows_int(rows, i, 4),
                       .idle_until_ms = rows_int(rows, i, 5),
                       .stored_idle_ms = rows_int(rows, i, 5),
                       .must_reset = rows_int(rows, i, 6) != 0};
    if (hash.len != sizeof session.id_hash.at || username.len > USERNAME_MAX ||
        !role_from(rows_int(rows, i, 2), &session.role))
        return false;
    memcpy(session.id_hash.at, hash.at, hash.len);
    memcpy(session.username, username.at, username.len);
    *ret_session = session;
    return true;
}

Status sessions_load(StoreTx *tx, Sessions *s, int64_t now_ms, Err *err)
{
    Arena arena;
    Rows rows;
    arena_init(&arena, ROWS_BYTES_MAX);
    Status st = tx_run(tx,
                       "DELETE FROM admin_session WHERE expires_ms <= $1 OR idle_until_ms <= $2",
                       VALUES(value_int(now_ms), value_int(now_ms)), NULL, err);
    if (st == ST_OK)
        st = tx_query(
            tx,
            "SELECT s.id_hash, s.username, s.role, s.tenant, s.expires_ms, s.idle_until_ms, "
            "u.must_reset FROM admin_session s "
            "LEFT JOIN admin_user u ON u.username = s.username "
            "ORDER BY s.created_ms DESC LIMIT $1",
            VALUES(value_int(SESSIONS_MAX)), &arena, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        Session session;
        if (session_from(&rows, i, &session)) sessions_add(s, &session);
    }
    arena_done(&arena);
    return st;
}
