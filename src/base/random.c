#include "base/random.h"

#include <sodium.h>

void random_init(Random *r)
{
    r->_used = sizeof r->_pool;
}

void random_fill(Random *r, void *ret, size_t len)
{
    if (len > sizeof r->_pool / 4) {
        randombytes_buf(ret, len);
        return;
    }
    if (len > sizeof r->_pool - r->_used) {
        randombytes_buf(r->_pool, sizeof r->_pool);
        r->_used = 0;
    }
    memcpy(ret, r->_pool + r->_used, len);
    memset(r->_pool + r->_used, 0, len);
    r->_used += len;
}

uint64_t random_u64(Random *r)
{
    uint64_t value;
    random_fill(r, &value, sizeof value);
    return value;
}
