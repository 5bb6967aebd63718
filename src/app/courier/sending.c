/* sending.c: one claimed delivery, from its claim to what is settled.
 *
 *   start --> (waits in its user's chain) --> begin: render --> seek a provider --> call --> answered
 *                                                                  ^                           |
 *                                                                  '------ next provider ------+
 *                                                                                              v
 *             release: not sent after all, back as it was     <--- settle: SENT, RETRY_WAIT, DEAD
 *
 * Whatever the answer, the same delivery id went along: a vendor that knows it from before says so. */
#include "app/app.h"
#include "app/courier/parts.h"
#include "app/secrets.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "domain/deliver/excerpt.h"
#include "domain/deliver/render.h"
#include "domain/deliver/unsubscribe.h"
#include "domain/intake/push.h"

enum { UNSUBSCRIBE_LINK_MAX = 900 /* with its name on one line of a mail: RFC 5322 2.1.1 */ };
enum { SENDING_BYTES_MAX = MIB(32) }; /* parts of a message, its request and answer */

static void begin(Sending *s);
static void seek(Sending *s);
static void answered(CarrierCall *call);

/* ---- what became of it ---- */

static void chain_go_on(Courier *c, Chain *chain);

static void finish(Sending *s, DeliveryState to, Str cause)
{
    Courier *c = s->courier;
    Chain *chain = s->chain;
    s->settled.line = s->claimed.line;
    s->settled.event_no = s->claimed.event_no;
    s->settled.from = s->claimed.retrying ? STATE_RETRY_WAIT : STATE_QUEUED;
    s->settled.to = to;
    s->settled.now_ms = c->loop->now_ms;
    s->settled.cause = cause;
    s->settled.attempt_count = s->claimed.attempt_count + s->settled.new_count;
    s->settled.attempts = s->attempts;
    s->chain = NULL;
    if (s->is_waiting) s->line->waiting--;
    s->is_waiting = false;
    list_push_back(&c->answered, &s->node);
    if (chain) chain_go_on(c, chain);
    turn_soon(c);
}

/* To the queue as it was. Those behind it in its chain go, too, or they would overtake it. */
static void release(Sending *s)
{
    Chain *chain = s->chain;
    while (chain && !list_is_empty(&chain->waiting)) {
        Sending *next = CONTAINER_OF(list_first(&chain->waiting), Sending, node);
        list_unlink(&next->node);
        next->chain = NULL;
        finish(next, STATE_QUEUED, (Str){NULL, 0});
    }
    finish(s, STATE_QUEUED, (Str){NULL, 0});
}

static Str kept(Sending *s, Str text)
{
    Str copy;
    return arena_copy(&s->arena, text, &copy) ? copy : S("there was no memory to say more");
}

static void bury(Sending *s, Str cause)
{
    finish(s, STATE_DEAD, kept(s, cause));
}

/* ---- chains: first attempts to one user, one after the other ---- */

static void chain_go_on(Courier *c, Chain *chain)
{
    if (list_is_empty(&chain->waiting)) {
        map_remove(&c->chains, str_make(&chain->key, sizeof chain->key));
        mem_free(chain);
        return;
    }
    Sending *next = CONTAINER_OF(list_first(&chain->waiting), Sending, node);
    list_unlink(&next->node);
    list_push_back(&c->starting, &next->node); /* not from here: a long chain is no deep stack */
    turn_soon(c);
}

/* True when it has to wait for another. */
static bool chain_join(Courier *c, Sending *s)
{
    ChainKey key = {s->claimed.line.tenant_no, s->claimed.line.channel, s->claimed.user_no};
    if (s->claimed.retrying || s->claimed.attempt_count) return false; /* may be overtaken (P9) */
    Chain *chain = map_get(&c->chains, str_make(&key, sizeof key));
    s->chain = chain;
    if (chain) {
        list_push_back(&chain->waiting, &s->node);
        return true;
    }
    chain = mem_new(Chain);
    chain->key = key;
    list_init(&chain->waiting);
    CHECK(map_put(&c->chains, chain) == ST_OK); /* as many as Sendings at most */
    s->chain = chain;
    return false;
}

/* ---- start ---- */

void sending_start(Courier *c, Claims *claims, Line *line, const Claimed *claimed)
{
    Sending *s = mem_new(Sending);
    s->courier = c;
    s->claims = claims;
    s->line = line;
    s->claimed = *claimed;
    s->is_waiting = true;
    s->settled.retry_count = claimed->retry_count;
    arena_init(&s->arena, SENDING_BYTES_MAX);
    claims->refs++;
    line->held++;
    line->waiting++;
    c->in_hand++;
    if (c->draining)
        release(s);
    else if (!chain_join(c, s))
        begin(s);
}

void sending_free(Sending *s)
{
    Claims *claims = s->claims;
    arena_done(&s->arena);
    mem_free(s);
    claims_unref(claims);
}

void sendings_begin(Courier *c)
{
    while (!list_is_empty(&c->starting)) {
        Sending *s = CONTAINER_OF(list_first(&c->starting), Sending, node);
        list_unlink(&s->node);
        if (c->draining)
            release(s);
        else
            begin(s);
    }
}

void sendings_release_waiting(Courier *c)
{
    Chain *chain;
    for (uint32_t i = 0; (chain = map_next(&c->chains, &i));)
        while (!list_is_empty(&chain->waiting)) {
            Sending *s = CONTAINER_OF(list_first(&chain->waiting), Sending, node);
            list_unlink(&s->node);
            s->chain = NULL;
            finish(s, STATE_QUEUED, (Str){NULL, 0});
        }
}

/* RFC 8058. Not for what is sent at most once: a one-time code is no list that anybody could leave. */
static void add_unsubscribe(Sending *s)
{
    const App *app = s->courier->app;
    Str base = app->config->public_url;
    const OptOut who = {.tenant = s->tenant->id,
                        .category = s->claimed.event_type,
                        .address = s->claimed.recipient};
    if (s->message.channel != CHANNEL_EMAIL || !base.len || s->at_most_once) return;
    Str token = unsubscribe_token(app->secrets->token_secret, &who, &s->arena);
    if (!token.at || base.len + token.len + 8 > UNSUBSCRIBE_LINK_MAX) return;
    s->headers[0] = (ProviderHeader){
        S("List-Unsubscribe"),
        arena_format(&s->arena, "<%.*s/u/%.*s>", STR_FMT(base), STR_FMT(token))};
    s->headers[1] = (ProviderHeader){S("List-Unsubscribe-Post"), S("List-Unsubscribe=One-Click")};
    s->message.headers = s->headers;
    s->message.header_count = 2;
}

static void begin(Sending *s)
{
    Err err = {""};
    s->tenant = snapshot_by_no(s->claims->snapshot, s->claimed.line.tenant_no);
    if (!s->tenant) { /* deleted just now; its rows go, too */
        release(s);
        return;
    }
    if (s->claimed.suppressed.at) {
        finish(s, STATE_SUPPRESSED, s->claimed.suppressed);
        return;
    }
    const TenantTemplate *template = claimed_template(s->claims->snapshot, s->tenant, &s->claimed);
    s->at_most_once = template ? template->at_most_once : s->claimed.at_most_once;
    if (message_render(&s->claimed, s->tenant, template, &s->arena, &s->message, &err) != ST_OK) {
        bury(s, err_view(&err));
        return;
    }
    add_unsubscribe(s);
    seek(s);
}

/* ---- which provider ---- */

static void pick_any(Map *providers)
{
    ProviderState *state;
    for (uint32_t i = 0; (state = map_next(providers, &i));) {
        if (state->pacer.in_flight) continue;
        map_remove(providers, str_make(&state->id, sizeof state->id));
        mem_free(state);
        return;
    }
}

/* Whoever changed a provider wants it tried again, as new. */
static ProviderState *state_of(Courier *c, const TenantProvider *p, const ProviderKind *kind)
{
    ProviderState *state = map_get(&c->providers, str_make(&p->id, sizeof p->id));
    if (state && state->updated_ms >= p->updated_ms) return state;
    if (!state) {
        if (map_count(&c->providers) >= COURIER_PROVIDERS_MAX) pick_any(&c->providers);
        state = mem_new(ProviderState);
        state->id = p->id;
        CHECK(map_put(&c->providers, state) == ST_OK);
    }
    uint32_t in_flight = state->pacer.in_flight;
    state->updated_ms = p->updated_ms;
    pacer_init(&state->pacer, kind, c->pause_max_ms);
    state->pacer.in_flight = in_flight;
    return state;
}

void providers_free(Courier *c)
{
    ProviderState *state;
    for (uint32_t i = 0; (state = map_next(&c->providers, &i));) mem_free(state);
    map_done(&c->providers);
}

/* The first from index `from` on that sends on this channel and whose circuit lets us; NULL: none.
 * *ret_any: there is one at all. */
static const TenantProvider *provider_from(Courier *c, const Tenant *tenant, Channel channel,
                                           uint32_t from, uint32_t *ret_index, bool *ret_any)
{
    for (uint32_t i = from; i < tenant->provider_count; i++) {
        const TenantProvider *p = &tenant->providers[i];
        const ProviderKind *kind = provider_kind_find(c->kinds, p->kind);
        if (p->channel != channel || !kind) continue;
        *ret_any = true;
        if (pacer_is_open(&state_of(c, p, kind)->pacer, c->loop->mono_ms)) continue;
        *ret_index = i;
        return p;
    }
    return NULL;
}

/* When the first of those whose circuit is open may be asked again. */
static uint64_t reopens(Courier *c, const Tenant *tenant, Channel channel)
{
    uint64_t first_ms = PACER_WHEN_ONE_RETURNS, when_ms;
    for (uint32_t i = 0; i < tenant->provider_count; i++) {
        const TenantProvider *p = &tenant->providers[i];
        const ProviderKind *kind = provider_kind_find(c->kinds, p->kind);
        if (p->channel != channel || !kind) continue;
        if (pacer_room(&state_of(c, p, kind)->pacer, c->loop->mono_ms, &when_ms) == 0 &&
            when_ms < first_ms)
            first_ms = when_ms;
    }
    return first_ms;
}

uint32_t line_room(Courier *c, const Line *line, const Tenant *tenant, uint64_t *ret_when_ms)
{
    uint32_t index = 0;
    bool any = false;
    Channel channel = (Channel)line->key.channel;
    const TenantProvider *p = provider_from(c, tenant, channel, 0, &index, &any);
    if (p)
        return pacer_room(&state_of(c, p, provider_kind_find(c->kinds, p->kind))->pacer,
                          c->loop->mono_ms, ret_when_ms);
    if (!any) return COURIER_IN_FLIGHT_MAX; /* nobody to ask: each is told so at once */
    *ret_when_ms = reopens(c, tenant, channel);
    return 0;
}

static bool has_next(Sending *s)
{
    uint32_t index;
    bool any = false;
    return s->settled.new_count < TRIES_MAX &&
           provider_from(s->courier, s->tenant, (Channel)s->claimed.line.channel, s->next_provider,
                         &index, &any) != NULL;
}

static Str no_provider_cause(const Sending *s)
{
    if (s->claimed.line.channel == CHANNEL_SMS)
        return S("No provider configured for the SMS channel on this tenant");
    if (!s->tenant->sender_email.len)
        return S("No provider configured and no sender_email set on this tenant"); /* ORQ-12 */
    return S("No provider configured for the EMAIL channel on this tenant");
}

/* ---- the call ---- */

static void weigh(Sending *s, const Outcome *outcome);

static void refuse(Sending *s, OutcomeClass class, bool fail_over, Str cause)
{
    Outcome outcome = {.class = class, .fail_over = fail_over, .cause = cause};
    weigh(s, &outcome);
}

void request_finish(ProviderRequest *r, Str base_url, const ProviderKind *kind)
{
    if (!r->method.len) r->method = S("POST");
    if (!r->base_url.len) r->base_url = base_url.len ? base_url : kind->base_url;
}

static void call(Sending *s, const TenantProvider *p)
{
    Courier *c = s->courier;
    Err err = {""};
    s->kind = provider_kind_find(c->kinds, p->kind);
    s->provider = state_of(c, p, s->kind);
    s->settled.provider = p->name;
    s->message.now_ms = s->started_ms = c->loop->now_ms;
    if (!p->credentials.at ||
        !credentials_parse(s->kind, p->credentials, &s->arena, &s->credentials)) {
        refuse(s, OUTCOME_CONFIGURATION, true, S("the provider's credentials cannot be opened"));
        return;
    }
    if (s->kind->needs_sender && s->message.channel == CHANNEL_EMAIL && !s->message.from.len) {
        refuse(s, OUTCOME_PERMANENT, true, S("No sender_email set on this tenant"));
        return;
    }
    if (s->kind->report && p->hook.at && c->app->config->public_url.len)
        s->message.callback_url = provider_hook_url(c->app->config->public_url, p->kind, p->hook,
                                                    &s->arena);
    s->request = (ProviderRequest){0};
    Status st = s->kind->build(&s->credentials, &s->message, &s->arena, &s->request, &err);
    if (st != ST_OK) {
        refuse(s, OUTCOME_PERMANENT, false, kept(s, err_view(&err)));
        return;
    }
    request_finish(&s->request, p->base_url, s->kind);
    s->call = (CarrierCall){
        .request = &s->request, .timeout_ms = c->timeout_ms, .arena = &s->arena, .done = answered};
    if (s->request.transport == TRANSPORT_LOG)
        LOG(LOG_INFO, "provider.log", log_str("delivery", s->message.id_text),
            log_str("tenant", s->tenant->slug), log_str("provider", p->name),
            log_str("channel", channel_name(s->message.channel)));
    pacer_begin(&s->provider->pacer, c->loop->mono_ms);
    if (s->is_waiting) s->line->waiting--;
    s->is_waiting = false;
    c->on_wire++;
    carrier_send(c->carrier, &s->call);
}

static void seek(Sending *s)
{
    Courier *c = s->courier;
    uint32_t index = 0;
    uint64_t when_ms;
    bool any = false;
    const TenantProvider *p = provider_from(c, s->tenant, (Channel)s->claimed.line.channel,
                                            s->next_provider, &index, &any);
    if (!p && any) {
        release(s); /* all circuits are open; the line looks again when one closes */
        return;
    }
    if (!p) {
        bury(s, no_provider_cause(s));
        return;
    }
    s->next_provider = index + 1;
    const ProviderKind *kind = provider_kind_find(c->kinds, p->kind);
    if (pacer_room(&state_of(c, p, kind)->pacer, c->loop->mono_ms, &when_ms) == 0 &&
        when_ms != PACER_WHEN_ONE_RETURNS) { /* told to wait since it was claimed */
        release(s);
        return;
    }
    call(s, p);
}

/* ---- the answer ---- */

static Str said(Arena *arena, const char *what, Str why)
{
    Str cut = str_head(why, LOG_FIELD_MAX / 2);
    return arena_format(arena, "%s: %.*s", what, STR_FMT(cut));
}

void outcome_read(const ProviderKind *kind, const Credentials *credentials, const Message *message,
                  const ProviderAnswer *a, Arena *arena, Outcome *outcome)
{
    switch (a->arrival) { /* what is the same for every vendor: nobody answered */
    case ARRIVAL_NOT_SENT:
        outcome->class = OUTCOME_RETRY;
        outcome->cause = said(arena, "the provider could not be reached", a->error);
        return;
    case ARRIVAL_UNKNOWN:
        outcome->class = OUTCOME_AMBIGUOUS;
        outcome->cause = said(arena, "the provider did not answer", a->error);
        return;
    case ARRIVAL_FORBIDDEN:
        outcome->class = OUTCOME_CONFIGURATION;
        outcome->cause = said(arena, "the provider's address is not allowed", a->error);
        return;
    case ARRIVAL_ANSWERED:
        break;
    }
    kind->read(message, a, arena, outcome);
    if (outcome->cause.len)
        outcome->cause = excerpt_clean(outcome->cause, kind, credentials, arena);
}

static void note_attempt(Sending *s, const Outcome *outcome)
{
    const ProviderAnswer *a = &s->call.answer;
    bool whole = outcome->class != OUTCOME_OK;
    AttemptRow *row = &s->attempts[s->settled.new_count++];
    *row = (AttemptRow){
        .no = s->claimed.attempt_count + s->settled.new_count,
        .provider = s->settled.provider,
        .provider_id = s->provider->id,
        .started_ms = s->started_ms,
        .finished_ms = s->courier->loop->now_ms,
        .class = outcome->class,
        .status = a->status,
        .reference = outcome->provider_id.len ? outcome->provider_id : (Str){NULL, 0},
        .request = excerpt_request(&s->request, whole, s->kind, &s->credentials, &s->arena),
        .answer = excerpt_answer(a, s->kind, &s->credentials, &s->arena),
        .cause = outcome->cause.len ? outcome->cause : (Str){NULL, 0}};
}

static void log_failure(const Sending *s, const Outcome *outcome, const Verdict *verdict)
{
    LogNum attempt;
    LOG(LOG_WARN, "delivery.failed", log_str("delivery", s->message.id_text),
        log_str("tenant", s->tenant->slug), log_str("provider", s->settled.provider),
        log_str("class", outcome_class_name(outcome->class)),
        log_num("attempt", s->claimed.attempt_count + s->settled.new_count, &attempt),
        log_str("next",
                verdict->next_provider ? S("NEXT_PROVIDER") : delivery_state_name(verdict->to)));
}

/* A provider says that this recipient will never take anything: nobody is to ask it again. */
static void suppress(Sending *s, const Outcome *outcome)
{
    Courier *c = s->courier;
    s->suppression = (Suppression){.id = uuid_v7(c->loop->now_ms, &c->loop->random),
                                   .tenant_no = s->claimed.line.tenant_no,
                                   .channel = (Channel)s->claimed.line.channel,
                                   .address = s->claimed.recipient,
                                   .category = S(""),
                                   .reason = SUPPRESS_REJECTED,
                                   .source = s->settled.provider,
                                   .note = outcome->cause.len
                                               ? text_cut(outcome->cause, SUPPRESSION_NOTE_MAX)
                                               : (Str){NULL, 0},
                                   .user_no = s->claimed.user_no,
                                   .since_ms = c->loop->now_ms};
    s->settled.suppression = &s->suppression;
}

static void weigh(Sending *s, const Outcome *outcome)
{
    Courier *c = s->courier;
    const Standing standing = {.retry_count = s->claimed.retry_count,
                               .at_most_once = s->at_most_once,
                               .has_next_provider = has_next(s),
                               .now_ms = c->loop->now_ms};
    Verdict verdict = verdict_of(outcome, &standing, &c->plan, &c->loop->random);
    if (outcome->class != OUTCOME_OK) log_failure(s, outcome, &verdict);
    if (verdict.next_provider) {
        seek(s);
        return;
    }
    if (outcome->class == OUTCOME_SUPPRESS) suppress(s, outcome);
    s->settled.due_ms = verdict.due_ms;
    s->settled.retry_count = s->claimed.retry_count + (verdict.to == STATE_RETRY_WAIT);
    finish(s, verdict.to, outcome->cause.len ? outcome->cause : (Str){NULL, 0});
}

/* Cut at the end of the process: it stays claimed, which is how the next start knows that it is
 * uncertain. */
static void abandon(Sending *s)
{
    Courier *c = s->courier;
    if (s->chain) { /* nobody waits in it: those were released when the drain began */
        map_remove(&c->chains, str_make(&s->chain->key, sizeof s->chain->key));
        mem_free(s->chain);
    }
    c->in_hand--;
    s->line->held--;
    sending_free(s);
    turn_soon(c);
}

static void answered(CarrierCall *returned)
{
    Sending *s = CONTAINER_OF(returned, Sending, call);
    Courier *c = s->courier;
    Outcome outcome = {0};
    uint64_t took_ms = (uint64_t)(c->loop->now_ms - s->started_ms);
    c->on_wire--;
    if (c->cut) {
        abandon(s);
        return;
    }
    outcome_read(s->kind, &s->credentials, &s->message, &s->call.answer, &s->arena, &outcome);
    pacer_end(&s->provider->pacer, &outcome, c->loop->mono_ms);
    metric_add_by(METRIC_PROVIDER_CALLS,
                  (MetricValue)(METRIC_CHANNEL_EMAIL + s->claimed.line.channel),
                  (MetricValue)(METRIC_OUTCOME_OK + outcome.class), 1);
    metric_observe(METRIC_PROVIDER_SECONDS, took_ms * 1000);
    note_attempt(s, &outcome);
    Line *line = s->line;
    weigh(s, &outcome);
    line_returned(line);
}
