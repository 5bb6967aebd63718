/* store_suite.h: what every driver of port/store.h must do, as one list of tests.
 *
 * A driver's own test fills a StoreDriver and expands the list:
 *   #define CASE(name) TEST(store_##name) { store_suite_##name(&driver); }
 *   STORE_SUITE(CASE)
 *
 * The helpers below make calls synchronous; a driver's own tests use them too. */
#ifndef ORQ_TESTS_PORT_STORE_SUITE_H
#define ORQ_TESTS_PORT_STORE_SUITE_H

#include <semaphore.h>

#include "base/random.h"
#include "port/store.h"

typedef struct StoreDriver {
    Store *(*open_empty)(void);
    Store *(*open_again)(void); /* what the last open_empty left, after it was closed */
} StoreDriver;

#define STORE_SUITE(CASE)                                                                          \
    CASE(feed_shows_accepted_newest_first)                                                         \
    CASE(feed_pages_by_limit_and_offset)                                                           \
    CASE(feed_of_unknown_user_is_empty)                                                            \
    CASE(feed_that_outgrows_its_arena_is_refused)                                                  \
    CASE(mark_read_is_idempotent)                                                                  \
    CASE(mark_read_refuses_what_is_not_ones_own)                                                   \
    CASE(tenants_with_equal_users_never_mix)                                                       \
    CASE(seq_grows_per_user_across_restart)                                                        \
    CASE(seq_survives_deletion_of_rows)                                                            \
    CASE(accept_is_all_or_nothing)                                                                 \
    CASE(conflict_harms_no_neighbour)                                                              \
    CASE(usage_counts_what_was_kept)                                                               \
    CASE(conflict_means_a_repeated_delivery)                                                       \
    CASE(key_is_taken_once)                                                                        \
    CASE(key_is_its_tenants_own)                                                                   \
    CASE(key_survives_a_restart)                                                                   \
    CASE(key_is_free_once_expired)                                                                 \
    CASE(key_is_free_after_a_failure)                                                              \
    CASE(key_repeats_within_one_call)                                                              \
    CASE(key_goes_to_the_first_that_succeeds)                                                      \
    CASE(schedule_waits_and_leaves_nothing_else)                                                   \
    CASE(schedule_fires_once)                                                                      \
    CASE(schedule_is_its_tenants_own)                                                              \
    CASE(schedule_waits_on_when_firing_fails)                                                      \
    CASE(schedule_has_a_ceiling)                                                                   \
    CASE(schedule_is_told_to_a_repeat)                                                             \
    CASE(unmatched_event_is_audited)                                                               \
    CASE(deliveries_are_recorded)                                                                  \
    CASE(jobs_write_and_read_every_kind_of_value)                                                  \
    CASE(failed_job_rolls_back_alone)                                                              \
    CASE(job_errors_have_their_status)                                                             \
    CASE(read_job_cannot_write)                                                                    \
    CASE(done_comes_in_order)                                                                      \
    CASE(close_finishes_what_was_submitted)                                                        \
    CASE(feed_after_done_sees_the_accept)                                                          \
    CASE(mark_read_counts_what_is_left)                                                            \
    CASE(mark_all_read_marks_ones_own)                                                             \
    CASE(unread_of_nobody_is_none)                                                                 \
    CASE(stream_pages_both_ways)                                                                   \
    CASE(stream_keeps_channels_apart)                                                              \
    CASE(stream_says_when_there_is_more)                                                           \
    CASE(stream_of_unknown_user_has_no_epoch)                                                      \
    CASE(stream_epoch_survives_a_restart)                                                          \
    CASE(stream_epoch_is_the_users_own)                                                            \
    CASE(stream_tells_what_was_removed)                                                            \
    CASE(stream_of_an_erased_user_is_another)                                                      \
    CASE(health_counts)

#define STORE_SUITE_DECLARE(name) void store_suite_##name(const StoreDriver *driver);
STORE_SUITE(STORE_SUITE_DECLARE)

/* ---- synchronous calls ---- */

typedef struct Waiting { /* a call and the one who waits for it */
    union {
        StoreCall call;
        AcceptCall accept;
        FeedCall feed;
        MarkReadCall mark_read;
        MarkAllReadCall mark_all_read;
        UnreadCall unread;
        StreamCall stream;
        StoreJob job;
    };
    sem_t done;
    void *extra; /* for a job's run */
} Waiting;

void waiting_submit(Waiting *w, Store *store, StoreKind kind); /* the call must be taken */
Status waiting_end(Waiting *w);
Status waiting_run(Waiting *w, Store *store, StoreKind kind);

typedef Status (*JobRun)(StoreTx *tx, StoreJob *job, Err *err);
Status job_write(Store *store, JobRun run, void *extra);
Status job_read(Store *store, JobRun run, void *extra);
void *job_extra(StoreJob *job);

/* One number from the database: a count, a column. */
int64_t store_number(Store *store, const char *sql);

/* ---- plans ---- */

Random *suite_random(void); /* this thread's */

/* A PUSH for the user with fresh ids; title and body name n. The strings are literals or in *room. */
typedef struct PlanRoom {
    char event_id[UUID_TEXT_LEN], title[24], channel[160];
} PlanRoom;
EventPlan suite_push(uint32_t tenant_no, const char *user_id, int n, PlanRoom *room);
Status suite_accept(Store *store, EventPlan *plans, size_t count);
/* Accepts one PUSH; it must succeed. Returns its notification's id. */
Uuid suite_notify(Store *store, uint32_t tenant_no, const char *user_id, int n);
/* The call with its results; the items are in arena. */
FeedCall suite_feed(Store *store, uint32_t tenant_no, const char *user_id, uint32_t limit,
                    uint32_t offset, Arena *arena);
Status suite_mark_read(Store *store, uint32_t tenant_no, const char *user_id, Uuid id);

#endif
