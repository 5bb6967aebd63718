/* The conformance suite on SQLite, then what only this driver promises: files, lock, schema, backup,
 * and what happens when the disk says no. */
#include "driver/store/sqlite.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "check_test.h"
#include "driver/store/sqlite_schema.h"
#include "port/failing_vfs.h"
#include "port/store_suite.h"

enum { T1 = 1 };

/* ---- directories ---- */

static char directory[64]; /* the current test's data */

static const char *path_of(const char *base, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static void remove_directory(const char *at)
{
    static const char *const names[] = {"orqestra.db", "orqestra.db-wal", "orqestra.db-shm",
                                        "lock",        "token.secret",    "master.key",
                                        "other"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(path_of(at, names[i]));
    rmdir(at);
}

static void remove_last(void)
{
    if (*directory) remove_directory(directory);
}

static void fresh_directory(void)
{
    static bool registered;
    static int count;

    if (!registered) atexit(remove_last);
    registered = true;
    remove_last();
    snprintf(directory, sizeof directory, "/tmp/orq-store-test.%d.%d", (int)getpid(), ++count);
}

static Store *open_with(const char *vfs)
{
    SqliteOptions options = {.directory = str_of(directory), .vfs = vfs};
    Store *s = NULL;
    Err err = {{0}};

    Status st = sqlite_store_open(&options, &s, &err);
    if (st != ST_OK) print_error("%s\n", err.text);
    assert_status(st, ST_OK);
    return s;
}

static Store *open_again(void)
{
    return open_with(NULL);
}

static Store *open_empty(void)
{
    fresh_directory();
    return open_again();
}

static const StoreDriver driver = {open_empty, open_again};

#define CASE(name)                                                                                 \
    TEST(store_##name)                                                                             \
    {                                                                                              \
        store_suite_##name(&driver);                                                               \
    }
STORE_SUITE(CASE)

static void assert_says(const Err *err, const char *part)
{
    if (!strstr(err->text, part)) fail_msg("\"%s\" does not say \"%s\"", err->text, part);
}

static mode_t mode_of(const char *base, const char *name)
{
    struct stat about;
    assert_int_equal(stat(path_of(base, name), &about), 0);
    return about.st_mode & 0777;
}

static Status open_status(Err *err)
{
    SqliteOptions options = {.directory = str_of(directory)};
    Store *s = NULL;
    Status st = sqlite_store_open(&options, &s, err);
    if (s) store_close(s);
    return st;
}

/* A second connection of the test's own, while no store is open. */
static void run_sql(const char *base, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(base, "orqestra.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- files, lock, schema ---- */

TEST(sqlite_files_are_private)
{
    Store *s = open_empty();
    suite_notify(s, T1, "ada", 1);
    assert_int_equal(mode_of(directory, "."), 0700);
    assert_int_equal(mode_of(directory, "orqestra.db"), 0600);
    assert_int_equal(mode_of(directory, "orqestra.db-wal"), 0600);
    assert_int_equal(mode_of(directory, "orqestra.db-shm"), 0600);
    assert_int_equal(mode_of(directory, "lock"), 0600);
    store_close(s);
    assert_int_equal(access(path_of(directory, "orqestra.db-wal"), F_OK), -1);
}

TEST(sqlite_second_opener_is_refused_by_name_and_pid)
{
    Store *s = open_empty();
    Err err = {{0}};
    char pid[32];

    assert_status(open_status(&err), ST_CONFLICT);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    assert_says(&err, directory);
    assert_says(&err, pid);
    store_close(s);
    assert_status(open_status(&err), ST_OK);
}

TEST(sqlite_missing_parent_is_said)
{
    Err err = {{0}};
    fresh_directory();
    SqliteOptions options = {.directory = S("/nonexistent-parent/data")};
    Store *s;
    assert_status(sqlite_store_open(&options, &s, &err), ST_UNAVAILABLE);
    assert_says(&err, "/nonexistent-parent/data");
}

TEST(sqlite_newer_schema_is_refused)
{
    Err err = {{0}};
    char restore[48];

    snprintf(restore, sizeof restore, "PRAGMA user_version = %u", schema_file_count);
    store_close(open_empty());
    run_sql(directory, "PRAGMA user_version = 999");
    assert_status(open_status(&err), ST_INVALID);
    assert_says(&err, "newer Orqestra");
    assert_says(&err, "999");
    run_sql(directory, restore);
    assert_status(open_status(&err), ST_OK);
}

TEST(sqlite_foreign_database_is_refused)
{
    Err err = {{0}};

    store_close(open_empty());
    unlink(path_of(directory, "orqestra.db"));
    run_sql(directory, "CREATE TABLE songs (title TEXT)");
    assert_status(open_status(&err), ST_INVALID);
    assert_says(&err, "not one of Orqestra");
}

TEST(sqlite_garbage_is_refused)
{
    Err err = {{0}};
    char noise[8192];

    store_close(open_empty());
    random_fill(suite_random(), noise, sizeof noise);
    int fd = open(path_of(directory, "orqestra.db"), O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, noise, sizeof noise), sizeof noise);
    close(fd);
    assert_status(open_status(&err), ST_INVALID);
    assert_says(&err, "not a database");
}

/* ---- ceilings ---- */

static Status wait_gate(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)tx, (void)err;
    while (sem_wait(job_extra(job)) != 0) continue;
    return ST_OK;
}

static atomic_uint told;
static void count_told(StoreCall *call)
{
    assert_status(call->st, ST_NOT_FOUND);
    atomic_fetch_add(&told, 1);
}

TEST(sqlite_full_queue_refuses)
{
    Store *s = open_empty();
    sem_t gate;
    Waiting holder = {.job = {.run = wait_gate}, .extra = &gate};
    MarkReadCall *calls = mem_zero(sizeof *calls * (STORE_QUEUE_MAX + 1));
    uint32_t taken = 0;
    Status st = ST_OK;

    sem_init(&gate, 0, 0);
    atomic_store(&told, 0);
    waiting_submit(&holder, s, STORE_WRITE_JOB);
    while (store_health(s).queued > 0) sched_yield(); /* the writer has it in hand */
    for (; taken <= STORE_QUEUE_MAX; taken++) {
        calls[taken] = (MarkReadCall){.call = {.kind = STORE_MARK_READ, .done = count_told},
                                      .tenant_no = T1,
                                      .user_id = S("nobody")};
        if ((st = store_submit(s, &calls[taken].call)) != ST_OK) break;
    }
    assert_status(st, ST_FULL);
    assert_int_equal(taken, STORE_QUEUE_MAX);
    assert_int_equal(store_health(s).queued, STORE_QUEUE_MAX);
    sem_post(&gate);
    assert_status(waiting_end(&holder), ST_OK);
    store_close(s);
    assert_int_equal(atomic_load(&told), STORE_QUEUE_MAX);
    sem_destroy(&gate);
    mem_free(calls);
}

/* One more user than the writer remembers: who was forgotten is read back. */
TEST(sqlite_forgotten_users_keep_their_place)
{
    enum { COUNT = STORE_USERS_CACHED + 1 };
    Store *s = open_empty();
    PlanRoom *rooms = mem_zero(sizeof *rooms * COUNT);
    EventPlan *plans = mem_zero(sizeof *plans * COUNT);
    char(*names)[24] = mem_zero(sizeof *names * COUNT);

    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "user %d", i);
        plans[i] = suite_push(T1, names[i], i, &rooms[i]);
    }
    assert_status(suite_accept(s, plans, COUNT), ST_OK);
    for (int i = 0; i < COUNT; i += COUNT - 1) { /* the first is forgotten, the last is not */
        EventPlan again = suite_push(T1, names[i], i, &rooms[i]);
        assert_status(suite_accept(s, &again, 1), ST_OK);
        assert_int_equal(again.ret_feed_seq, 2);
    }
    assert_int_equal(store_number(s, "SELECT count(*) FROM end_user"), COUNT);
    store_close(s);
    mem_free(rooms);
    mem_free(plans);
    mem_free(names);
}

/* ---- the disk says no ---- */

static void wait_writable(Store *s) /* the store's own probe finds out */
{
    while (!store_health(s).writable) usleep(10000);
}

static void check_failure_and_return(DiskMood mood)
{
    fresh_directory();
    failing_vfs_register();
    Store *s = open_with(FAILING_VFS);
    PlanRoom room;
    EventPlan plan = suite_push(T1, "ada", 2, &room);
    Arena arena;

    arena_init(&arena, MIB(1));
    suite_notify(s, T1, "ada", 1);
    unsigned before = failing_vfs_failures();
    failing_vfs_set(mood);
    assert_status(suite_accept(s, &plan, 1), ST_UNAVAILABLE);
    assert_true(failing_vfs_failures() > before);
    assert_false(store_health(s).writable);
    assert_status(suite_accept(s, &plan, 1), ST_UNAVAILABLE);
    assert_int_equal(suite_feed(s, T1, "ada", 50, 0, &arena).ret_count, 1); /* reads go on */

    failing_vfs_set(DISK_FINE);
    assert_status(suite_accept(s, &plan, 1), ST_OK); /* the same event, again: it was never there */
    assert_int_equal(plan.ret_feed_seq, 2);
    assert_true(store_health(s).writable);
    store_close(s);

    s = open_with(NULL);
    FeedCall feed = suite_feed(s, T1, "ada", 50, 0, &arena);
    assert_int_equal(feed.ret_count, 2);
    assert_str(feed.ret_items[0].title, "title 2");
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 2);
    arena_done(&arena);
    store_close(s);
}

TEST(sqlite_full_disk_is_answered_and_survived)
{
    check_failure_and_return(DISK_FULL);
}

TEST(sqlite_failed_fsync_is_answered_and_survived)
{
    check_failure_and_return(DISK_FSYNC_FAILS);
}

TEST(sqlite_finds_out_by_itself_that_the_disk_is_back)
{
    fresh_directory();
    failing_vfs_register();
    Store *s = open_with(FAILING_VFS);
    PlanRoom room;
    EventPlan plan = suite_push(T1, "ada", 2, &room);

    failing_vfs_set(DISK_FULL);
    assert_status(suite_accept(s, &plan, 1), ST_UNAVAILABLE);
    failing_vfs_set(DISK_FINE);
    wait_writable(s);
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    store_close(s);
}

/* Every call of a lost batch is told so: none is answered OK, none is forgotten. */
TEST(sqlite_lost_batch_answers_every_call)
{
    enum { COUNT = 50 };
    fresh_directory();
    failing_vfs_register();
    Store *s = open_with(FAILING_VFS);
    sem_t gate;
    Waiting holder = {.job = {.run = wait_gate}, .extra = &gate};
    Waiting *calls = mem_zero(sizeof *calls * COUNT);
    EventPlan *plans = mem_zero(sizeof *plans * COUNT);
    PlanRoom rooms[COUNT];

    sem_init(&gate, 0, 0);
    waiting_submit(&holder, s, STORE_WRITE_JOB);
    for (int i = 0; i < COUNT; i++) {
        plans[i] = suite_push(T1, "ada", i, &rooms[i]);
        calls[i] = (Waiting){.accept = {.events = &plans[i], .event_count = 1}};
        waiting_submit(&calls[i], s, STORE_ACCEPT);
    }
    failing_vfs_set(DISK_FSYNC_FAILS);
    sem_post(&gate);
    (void)waiting_end(&holder); /* wrote nothing: its empty commit needs no disk */
    for (int i = 0; i < COUNT; i++) {
        assert_status(waiting_end(&calls[i]), ST_UNAVAILABLE);
        assert_says(&calls[i].call.err, "store");
    }
    failing_vfs_set(DISK_FINE);
    wait_writable(s);
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 0);
    store_close(s);
    sem_destroy(&gate);
    mem_free(calls);
    mem_free(plans);
}

TEST(sqlite_failed_read_is_answered_and_survived)
{
    fresh_directory();
    failing_vfs_register();
    store_close(open_empty());
    Store *s = open_with(FAILING_VFS);
    Arena arena;

    arena_init(&arena, MIB(1));
    Waiting w = {.feed = {.tenant_no = T1, .user_id = S("ada"), .limit = 5, .arena = &arena}};
    failing_vfs_set(DISK_READ_FAILS);
    assert_status(waiting_run(&w, s, STORE_FEED), ST_UNAVAILABLE);
    failing_vfs_set(DISK_FINE);
    assert_status(waiting_run(&w, s, STORE_FEED), ST_OK);
    arena_done(&arena);
    store_close(s);
}

/* A checkpoint that fails loses nothing: all of it is still in the WAL. */
TEST(sqlite_failed_checkpoint_loses_nothing)
{
    enum { COUNT = 400, PAYLOAD = 20000 };
    fresh_directory();
    failing_vfs_register();
    Store *s = open_with(FAILING_VFS);
    char *payload = mem_alloc(PAYLOAD);
    int accepted = 0;

    memset(payload, 'x', PAYLOAD);
    for (int i = 0; i < COUNT; i++) {
        PlanRoom room;
        EventPlan plan = suite_push(T1, "ada", i, &room);
        plan.payload = str_make(payload, PAYLOAD);
        failing_vfs_set(i % 7 == 6 ? DISK_FULL : DISK_FINE);
        accepted += suite_accept(s, &plan, 1) == ST_OK;
    }
    failing_vfs_set(DISK_FINE);
    assert_true(accepted >= COUNT * 6 / 7 - 20);
    store_close(s);
    s = open_with(NULL);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), accepted);
    assert_int_equal(store_number(s, "SELECT max(seq) FROM inbox"), accepted);
    store_close(s);
    mem_free(payload);
}

/* ---- backup ---- */

typedef struct Traffic {
    Store *store;
    atomic_bool stop;
    atomic_int accepted;
} Traffic;

static void *make_traffic(void *arg)
{
    Traffic *t = arg;
    for (int i = 0; !atomic_load(&t->stop); i++) {
        suite_notify(t->store, T1, i % 2 ? "ada" : "bob", i);
        atomic_fetch_add(&t->accepted, 1);
    }
    return NULL;
}

static void write_file(const char *base, const char *name, const char *text, mode_t mode)
{
    int fd = open(path_of(base, name), O_WRONLY | O_CREAT, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static Status integrity(StoreTx *tx, StoreJob *job, Err *err)
{
    Arena arena;
    Rows rows;

    (void)job;
    arena_init(&arena, 65536);
    Status st = tx_query(tx, "PRAGMA integrity_check", NO_VALUES, &arena, &rows, err);
    if (st == ST_OK && !str_is(rows_text(&rows, 0, 0), "ok")) st = ST_INVALID;
    arena_done(&arena);
    return st;
}

/* As the command does: from another process, while this one serves. It must be a new program and not
 * only a fork, because SQLite's locks live in the process that opened the file: this test runs itself
 * with two names in the environment, and the constructor does the work before any test starts. */
__attribute__((constructor)) static void backup_if_asked(void)
{
    const char *from = getenv("ORQ_TEST_BACKUP_FROM"), *to = getenv("ORQ_TEST_BACKUP_TO");
    Err err = {{0}};

    if (!from || !to) return;
    base_init();
    Status st = sqlite_backup(str_of(from), str_of(to), &err);
    if (st != ST_OK) (void)fprintf(stderr, "%s\n", err.text);
    _exit(st == ST_OK ? 0 : 1);
}

static void backup_in_child(const char *target)
{
    char from[160], to[160], program[] = "/proc/self/exe";
    char *arguments[] = {program, NULL}, *environment[] = {from, to, NULL};
    pid_t child;
    int how;

    snprintf(from, sizeof from, "ORQ_TEST_BACKUP_FROM=%s", directory);
    snprintf(to, sizeof to, "ORQ_TEST_BACKUP_TO=%s", target);
    assert_int_equal(posix_spawn(&child, program, NULL, NULL, arguments, environment), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

static void check_copy(const char *target, int at_least, int at_most)
{
    char source[sizeof directory];

    assert_int_equal(mode_of(target, "."), 0700);
    assert_int_equal(mode_of(target, "orqestra.db"), 0600);
    assert_int_equal(mode_of(target, "token.secret"), 0600);
    assert_int_equal(mode_of(target, "master.key"), 0400);
    memcpy(source, directory, sizeof source);
    snprintf(directory, sizeof directory, "%s", target);
    Store *s = open_with(NULL);
    assert_status(job_read(s, integrity, NULL), ST_OK);
    int64_t events = store_number(s, "SELECT count(*) FROM event");
    assert_true(events >= at_least);
    assert_true(events <= at_most);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), events);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery"), events);
    suite_notify(s, T1, "ada", 1000000);
    store_close(s);
    memcpy(directory, source, sizeof source);
}

TEST(sqlite_backup_while_writing_is_consistent_and_servable)
{
    enum { BEFORE = 200 };
    Store *s = open_empty();
    Traffic traffic = {.store = s};
    pthread_t thread;
    char target[96];

    write_file(directory, "token.secret", "t0ken", 0600);
    write_file(directory, "master.key", "k3y", 0400);
    write_file(directory, "other", "not ours to copy", 0600);
    pthread_create(&thread, NULL, make_traffic, &traffic);
    while (atomic_load(&traffic.accepted) < BEFORE) usleep(1000);
    snprintf(target, sizeof target, "%s.copy", directory);
    int before = atomic_load(&traffic.accepted);
    backup_in_child(target);
    int after = atomic_load(&traffic.accepted) + 1;
    atomic_store(&traffic.stop, true);
    pthread_join(thread, NULL);
    check_copy(target, before, after);
    assert_int_equal(access(path_of(target, "other"), F_OK), -1);
    store_close(s);
    remove_directory(target);
}

TEST(sqlite_backup_of_a_stopped_store_and_into_an_empty_directory)
{
    char target[96];
    Err err = {{0}};

    Store *s = open_empty();
    for (int i = 0; i < 5; i++) suite_notify(s, T1, "ada", i);
    store_close(s);
    write_file(directory, "token.secret", "t0ken", 0600);
    write_file(directory, "master.key", "k3y", 0400);
    snprintf(target, sizeof target, "%s.copy/", directory);
    assert_int_equal(mkdir(target, 0755), 0);
    assert_status(sqlite_backup(str_of(directory), str_of(target), &err), ST_OK);
    target[strlen(target) - 1] = 0;
    check_copy(target, 5, 5);
    assert_status(sqlite_backup(str_of(directory), str_of(target), &err), ST_CONFLICT);
    assert_says(&err, "never overwrites");
    remove_directory(target);
}

TEST(sqlite_backup_of_nothing_is_refused)
{
    char target[96];
    Err err = {{0}};

    fresh_directory();
    snprintf(target, sizeof target, "%s.copy", directory);
    assert_status(sqlite_backup(str_of(directory), str_of(target), &err), ST_NOT_FOUND);
    assert_says(&err, directory);
    assert_int_equal(access(target, F_OK), -1);
}

/* A secret that cannot be copied must not leave something that looks like a backup. */
TEST(sqlite_backup_that_fails_leaves_nothing)
{
    char target[96], partial[160], big[8192];
    Err err = {{0}};

    store_close(open_empty());
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = 0;
    write_file(directory, "master.key", big, 0600);
    snprintf(target, sizeof target, "%s.copy", directory);
    assert_status(sqlite_backup(str_of(directory), str_of(target), &err), ST_TOO_BIG);
    assert_int_equal(access(target, F_OK), -1);
    snprintf(partial, sizeof partial, "ls -d %s.partial-* 2>/dev/null | grep -q .", target);
    assert_int_not_equal(system(partial), 0);
}

TEST_MAIN()
