/* Just enough of an HTTP client for a server that is ours: answers have a Content-Length, strings that are
 * picked out of JSON have no escapes. */
#include "kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536, REQUEST_MAX = 65536, PATIENCE_S = 15 };

int connect_loopback(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {PATIENCE_S, 0};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0) return fd;
    close(fd);
    return -1;
}

void send_all(int fd, Str bytes)
{
    while (bytes.len) {
        ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (n <= 0) fail("send: %s", strerror(errno));
        bytes = str_from(bytes, (size_t)n);
    }
}

bool answer_read(Str bytes, Answer *ret_answer)
{
    static const char length_name[] = "\r\nContent-Length: ";
    const char *end = bytes.len ? memmem(bytes.at, bytes.len, "\r\n\r\n", 4) : NULL;
    Answer a = {0};
    if (!end) return false;
    a.head_len = (size_t)(end - bytes.at) + 4;
    const char *length = memmem(bytes.at, a.head_len, length_name, sizeof length_name - 1);
    if (bytes.len > 12) a.status = (int)strtol(bytes.at + 9, NULL, 10); /* "HTTP/1.1 200" */
    if (length) a.body_len = strtoul(length + sizeof length_name - 1, NULL, 10);
    *ret_answer = a;
    return bytes.len >= a.head_len + a.body_len;
}

int http_call(int fd, const char *method, const char *path, const char *headers, Str body,
              Buf *ret_body)
{
    Buf b;
    Answer answer;
    buf_init(&b, REQUEST_MAX);
    buf_format(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path, headers);
    if (body.len) buf_format(&b, "Content-Type: application/json\r\n");
    buf_format(&b, "Content-Length: %zu\r\n\r\n", body.len);
    buf_add(&b, body);
    send_all(fd, buf_view(&b));
    buf_clear(&b);
    while (!answer_read(buf_view(&b), &answer)) {
        uint8_t *room = buf_reserve(&b, 4096);
        ssize_t n = room ? recv(fd, room, 4096, 0) : -1;
        if (n <= 0) fail("%s %s: no answer", method, path);
        buf_commit(&b, (size_t)n);
    }
    buf_clear(ret_body);
    buf_add(ret_body, str_head(str_from(buf_view(&b), answer.head_len), answer.body_len));
    buf_done(&b);
    return answer.status;
}

bool json_pick(Str json, const char *name, char *ret, size_t room)
{
    char key[64];
    int len = snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = memmem(json.at, json.len, key, (size_t)len);
    if (!at) return false;
    Str rest = str_from(json, (size_t)(at - json.at) + (size_t)len);
    Str value = str_cut(&rest, '"');
    if (!rest.at || value.len >= room) return false;
    memcpy(ret, value.at, value.len);
    ret[value.len] = '\0';
    return true;
}

void put_mark(char ret[MARK_LEN + 2], uint64_t mark)
{
    ret[0] = '#';
    ret[MARK_LEN + 1] = '.';
    for (int i = MARK_LEN; i > 0; i--, mark /= 10) ret[i] = (char)('0' + mark % 10);
}

/* '#' also stands in channel names, so the '.' after exactly MARK_LEN digits counts. */
bool find_mark(Str *rest, uint64_t *ret_mark)
{
    for (ptrdiff_t at; (at = str_find(*rest, '#')) >= 0;) {
        *rest = str_from(*rest, (size_t)at + 1);
        if (rest->len <= MARK_LEN || rest->at[MARK_LEN] != '.') continue;
        if (str_to_u64(str_head(*rest, MARK_LEN), ret_mark)) return true;
    }
    return false;
}

void put_trigger(Buf *out, const Server *s, const char *path, Str user, uint64_t mark)
{
    char body[1024], mark_text[MARK_LEN + 2];
    put_mark(mark_text, mark);
    int len = snprintf(body, sizeof body,
                       "{\"eventType\":\"bench.event\",\"payload\":{\"userId\":\"%.*s\"},"
                       "\"channels\":[\"PUSH\"],\"variables\":{\"name\":\"Ada\","
                       "\"note\":\"%.*s\"}}",
                       STR_FMT(user), (int)sizeof mark_text, mark_text);
    CHECK(len > 0 && (size_t)len < sizeof body);
    buf_format(out,
               "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               "x-api-key: %s\r\nContent-Length: %d\r\n\r\n",
               path, s->api_key, len);
    buf_add(out, str_make(body, (size_t)len));
    CHECK(buf_status(out) == ST_OK);
}
