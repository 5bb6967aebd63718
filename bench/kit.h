/* kit.h: what both programs of bench/ share: a server of their own, clients, clocks, a table.
 *
 * A program of bench/ is one process that measures plus children it forks: the server under test, crowds
 * of sockets, bare rivals. Everything is on loopback and every wait has an end. Whatever is not as it
 * must be (an answer, a time-out, a child that died) ends the program through fail(): a figure that was
 * measured while something went wrong is worse than none.
 *
 * Thread: the first of each process.  Ownership: children and directories made here are ended and
 * removed at exit, also after fail() and SIGINT. */
#ifndef ORQ_BENCH_KIT_H
#define ORQ_BENCH_KIT_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/buf.h"
#include "proto/jwt.h"

/* ---- process (kit.c) ---- */

void kit_init(void); /* first call of main */
NORETURN void fail(const char *format, ...) PRINTF_LIKE(1, 2);
uint64_t now_ns(void); /* CLOCK_MONOTONIC, the same in all processes */
void sleep_ms(unsigned ms);

void *shared_new(size_t bytes); /* zeroed; seen by children forked later; lives until exit */
void temp_directory(char *ret, size_t room);

/* The child runs `run` and ends; it is killed when we end first. */
pid_t child_start(void (*run)(void *arg), void *arg);
void child_keep(pid_t pid); /* ended at exit, like those of child_start */
void child_stop(pid_t pid); /* SIGTERM, a while, SIGKILL; returns when it is gone */
bool child_is_gone(pid_t pid);

uint64_t cpu_ns(pid_t pid); /* user and system time of all its threads so far */
uint64_t anon_bytes(pid_t pid);

/* `--name VALUE` of a command line; fails on anything else. Ends with a NULL name. */
typedef struct Option {
    const char *name;
    unsigned *number; /* one of the two */
    const char **text;
} Option;
void options_read(int arg_count, char **args, const Option *options);

/* ---- samples and the table (kit.c) ---- */

typedef struct Samples {
    uint32_t count, room;
    uint32_t at_us[];
} Samples;

size_t samples_bytes(uint32_t room);
void samples_add(Samples *s, uint64_t ns);  /* beyond the room: not kept */
double samples_ms(Samples *s, double part); /* 0.99: the 99th percentile; sorts */

typedef enum Bar { AT_MOST, AT_LEAST } Bar;
void table_begin(void); /* says how busy the machine is already */
void table_title(const char *title);
void table_note(const char *format, ...) PRINTF_LIKE(1, 2);
void table_line(const char *what, const char *unit, double value, Bar bar, double limit);

/* ---- the server under test (kit_server.c) ---- */

typedef struct Server {
    pid_t pid;
    int port;
    unsigned ping_s; /* between two pings to each client */
    char directory[64];
    char tenant_id[64], api_key[128];
} Server;

/* Started, signed in, with one unlimited tenant and one PUSH template for "bench.event". */
void server_start(Server *s, const char *binary /* NULL: the one built beside us */,
                  unsigned workers);
void server_start_pinging(Server *s, const char *binary, unsigned workers, unsigned ping_s);
/* The same server seen through one more tenant, made with these settings (JSON), and a template alike. */
void server_add_tenant(const Server *s, const char *settings, Server *ret);
void server_stop(Server *s);
void server_kill(Server *s);                                              /* as a power cut would */
void server_start_again(Server *s, const char *binary, unsigned workers); /* same port, same data */
double server_metric(const Server *s, const char *name); /* a line of its /metrics */
JwtKey *server_token_key(void); /* signs what every Server accepts; free it with jwt_key_free */
void server_token(JwtKey *key, const Server *s, Str user, Buf *out);

/* ---- the disk (kit_disk.c) ---- */

typedef struct DiskWatch DiskWatch;
DiskWatch *disk_watch_start(const Server *s);
void disk_watch_end(DiskWatch *w); /* prints what a bare fsync took meanwhile */

/* ---- HTTP (kit_http.c) ---- */

enum { MARK_LEN = 12 }; /* digits of a mark, as they stand in a publication: "#000000000042." */

int connect_loopback(int port); /* blocking, without Nagle's delay */
void send_all(int fd, Str bytes);

typedef struct Answer {
    int status;
    size_t head_len, body_len; /* 0 while the head is not complete */
} Answer;
bool answer_read(Str bytes, Answer *ret_answer); /* true: it is complete */

/* One call on a connection, answered before it returns; the body goes into ret_body. */
int http_call(int fd, const char *method, const char *path, const char *headers, Str body,
              Buf *ret_body);
bool json_pick(Str json, const char *name, char *ret, size_t room); /* a string without escapes */

/* The request every figure is about, for one user; the mark makes one of them recognisable. */
void put_trigger(Buf *out, const Server *s, const char *path, Str user, uint64_t mark);
void put_mark(char ret[MARK_LEN + 2], uint64_t mark);
bool find_mark(Str *rest, uint64_t *ret_mark); /* the next one in what was received */

#define TRIGGER_PATH "/api/v1/events/trigger"

/* ---- requests in flight (kit_posters.c) ---- */

enum { POSTERS_MAX = 64 };

typedef struct Poster {
    int fd;
    bool busy;
    uint64_t due_ns;
    size_t have;
    char bytes[2048];
} Poster;

typedef struct Posters { /* keep-alive connections, one request at a time on each */
    int epoll, port;
    unsigned count, idle_count;
    int want_status;
    uint64_t answered;
    Samples *delays; /* NULL, or: from due to answered */
    unsigned idle[POSTERS_MAX];
    Poster at[POSTERS_MAX];
} Posters;

void posters_open(Posters *p, const Server *s, unsigned count, int want_status);
void posters_close(Posters *p);
void posters_send(Posters *p, Str request, uint64_t due_ns); /* CHECK: one is idle */
void posters_collect(Posters *p, int timeout_ms);            /* takes what was answered */

/* ---- crowds (kit_crowd.c) ---- */

typedef enum CrowdKind {
    CROWD_ONE_USER,  /* all of them are the user "crowd" */
    CROWD_OWN_USERS, /* the n-th is "user<n>" */
    CROWD_PROTOBUF,  /* all of them are the user "crowd", and speak Protobuf instead of JSON */
    CROWD_PLAIN      /* TCP connections that say nothing */
} CrowdKind;

enum { FRAME_MAX = 4096 };

typedef struct CrowdBoard { /* shared with the crowd's process */
    atomic_uint joined, lost;
    atomic_bool want_frame;  /* read what comes next into `frame` */
    _Atomic uint64_t bytes;  /* received since all joined */
    _Atomic uint64_t target; /* when `bytes` gets there the bell rings, once; 0: never */
    atomic_uint frame_len;
    uint8_t frame[FRAME_MAX];
} CrowdBoard;

typedef struct Crowd {
    pid_t pid;
    unsigned count;
    int bell; /* an eventfd */
    CrowdBoard *board;
} Crowd;

int ws_join(const Server *s, Str user, JwtKey *key); /* one: connected and subscribed */
void crowd_join(Crowd *c, const Server *s, CrowdKind kind, unsigned count);
void crowd_leave(Crowd *c);
void crowd_expect(Crowd *c, uint64_t bytes); /* rings the bell once so many have come */
void crowd_wait(Crowd *c, uint64_t bytes);   /* until then; fails after some seconds without any */

#endif
