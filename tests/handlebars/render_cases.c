/* The C half of tests/handlebars/run.mjs: cases in on stdin, results out on stdout, one JSON a line.
 *
 *   {"template":"Hi {{name}}","data":{"name":"Ada"},"escape":true}   ->   {"output":"Hi Ada"}
 *   {"template":"{{#if","data":{},"escape":true}                      ->   {"error":"line 1, ..."}
 *
 * `fallback` is optional. With --bench it renders a typical push and a long list and prints the cost
 * of one. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/template/template.h"

static Json member(const Json *line, const char *name, Arena *arena)
{
    Json value = {.count = 0};
    Str raw = json_raw(line, json_get(line, 0, str_of(name)));
    if (raw.at && json_parse(raw, arena, &value, NULL) != ST_OK) value.count = 0;
    return value;
}

static void put_result(const char *name, Str text)
{
    Buf line;
    buf_init(&line, MIB(64));
    buf_format(&line, "{\"%s\":", name);
    json_put_string(&line, text);
    buf_lit(&line, "}\n");
    fwrite(buf_view(&line).at, 1, buf_len(&line), stdout);
    buf_done(&line);
}

static void run_case(Str text)
{
    Arena arena;
    Json line;
    Str source;
    Err err = {""};
    Buf out;
    Template *t = NULL;
    arena_init(&arena, MIB(64));
    buf_init(&out, MIB(8));
    CHECK(json_parse(text, &arena, &line, NULL) == ST_OK);
    CHECK(json_string(&line, json_get(&line, 0, S("template")), &arena, &source));
    Json data = member(&line, "data", &arena), fallback = member(&line, "fallback", &arena);
    bool html = json_is(&line, json_get(&line, 0, S("escape")), JSON_TRUE);
    TemplateInput in = {&data, fallback.count ? &fallback : NULL};
    Status st = template_compile(source, &t, &err);
    if (st == ST_OK) st = template_render(t, &in, html ? ESCAPE_HTML : ESCAPE_NONE, &out, &err);
    if (st == ST_OK)
        put_result("output", buf_view(&out));
    else
        put_result("error", err_view(&err));
    template_free(t);
    buf_done(&out);
    arena_done(&arena);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void bench(const char *name, const char *source, const char *json, int rounds)
{
    Arena arena;
    Json data;
    Template *t;
    Buf out;
    double best = 1e9;
    arena_init(&arena, MIB(64));
    buf_init(&out, MIB(8));
    CHECK(json_parse(str_of(json), &arena, &data, NULL) == ST_OK);
    CHECK(template_compile(str_of(source), &t, NULL) == ST_OK);
    TemplateInput in = {&data, NULL};
    Status st = ST_OK;
    for (int batch = 0; batch < 10; batch++) {
        double start = now_s();
        for (int i = 0; i < rounds; i++) {
            buf_clear(&out);
            st = template_render(t, &in, ESCAPE_HTML, &out, NULL);
        }
        double cost = (now_s() - start) / rounds;
        if (cost < best) best = cost;
    }
    printf("%-28s %10.3f us  %s, %zu bytes\n", name, best * 1e6, status_name(st), buf_len(&out));
    template_free(t);
    buf_done(&out);
    arena_done(&arena);
}

static char *list_of(int count, const char *item)
{
    Buf b;
    buf_init(&b, MIB(8));
    buf_lit(&b, "{\"a\":[");
    for (int i = 0; i < count; i++) buf_format(&b, "%s%s", i ? "," : "", item);
    buf_lit(&b, "]}");
    char *z = str_dup_z(buf_view(&b));
    buf_done(&b);
    return z;
}

static void run_bench(void)
{
    char *items = list_of(1000, "{\"name\":\"Tea & honey\",\"price\":12.5}");
    char *fractions = list_of(1000, "0.12345678901234567");
    char *numbers = list_of(1000, "1");
    bench("push, two variables", "{{title}} \xe2\x80\x94 {{message}}",
          "{\"title\":\"Order shipped\",\"message\":\"Your parcel is on its way\",\"x\":1}",
          200000);
    bench("each over 1000 objects", "{{#each a}}<li>{{name}}: {{price}}</li>{{/each}}", items, 200);
    bench("1000 x 1000 to the ceiling", "{{#each a}}{{#each ../a}}{{this}}{{/each}}{{/each}}",
          numbers, 3);
    bench("the same, nothing written",
          "{{#each a}}{{#each @root.a}}{{#if x}}{{/if}}{{/each}}{{/each}}", numbers, 3);
    bench("long numbers to the ceiling", "{{#each a}}{{#each ../a}}{{this}}{{/each}}{{/each}}",
          fractions, 3);
    bench("objects to the ceiling",
          "{{#each a}}{{#each @root.a}}{{#each this}}{{@key}}{{/each}}{{/each}}{{/each}}", items,
          3);
    free(items);
    free(fractions);
    free(numbers);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    base_init();
    if (argc == 2 && str_is(str_of(argv[1]), "--bench")) {
        run_bench();
        return 0;
    }
    for (ssize_t len; (len = getline(&line, &room, stdin)) > 0;)
        run_case(str_make(line, (size_t)len));
    free(line);
    arena_thread_done();
    return 0;
}
