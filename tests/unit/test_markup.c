/* HTML of others made plain: what is decoded once, and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "markup.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
html_becomes_plain(void **state)
{
	static const struct {
		const char *html, *plain;
	} rows[] = {
		{ "", "" },
		{ "무선 이어폰", "무선 이어폰" },
		/* tags */
		{ "무선 <b>이어폰</b> A1", "무선 이어폰 A1" },
		{ "<B>이어폰</B><br/>검정", "이어폰검정" },
		{ "<script>alert(1)</script>x", "alert(1)x" },
		{ "<img src=x onerror=alert(1)>티셔츠", "티셔츠" },
		{ "<!-- x -->y", "y" },
		{ "3<5 and 5>3", "3<5 and 5>3" },
		{ "a < b", "a < b" },
		{ "cut <b", "cut <b" },
		{ "<", "<" },
		{ "</", "</" },
		/* entities, once */
		{ "Tom &amp; Jerry", "Tom & Jerry" },
		{ "&lt;b&gt;not a tag&lt;/b&gt;", "<b>not a tag</b>" },
		{ "&amp;lt;b&amp;gt;", "&lt;b&gt;" },
		{ "&amp;amp;", "&amp;" },
		{ "&quot;a&quot; &apos;b&apos; &#39;c&#39; &#x27;d&#X27;", "\"a\" 'b' 'c' 'd'" },
		{ "&#54620;&#44544; &#xD55C;", "한글 한" },
		{ "&#x1F600;", "😀" },
		{ "&am<b>p;</b>", "&amp;" },
		/* what is no entity stays */
		{ "R&D", "R&D" },
		{ "a&b;c &nope; &; & &amp", "a&b;c &nope; &; & &amp" },
		{ "&#; &#x; &#xZZ; &#12a; &#999999999;", "&#; &#x; &#xZZ; &#12a; &#999999999;" },
		{ "&#0; &#xD800; &#x110000;", "&#0; &#xD800; &#x110000;" },
		/* spaces and what nobody sees */
		{ "  a \t\n b&nbsp;&#160;c\x01"
		  "d  ",
		  "a b c d" },
		{ "전각　공백", "전각 공백" },
		{ "a&#10;&#13;b&#127;c", "a b c" },
		{ "a\u200B"
		  "b\u202E"
		  "c\uFEFF"
		  "d\u2066"
		  "e\u00AD"
		  "f",
		  "abcdef" },
		{ "&#8203;&#8238;x&#x2028;y", "x y" },
		{ "\U000E0041x\uE000\U0010FFFF", "x" },
		{ "👨‍👩‍👧", "👨‍👩‍👧" },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++)
		assert_string_equal(markup_plain(&a, rows[i].html, 120), rows[i].plain);
	arena_free(&a);
}

static void
long_text_is_cut_between_characters(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(markup_plain(&a, "가나다라", 3), "가나다");
	assert_string_equal(markup_plain(&a, "가 나", 2), "가");
	assert_string_equal(markup_plain(&a, "<b>가</b>&amp;나다", 3), "가&나");
	assert_string_equal(markup_plain(&a, "가", 0), "");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_becomes_plain),
		cmocka_unit_test(long_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
