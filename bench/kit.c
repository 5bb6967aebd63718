/* Children and directories are remembered in small tables of the process that made them; a child forgets
 * them at birth, so nothing is ended or removed twice. */
#include "kit.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"

enum { CHILDREN_MAX = 16, DIRECTORIES_MAX = 8, PATH_ROOM = 64, STOP_PATIENCE_MS = 15000 };

static pid_t children[CHILDREN_MAX];
static char directories[DIRECTORIES_MAX][PATH_ROOM];
static volatile sig_atomic_t interrupted;

/* ---- ending ---- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void clean_up(void)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (children[i]) child_stop(children[i]);
    for (int i = 0; i < DIRECTORIES_MAX; i++)
        if (directories[i][0]) nftw(directories[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
    memset(directories, 0, sizeof directories);
}

void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void kit_init(void)
{
    struct rlimit files;
    struct sigaction stop = {.sa_handler = on_signal};
    base_init();
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    atexit(clean_up);
}

/* ---- time ---- */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) fail("a clock cannot be read: %s", strerror(errno));
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t now_ns(void)
{
    if (interrupted) fail("interrupted");
    return clock_ns(CLOCK_MONOTONIC);
}

void sleep_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
    if (interrupted) fail("interrupted");
}

/* ---- children ---- */

void *shared_new(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) fail("no shared memory: %s", strerror(errno));
    return at;
}

void temp_directory(char *ret, size_t room)
{
    int free_slot = 0;
    while (free_slot < DIRECTORIES_MAX && directories[free_slot][0]) free_slot++;
    CHECK(free_slot < DIRECTORIES_MAX);
    const char *base = getenv("TMPDIR");
    snprintf(ret, room, "%s/orqestra-bench-XXXXXX", base ? base : "/tmp");
    if (strlen(ret) >= PATH_ROOM || !mkdtemp(ret)) fail("no temporary directory: %s", ret);
    memcpy(directories[free_slot], ret, strlen(ret) + 1);
}

void child_keep(pid_t pid)
{
    int free_slot = 0;
    while (free_slot < CHILDREN_MAX && children[free_slot]) free_slot++;
    CHECK(free_slot < CHILDREN_MAX);
    children[free_slot] = pid;
}

pid_t child_start(void (*run)(void *arg), void *arg)
{
    pid_t parent = getpid();
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) fail("fork: %s", strerror(errno));
    if (pid > 0) {
        child_keep(pid);
        return pid;
    }
    memset(children, 0, sizeof children);
    memset(directories, 0, sizeof directories);
    signal(SIGINT, SIG_IGN); /* the parent decides */
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) run(arg);
    fflush(stdout);
    _exit(0);
}

static void child_forget(pid_t pid)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (children[i] == pid) children[i] = 0;
}

bool child_is_gone(pid_t pid)
{
    if (waitpid(pid, NULL, WNOHANG) == 0) return false;
    child_forget(pid);
    return true;
}

void child_stop(pid_t pid)
{
    struct timespec tick = {0, 10000000};
    kill(pid, SIGTERM);
    for (int ms = 0; ms < STOP_PATIENCE_MS; ms += 10) {
        if (child_is_gone(pid)) return;
        nanosleep(&tick, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    child_forget(pid);
}

uint64_t cpu_ns(pid_t pid)
{
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0) fail("process %d is gone", (int)pid);
    return clock_ns(clock);
}

uint64_t anon_bytes(pid_t pid)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) fail("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Anonymous: %llu kB", &kib) == 1) break;
    fclose(file);
    if (kib == 0) fail("%s says nothing about anonymous memory", path);
    return kib * 1024;
}

/* ---- the command line ---- */

static const Option *option_find(const Option *options, const char *arg)
{
    for (const Option *o = options; o->name; o++)
        if (strncmp(arg, "--", 2) == 0 && strcmp(arg + 2, o->name) == 0) return o;
    return NULL;
}

void options_read(int arg_count, char **args, const Option *options)
{
    for (int i = 1; i < arg_count; i += 2) {
        const Option *o = option_find(options, args[i]);
        uint64_t number;
        if (!o || i + 1 == arg_count) {
            fprintf(stderr, "usage: %s", args[0]);
            for (o = options; o->name; o++)
                fprintf(stderr, " [--%s %s]", o->name, o->number ? "N" : "TEXT");
            fputc('\n', stderr);
            exit(2);
        }
        if (o->text)
            *o->text = args[i + 1];
        else if (str_to_u64(str_of(args[i + 1]), &number) && number <= UINT32_MAX)
            *o->number = (unsigned)number;
        else
            fail("--%s: \"%s\" is not a number", o->name, args[i + 1]);
    }
}

/* ---- figures ---- */

size_t samples_bytes(uint32_t room)
{
    return sizeof(Samples) + room * sizeof(uint32_t);
}

void samples_add(Samples *s, uint64_t ns)
{
    uint64_t us = ns / 1000;
    if (s->count < s->room) s->at_us[s->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

double samples_ms(Samples *s, double part)
{
    if (s->count == 0) fail("nothing was measured");
    qsort(s->at_us, s->count, sizeof s->at_us[0], compare_u32);
    uint32_t at = (uint32_t)(part * (double)s->count);
    return s->at_us[at < s->count ? at : s->count - 1] / 1000.0;
}

void table_begin(void)
{
    double load[1] = {0};
    (void)!getloadavg(load, 1);
    printf("%ld cores, load average at the start %.1f%s\n", sysconf(_SC_NPROCESSORS_ONLN), load[0],
           load[0] > 0.5 ? ": others are working here, distrust the times" : "");
}

void table_title(const char *title)
{
    printf("\n%s\n", title);
}

void table_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("    ", stdout);
    vprintf(format, args);
    fputc('\n', stdout);
    va_end(args);
}

void table_line(const char *what, const char *unit, double value, Bar bar, double limit)
{
    bool reached = bar == AT_MOST ? value <= limit : value >= limit;
    printf("  %-58s %10.4g %-5s bar %s %-7.4g %s\n", what, value, unit,
           bar == AT_MOST ? "<=" : ">=", limit, reached ? "reached" : "MISSED");
}
