/* A real server on a thread of its own, as badly behaved as the script says. */
#include "driver/http/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check_test.h"

/* ---- the server ---- */

typedef enum Script { ANSWER, REDIRECT, ENDLESS, DRIP, SILENT, HANG_UP_SECOND, TWO_HEADS } Script;

typedef struct Server {
    Script script;
    int listener, stop[2];
    uint16_t port;
    pthread_t thread;
    int connections, requests;
    char request[8192]; /* the last one */
} Server;

/* False when asked to stop or the client has gone. */
static bool wait_readable(Server *s, int fd)
{
    struct pollfd fds[2] = {{fd, POLLIN, 0}, {s->stop[0], POLLIN, 0}};
    return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static bool is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");
    size_t body = end && length && length < end ? (size_t)strtoul(length + 16, NULL, 10) : 0;
    return end && strlen(end + 4) >= body;
}

/* Reads to the end of the header and of the body it announces; then it is the last one. */
static bool read_request(Server *s, int fd)
{
    char text[sizeof s->request] = "";
    size_t len = 0;
    while (!is_whole(text)) {
        if (!wait_readable(s, fd)) return false;
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (got <= 0) return false;
        len += (size_t)got;
        text[len] = '\0';
    }
    memcpy(s->request, text, len + 1);
    return true;
}

static void until_gone(Server *s, int fd, const char *again)
{
    struct pollfd fds[2] = {{fd, POLLIN, 0}, {s->stop[0], POLLIN, 0}};
    while (poll(fds, 2, 5) >= 0 && !fds[0].revents && !fds[1].revents)
        if (again && !say(fd, again)) return;
}

static bool play(Server *s, int fd)
{
    static char block[4097];
    memset(block, 'x', sizeof block - 1);
    switch (s->script) {
    case ANSWER:
        return say(fd, "HTTP/1.1 200 OK\r\nX-Seen: yes \r\nContent-Length: 5\r\n\r\nhello");
    case REDIRECT:
        return say(fd, "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\n"
                       "Content-Length: 0\r\n\r\n");
    case ENDLESS:
        say(fd, "HTTP/1.1 200 OK\r\n\r\n");
        while (say(fd, block)) {
        }
        return false;
    case DRIP:
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        until_gone(s, fd, "x");
        return false;
    case SILENT:
        until_gone(s, fd, NULL);
        return false;
    case HANG_UP_SECOND:
        if (s->requests > 1) return false;
        return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    case TWO_HEADS:
        return say(fd, "HTTP/1.1 100 Continue\r\nX-Seen: no\r\n\r\n"
                       "HTTP/1.1 201 Created\r\nx-seen: yes\r\nContent-Length: 0\r\n\r\n");
    }
    return false;
}

static void *serve(void *arg)
{
    Server *s = arg;
    while (wait_readable(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);
        s->connections++;
        while (read_request(s, fd)) {
            s->requests++;
            if (!play(s, fd)) break;
        }
        close(fd);
    }
    return NULL;
}

static void server_start(Server *s, Script script)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    memset(s, 0, sizeof *s);
    s->script = script;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pipe(s->stop), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(Server *s)
{
    close(s->stop[1]);
    pthread_join(s->thread, NULL);
    close(s->stop[0]);
    close(s->listener);
}

/* ---- the client ---- */

typedef struct Bench {
    Loop *loop;
    OutboundPolicy policy;
    HttpClient *client;
    char url[128];
    Mail mail;
    HttpCall calls[2]; /* one after the other */
    int call_count, done_count;
    bool started, cancel;
} Bench;

static void bench_end(Bench *b)
{
    http_client_free(b->client);
    b->client = NULL;
    loop_stop(b->loop);
}

static void on_done(HttpCall *call)
{
    Bench *b = call->ctx;
    assert_true(b->started); /* never from inside http_start */
    b->done_count++;
    if (b->done_count < b->call_count) {
        http_start(b->client, &b->calls[b->done_count]);
        return;
    }
    loop_stop(b->loop);
}

static void begin(Mail *mail, Loop *here)
{
    Bench *b = CONTAINER_OF(mail, Bench, mail);
    b->client = http_client_new(here, &b->policy, S(""));
    http_start(b->client, &b->calls[0]);
    b->started = true;
    if (b->cancel) {
        http_cancel(b->client, &b->calls[0]);
        http_cancel(b->client, &b->calls[0]);
        bench_end(b);
    }
}

static void no_start(Loop *l)
{
    (void)l;
}

static void bench_init(Bench *b, const Server *s, const char *allow)
{
    memset(b, 0, sizeof *b);
    b->loop = loop_new(0);
    if (allow) assert_status(outbound_policy_add(&b->policy, str_of(allow), NULL), ST_OK);
    (void)snprintf(b->url, sizeof b->url, "http://127.0.0.1:%u/path?a=1", s ? s->port : 9u);
    b->call_count = 1;
    for (int i = 0; i < 2; i++)
        b->calls[i] = (HttpCall){.method = S("GET"),
                                 .url = str_of(b->url),
                                 .timeout_ms = 30000,
                                 .done = on_done,
                                 .ctx = b};
}

static void bench_run(Bench *b)
{
    b->mail.open = begin;
    loop_start(b->loop, no_start);
    mailbox_post(b->loop, &b->mail);
    loop_join(b->loop);
    http_client_free(b->client);
    loop_free(b->loop);
}

static void bench_done(Bench *b)
{
    for (int i = 0; i < 2; i++) http_call_done(&b->calls[i]);
}

TEST(a_call_brings_status_headers_and_body)
{
    Server s;
    Bench b;
    const Str headers[] = {STR_INIT("X-Mine: 7")};
    server_start(&s, ANSWER);
    bench_init(&b, &s, "127.0.0.0/8");
    b.calls[0].headers = headers;
    b.calls[0].header_count = 1;
    bench_run(&b);
    server_stop(&s);
    assert_status(b.calls[0].st, ST_OK);
    assert_int_equal(b.calls[0].ret_status, 200);
    assert_str(buf_view(&b.calls[0].ret_body), "hello");
    assert_str(http_call_header(&b.calls[0], S("x-seen")), "yes");
    assert_null(http_call_header(&b.calls[0], S("x-see")).at);
    assert_non_null(strstr(s.request, "GET /path?a=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(s.request, "User-Agent: orqestra/" ORQ_VERSION "\r\n"));
    assert_non_null(strstr(s.request, "X-Mine: 7\r\n"));
    bench_done(&b);
}

TEST(a_post_carries_its_body_and_keeps_the_connection)
{
    Server s;
    Bench b;
    server_start(&s, ANSWER);
    bench_init(&b, &s, "127.0.0.1");
    b.call_count = 2;
    b.calls[0].method = b.calls[1].method = S("POST");
    b.calls[0].body = b.calls[1].body = S("{\"a\":1}");
    bench_run(&b);
    server_stop(&s);
    assert_status(b.calls[1].st, ST_OK);
    assert_true(b.calls[1].sent);
    assert_int_equal(s.requests, 2);
    assert_int_equal(s.connections, 1);
    assert_non_null(strstr(s.request, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(s.request, "Expect"));
    bench_done(&b);
}

TEST(loopback_is_refused_unless_listed)
{
    Server s;
    Bench b;
    server_start(&s, ANSWER);
    bench_init(&b, &s, NULL);
    bench_run(&b);
    assert_status(b.calls[0].st, ST_FORBIDDEN);
    assert_false(b.calls[0].sent);
    bench_done(&b);

    /* A name passes the look at the URL; its address is refused when the socket is opened. */
    bench_init(&b, &s, "10.0.0.0/8");
    (void)snprintf(b.url, sizeof b.url, "http://localhost:%u/", s.port);
    b.calls[0].url = str_of(b.url);
    bench_run(&b);
    assert_status(b.calls[0].st, ST_FORBIDDEN);
    assert_false(b.calls[0].sent);
    server_stop(&s);
    assert_int_equal(s.connections, 0);
    bench_done(&b);
}

TEST(a_redirect_is_an_answer)
{
    Server s;
    Bench b;
    server_start(&s, REDIRECT);
    bench_init(&b, &s, "0.0.0.0/0");
    bench_run(&b);
    server_stop(&s);
    assert_status(b.calls[0].st, ST_OK);
    assert_int_equal(b.calls[0].ret_status, 302);
    assert_int_equal(s.requests, 1);
    bench_done(&b);
}

TEST(an_endless_answer_is_cut)
{
    Server s;
    Bench b;
    server_start(&s, ENDLESS);
    bench_init(&b, &s, "127.0.0.1");
    b.calls[0].answer_max = 10000;
    bench_run(&b);
    server_stop(&s);
    assert_status(b.calls[0].st, ST_TOO_BIG);
    assert_int_equal(b.calls[0].ret_status, 200);
    assert_int_equal(buf_len(&b.calls[0].ret_body), 10000);
    bench_done(&b);
}

static void expect_timeout(Script script)
{
    Server s;
    Bench b;
    server_start(&s, script);
    bench_init(&b, &s, "127.0.0.1");
    b.calls[0].timeout_ms = 200;
    bench_run(&b);
    server_stop(&s);
    assert_status(b.calls[0].st, ST_UNAVAILABLE);
    assert_true(b.calls[0].sent); /* nobody knows what became of it */
    bench_done(&b);
}

TEST(a_dripping_answer_and_none_at_all_end_with_the_time)
{
    expect_timeout(DRIP);
    expect_timeout(SILENT);
}

TEST(a_post_is_not_sent_twice_when_a_kept_connection_ends)
{
    Server s;
    Bench b;
    server_start(&s, HANG_UP_SECOND);
    bench_init(&b, &s, "127.0.0.1");
    b.call_count = 2;
    b.calls[0].method = b.calls[1].method = S("POST");
    b.calls[0].body = b.calls[1].body = S("once");
    bench_run(&b);
    server_stop(&s);
    assert_status(b.calls[0].st, ST_OK);
    assert_status(b.calls[1].st, ST_UNAVAILABLE);
    assert_true(b.calls[1].sent);
    assert_int_equal(s.requests, 2);
    bench_done(&b);
}

TEST(nobody_listening_means_nothing_was_sent)
{
    Server s;
    Bench b;
    server_start(&s, ANSWER);
    server_stop(&s); /* its port is free again, and most likely still */
    bench_init(&b, &s, "127.0.0.1");
    bench_run(&b);
    assert_status(b.calls[0].st, ST_UNAVAILABLE);
    assert_false(b.calls[0].sent);
    assert_true(b.calls[0].err.text[0] != '\0');
    bench_done(&b);
}

TEST(only_the_last_head_counts)
{
    Server s;
    Bench b;
    server_start(&s, TWO_HEADS);
    bench_init(&b, &s, "127.0.0.1");
    bench_run(&b);
    server_stop(&s);
    assert_int_equal(b.calls[0].ret_status, 201);
    assert_str(http_call_header(&b.calls[0], S("X-Seen")), "yes");
    bench_done(&b);
}

TEST(a_wrong_call_says_so_after_start_returned)
{
    const Str two_lines[] = {STR_INIT("X: 1\r\nY: 2")};
    Bench b;
    bench_init(&b, NULL, NULL);
    b.calls[0].url = S("ftp://example.com/");
    bench_run(&b);
    assert_status(b.calls[0].st, ST_INVALID);
    bench_done(&b);

    bench_init(&b, NULL, "127.0.0.1");
    b.calls[0].headers = two_lines;
    b.calls[0].header_count = 1;
    bench_run(&b);
    assert_status(b.calls[0].st, ST_INVALID);
    bench_done(&b);

    bench_init(&b, NULL, "127.0.0.1");
    b.calls[0].method = S("GET /x HTTP/1.1\r\n");
    bench_run(&b);
    assert_status(b.calls[0].st, ST_INVALID);
    bench_done(&b);
}

TEST(a_cancelled_call_is_never_done)
{
    Server s;
    Bench b;
    server_start(&s, SILENT);
    bench_init(&b, &s, "127.0.0.1");
    b.cancel = true;
    bench_run(&b);
    server_stop(&s);
    assert_int_equal(b.done_count, 0);
    bench_done(&b);
}

TEST_MAIN()
