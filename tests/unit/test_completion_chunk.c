/* The JSON of chat completions: what counts in it, what does not, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "completion_inside.h"
#include "llm.h"

static const struct llm_conf conf = { .url = "", .tokens_max = 600 };

/* Read a JSON text of its own.  Release with arena_free(a). */
static bool
read_chunk(struct arena *a, struct completion *c, const char *json)
{
	arena_init(a);
	completion_begin(c, a, &conf, NULL, NULL);
	return completion_chunk_read(c, json, strlen(json));
}

static void
only_some_places_count(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{ "{}", "" },
		{ " { \"choices\" : [ { \"delta\" : { \"content\" : \"Hello\" } } ] } \n", "Hello" },
		{ "{\"choices\":[{\"message\":{\"content\":\"Hello\",\"refusal\":null}}],\"usage\":null}",
		  "Hello" },
		{ "{\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"hm\"}}]}", "" },
		{ "{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"},{\"type\":\"text\","
		  "\"text\":\"lo\"}]}}]}",
		  "Hello" },
		{ "{\"error\":null,\"choices\":[{\"logprobs\":{\"content\":[{\"token\":\"x\",\"logprob\":-1.5e-3}]},"
		  "\"delta\":{\"content\":\"Hello\",\"refusal\":null,\"tool_calls\":[]}}]}",
		  "Hello" },
		{ "{\"content\":\"x\",\"delta\":{\"content\":\"x\"},\"x\":{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}}",
		  "" },
	};
	struct completion c;
	struct arena a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(read_chunk(&a, &c, rows[i].json));
		assert_int_equal(c.fault, COMPLETION_OK);
		assert_string_equal(c.text.at ? c.text.at : "", rows[i].text);
		arena_free(&a);
	}
}

static void
what_is_no_chunk(void **state)
{
	static const struct {
		const char *json;
		enum completion_fault fault;
	} rows[] = {
		{ "", COMPLETION_FORMAT },
		{ "nonsense!", COMPLETION_FORMAT },
		{ "{\"choices\":[{]}", COMPLETION_FORMAT },
		{ "{\"a\":1}{}", COMPLETION_FORMAT },
		{ "{\"a\":1,}", COMPLETION_FORMAT },
		{ "{\"a\" 1}", COMPLETION_FORMAT },
		{ "[1,]", COMPLETION_FORMAT },
		{ "{\"a\":\"b\\", COMPLETION_FORMAT },
		{ "{\"choices\":[{\"delta\":{\"content\":\"Hel", COMPLETION_FORMAT },
		{ "{\"error\":{\"message\":\"overloaded\",\"code\":503}}", COMPLETION_ERROR },
		{ "{\"error\":\"model not found\"}", COMPLETION_ERROR },
		{ "{\"error\":true}", COMPLETION_ERROR },
		{ "{\"choices\":[{\"delta\":{\"refusal\":\"I'm sorry\"}}]}", COMPLETION_REFUSED },
		{ "{\"choices\":[{\"finish_reason\":\"content_filter\"}]}", COMPLETION_REFUSED },
	};
	struct completion c;
	struct arena a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(read_chunk(&a, &c, rows[i].json));
		assert_int_equal(c.fault, rows[i].fault);
		arena_free(&a);
	}
}

static void
ends_are_told(void **state)
{
	struct completion c;
	struct arena a;

	(void)state;
	assert_true(read_chunk(&a, &c, "{\"choices\":[]}"));
	assert_true(c.seen);
	assert_false(c.finished);
	arena_free(&a);
	assert_true(read_chunk(&a, &c, "{\"choices\":[{\"finish_reason\":null}]}"));
	assert_false(c.finished);
	arena_free(&a);
	assert_true(read_chunk(&a, &c, "{\"choices\":[{\"finish_reason\":\"stop\"}]}"));
	assert_true(c.finished);
	assert_false(c.cut);
	arena_free(&a);
	assert_true(read_chunk(&a, &c, "{\"choices\":[{\"finish_reason\":\"length\"}]}"));
	assert_true(c.finished);
	assert_true(c.cut);
	arena_free(&a);
}

static void
tokens_are_told(void **state)
{
	static const struct {
		const char *json;
		int prompt, completion;
	} rows[] = {
		{ "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}", 12, 3 },
		{ "{\"choices\":[],\"usage\":{\"prompt_tokens\":-3,\"completion_tokens\":1e99}}", 0, 1 },
		{ "{\"usage\":{\"prompt_tokens\":99999999999,\"completion_tokens\":null}}", INT32_MAX, 0 },
		{ "{\"prompt_tokens\":12,\"x\":{\"completion_tokens\":3}}", 0, 0 },
	};
	struct completion c;
	struct arena a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(read_chunk(&a, &c, rows[i].json));
		assert_int_equal(c.prompt_tokens, rows[i].prompt);
		assert_int_equal(c.completion_tokens, rows[i].completion);
		arena_free(&a);
	}
}

static void
deep_ones_are_not_followed(void **state)
{
	char json[201] = "";
	struct completion c;
	struct arena a;

	(void)state;
	memset(json, '[', 100);
	memset(json + 100, ']', 100);
	assert_false(read_chunk(&a, &c, json));
	assert_int_equal(c.fault, COMPLETION_FORMAT);
	arena_free(&a);
	assert_true(read_chunk(&a, &c, "[[[[[[[[[[{\"a\":[[[[[[[[[[]]]]]]]]]]}]]]]]]]]]]"));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_some_places_count),
		cmocka_unit_test(what_is_no_chunk),
		cmocka_unit_test(ends_are_told),
		cmocka_unit_test(tokens_are_told),
		cmocka_unit_test(deep_ones_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
