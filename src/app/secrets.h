/* secrets.h: the two secrets of a server: the master key that seals stored secrets, and the secret
 * that signs user tokens.
 *
 * Each comes from a setting, else from a file in the data directory that is made at first start:
 *
 *   master.key     mode 0400, 64 hex digits   or the file named by master_key_file (hex, or 32 bytes)
 *   token.secret   mode 0600, 64 hex digits   or the setting token_secret
 *
 * A file that anyone but its owner can read is refused: it is no secret any more. There is no
 * built-in fallback key. A file is complete or absent, also after a crash while it was made.
 *
 * Thread: at start; read-only after.
 * Errors: ST_INVALID with a sentence that names the file and what to do; ST_UNAVAILABLE. */
#ifndef ORQ_APP_SECRETS_H
#define ORQ_APP_SECRETS_H

#include "app/config.h"
#include "base/seal.h"

typedef struct Secrets {
    SealKey *master;
    bool
        master_made; /* just now, in the data directory: tell the operator to keep a copy elsewhere */
    Str master_path;
    Str token_secret; /* TOKEN_SECRET_BYTES_MIN bytes or more */
    Arena _arena;
} Secrets;

/* The data directory exists. */
Status secrets_load(const Config *config, Secrets *ret_secrets, Err *err) MUST_USE;
void secrets_done(Secrets *s); /* wipes; fine on a zeroed one */

#endif
