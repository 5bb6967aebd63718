/* cli_token.h: `orqestra token`: mint a user token without asking the running server.
 *
 *   orqestra token --data DIR --tenant ID --user ID [--ttl SECONDS]
 *                  [--dialect centrifuge|workspace|expiry] [--slug SLUG]
 *
 * The token is signed with the server's token secret (the setting, else the data directory's file), so
 * whoever may run this may be any user of any tenant. Whether the tenant exists only the server knows.
 * --slug is the tenant's slug, which a token of the workspace dialect must carry.
 *
 * Thread: the process's first; nothing else runs. */
#ifndef ORQ_APP_CLI_TOKEN_H
#define ORQ_APP_CLI_TOKEN_H

#include "base/buf.h"

typedef enum TokenDialect { DIALECT_CENTRIFUGE, DIALECT_WORKSPACE, DIALECT_EXPIRY } TokenDialect;

typedef struct TokenOrder { /* what was asked for, checked */
    TokenDialect dialect;
    Str tenant_id; /* a UUID's text, lower case */
    Str user_id;
    Str slug; /* DIALECT_WORKSPACE */
    int64_t ttl_s;
} TokenOrder;

/* Appends the JSON object to sign. */
void token_order_claims(const TokenOrder *order, int64_t now_s, Buf *out);

/* args: what follows the word "token"; other settings may stand among them. Prints the token and a
 * newline on stdout, or a sentence on stderr. Returns the exit code: 0, 1 (no secret), 2 (usage). */
int cli_token(int arg_count, char **args, char **environment);

#endif
