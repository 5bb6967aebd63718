#include "domain/deliver/html_text.h"

#include "base/limits.h"
#include "check_test.h"

static const struct {
    const char *html, *text;
} cases[] = {
    {"", ""},
    {"plain", "plain\n"},
    {"<p>Dear Ada,</p>\n<p>it   works\n now.</p>", "Dear Ada,\n\nit works now.\n"},
    {"<style>p{color:red}</style><head><title>x</title></head><p>a</p><!-- <p>b</p> -->", "a\n"},
    {"<script>if (a < b) {}</script>c", "c\n"},
    {"a<br>b<br/>c<br><br>d", "a\nb\nc\n\nd\n"},
    {"<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter\n"},
    {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"},
    {"<a href=\"https://x.example/?a=1&amp;b=2\">Pay now</a>.",
     "Pay now (https://x.example/?a=1&b=2).\n"},
    {"<a href='https://x.example/'>https://x.example/</a>", "https://x.example/\n"},
    {"<a href=\"javascript:alert(1)\">no</a> <a>none</a>", "no none\n"},
    {"<h1>T</h1><div>x</div><div>y</div>", "T\n\nx\ny\n"},
    {"&lt;b&gt; &amp;amp; &#8364; &#x20AC; &euro; &nbsp;&copy;",
     "<b> &amp; \xe2\x82\xac \xe2\x82\xac \xe2\x82\xac  \xc2\xa9\n"},
    {"AT&T & co &unknown; &#xD800; &#0;", "AT&T & co &unknown;\n"},
    {"1 < 2 and 3 > 2", "1 < 2 and 3 > 2\n"},
    {"<img alt=\"a > b\" src=x>end", "end\n"},
    {"<p>\xc3\xa9t\xc3\xa9</p>", "\xc3\xa9t\xc3\xa9\n"},
    {"<p>unfinished <b", "unfinished\n"},
    {"<a href=\"https://x.example/\"></a>", "(https://x.example/)\n"},
    {"<!-- never ends", ""},
    {"<style>never ends", ""},
};

TEST(html_text_of_what_mails_hold)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf out;
        buf_init(&out, KIB(4));
        html_text(str_of(cases[i].html), &out);
        assert_status(buf_status(&out), ST_OK);
        assert_str(buf_len(&out) ? buf_view(&out) : S(""), cases[i].text);
        buf_done(&out);
    }
}

TEST_MAIN()
