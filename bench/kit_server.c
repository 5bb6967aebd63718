/* The server runs as its users would run it, but for pings (none during a measurement) and log lines
 * (they would go to a terminal that costs more than the server). */
#include "kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD     "a-password-for-benchmarks"
#define TOKEN_SECRET "a-token-secret-for-benchmarks-of-32-bytes-or-more"

enum { START_PATIENCE_MS = 10000, TOKEN_TTL_S = 86400, NO_PINGS_S = 3600 };

static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("no free port: %s", strerror(errno));
    close(fd);
    return ntohs(at.sin_port);
}

static pid_t spawn(const Server *s, const char *binary, unsigned workers)
{
    char listen[64], data[80], count[16], ping[16];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", s->port);
    snprintf(data, sizeof data, "%s/data", s->directory);
    snprintf(count, sizeof count, "%u", workers);
    snprintf(ping, sizeof ping, "%u", s->ping_s);
    pid_t pid = fork();
    if (pid < 0) fail("fork: %s", strerror(errno));
    if (pid > 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    setenv("ORQESTRA_OPERATOR_PASSWORD", PASSWORD, 1);
    setenv("ORQESTRA_TOKEN_SECRET", TOKEN_SECRET, 1);
    execl(binary, binary, "serve", "--data", data, "--listen", listen, "--workers", count,
          "--ping-interval", ping, "--log-level", "none", (char *)NULL);
    fprintf(stderr, "bench: %s: %s\n", binary, strerror(errno));
    _exit(127);
}

static int wait_for_server(const Server *s)
{
    for (int ms = 0; ms < START_PATIENCE_MS; ms += 10) {
        int fd = connect_loopback(s->port);
        if (fd >= 0) return fd;
        if (child_is_gone(s->pid)) fail("the server ended at its start");
        sleep_ms(10);
    }
    fail("the server does not listen");
}

static void must(int status, int wanted, const char *what, const Buf *answer)
{
    if (status != wanted) fail("%s: %d %.*s", what, status, STR_FMT(buf_view(answer)));
}

/* Hashing a new password takes its time; the login may come before it is settled and works anyway. */
static void sign_in(int fd, Buf *answer, char *ret_header, size_t room)
{
    char token[256];
    int status = http_call(fd, "POST", "/api/v1/admin/auth/login", "",
                           S("{\"username\":\"operator\",\"password\":\"" PASSWORD "\"}"), answer);
    must(status, 200, "login", answer);
    if (!json_pick(buf_view(answer), "token", token, sizeof token)) fail("login: no token");
    snprintf(ret_header, room, "Authorization: Bearer %s\r\n", token);
}

static void make_tenant(Server *s, int fd, const char *header, const char *settings, Buf *answer)
{
    int status = http_call(fd, "POST", "/api/v1/admin/tenants", header, str_of(settings), answer);
    must(status, 201, "tenant", answer);
    if (!json_pick(buf_view(answer), "id", s->tenant_id, sizeof s->tenant_id) ||
        !json_pick(buf_view(answer), "apiKey", s->api_key, sizeof s->api_key))
        fail("tenant: no id or no key");
}

static void make_template(const Server *s, int fd, const char *header, Buf *answer)
{
    char path[160];
    snprintf(path, sizeof path, "/api/v1/admin/tenants/%s/templates", s->tenant_id);
    int status = http_call(fd, "POST", path, header,
                           S("{\"eventType\":\"bench.event\",\"channel\":\"PUSH\","
                             "\"subject\":\"Hello {{name}}\",\"active\":true,"
                             "\"body\":\"{{#if name}}{{name}}, {{/if}}your note is {{note}}\"}"),
                           answer);
    must(status, 201, "template", answer);
}

/* Signs in on a connection of its own, and makes one tenant with its template. */
static void set_up(Server *s, int fd, const char *settings)
{
    char header[320];
    Buf answer;
    buf_init(&answer, 65536);
    sign_in(fd, &answer, header, sizeof header);
    make_tenant(s, fd, header, settings, &answer);
    make_template(s, fd, header, &answer);
    buf_done(&answer);
    close(fd);
}

void server_start(Server *s, const char *binary, unsigned workers)
{
    server_start_pinging(s, binary, workers, NO_PINGS_S);
}

void server_start_pinging(Server *s, const char *binary, unsigned workers, unsigned ping_s)
{
    *s = (Server){.port = free_port(), .ping_s = ping_s};
    temp_directory(s->directory, sizeof s->directory);
    s->pid = spawn(s, binary ? binary : BENCH_SERVER, workers);
    child_keep(s->pid);
    set_up(s, wait_for_server(s), "{\"name\":\"Bench\",\"rateLimitPerMinute\":0,\"dailyCap\":0}");
}

void server_add_tenant(const Server *s, const char *settings, Server *ret)
{
    *ret = *s;
    set_up(ret, wait_for_server(s), settings);
}

void server_stop(Server *s)
{
    child_stop(s->pid);
    s->pid = 0;
}

void server_kill(Server *s)
{
    kill(s->pid, SIGKILL);
    server_stop(s);
}

void server_start_again(Server *s, const char *binary, unsigned workers)
{
    s->pid = spawn(s, binary ? binary : BENCH_SERVER, workers);
    child_keep(s->pid);
    close(wait_for_server(s));
}

double server_metric(const Server *s, const char *name)
{
    Buf page;
    char key[96];
    int fd = connect_loopback(s->port);
    int len = snprintf(key, sizeof key, "\n%s ", name);
    buf_init(&page, 1u << 19);
    if (http_call(fd, "GET", "/metrics", "", S(""), &page) != 200) fail("no metrics");
    close(fd);
    buf_add_byte(&page, '\0');
    const char *at = strstr((const char *)buf_view(&page).at, key);
    if (!at) fail("no metric %s", name);
    double value = strtod(at + len, NULL);
    buf_done(&page);
    return value;
}

JwtKey *server_token_key(void)
{
    return jwt_key_new(S(TOKEN_SECRET));
}

void server_token(JwtKey *key, const Server *s, Str user, Buf *out)
{
    char claims[512];
    long long now_s = (long long)time(NULL);
    int len = snprintf(claims, sizeof claims,
                       "{\"sub\":\"%.*s\",\"tenant\":\"%s\",\"iat\":%lld,\"exp\":%lld}",
                       STR_FMT(user), s->tenant_id, now_s, now_s + TOKEN_TTL_S);
    if (jwt_sign(key, str_make(claims, (size_t)len), out) != ST_OK) fail("a token was not signed");
}
