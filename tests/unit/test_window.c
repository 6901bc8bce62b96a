/* The window: what is kept of the newest messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "arena.h"
#include "window.h"

static struct arena a;

static void
a_turn_adds_two_messages(void **state)
{
	(void)state;
	assert_string_equal(window_add(&a, "[]", "안녕 \"모아\"", "반가워요"),
			    "[{\"role\":\"customer\",\"text\":\"안녕 \\\"모아\\\"\"},"
			    "{\"role\":\"assistant\",\"text\":\"반가워요\"}]");
}

static void
what_is_not_known_stays_so(void **state)
{
	(void)state;
	assert_string_equal(window_add(&a, "", "one", "two"), "");
	assert_string_equal(window_trim(&a, "no json"), "[]");
	assert_string_equal(window_trim(&a, "{\"role\": 1}"), "[]");
}

static void
the_oldest_go_first(void **state)
{
	const char *window = "[]";
	char text[1001];
	int i;

	(void)state;
	memset(text, 'a', 1000);
	text[1000] = '\0';
	for (i = 0; i < 20; i++) {
		text[0] = (char)('A' + i);
		window = window_add(&a, window, text, "ok");
	}
	/* 251 tokens a turn: seven of them. */
	assert_null(strchr(window, 'M'));
	assert_non_null(strchr(window, 'N'));
	assert_non_null(strchr(window, 'T'));
	assert_int_equal(strlen(window_trim(&a, window)), strlen(window));
}

static int
begin(void **state)
{
	(void)state;
	arena_init(&a);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_reset(&a);
	arena_free(&a);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_adds_two_messages),
		cmocka_unit_test(what_is_not_known_stays_so),
		cmocka_unit_test(the_oldest_go_first),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
