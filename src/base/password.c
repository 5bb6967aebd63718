#include "base/password.h"

#include <sodium.h>

enum { PASSES = 2, MEMORY_BYTES = 19456 * 1024 };

_Static_assert(sizeof(PasswordHash) == crypto_pwhash_STRBYTES, "libsodium fills all of it");

/* Made from 32 random bytes that were then forgotten. */
const PasswordHash PASSWORD_OF_NOBODY = {"$argon2id$v=19$m=19456,t=2,p=1$QgjPI6SKaWB/"
                                         "bS4IiSSw1Q$3QmRmr0bBAxC/mXcAxQpx8bYvBt8DrKeKGScYlMR+ls"};

Status password_hash(Str password, PasswordHash *ret_hash, Err *err)
{
    PasswordHash hash;
    if (crypto_pwhash_str_alg(hash.text, password.at, password.len, PASSES, MEMORY_BYTES,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(err, ST_UNAVAILABLE, "no memory to hash a password");
    *ret_hash = hash;
    return ST_OK;
}

bool password_fits(Str password, const PasswordHash *hash)
{
    return crypto_pwhash_str_verify(hash->text, password.at, password.len) == 0;
}

bool password_hash_from(Str text, PasswordHash *ret_hash)
{
    if (text.len >= sizeof ret_hash->text) return false;
    *ret_hash = (PasswordHash){""};
    if (text.len) memcpy(ret_hash->text, text.at, text.len);
    return true;
}
