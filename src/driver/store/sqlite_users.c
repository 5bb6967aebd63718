/* Two intrusive lists run through the entries of one map: by age, for eviction, and by touch, for
 * rollback. An entry that is touched may be evicted: it is then read back from the open transaction,
 * which knows better anyway. */
#include "driver/store/sqlite_users.h"

#include "base/limits.h"
#include "base/mem.h"
#include "driver/store/sqlite_epoch.h"

/* The newest inbox row lies beside the place of the next one: no counter has to be kept. */
static const char sql_find[] =
    "SELECT u.no, max(u.seq_floor, ifnull((SELECT i.seq FROM inbox i WHERE i.tenant = u.tenant AND "
    "i.end_user = u.no ORDER BY i.message DESC LIMIT 1), 0)) "
    "FROM end_user u WHERE u.tenant = ?1 AND u.id = ?2";
static const char sql_add[] = "INSERT INTO end_user (tenant, id) VALUES (?1, ?2)";

enum { KEY_MAX = sizeof(uint32_t) + USER_ID_MAX };

static Str key_of(const void *value)
{
    const EndUser *user = value;
    return str_make(user->_key, user->_key_len);
}

void users_init(Users *u)
{
    map_init(&u->_map, STORE_USERS_CACHED, key_of);
    list_init(&u->_by_age);
    list_init(&u->_touched);
}

static void drop(Users *u, EndUser *user)
{
    CHECK(map_remove(&u->_map, key_of(user)) == user);
    list_unlink(&user->_age);
    if (list_is_linked(&user->_touch)) list_unlink(&user->_touch);
    mem_free(user);
}

void users_forget(Users *u)
{
    ListNode *n;
    while ((n = list_first(&u->_by_age))) drop(u, CONTAINER_OF(n, EndUser, _age));
}

void users_done(Users *u)
{
    users_forget(u);
    map_done(&u->_map);
}

void users_committed(Users *u)
{
    ListNode *n;
    while ((n = list_first(&u->_touched))) list_unlink(n);
}

void users_rolled_back(Users *u)
{
    ListNode *n;
    while ((n = list_first(&u->_touched))) drop(u, CONTAINER_OF(n, EndUser, _touch));
}

/* From the tables; *ret_no is 0 when there is no such user. */
static Status find(Db *c, uint32_t tenant_no, Str id, int64_t *ret_no, uint64_t *ret_seq, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_find, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, tenant_no);
    bind_text(stmt, 2, id);
    int rc = sqlite3_step(stmt);
    *ret_no = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    *ret_seq = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 1) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) st = db_fail(c, rc, err);
    sqlite3_reset(stmt);
    return st;
}

static Status add(Db *c, uint32_t tenant_no, Str id, int64_t *ret_no, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_add, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, tenant_no);
    bind_text(stmt, 2, id);
    st = db_finish(c, stmt, err);
    if (st == ST_OK) *ret_no = sqlite3_last_insert_rowid(c->sqlite);
    return st;
}

static Status load(Db *c, uint32_t tenant_no, Str id, int64_t *ret_no, uint64_t *ret_seq, Err *err)
{
    Status st = find(c, tenant_no, id, ret_no, ret_seq, err);
    return st == ST_OK && *ret_no == 0 ? add(c, tenant_no, id, ret_no, err) : st;
}

static Status need_epoch_base(Users *u, Db *c, Err *err)
{
    if (u->_has_epoch_base) return ST_OK;
    Status st = epoch_base(c, &u->_epoch_base, err);
    u->_has_epoch_base = st == ST_OK;
    return st;
}

static EndUser *keep(Users *u, Str key, int64_t no, uint64_t last_seq)
{
    if (map_count(&u->_map) == STORE_USERS_CACHED)
        drop(u, CONTAINER_OF(list_first(&u->_by_age), EndUser, _age));
    EndUser *user = mem_zero(sizeof *user + key.len);
    user->no = no;
    user->last_seq = last_seq;
    user->_key_len = (uint32_t)key.len;
    memcpy(user->_key, key.at, key.len);
    if (map_put(&u->_map, user) != ST_OK) {
        mem_free(user);
        return NULL;
    }
    list_push_back(&u->_by_age, &user->_age);
    return user;
}

Status users_touch(Users *u, Db *c, uint32_t tenant_no, Str id, EndUser **ret_user, Err *err)
{
    char key_bytes[KEY_MAX];
    int64_t no;
    uint64_t last_seq;

    if (id.len > USER_ID_MAX) return err_set(err, ST_INVALID, "a user id is too long");
    memcpy(key_bytes, &tenant_no, sizeof tenant_no);
    memcpy(key_bytes + sizeof tenant_no, id.at, id.len);
    Str key = str_make(key_bytes, sizeof tenant_no + id.len);

    EndUser *user = map_get(&u->_map, key);
    if (!user) {
        Status st = need_epoch_base(u, c, err);
        if (st == ST_OK) st = load(c, tenant_no, id, &no, &last_seq, err);
        if (st != ST_OK) return st;
        user = keep(u, key, no, last_seq);
        if (!user) return err_set(err, ST_UNAVAILABLE, "no memory for one more user");
        user->epoch = epoch_of(u->_epoch_base, no);
    } else {
        list_unlink(&user->_age);
        list_push_back(&u->_by_age, &user->_age);
    }
    if (!list_is_linked(&user->_touch)) list_push_back(&u->_touched, &user->_touch);
    *ret_user = user;
    return ST_OK;
}
