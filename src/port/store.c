#include "port/store.h"

Status store_submit(Store *store, StoreCall *call)
{
    return store->ops->submit(store, call);
}

void store_close(Store *store)
{
    store->ops->close(store);
}

StoreHealth store_health(Store *store)
{
    return store->ops->health(store);
}

Status tx_run(StoreTx *tx, const char *sql, const Value *values, int value_count,
              int64_t *ret_changed, Err *err)
{
    return tx->ops->run(tx, sql, values, value_count, ret_changed, err);
}

Status tx_query(StoreTx *tx, const char *sql, const Value *values, int value_count, Arena *arena,
                Rows *ret_rows, Err *err)
{
    return tx->ops->query(tx, sql, values, value_count, arena, ret_rows, err);
}

int64_t tx_last_id(StoreTx *tx)
{
    return tx->ops->last_id(tx);
}
