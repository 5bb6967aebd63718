/* dialect.h: what the sessions of the workspace and the expiry dialect ask of their transport.
 *
 * Thread: one loop. */
#ifndef ORQ_DOMAIN_REALTIME_DIALECT_H
#define ORQ_DOMAIN_REALTIME_DIALECT_H

#include "domain/realtime/writer.h"

/* A session begins with its Writer, which is how the transport knows it. */
typedef struct DialectOps {
    WriterOps writer;
    void (*arm)(Writer *session, int64_t at_ms); /* call ..._on_time then (replaces the last one) */
    void (*close)(Writer *session, uint16_t code,
                  Str reason); /* a close frame behind all that was said */
} DialectOps;

#endif
