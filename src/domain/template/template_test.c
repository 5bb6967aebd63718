#include "domain/template/template.h"

#include <math.h>

#include "base/limits.h"
#include "check_test.h"
#include "domain/template/jstext.h"
#include "domain/template/program.h"

/* tests/handlebars compares what is rendered with handlebars.js; here is what it cannot tell: the
 * sentences, the ceilings, the fallback, paths, and what the program looks like. */

typedef struct Fixture {
    Arena arena;
    Json variables, fallback;
    Buf out;
    Err err;
    Status st;
} Fixture;

static void parse(Fixture *f, const char *json, Json *ret_json)
{
    assert_status(json_parse(str_of(json), &f->arena, ret_json, &f->err), ST_OK);
}

static Fixture setup(const char *variables, const char *fallback)
{
    Fixture f = {.st = ST_OK};
    arena_init(&f.arena, MIB(64));
    buf_init(&f.out, MIB(16));
    parse(&f, variables, &f.variables);
    if (fallback) parse(&f, fallback, &f.fallback);
    return f;
}

static void teardown(Fixture *f)
{
    buf_done(&f->out);
    arena_done(&f->arena);
}

static void render(Fixture *f, Str source, TemplateEscape escape)
{
    Template *t = NULL;
    TemplateInput in = {&f->variables, f->fallback.count ? &f->fallback : NULL};
    assert_status(template_compile(source, &t, &f->err), ST_OK);
    f->st = template_render(t, &in, escape, &f->out, &f->err);
    template_free(t);
}

static void assert_renders_with(const char *source, const char *variables, const char *fallback,
                                const char *expected)
{
    Fixture f = setup(variables, fallback);
    render(&f, str_of(source), ESCAPE_NONE);
    assert_status(f.st, ST_OK);
    assert_str(buf_view(&f.out), expected);
    teardown(&f);
}

static void assert_renders(const char *source, const char *variables, const char *expected)
{
    assert_renders_with(source, variables, NULL, expected);
}

static void assert_refused(Str source, Status expected, const char *sentence)
{
    Template *t = NULL;
    Err err = {""};
    assert_status(template_compile(source, &t, &err), expected);
    assert_null(t);
    assert_str(err_view(&err), sentence);
}

static void assert_invalid(const char *source, const char *sentence)
{
    assert_refused(str_of(source), ST_INVALID, sentence);
}

/* prefix, then piece count times, then suffix. */
static Buf repeat(const char *prefix, const char *piece, int count, const char *suffix)
{
    Buf b;
    buf_init(&b, MIB(16));
    buf_add(&b, str_of(prefix));
    for (int i = 0; i < count; i++) buf_add(&b, str_of(piece));
    buf_add(&b, str_of(suffix));
    return b;
}

TEST(template_renders_values_into_text)
{
    assert_renders("{{title}} \xe2\x80\x94 {{message}}", "{\"title\":\"A\",\"message\":\"B\"}",
                   "A \xe2\x80\x94 B");
    assert_renders("", "{}", "");
}

TEST(template_never_parses_a_value)
{
    assert_renders("{{x}}{{{x}}}", "{\"x\":\"{{y}}\",\"y\":\"no\"}", "{{y}}{{y}}");
}

TEST(template_escapes_only_when_asked)
{
    Fixture f = setup("{\"x\":\"&<>\\\"'`=\"}", NULL);
    render(&f, S("{{x}} {{{x}}} {{&x}}"), ESCAPE_HTML);
    assert_str(buf_view(&f.out), "&amp;&lt;&gt;&quot;&#x27;&#x60;&#x3D; &<>\"'`= &<>\"'`=");
    buf_clear(&f.out);
    render(&f, S("{{x}}"), ESCAPE_NONE);
    assert_str(buf_view(&f.out), "&<>\"'`=");
    teardown(&f);
}

TEST(template_appends_to_what_is_there)
{
    Fixture f = setup("{}", NULL);
    buf_lit(&f.out, "before ");
    render(&f, S("after"), ESCAPE_NONE);
    assert_str(buf_view(&f.out), "before after");
    teardown(&f);
}

TEST(template_falls_back_for_names_missing_at_the_root)
{
    const char *vars = "{\"a\":1,\"n\":null,\"o\":{}}",
               *back = "{\"a\":2,\"b\":3,\"n\":4,\"o\":{\"x\":5}}";
    assert_renders_with("{{a}}{{b}}", vars, back, "13");
    assert_renders_with("[{{n}}{{o.x}}{{c}}]", vars, back, "[]"); /* present wins, even null */
    assert_renders_with("{{@root.b}}{{#with o}}[{{b}}]{{../b}}{{/with}}", vars, back, "3[]3");
    assert_renders_with("{{#if true}}{{b}}{{/if}}{{#with this}}{{b}}{{/with}}", vars, back, "33");
    assert_renders_with("{{lookup this \"b\"}}", vars, back, "");
    assert_renders_with("{{b}}{{#if true}}{{b}}{{/if}}", "null", back, "33");
    assert_renders_with("{{b}}", "null", "7", "");
}

TEST(template_takes_numbers_as_path_ends)
{
    assert_renders("{{a.0}}{{a.1.b}}{{@root.a.0}}", "{\"a\":[1,{\"b\":2}]}", "121");
}

TEST(template_reads_escaped_strings_and_keys)
{
    assert_renders("{{a.b}}{{a.b.length}}", "{\"\\u0061\":{\"b\":\"\\u00e9\\n\\ud83d\\ude00\"}}",
                   "\xc3\xa9\n\xf0\x9f\x98\x80"
                   "4");
    assert_renders("{{#each this}}{{@key}},{{/each}}", "{\"\\u0062\":1,\"\\u0031\":1,\"b\":2}",
                   "1,b,");
}

TEST(template_says_where_a_block_was_opened)
{
    assert_invalid("a\n\n  \xc3\xa9{{#if x}}b",
                   "line 3, column 4: {{#if}} is not closed; add {{/if}}");
    assert_invalid("{{^x}}b", "line 1, column 1: {{^x}} is not closed; add {{/x}}");
    assert_invalid("{{#if x}}a{{else}}b", "line 1, column 1: {{#if}} is not closed; add {{/if}}");
    assert_invalid("{{#a}}{{/b}}", "line 1, column 7: {{/b}} closes a block that was opened as a");
    assert_invalid("x{{/if}}", "line 1, column 2: this closes a block that was not opened");
    assert_invalid("{{else}}", "line 1, column 1: {{else}} stands outside of a block");
    assert_invalid("{{#if a}}{{else}}{{else}}{{/if}}",
                   "line 1, column 18: nothing but the closing tag can follow after {{else}}");
    assert_invalid("{{^a}}{{else if b}}{{/a}}",
                   "line 1, column 7: a {{^...}} block can have {{else}}, but not {{else ...}}");
}

TEST(template_says_what_is_wrong_in_a_tag)
{
    assert_invalid("{{",
                   "line 1, column 3: the template ends inside of a tag; a name was expected");
    assert_invalid("{{}}", "line 1, column 3: the tag ends too early; a name was expected");
    assert_invalid("{{{x}}", "line 1, column 5: the tag ends too early; '}}}' was expected");
    assert_invalid("{{a%}}",
                   "line 1, column 3: this character cannot stand here; a name was expected");
    assert_invalid("{{a }b}}",
                   "line 1, column 5: this character cannot stand here; '}}' was expected");
    assert_invalid("{{x}}}",
                   "line 1, column 4: '}}}' closes only {{{x}}}; for a brace behind {{x}} "
                   "put a space between");
    assert_invalid("{{(a)}}", "line 1, column 3: '(' cannot stand here; a name was expected");
    assert_invalid("{{#each a as |b}}{{/each}}",
                   "line 1, column 16: the tag ends too early; '|' was expected");
    assert_invalid("{{a.this}}", "line 1, column 5: 'this' can only stand at the start of a path");
    assert_invalid(
        "{{#if a x=1 b}}{{/if}}",
        "line 1, column 13: 'b' cannot stand here; a value of the form name=value was expected");
    assert_invalid("{{!-- a }}", "line 1, column 1: the comment is not closed");
}

TEST(template_says_what_is_not_supported)
{
    assert_invalid(
        "{{> x}}",
        "line 1, column 1: partials ({{>...}}) are not supported; write their text here");
    assert_invalid(
        "{{#> x}}{{/x}}",
        "line 1, column 1: partials ({{>...}}) are not supported; write their text here");
    assert_invalid("{{* x}}", "line 1, column 1: decorators ({{*...}}) are not supported");
    assert_invalid("{{#*inline \"x\"}}{{/inline}}",
                   "line 1, column 1: decorators ({{*...}}) are not supported");
    assert_invalid("{{{{x}}}}{{{{/x}}}}", "line 1, column 1: {{{{raw blocks}}}} are not supported");
    assert_invalid(
        "a {{date now}}",
        "line 1, column 3: 'date' is no helper; there are if, unless, each, with and lookup");
    assert_invalid("{{#if}}{{/if}}",
                   "line 1, column 1: 'if' is used like this: {{#if x}}...{{/if}}; for a "
                   "variable of this name write this.if");
    assert_invalid("{{lookup (each a) 1}}",
                   "line 1, column 10: 'each' is used like this: {{#each "
                   "x}}...{{/each}}; for a variable of this name write this.each");
    assert_invalid("{{log 1}}",
                   "line 1, column 1: the helper 'log' is not supported; for a variable of this "
                   "name write this.log");
    assert_invalid("{{#if a as |b|}}{{/if}}",
                   "line 1, column 1: 'as |...|' works with {{#each}} and {{#with}} only");
}

TEST(template_refuses_bytes_that_are_no_text)
{
    assert_refused(S("a\n\0"), ST_INVALID, "line 2, column 1: there is a NUL in the text");
    assert_refused(S("a\xff"), ST_INVALID, "the template is not valid UTF-8");
    assert_refused(S("{{\xc3}}"), ST_INVALID, "the template is not valid UTF-8");
}

TEST(template_keeps_long_names_out_of_sentences)
{
    Buf source = repeat("{{#", "\xc3\xa4", 5000, "}}");
    Template *t = NULL;
    Err err = {""};
    assert_status(template_compile(buf_view(&source), &t, &err), ST_INVALID);
    assert_true(err_view(&err).len < ERR_TEXT_MAX - 1);
    assert_true(str_ends(err_view(&err), S("}}")));
    buf_done(&source);
}

TEST(template_bounds_its_source)
{
    Buf source = repeat("", "x", TEMPLATE_SOURCE_MAX, "");
    Template *t = NULL;
    assert_status(template_compile(buf_view(&source), &t, NULL), ST_OK);
    template_free(t);
    buf_lit(&source, "x");
    assert_refused(buf_view(&source), ST_TOO_BIG,
                   "the template has 262145 bytes; at most 262144 are allowed");
    buf_done(&source);
}

TEST(template_bounds_its_nodes)
{
    Buf few = repeat("", "{{a}}", 3000, ""), many = repeat("", "{{a}}", 4000, "");
    Template *t = NULL;
    assert_status(template_compile(buf_view(&few), &t, NULL), ST_OK);
    template_free(t);
    assert_refused(buf_view(&many), ST_TOO_BIG,
                   "line 1, column 16668: the template has more than 10000 parts; make it simpler");
    buf_done(&few);
    buf_done(&many);
}

static Buf nest(int depth)
{
    Buf b = repeat("", "{{#if a}}", depth, "x");
    for (int i = 0; i < depth; i++) buf_lit(&b, "{{/if}}");
    return b;
}

TEST(template_bounds_its_depth)
{
    Buf deep = nest(TEMPLATE_DEPTH_MAX), deeper = nest(TEMPLATE_DEPTH_MAX + 1);
    Template *t = NULL;
    assert_status(template_compile(buf_view(&deep), &t, NULL), ST_OK);
    template_free(t);
    assert_refused(buf_view(&deeper), ST_TOO_BIG,
                   "line 1, column 289: blocks and calls nest deeper than 32");
    buf_done(&deep);
    buf_done(&deeper);
}

TEST(template_bounds_calls_and_chains)
{
    Template *t = NULL;
    Buf calls = repeat("{{lookup a ", "(lookup a ", 40, "");
    Buf chain = repeat("{{#if a}}", "{{else if a}}", 200, "{{/if}}");
    Buf long_chain = repeat("{{#if a}}", "{{else if a}}", 201, "{{/if}}");
    assert_status(template_compile(buf_view(&calls), &t, NULL), ST_TOO_BIG);
    assert_status(template_compile(buf_view(&chain), &t, NULL), ST_OK);
    template_free(t);
    t = NULL;
    assert_status(template_compile(buf_view(&long_chain), &t, NULL), ST_TOO_BIG);
    buf_done(&calls);
    buf_done(&chain);
    buf_done(&long_chain);
}

TEST(template_runs_the_deepest_nesting)
{
    Buf source = repeat("", "{{#each a}}", TEMPLATE_DEPTH_MAX, "{{#if 1}}"), data;
    buf_truncate(&source, buf_len(&source) - strlen("{{#if 1}}"));
    buf_lit(&source, "{{@index}}");
    for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++) buf_lit(&source, "{{/each}}");
    data = repeat("", "{\"a\":[", 31, "{\"a\":[1]}");
    for (int i = 0; i < 31; i++) buf_lit(&data, "]}");
    buf_add_byte(&data, '\0');
    assert_renders("{{a.length}}", buf_view(&data).at, "1");
    Fixture f = setup(buf_view(&data).at, NULL);
    render(&f, buf_view(&source), ESCAPE_NONE);
    assert_status(f.st, ST_OK);
    assert_str(buf_view(&f.out), "0");
    teardown(&f);
    buf_done(&source);
    buf_done(&data);
}

static Buf list_of(int count)
{
    Buf b = repeat("{\"a\":[1", ",1", count - 1, "]}");
    buf_add_byte(&b, '\0');
    return b;
}

TEST(template_stops_at_the_step_limit)
{
    Buf data = list_of(1000);
    Fixture f = setup(buf_view(&data).at, NULL);
    render(&f, S("{{#each a}}{{#each ../a}}.{{/each}}{{/each}}"), ESCAPE_NONE);
    assert_status(f.st, ST_TOO_BIG);
    assert_str(err_view(&f.err), "rendering takes more than 1000000 steps; is a list too long?");
    teardown(&f);
    buf_done(&data);
}

TEST(template_charges_for_work_on_the_data)
{
    Buf data = list_of(60000); /* a list shown as text costs by its elements */
    Fixture f = setup(buf_view(&data).at, NULL);
    render(&f, S("{{a}}"), ESCAPE_NONE);
    assert_status(f.st, ST_OK);
    render(&f, S("{{#each a}}{{lookup ../a ../a}}{{/each}}"), ESCAPE_NONE);
    assert_status(f.st, ST_TOO_BIG);
    teardown(&f);
    buf_done(&data);
}

TEST(template_stops_at_the_output_limit)
{
    Buf data = repeat("{\"x\":\"", "<<<<<<<<<<", 10000,
                      "\",\"a\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}");
    buf_add_byte(&data, '\0');
    Fixture f = setup(buf_view(&data).at, NULL);
    render(&f, S("{{#each a}}{{../x}}{{/each}}"), ESCAPE_HTML);
    assert_status(f.st, ST_TOO_BIG);
    assert_str(err_view(&f.err), "the output is larger than 4194304 bytes");
    assert_true(buf_len(&f.out) <= TEMPLATE_OUTPUT_MAX + 4 * 100000);
    teardown(&f);
    buf_done(&data);
}

TEST(template_reports_a_full_buffer)
{
    Fixture f = setup("{}", NULL);
    buf_done(&f.out);
    buf_init(&f.out, 4);
    render(&f, S("four and more"), ESCAPE_NONE);
    assert_status(f.st, ST_TOO_BIG);
    assert_str(err_view(&f.err), "the output does not fit");
    teardown(&f);
}

static void collect_path(void *ctx, Str path)
{
    Buf *paths = ctx;
    buf_add(paths, path);
    buf_add_byte(paths, ' ');
}

static void assert_paths(const char *source, const char *expected)
{
    Template *t = NULL;
    Buf paths;
    buf_init(&paths, KIB(4));
    assert_status(template_compile(str_of(source), &t, NULL), ST_OK);
    template_paths(t, collect_path, &paths);
    assert_str(buf_view(&paths), expected);
    buf_done(&paths);
    template_free(t);
}

TEST(template_lists_the_paths_it_reads)
{
    assert_paths("{{b}}{{user.name}} {{{a}}} {{b}}{{this.a}}{{./a}}", "b user.name a ");
    assert_paths("{{#if x}}{{y}}{{else}}{{z.[0].q}}{{/if}}", "x y z.0.q ");
    assert_paths("{{#each items}}{{name}}{{../title}}{{@root.foot}}{{@index}}{{/each}}",
                 "items title foot ");
    assert_paths("{{#with user as |u|}}{{u.name}}{{else}}{{nobody}}{{/with}}", "user nobody ");
    assert_paths("{{lookup map (lookup keys \"k\")}}{{this}}{{#if @root}}{{/if}}", "map keys ");
    assert_paths("{{#flag}}{{inner}}{{/flag}}{{^flag}}{{outer}}{{/flag}}", "flag outer ");
    assert_paths("only text", "");
}

TEST(program_prints_its_ops)
{
    Template *t = NULL;
    Buf out;
    buf_init(&out, KIB(4));
    assert_status(
        template_compile(S("{{#each items}}<{{name}}>{{! x }}!{{else}}none{{/each}}"), &t, NULL),
        ST_OK);
    program_dump(t, &out);
    assert_str(buf_view(&out),
               "0 path ^0 items\n1 each 6\n2 text \"<\"\n3 show ^0 name\n4 text \">!\"\n"
               "5 next 2 7\n6 text \"none\"\n7 end\n");
    buf_done(&out);
    template_free(t);
}

static void assert_number(double value, const char *expected)
{
    char room[JS_NUMBER_MAX];
    assert_str(js_number(value, room), expected);
}

TEST(jstext_writes_numbers_as_javascript_does)
{
    assert_number(0.1, "0.1");
    assert_number(-0.0, "0");
    assert_number(1e21, "1e+21");
    assert_number(123456789012345680000.0, "123456789012345680000");
    assert_number(0.000001, "0.000001");
    assert_number(1e-7, "1e-7");
    assert_number(-1.7976931348623157e308, "-1.7976931348623157e+308");
    assert_number(5e-324, "5e-324");
    assert_number(2.2250738585072014e-308, "2.2250738585072014e-308");
    assert_number(9007199254740993.0, "9007199254740992");
    assert_number(INFINITY, "Infinity");
}

TEST(jstext_knows_a_number_that_is_written_right)
{
    const char *yes[] = {"0",        "1",  "-1", "12.5", "0.1", "-0.5", "999999999999999",
                         "0.000001", "100"};
    const char *no[] = {"-0", "1.0", "0.10", "1e2", "1E2", "0.0000001", "1234567890123456", "-0.0"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true(js_number_is_canonical(str_of(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_false(js_number_is_canonical(str_of(no[i])));
}

TEST(jstext_finds_white_space_of_every_kind)
{
    Str all = S(" \t\n\v\f\r\xc2\xa0\xe1\x9a\x80\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xa8\xe2\x80\xa9"
                "\xe2\x80\xaf"
                "\xe2\x81\x9f\xe3\x80\x80\xef\xbb\xbf");
    assert_int_equal(js_space_head(all), all.len);
    assert_int_equal(js_space_tail(all), all.len);
    assert_int_equal(js_space_head(S("\xe2\x80\x8b ")), 0); /* a zero-width space is none */
    assert_int_equal(js_space_tail(S("x\xc2\xa0 ")), 3);
    assert_int_equal(js_space_tail(S("\xe2\x80\x8b")), 0);
    assert_int_equal(js_space_tail(S("")), 0);
}

TEST_MAIN()
