/* provider.h: what a vendor of e-mail or SMS is to us, and how a call to one travels.
 *
 * A vendor is data and two pure functions, one small file of driver/provider/:
 *
 *   Message + credentials --build--> ProviderRequest --Carrier--> ProviderAnswer --read--> Outcome
 *
 * build and read see bytes and make bytes: no socket, no clock, no state, the same result every time.
 * What is the same for all vendors lies around them: who is asked, when, how often and how many at once
 * (app/courier), rendering (domain/deliver), the network with its guard and its ceilings (the carrier).
 * So a vendor's file says only what that vendor's documentation says.
 *
 * The credentials of a provider are in the clear here and in the request; neither is logged or stored.
 * Whatever is kept of a call, for operators to look at, had the secret fields taken out first.
 *
 * Thread: build and read any; a carrier its loop.  Ownership: what build and read make lives in the arena
 * they are given, or is borrowed from their arguments, which live as long. */
#ifndef ORQ_PORT_PROVIDER_H
#define ORQ_PORT_PROVIDER_H

#include "base/arena.h"
#include "base/id.h"
#include "base/status.h"
#include "port/channel.h"

enum {
    PROVIDER_FIELDS_MAX = 8,   /* credential fields of a kind */
    PROVIDER_HEADERS_MAX = 24, /* of one request */
    ANSWER_HEADERS_MAX = 64,   /* remembered of one answer */
};

typedef struct ProviderHeader {
    Str name, value; /* neither holds CR, LF or NUL: the carrier refuses the request otherwise */
} ProviderHeader;

/* ---- what is sent ---- */

typedef struct Message { /* rendered; the same in every attempt of a delivery, but for now_ms */
    Uuid
        id; /* the delivery's. Same in every attempt: a vendor's idempotency key, Message-ID, ... */
    Str id_text;                   /* 36 characters */
    Channel channel;               /* CHANNEL_EMAIL or CHANNEL_SMS */
    Str tenant;                    /* its slug */
    Str tenant_id;                 /* its UUID's text */
    Str category;                  /* the event type */
    Str event_id;                  /* as the caller of the trigger knows it */
    Str user_id;                   /* "" once erased */
    Str to;                        /* a plausible address without controls, or an E.164 number */
    Str from, from_name;           /* EMAIL: the tenant's sender; "" when it has none */
    Str subject;                   /* EMAIL; "" for SMS; one line */
    Str text;                      /* SMS and every e-mail */
    Str html;                      /* EMAIL in html; else "" */
    Str callback_url;              /* where the vendor may report what becomes of it; "": nowhere */
    const ProviderHeader *headers; /* EMAIL: to be added to the mail (List-Unsubscribe, ...) */
    uint32_t header_count;
    int64_t created_ms; /* when the event was accepted: for a Date, the same in every attempt */
    int64_t now_ms;     /* wall clock of this attempt: for a signature that expires */
} Message;

typedef struct Credentials {        /* in the order of the kind's fields */
    Str value[PROVIDER_FIELDS_MAX]; /* "" when not given */
} Credentials;

typedef enum Transport {
    TRANSPORT_HTTP,
    TRANSPORT_SMTP,
    TRANSPORT_LOG /* nowhere: one line in the server's log */
} Transport;

typedef enum SmtpTls {
    SMTP_TLS_NONE,
    SMTP_TLS_STARTTLS,
    SMTP_TLS_IMPLICIT,
    SMTP_TLS_COUNT
} SmtpTls;

typedef struct ProviderRequest { /* zeroed before build() */
    Transport transport;
    /* HTTP */
    Str method; /* "POST" when not set */
    Str base_url; /* only when the vendor's address is one of its credentials; else the provider's baseUrl
                     or the kind's default, which the engine fills in after build() */
    Str path; /* from its '/', query included; appended to base_url */
    ProviderHeader headers[PROVIDER_HEADERS_MAX];
    uint32_t header_count; /* User-Agent and Content-Length are the carrier's */
    Str body;
    /* SMTP */
    struct {
        Str host;
        uint16_t port;
        SmtpTls tls;
        Str username, password; /* "": no AUTH */
        Str mail_from, rcpt_to; /* bare addresses */
        Str data;               /* the whole mail, CRLF, not yet dot-stuffed */
    } smtp;
} ProviderRequest;

/* ---- what came back ---- */

typedef enum Arrival {
    ARRIVAL_ANSWERED,  /* status, headers and body are set */
    ARRIVAL_NOT_SENT,  /* certainly never reached anyone: name, connect, TLS, the guard */
    ARRIVAL_UNKNOWN,   /* cut or timed out after (part of) the request had left */
    ARRIVAL_FORBIDDEN, /* the SSRF guard refuses the address: no use in trying again */
} Arrival;

typedef struct ProviderAnswer {
    Arrival arrival;
    int status; /* HTTP status or SMTP reply code; 0 unless ANSWERED */
    ProviderHeader headers[ANSWER_HEADERS_MAX];
    uint32_t header_count;
    Str body;       /* cut at PROVIDER_ANSWER_MAX; for SMTP the text of the reply */
    Str error;      /* a sentence, unless ANSWERED */
    int64_t now_ms; /* wall clock: for dates in headers */
} ProviderAnswer;

/* How every outcome is treated is the engine's business (domain/deliver/settle.h); a vendor only says
 * which it is. The classes are those of the providers' own documentation:
 *
 *   OK             taken over; the delivery is SENT
 *   RETRY          ours to send again, after the schedule's next delay
 *   RETRY_AFTER    the same, not before retry_after_ms; the provider's pace is lowered too
 *   PERMANENT      this message will never be taken: a dead letter at once
 *   SUPPRESS       the same, and this recipient will never be reached: remembered
 *   CONFIGURATION  the provider itself is set up wrong (key, sender, balance): pause it, try the next one
 *   AMBIGUOUS      may have been taken or not */
typedef enum OutcomeClass {
    OUTCOME_OK,
    OUTCOME_RETRY,
    OUTCOME_RETRY_AFTER,
    OUTCOME_PERMANENT,
    OUTCOME_SUPPRESS,
    OUTCOME_CONFIGURATION,
    OUTCOME_AMBIGUOUS,
    OUTCOME_CLASS_COUNT
} OutcomeClass;

typedef struct Pace {   /* what the answer says about how fast we may be; all 0: nothing */
    uint32_t limit;     /* calls a window */
    uint32_t window_ms; /* its length */
    bool has_remaining;
    uint32_t remaining; /* calls left in the window at hand */
    uint32_t reset_ms;  /* until the next one begins */
} Pace;

typedef struct Outcome { /* zeroed before read(), which is OUTCOME_OK */
    OutcomeClass class;
    bool fail_over;          /* PERMANENT here, yet the tenant's next provider may succeed */
    uint32_t retry_after_ms; /* RETRY_AFTER; 0: not said */
    Str provider_id;         /* the vendor's id of the message; "" when it gave none */
    Str cause;               /* a sentence for people, unless OK: "Resend answered 422: ..." */
    Pace pace;
} Outcome;

/* ---- a vendor ---- */

typedef struct CredentialField {
    Str name; /* as in the admin API: "apiKey" */
    bool required;
    bool secret; /* never shown again but for its last 4, taken out of whatever is kept of a call */
    bool url;    /* an http(s) URL: checked when saved */
    bool host;   /* a name or an address of a machine: the same */
} CredentialField;

struct StatusCall; /* report.h */
struct StatusReports;

typedef struct ProviderKind {
    Str name; /* "resend" */
    ChannelSet channels;
    CredentialField fields[PROVIDER_FIELDS_MAX]; /* ended by an empty name */
    Str base_url;      /* scheme, host and port of the vendor; "" when credentials say it */
    bool takes_key;    /* deduplicates by our id: an ambiguous call may be repeated without harm */
    bool needs_sender; /* an e-mail cannot be built without Message.from */
    uint32_t concurrency; /* calls in flight a provider may begin with; 0: PROVIDER_CONCURRENCY */
    uint32_t per_second;  /* pace to begin with, until answers say otherwise; 0: none */
    /* More than presence: ST_INVALID and a sentence that begins with the field's name. NULL: fine. */
    Status (*check)(const Credentials *credentials, Err *err);
    /* ST_INVALID: this message cannot be put this vendor's way, and err becomes the cause of a permanent
     * failure; ST_TOO_BIG: the arena is full. */
    Status (*build)(const Credentials *credentials, const Message *message, Arena *arena,
                    ProviderRequest *ret_request, Err *err);
    /* Only for ARRIVAL_ANSWERED: the rest is the same for all vendors and settled by the engine. */
    void (*read)(const Message *message, const ProviderAnswer *answer, Arena *arena,
                 Outcome *ret_outcome);
    /* Its status webhooks: report.h. NULL: it has none. */
    Status (*report)(const Credentials *credentials, const struct StatusCall *call, Arena *arena,
                     struct StatusReports *ret_reports, Err *err);
} ProviderKind;

typedef struct ProviderKinds {
    const ProviderKind *const *at;
    uint32_t count;
} ProviderKinds;

const ProviderKind *provider_kind_find(const ProviderKinds *kinds, Str name); /* NULL: unknown */
uint32_t provider_field_count(const ProviderKind *kind);
/* The value of a header, names compared without case; {NULL,0} when absent. */
Str provider_header(const ProviderAnswer *answer, Str name);
void provider_add_header(ProviderRequest *request, Str name, Str value); /* CHECKs for room */
Str outcome_class_name(OutcomeClass class);                              /* "RETRY_AFTER" */

/* ---- the way there and back ---- */

typedef struct Carrier Carrier;
typedef struct CarrierCall CarrierCall;

struct CarrierCall {
    const ProviderRequest *request; /* lives until done */
    uint32_t timeout_ms;            /* for the whole call */
    Arena *arena;                   /* the answer's; nobody else touches it meanwhile */
    ProviderAnswer answer;          /* the result */
    void (*done)(CarrierCall *call);
    void *_carrier; /* the driver's own */
};

/* done() follows exactly once, on the carrier's loop, never before carrier_send has returned. */
void carrier_send(Carrier *carrier, CarrierCall *call);
/* Ends every call in flight; each gets its done() with ARRIVAL_UNKNOWN (or NOT_SENT) soon after. */
void carrier_cut(Carrier *carrier);
void carrier_free(Carrier *carrier); /* NULL is fine; no call may be in flight */

typedef struct CarrierOps {
    void (*send)(Carrier *carrier, CarrierCall *call);
    void (*cut)(Carrier *carrier);
    void (*free)(Carrier *carrier);
} CarrierOps;

struct Carrier {
    const CarrierOps *ops;
};

#endif
