/* session_store.h: sign-ins and admin users as rows.
 *
 * Thread: inside a store job.  Errors: the store's own; ST_NOT_FOUND for an unknown user. */
#ifndef ORQ_APP_ADMIN_SESSION_STORE_H
#define ORQ_APP_ADMIN_SESSION_STORE_H

#include "app/admin/session.h"
#include "base/password.h"
#include "port/store.h"

typedef struct AdminUser {
    Role role;
    uint32_t tenant_no; /* ROLE_TENANT_ADMIN */
    PasswordHash hash;
    bool must_reset; /* the next sign-in must choose a new password first */
} AdminUser;

Status admin_user_read(StoreTx *tx, Str username, AdminUser *ret_user, Err *err) MUST_USE;
/* Makes the user or changes its password (and must_reset). */
Status admin_user_write(StoreTx *tx, Str username, const AdminUser *user, int64_t now_ms,
                        Err *err) MUST_USE;

Status session_insert(StoreTx *tx, const Session *session, int64_t now_ms, Err *err) MUST_USE;
Status session_touch(StoreTx *tx, const Session *session, Err *err) MUST_USE;
Status session_delete(StoreTx *tx, Sha256 id_hash, Err *err) MUST_USE;
/* All of a user but one. */
Status session_delete_others(StoreTx *tx, Str username, Sha256 kept, Err *err) MUST_USE;
Status session_delete_user(StoreTx *tx, Str username, int64_t made_before_ms, Err *err) MUST_USE;
/* All that are live go into s; those that are over go from the table. */
Status sessions_load(StoreTx *tx, Sessions *s, int64_t now_ms, Err *err) MUST_USE;

#endif
