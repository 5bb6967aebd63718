/* limits.h: every ceiling, once: its unit, its reason, and the sums that tie some of them together.
 *
 * Full is a normal answer: whoever meets a ceiling refuses, sheds or disconnects, and says so. */
#ifndef ORQ_BASE_LIMITS_H
#define ORQ_BASE_LIMITS_H

#define KIB(n) ((n)*1024u)
#define MIB(n) ((n)*1024u * 1024u)

enum {
    /* HTTP (answers: 431, 408, 413, 400) */
    HTTP_REQUEST_LINE_MAX = KIB(8),   /* bytes; a realtime token in a query fits four times */
    HTTP_HEADERS_BYTES_MAX = KIB(16), /* names and values together */
    HTTP_HEADER_COUNT_MAX = 100,
    HTTP_BODY_MAX = MIB(1),
    HTTP_HEADER_TIMEOUT_MS = 10000, /* from the first byte (or the accept) to the blank line */
    HTTP_IDLE_TIMEOUT_MS = 75000,   /* between two requests of a connection */
    HTTP_BODY_RATE_MIN = KIB(1),    /* bytes per second; slower senders get 408 */
    HTTP_RESPONSE_MAX = MIB(8),     /* queued for one connection */
    HTTP_PIPELINE_BYTES_MAX = KIB(
        64),                    /* read ahead while a request is in hand; then we stop reading */
    REQUEST_ARENA_MAX = MIB(8), /* everything one request may allocate */
    REQUEST_ARENA_RESERVE = KIB(512), /* of it, what a parsed body must leave for the work on it */

    /* JSON */
    JSON_DEPTH_MAX = 64,
    JSON_NODES_MAX = 200000, /* nodes of one document; 16 bytes each */

    /* WebSocket */
    WS_MESSAGE_MAX = KIB(64),
    WS_FRAGMENTS_MAX = 1000, /* per message */
    WS_CONTROL_MAX = 125,    /* RFC 6455 5.5 */
    WS_PINGS_PER_SECOND_MAX = 100,
    WS_CLOSE_TIMEOUT_MS = 5000, /* wait for the peer's close frame */

    /* Tokens */
    JWT_BYTES_MAX = KIB(4),
    TOKEN_SECRET_BYTES_MIN = 32,
    TOKEN_SECRET_BYTES_MAX = 512, /* of a tenant's own */
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 8192,          /* a check costs 0.5 ms there */
    PUBLIC_KEY_TEXT_MAX = KIB(4), /* in PEM form */
    KID_MAX = 255,
    JWKS_BYTES_MAX = KIB(64),
    JWKS_KEYS_MAX = 32,
    SERVICE_ACCOUNTS_MAX = 100,  /* a tenant's */
    SERVICE_TOKEN_TTL_S = 25200, /* CEW-01 */
    VERIFICATION_KEYS_MAX = 16,  /* a tenant's */
    REALTIME_TOKEN_TTL_S = 7200, /* RT-10 */

    /* Realtime */
    CHANNEL_NAME_MAX = 255,
    CHANNELS_PER_CLIENT_MAX = 128,
    CHANNELS_PER_LOOP_MAX = 4000000,
    STREAMS_PER_LOOP_MAX = 2000000,  /* responses of http_stream and sse */
    READER_LAG_BYTES_MAX = MIB(1),   /* a cursor this far behind its channel's tail: 3008 */
    WRITER_QUEUE_BYTES_MAX = MIB(1), /* replies a client did not read: 3008 */
    WRITE_STALL_MS = 5000,           /* something waits and the socket takes no byte of it: 3008 */
    FANOUT_SLICE = 64, /* sockets visited, 4-8 us each, before the loop does something else */
    RUN_CHUNK_BYTES_MAX = KIB(64),
    RECOVERY_MAX = 300,            /* publications of one recovery or history page */
    RECOVERY_BYTES_MAX = KIB(512), /* of them; half of what a client may leave unread */
    CLIENT_CALLS_MAX = 160,        /* commands of one client that wait for the store: error 111.
                                        Every channel at once, and some more */
    MARKS_AT_ONCE_MAX = 64, /* mark_read messages of one socket on their way; then it is not read */
    CLIENT_ANSWER_MS = 4000, /* then error 100: clients give up after 5000 */

    /* Hot windows of channels that are nobody's feed (recent.h) */
    RECENT_PUBLICATIONS_MAX = 100,       /* of one channel */
    RECENT_CHANNEL_BYTES_MAX = KIB(256), /* fits into RECOVERY_BYTES_MAX with its copies */
    RECENT_CHANNELS_MAX = 50000,         /* about 1 KiB each */
    RECENT_BYTES_MAX = MIB(64),
    RECENT_TTL_MS = 300 * 1000,        /* what was said is kept so long after the last word */
    RECENT_PLACE_TTL_MS = 3600 * 1000, /* epoch and offset of a silent channel */
    RECENT_SWEEP_STEP = 200,           /* channels forgotten under one lock */
    REALTIME_HISTORY_MAX = 10000,      /* publications of one answer to a backend */
    REALTIME_CHANNELS_MAX = 1000,      /* of one broadcast, and listed at once */
    GATHER_PART_BYTES_MAX = MIB(4),    /* what one loop adds to an answer of all loops */
    PRESENCE_MAX = 5000,               /* clients one presence answer names */
    PRESENCE_BYTES_MAX = KIB(512),     /* of them, in one client's reply */

    /* Templates (RELIABILITY threat 16) */
    TEMPLATE_SOURCE_MAX = KIB(256),
    TEMPLATE_NODES_MAX = 10000,
    TEMPLATE_DEPTH_MAX = 32,
    TEMPLATE_STEPS_MAX = 1000000,
    TEMPLATE_OUTPUT_MAX = MIB(4),
    TEMPLATE_RENDER_MS_MAX = 50,

    /* Names and ids */
    USER_ID_MAX = 128, /* bytes, E.14 */
    EVENT_TYPE_MAX = 128,
    EVENT_ID_MAX = 255,
    TRACE_ID_MAX = 255,
    IDEMPOTENCY_KEY_MAX = 255,
    TENANT_NAME_MAX = 120,
    SLUG_MAX = 63,
    TENANT_CHANNELS_MAX = 32, /* custom WebSocket channels of a tenant */
    TENANT_TEMPLATES_MAX = 5000,
    TENANTS_MAX = 100000,
    TENANT_ADMINS_MAX = 100,
    TENANT_BYTES_MAX = MIB(32),        /* a tenant in memory, its compiled programs aside */
    TEMPLATE_PAGE_BYTES_MAX = MIB(64), /* 100 stored templates, or 500 tenants, read at once */
    LEFT_OUT_MAX = 32, /* templates that no longer compile, remembered for the log */
    TITLE_MAX = KIB(4),
    PRODUCT_NAME_MAX = 256,  /* of variables, for the expiry dialect; the rest is cut */
    NOTICE_WORD_MAX = 64,    /* a workspace producer's type */
    PUSH_BODY_MAX = KIB(48), /* so that a whole publication stays below WS_MESSAGE_MAX */
    PUBLICATION_MAX = WS_MESSAGE_MAX -
                      KIB(1), /* its JSON object; the rest is for the push around it */

    /* Feed pages (E.5) */
    FEED_LIMIT_DEFAULT = 50,
    FEED_LIMIT_MAX = 100,
    PAGE_LIMIT_DEFAULT = 50, /* admin lists */
    PAGE_LIMIT_MAX = 200,
    LOG_SCAN_MAX = 20000, /* deliveries one page of the log looks at: 5 ms of a reader */
    LOG_CLOCK_SLACK_MS = 3600 * 1000, /* the clock never goes back by more than this */

    /* Rate limits: a tenant's window costs 8 bytes a run, so at most 128 KiB; at the default of 100 a
     * minute 1 KiB. An idle tenant's is given back. */
    LIMIT_EXACT_MAX = 10000, /* events a minute counted by the millisecond */
    LIMIT_SLOT_MS = 100,     /* above that by these slots */
    LIMIT_RUNS_MAX = 16384,  /* a power of two with room for both, when a limit is changed */
    WEBHOOK_SECRET_MIN = 16, /* bytes */
    WEBHOOK_SECRET_MAX = 256,
    WEBHOOK_OVERLAP_MAX_S = 7 * 86400, /* both secrets of a rotation are valid at most so long */

    /* Intake */
    IDEMPOTENCY_TTL_S_MAX = 72 * 3600, /* RELIABILITY P7 */
    BATCH_EVENTS_MAX = 1000,           /* one transaction of about 15 ms */
    BATCH_SLICE = 32,                  /* events of a batch planned in one turn of the loop */
    BATCH_ARENA_RESERVE = MIB(1),      /* of the request's, for its replays: 800 bytes each */
    KEY_SWEEP_ROWS = 500,              /* deleted in one step: some milliseconds of the writer's */

    /* Deliveries */
    PROVIDER_REQUEST_MAX = MIB(8), /* the body of one call; two rendered parts fit, escaped */
    PROVIDER_ANSWER_MAX = KIB(64), /* of an answer's body; the rest is not read (threat 18) */
    TENANT_PROVIDERS_MAX = 64,
    CREDENTIAL_BYTES_MAX = KIB(8), /* one field: a private key fits */
    COURIER_IN_FLIGHT_MAX = 256,   /* claimed and not settled: what a crash leaves uncertain (P6) */
    COURIER_LINES_MAX = 400000,    /* (tenant, channel) with something waiting; 160 bytes each */
    COURIER_PROVIDERS_MAX = 65536, /* whose pace is remembered; 120 bytes each */
    PROVIDER_CONCURRENCY = 32,     /* calls of one provider in flight, to begin with */
    PROVIDER_CONCURRENCY_MAX = 128,
    PROVIDER_FAILURES_MAX = 10,    /* in a row: the circuit opens */
    PROVIDER_PAUSE_MS_MAX = 30000, /* between two looks at one that does not work */
    RETRY_DELAYS_MAX = 16,
    RETRY_AFTER_MS_MAX = 3600 * 1000, /* a longer Retry-After is cut to this (P10) */
    EXCERPT_BYTES_MAX = KIB(2),       /* of a request or an answer, kept with an attempt */

    /* Scheduled events */
    SCHEDULE_AHEAD_DAYS_MAX = 366,   /* one year, whichever */
    SCHEDULE_NOW_MS = 1000,          /* due so soon: an ordinary trigger */
    SCHEDULE_LATE_S_MAX = 86400,     /* what a suspension held back longer than this is not sent */
    TENANT_SCHEDULED_MAX = 100000,   /* waiting events of a tenant */
    SCHEDULE_ROUND = 128,            /* fired in one transaction of about 2 ms */
    SCHEDULE_BODIES_MAX = MIB(4),    /* of a round, but for the last one's */
    SCHEDULE_ARENA_MAX = MIB(32),    /* a round's bodies, and what is planned of them */
    SCHEDULE_NAP_MS_MAX = 30 * 1000, /* then the wall clock is looked at: it may have been set */

    /* Store */
    STORE_QUEUE_MAX = 100000,   /* calls waiting for the writer; more are answered ST_FULL */
    STORE_BATCH_MAX = 1000,     /* calls in one commit */
    STORE_READERS = 2,          /* reader threads */
    STORE_USERS_CACHED = 32768, /* users the writer remembers; about 200 bytes each */
    KEY_SLOTS_MAX = 1 << 22,    /* of the writer's index of idempotency keys: 32 MiB for 3.1 million
                                   live keys; each key beyond costs a random page */
    SCHEMA_WAL_PAGES = 1000,    /* checkpoint after this many pages, on the writer's connection */
    STORE_COMPACT_BYTES_MAX = MIB(
        64), /* rewritten in one go, some 0.3 s in which nothing commits */

    STORE_STUCK_MS = 5000, /* a transaction this long: new calls are refused at once */
    STORE_QUEUE_HIGH = STORE_QUEUE_MAX / 2, /* more waiting calls than this: not ready */

    /* Sessions (RELIABILITY threat 23) */
    SESSION_TTL_S = 8 * 3600,
    SESSION_IDLE_S = 1800,
    SESSIONS_MAX = 10000,
    LOGIN_HASHES_AT_ONCE = 4, /* 19 MiB each; more logins at once get 429 */
    LOGIN_FREE_FAILURES = 5,  /* then each further failure delays */
    LOGIN_DELAY_MAX_S = 60,   /* so that nobody can lock the operator out for long */
    LOGIN_MEMORY_S = 900,     /* failures older than this are forgotten */
    LOGIN_NAMES_MAX = 4096,   /* accounts and addresses remembered with their failures */
    PASSWORD_BYTES_MIN = 10,
    PASSWORD_BYTES_MAX = 256,

    /* TLS */
    TLS_TICKET_KEY_LIFE_S = 12 * 3600, /* it seals so long, and opens as long again */
    TLS_UNSENT_BYTES_MAX = KIB(
        64), /* sealed and not taken by the kernel: a record and small talk */
    /* Calls to others (RELIABILITY threat 18) */
    OUTBOUND_NETS_MAX = 64,
    OUTBOUND_URL_MAX = 2048,
    HTTP_ANSWER_HEAD_MAX = KIB(16), /* what we remember of the other side's header */
    HTTP_ANSWER_MAX = KIB(64),      /* and of its body, unless a call asks for less */
    HTTP_IDLE_OUT_S = 20,           /* a kept connection older than this is not used again */

    /* Process */
    SOCKET_UNSENT_BYTES_MAX = KIB(
        128), /* in the kernel, beyond what the peer's window takes. Else it keeps
                                           2.5 MB and more for each reader that stands still, and all
                                           sockets of the machine share that memory */
    METRICS_KEY_BYTES_MIN = 16,
    METRICS_PAGE_MAX = KIB(256),
    LOOPS_MAX = 64,
    DESCRIPTORS_RESERVED = 200, /* of RLIMIT_NOFILE, for files, the store and refusals */
    ACCEPTS_PER_TURN = 64,      /* then the loop looks at its other sockets */
    DRAIN_TIMEOUT_MS = 10000,
    LOG_LINE_MAX = 4096,
    LOG_FIELD_MAX = 512,
};

_Static_assert(LIMIT_EXACT_MAX + 60000 / LIMIT_SLOT_MS + 1 <= LIMIT_RUNS_MAX,
               "a window never runs out of runs");
_Static_assert((unsigned)PUSH_BODY_MAX + TITLE_MAX < WS_MESSAGE_MAX, "a publication fits a frame");

#endif
