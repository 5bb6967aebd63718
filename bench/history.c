/* What a page of history costs the store, by how much is stored.
 *
 *   bench_history [ROWS] [PAGES]        5,000,000 rows and 20,000 pages of 50 unless told otherwise
 *
 * Two stores are filled through the port, as triggers fill them: one of 1,000 rows, one of ROWS. Users
 * have 1,000 notifications each, and whose turn it is is random, so that the 50 of a page lie on 50
 * different pages of the message tree: the worst layout there is, and the usual one. Then pages are
 * read, and the CPU time of the whole process, hand-over between threads included, is divided by their
 * number. Caches are warm: a first round is not counted. Twice: of random users out of all, and of one
 * user who comes back, which is all there is in the small store. The last lines are the ratios. */
#include <ftw.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "driver/store/sqlite.h"

enum {
    ROWS_SMALL = 1000,
    ROWS_LARGE = 5000000,
    ROWS_PER_USER = 1000,
    PAGES = 20000,
    PAGE = 50,
    BATCH = 1000, /* events in one transaction */
    AT_ONCE = 32, /* pages asked for together, so that threads need not be woken for each */
    ROUNDS = 5,
    TENANT = 1
};

static uint64_t luck = 88172645463325252u;
static uint64_t roll(void) /* xorshift64: the same users in every run */
{
    luck ^= luck << 13;
    luck ^= luck >> 7;
    return luck ^= luck << 17;
}

static double cpu_us(void)
{
    struct rusage u;
    CHECK(getrusage(RUSAGE_SELF, &u) == 0);
    return 1e6 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- calls ---- */

static sem_t back; /* one post a call */

static void come_back(StoreCall *call)
{
    if (call->st != ST_OK) {
        (void)fprintf(stderr, "%s: %s\n", status_text(call->st), call->err.text);
        exit(1);
    }
    sem_post(&back);
}

static void submit(Store *store, StoreCall *call, StoreKind kind)
{
    call->kind = kind;
    call->done = come_back;
    CHECK(store_submit(store, call) == ST_OK);
}

static void await(int count)
{
    while (count > 0)
        if (sem_wait(&back) == 0) count--;
}

/* ---- filling ---- */

typedef struct Row { /* an event with the strings its plan points to */
    char event_id[UUID_TEXT_LEN], user[32], title[32];
} Row;

static const char body[] =
    "Your parcel has left the warehouse and will be with you tomorrow before "
    "noon. Follow it on its way with the number A-1000-2000.";
static const char data[] =
    "{\"id\":\"0190a0a0-1234-7abc-8def-0123456789ab\",\"type\":\"order.shipped\",\"title\":"
    "\"Parcel\","
    "\"body\":\"Your parcel has left the warehouse and will be with you tomorrow before noon. "
    "Follow "
    "it on its way with the number A-1000-2000.\",\"created_at\":\"2026-04-22T12:00:00.000Z\","
    "\"status\":\"UNREAD\"}";

static EventPlan plan_of(Row *row, long n, long users, Random *random)
{
    int64_t now_ms = 1700000000000 + n / 10;
    uuid_text(uuid_v7(now_ms, random), row->event_id);
    (void)snprintf(row->user, sizeof row->user, "user-%lu",
                   (unsigned long)(roll() % (uint64_t)users));
    (void)snprintf(row->title, sizeof row->title, "Parcel %ld", n);
    return (EventPlan){.tenant_no = TENANT,
                       .event_id = str_make(row->event_id, UUID_TEXT_LEN),
                       .event_type = S("order.shipped"),
                       .user_id = str_of(row->user),
                       .trace_id = S(""),
                       .payload = S("{\"userId\":\"user\"}"),
                       .variables = S("{\"orderId\":\"A-1000-2000\"}"),
                       .created_ms = now_ms,
                       .deliveries = {{.id = uuid_v7(now_ms, random),
                                       .channel = CHANNEL_PUSH,
                                       .status = DELIVERY_SENT}},
                       .delivery_count = 1,
                       .has_notification = true,
                       .notification = {.id = uuid_v7(now_ms, random),
                                        .title = str_of(row->title),
                                        .body = str_of(body),
                                        .channel = S("global_system#user"),
                                        .data = str_of(data)}};
}

static void fill(Store *store, long rows, long users)
{
    Random random;
    Row *strings = mem_zero(sizeof *strings * BATCH);
    EventPlan *plans = mem_zero(sizeof *plans * BATCH);
    random_init(&random);
    for (long done = 0; done < rows; done += BATCH) {
        AcceptCall call = {.events = plans, .event_count = BATCH};
        for (long i = 0; i < BATCH; i++) plans[i] = plan_of(&strings[i], done + i, users, &random);
        submit(store, &call.call, STORE_ACCEPT);
        await(1);
    }
    mem_free(strings);
    mem_free(plans);
}

/* ---- reading ---- */

typedef struct Page {
    FeedCall call;
    Arena arena;
    char user[32];
} Page;

static void read_pages(Store *store, Page *pages, long count, long users)
{
    for (long done = 0; done < count; done += AT_ONCE) {
        for (int i = 0; i < AT_ONCE; i++) {
            Page *p = &pages[i];
            (void)snprintf(p->user, sizeof p->user, "user-%lu",
                           (unsigned long)(roll() % (uint64_t)users));
            p->call = (FeedCall){
                .tenant_no = TENANT, .user_id = str_of(p->user), .limit = PAGE, .arena = &p->arena};
            submit(store, &p->call.call, STORE_FEED);
        }
        await(AT_ONCE);
        for (int i = 0; i < AT_ONCE; i++) {
            CHECK(pages[i].call.ret_count == PAGE);
            arena_done(&pages[i].arena);
        }
    }
}

static double page_us(Store *store, long pages, long users)
{
    Page *at = mem_zero(sizeof *at * AT_ONCE);
    double us[ROUNDS];
    for (int i = 0; i < AT_ONCE; i++) arena_init(&at[i].arena, 1 << 20);
    read_pages(store, at, pages, users);
    for (int i = 0; i < ROUNDS; i++) {
        double before = cpu_us();
        read_pages(store, at, pages, users);
        us[i] = (cpu_us() - before) / (double)pages;
    }
    mem_free(at);
    qsort(us, ROUNDS, sizeof us[0], compare);
    return us[ROUNDS / 2];
}

/* ---- the two stores ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

typedef struct Cost { /* us of CPU a page */
    double random_users, one_user;
} Cost;

static Cost measure(long rows, long pages)
{
    long users = rows / ROWS_PER_USER;
    const char *base = getenv("TMPDIR");
    char directory[256];
    Store *store;
    Err err = {{0}};
    (void)snprintf(directory, sizeof directory, "%s/orqestra-history-XXXXXX", base ? base : "/tmp");
    CHECK(mkdtemp(directory) != NULL);
    const SqliteOptions options = {.directory = str_of(directory)};
    if (sqlite_store_open(&options, &store, &err) != ST_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    double before = cpu_us();
    fill(store, rows, users);
    double filled = (cpu_us() - before) / (double)rows;
    Cost cost = {page_us(store, pages, users), page_us(store, pages, 1)};
    store_close(store);
    (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)printf(
        "%9ld rows: a page of %d costs %6.1f us of CPU, of one user again %6.1f us   (filled "
        "at %.1f us a row)\n",
        rows, PAGE, cost.random_users, cost.one_user, filled);
    (void)fflush(stdout);
    return cost;
}

static void judge(const char *who, double large, double small)
{
    (void)printf("a page of %-13s large / small store    %.2f x    bar <= 1.30    %s\n", who,
                 large / small, large <= 1.3 * small ? "reached" : "missed");
}

int main(int argc, char **argv)
{
    long rows = argc > 1 ? strtol(argv[1], NULL, 10) : ROWS_LARGE;
    long pages = argc > 2 ? strtol(argv[2], NULL, 10) : PAGES;
    if (rows < ROWS_SMALL || rows % BATCH != 0 || pages < AT_ONCE) {
        (void)fprintf(stderr, "usage: %s [ROWS, a multiple of %d] [PAGES]\n", argv[0], BATCH);
        return 2;
    }
    base_init();
    sem_init(&back, 0, 0);
    Cost small = measure(ROWS_SMALL, pages);
    Cost large = measure(rows, pages);
    judge("random users,", large.random_users, small.random_users);
    judge("one user,", large.one_user, small.one_user);
    return 0;
}
