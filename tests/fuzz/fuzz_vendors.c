/* Any bytes as what a vendor answers:
 *  1. the class is one of ours; a cause is there exactly unless the class is OK, and is one line of text;
 *  2. what is taken as the vendor's id is one line, too;
 *  3. the same bytes as a status webhook: refused, or reports of one line each.
 *
 * Input: byte 0 the vendor, bytes 1-2 the status, then the body; it is also the value of each header. */
#include "fuzz.h"

#include "base/utf8.h"
#include "driver/provider/kinds.h"
#include "port/report.h"

FUZZ_INIT()

static void check_line(Str text)
{
    for (size_t i = 0; i < text.len; i++) CHECK((uint8_t)text.at[i] >= ' ' && text.at[i] != 0x7f);
}

static void check_reports(const ProviderKind *kind, Str body, Arena *arena)
{
    static const Credentials credentials = {
        {STR_INIT("k"), STR_INIT("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), STR_INIT("f")}};
    StatusReports reports = {NULL, 0};
    StatusCall call = {.url = S("https://n.example/x"), .body = body, .now_ms = 1800000000000};
    if (!kind->report || kind->report(&credentials, &call, arena, &reports, NULL) != ST_OK) return;
    for (size_t i = 0; i < reports.count; i++) {
        CHECK(reports.at[i].kind < REPORT_KIND_COUNT);
        check_line(reports.at[i].provider_id);
        check_line(reports.at[i].recipient);
        check_line(reports.at[i].cause);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Retry-After", "X-Message-Id", "RateLimit-Limit",
                                        "RateLimit-Remaining", "X-RateLimit-Reset"};
    const ProviderKinds *kinds = provider_kinds();
    Message message = {.id_text = S("018f0000-0000-7000-8000-000000000001")};
    Outcome outcome = {0};
    Arena arena;
    if (size < 3 || size > KIB(64)) return 0;
    const ProviderKind *kind = kinds->at[data[0] % kinds->count];
    ProviderAnswer answer = {.arrival = ARRIVAL_ANSWERED,
                             .status = 100 + ((data[1] << 8 | data[2]) % 500),
                             .body = str_make(data + 3, size - 3),
                             .now_ms = 1800000000000};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        answer.headers[answer.header_count++] = (ProviderHeader){str_of(names[i]),
                                                                 str_head(answer.body, 100)};
    arena_init(&arena, MIB(4));
    kind->read(&message, &answer, &arena, &outcome);
    CHECK(outcome.class < OUTCOME_CLASS_COUNT);
    CHECK((outcome.cause.len > 0) == (outcome.class != OUTCOME_OK));
    check_line(outcome.cause);
    check_line(outcome.provider_id);
    check_reports(kind, answer.body, &arena);
    arena_done(&arena);
    return 0;
}
