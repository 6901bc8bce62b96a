/* Chat completions as servers send them: streamed or whole, in any pieces, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "completion.h"
#include "json.h"
#include "llm.h"
#include "out.h"

static const struct llm_conf conf = {
	.url = "http://127.0.0.1:1/v1/", .model = "small \"one\"", .format = "json_schema", .tokens_max = 600
};

#define CHUNK(delta)                                                                                         \
	"data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}\n\n"
#define TEXT(text)     CHUNK("{\"content\":\"" text "\"}")
#define FINISH(reason) "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n"
#define USAGE                                                                                                \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}\n\n"
#define DONE "data: [DONE]\n\n"
#define WHOLE(message, reason)                                                                               \
	"{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":" message                     \
	",\"finish_reason\":" reason "}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}"

/* The text as it was handed on, and how much of it is enough. */
struct heard {
	struct bytes text;
	struct arena *arena;
	size_t enough;
};

static bool
hear(void *ctx, const char *text, size_t len)
{
	struct heard *heard = ctx;

	assert_true(bytes_append(heard->arena, &heard->text, 100000, text, len));
	return !heard->enough || heard->text.len < heard->enough;
}

struct answer {
	struct arena arena;
	struct completion c;
	struct heard heard;
	bool wanted; /* to the end */
	enum completion_fault fault;
};

/* Read a reply in pieces of at most step bytes, the first of first bytes.  Release with arena_free(&answer->arena). */
static void
read_reply(struct answer *answer, const char *reply, size_t first, size_t step)
{
	size_t len = strlen(reply), at = 0, n = first;

	arena_init(&answer->arena);
	answer->heard = (struct heard){ .arena = &answer->arena };
	answer->wanted = true;
	completion_begin(&answer->c, &answer->arena, &conf, hear, &answer->heard);
	for (; answer->wanted && at < len; at += n, n = step) {
		if (n > len - at)
			n = len - at;
		answer->wanted = completion_feed(&answer->c, reply + at, n);
	}
	answer->fault = completion_end(&answer->c);
}

static void
assert_reads_as(struct answer *answer, enum completion_fault fault, const char *text)
{
	assert_int_equal(answer->fault, fault);
	assert_string_equal(answer->c.text.at ? answer->c.text.at : "", text);
	assert_string_equal(answer->heard.text.at ? answer->heard.text.at : "", text);
	arena_free(&answer->arena);
}

static void
assert_reads(const char *reply, enum completion_fault fault, const char *text)
{
	size_t len = strlen(reply), first;
	struct answer answer;

	for (first = 0; first <= len; first++) {
		read_reply(&answer, reply, first, len + 1);
		assert_reads_as(&answer, fault, text);
	}
	for (first = 1; first <= 3; first++) {
		read_reply(&answer, reply, first, first);
		assert_reads_as(&answer, fault, text);
	}
}

static void
answers_in_any_pieces(void **state)
{
	static const struct {
		const char *reply, *text;
	} rows[] = {
		{ CHUNK("{\"role\":\"assistant\",\"content\":\"\"}") TEXT("Hel") TEXT("lo") FINISH("stop")
		      USAGE DONE,
		  "Hello" },
		{ TEXT("Hello") FINISH("stop") DONE, "Hello" },
		{ TEXT("Hello") DONE, "Hello" },
		{ TEXT("Hello") FINISH("stop"), "Hello" },
		{ TEXT("Hello") FINISH("stop") "data: [DONE]", "Hello" },
		{ TEXT("Hello") FINISH("stop") "data: {\"cho", "Hello" },
		{ TEXT("Hello") FINISH("stop") DONE "whatever\n\ndata: {\n\n", "Hello" },
		{ ": OPENROUTER PROCESSING\n\n" TEXT("Hello") ": x\n\n" FINISH("stop") DONE, "Hello" },
		{ "\xEF\xBB\xBF" TEXT("Hello") FINISH("stop"), "Hello" },
		{ "  \n" TEXT("Hello") FINISH("stop"), "Hello" },
		{ "data:{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\r\n\r\ndata:[DONE]\r\n\r\n",
		  "Hello" },
		{ "data: {\n"
		  "data: \"choices\": [ { \"delta\" : { \"content\" : \"Hello\" } } ] }\n\n" DONE,
		  "Hello" },
		{ TEXT("\\uac00\\ud83d\\ude00\\n\\\"") DONE, "\xEA\xB0\x80\xF0\x9F\x98\x80\n\"" },
		{ TEXT("\xEA\xB0\x80") TEXT("\xF0\x9F\x98\x80") DONE, "\xEA\xB0\x80\xF0\x9F\x98\x80" },
		{ WHOLE("{\"role\":\"assistant\",\"content\":\"Hello\"}", "\"stop\""), "Hello" },
		{ "\n  " WHOLE("{\"content\":\"Hello\",\"refusal\":null}", "\"stop\"") "\n\n", "Hello" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_reads(rows[i].reply, COMPLETION_OK, rows[i].text);
}

static void
what_is_no_answer(void **state)
{
	static const struct {
		const char *reply;
		enum completion_fault fault;
		const char *text;
	} rows[] = {
		{ "", COMPLETION_FORMAT, "" },
		{ "<html>busy</html>", COMPLETION_FORMAT, "" },
		{ "data: nonsense\n\n", COMPLETION_FORMAT, "" },
		{ "{\"choices\":[]}", COMPLETION_CUT, "" },
		{ "{\"hello\":\"world\"}", COMPLETION_FORMAT, "" },
		{ "{\"choices\":[{\"message\":{\"content\":\"Hel", COMPLETION_CUT, "" },
		{ TEXT("Hel"), COMPLETION_CUT, "Hel" },
		{ TEXT("Hel") "data: {\"choices\":[{\"del", COMPLETION_CUT, "Hel" },
		{ CHUNK("{\"role\":\"assistant\"}"), COMPLETION_CUT, "" },
		{ CHUNK("{\"role\":\"assistant\"}") FINISH("stop") USAGE DONE, COMPLETION_EMPTY, "" },
		{ DONE, COMPLETION_EMPTY, "" },
		{ WHOLE("{\"content\":\"\"}", "\"stop\""), COMPLETION_EMPTY, "" },
		{ WHOLE("{\"content\":null}", "\"tool_calls\""), COMPLETION_EMPTY, "" },
		{ WHOLE("{\"content\":null,\"refusal\":\"No.\"}", "\"stop\""), COMPLETION_REFUSED, "" },
		{ TEXT("Hel") FINISH("content_filter") DONE, COMPLETION_REFUSED, "Hel" },
		{ "{\"error\":{\"message\":\"overloaded\",\"code\":503}}", COMPLETION_ERROR, "" },
		{ TEXT("Hel") "data: {\"error\":{\"message\":\"overloaded\"}}\n\n", COMPLETION_ERROR, "Hel" },
		{ "event: error\ndata: overloaded\n\n", COMPLETION_ERROR, "" },
	};
	struct answer answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_reply(&answer, rows[i].reply, 1000, 1000);
		assert_reads_as(&answer, rows[i].fault, rows[i].text);
		read_reply(&answer, rows[i].reply, 1, 1);
		assert_reads_as(&answer, rows[i].fault, rows[i].text);
	}
}

static void
tokens_are_told(void **state)
{
	static const char *const replies[] = { TEXT("Hello") FINISH("length") USAGE DONE,
					       WHOLE("{\"content\":\"Hello\"}", "\"length\"") };
	struct answer answer;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		read_reply(&answer, replies[i], 1, 1);
		assert_int_equal(answer.c.prompt_tokens, 12);
		assert_int_equal(answer.c.completion_tokens, 3);
		assert_true(answer.c.cut);
		assert_reads_as(&answer, COMPLETION_OK, "Hello");
	}
	read_reply(&answer, TEXT("Hello") FINISH("stop"), 1, 1);
	assert_int_equal(answer.c.prompt_tokens, 0);
	assert_false(answer.c.cut);
	assert_false(answer.c.done);
	assert_reads_as(&answer, COMPLETION_OK, "Hello");
}

static void
tokens_are_estimated(void **state)
{
	(void)state;
	assert_int_equal(completion_estimate(""), 0);
	assert_int_equal(completion_estimate("a"), 1);
	assert_int_equal(completion_estimate("abcdefgh"), 2);
	assert_int_equal(completion_estimate("\xEA\xB0\x80\xEB\x82\x98"), 2);
	assert_int_equal(completion_estimate("ab\xEA\xB0\x80"), 2);
}

static void
the_caller_can_have_enough(void **state)
{
	struct answer answer;

	(void)state;
	arena_init(&answer.arena);
	answer.heard = (struct heard){ .arena = &answer.arena, .enough = 4 };
	completion_begin(&answer.c, &answer.arena, &conf, hear, &answer.heard);
	assert_true(completion_feed(&answer.c, TEXT("Hel"), strlen(TEXT("Hel"))));
	assert_false(completion_feed(&answer.c, TEXT("lo") TEXT("!"), strlen(TEXT("lo") TEXT("!"))));
	assert_int_equal(completion_end(&answer.c), COMPLETION_ENOUGH);
	assert_string_equal(answer.heard.text.at, "Hello");
	arena_free(&answer.arena);
}

/* n times the same, in one piece each.  How many were taken before the reader had enough? */
static int
feed_times(struct answer *answer, const char *bytes, int n)
{
	int i = 0;

	arena_init(&answer->arena);
	answer->heard = (struct heard){ .arena = &answer->arena };
	completion_begin(&answer->c, &answer->arena, &conf, hear, &answer->heard);
	while (i < n && completion_feed(&answer->c, bytes, strlen(bytes)))
		i++;
	return i;
}

static void
endless_answers_end(void **state)
{
	static const struct {
		const char *bytes;
		int least, most;
		enum completion_fault fault;
	} rows[] = {
		{ TEXT("abcdefgh"), 600, 800, COMPLETION_LARGE },
		{ "data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 100, 1400, COMPLETION_LARGE },
		{ "{ \"a\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 100, 1400, COMPLETION_LARGE },
		{ "[[[[[[[[", 100, 100000, COMPLETION_LARGE },
	};
	struct answer answer;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_in_range(feed_times(&answer, rows[i].bytes, 1000000), rows[i].least, rows[i].most);
		assert_int_equal(completion_end(&answer.c), rows[i].fault);
		arena_free(&answer.arena);
	}
}

static struct json_object *
request_of(struct arena *a, const char *format, const char *schema)
{
	struct llm_call call = { .messages = "[{\"role\":\"user\",\"content\":\"hi\"}]",
				 .schema = schema,
				 .schema_name = "reply" };
	struct llm_conf other = conf;
	struct json_object *request;
	const char *text;

	other.format = format;
	text = completion_request(a, &other, &call);
	assert_int_equal(json_read(a, text, strlen(text), &request), OK);
	assert_true(json_member_is(request, "model", "small \"one\""));
	assert_int_equal(json_member_i64(request, "max_tokens", 0), 600);
	assert_non_null(strstr(text, "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"));
	assert_non_null(strstr(text, "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
	return request;
}

static void
requests_say_what_is_wanted(void **state)
{
	static const char schema[] = "{\"type\":\"object\"}";
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_non_null(
	    strstr(out_text(request_of(&a, "json_schema", schema)),
		   "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"reply\","
		   "\"strict\":true,\"schema\":{\"type\":\"object\"}}}"));
	assert_non_null(strstr(out_text(request_of(&a, "json_object", schema)),
			       "\"response_format\":{\"type\":\"json_object\"}"));
	assert_null(strstr(out_text(request_of(&a, "text", schema)), "response_format"));
	assert_null(strstr(out_text(request_of(&a, "json_schema", NULL)), "response_format"));
	assert_string_equal(completion_url(&a, &conf), "http://127.0.0.1:1/v1/chat/completions");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_any_pieces),
		cmocka_unit_test(what_is_no_answer),
		cmocka_unit_test(tokens_are_told),
		cmocka_unit_test(tokens_are_estimated),
		cmocka_unit_test(the_caller_can_have_enough),
		cmocka_unit_test(endless_answers_end),
		cmocka_unit_test(requests_say_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
