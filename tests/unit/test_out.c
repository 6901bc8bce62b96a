/* out.c: JSON that is made, not glued. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "json.h"
#include "out.h"

static void
test_every_kind(void **state)
{
	struct json_object *object, *child, *list;
	struct arena a;

	(void)state;
	arena_init(&a);
	object = out_object(&a);
	out_str(object, "name", "가방 \"A/B\" \\ \n");
	out_str(object, "nothing", NULL);
	out_num(object, "largest", INT64_MAX);
	out_num(object, "smallest", INT64_MIN);
	out_bool(object, "yes", true);
	out_bool(object, "no", false);
	child = out_object_in(object, "child");
	list = out_array_in(child, "list");
	out_num(list, NULL, 1);
	out_str(list, NULL, "two");
	out_str(list, NULL, NULL);
	out_num(out_object_in(list, NULL), "n", 4);
	(void)out_array_in(list, NULL);
	assert_string_equal(
	    out_text(object),
	    "{\"name\":\"가방 \\\"A/B\\\" \\\\ \\n\",\"nothing\":null,\"largest\":9223372036854775807,"
	    "\"smallest\":-9223372036854775808,\"yes\":true,\"no\":false,"
	    "\"child\":{\"list\":[1,\"two\",null,{\"n\":4},[]]}}");
	arena_free(&a);
}

static void
test_made_json_goes_out_unchanged(void **state)
{
	char made[] = "{\"price\": 1.10, \"id\": 123456789012345678901234567890}";
	struct json_object *object;
	struct arena a;

	(void)state;
	arena_init(&a);
	object = out_object(&a);
	out_json(object, "row", made);
	out_json(object, "none", NULL);
	memset(made, 'x', sizeof(made) - 1); /* the text was copied */
	assert_string_equal(
	    out_text(object),
	    "{\"row\":{\"price\": 1.10, \"id\": 123456789012345678901234567890},\"none\":null}");
	arena_free(&a);
}

static void
test_controls_are_escaped(void **state)
{
	struct json_object *array;
	struct arena a;

	(void)state;
	arena_init(&a);
	array = out_array(&a);
	out_str(array, NULL, "\x01\x1F\t\x7F");
	assert_string_equal(out_text(array), "[\"\\u0001\\u001f\\t\x7F\"]");
	arena_free(&a);
}

static void
test_a_tree_ends_when_it_is_written(void **state)
{
	struct json_object *object, *array;
	const char *text;
	struct arena a;

	(void)state;
	arena_init(&a);
	object = out_object(&a);
	array = out_array(&a);
	out_num(out_array_in(object, "list"), NULL, 1);
	text = out_text(object);
	assert_non_null(a.deferred);
	assert_string_equal(out_text(array), "[]");
	assert_null(a.deferred);
	assert_string_equal(text, "{\"list\":[1]}");
	arena_free(&a);
}

static void
test_a_part_may_be_written_again(void **state)
{
	struct json_object *object, *list;
	struct arena a;

	(void)state;
	arena_init(&a);
	object = out_object(&a);
	list = out_array_in(object, "list");
	assert_string_equal(out_text(list), "[]");
	out_num(list, NULL, 1);
	assert_string_equal(out_text(list), "[1]");
	assert_string_equal(out_text(object), "{\"list\":[1]}");
	arena_free(&a);
}

/* json-c keeps the text of such a number where a tree made here knows its arena. */
static void
test_what_was_read_can_be_written(void **state)
{
	struct json_object *value;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(json_read(&a, "0.0", 3, &value), OK);
	assert_string_equal(out_text(value), "0.0");
	assert_int_equal(json_read(&a, "[1.50]", 6, &value), OK);
	assert_string_equal(out_text(value), "[1.50]");
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_made_json_goes_out_unchanged),
		cmocka_unit_test(test_controls_are_escaped),
		cmocka_unit_test(test_a_tree_ends_when_it_is_written),
		cmocka_unit_test(test_a_part_may_be_written_again),
		cmocka_unit_test(test_what_was_read_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
