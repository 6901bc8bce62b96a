/* fields.c: bodies and queries by a table, every fault told at once, in the caller's language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <json-c/json.h>

#include "fields.h"
#include "request.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct input {
	const char *name, *note, *password, *email, *born, *id, *language;
	int64_t amount;
	bool cookie;
	struct lines interests;
	const char *notes;
};

static const struct field fields[] = {
	{ "name", F_LINE, offsetof(struct input, name), 2, 5, 0, NULL },
	{ "note", F_TEXT, offsetof(struct input, note), 0, 20, F_NULLABLE, NULL },
	{ "password", F_SECRET, offsetof(struct input, password), 10, 12, 0, NULL },
	{ "email", F_EMAIL, offsetof(struct input, email), 0, 0, 0, NULL },
	{ "born", F_DATE, offsetof(struct input, born), 0, 0, 0, NULL },
	{ "id", F_UUID, offsetof(struct input, id), 0, 0, 0, NULL },
	{ "language", F_CHOICE, offsetof(struct input, language), 0, 0, 0, "ko|en" },
	{ "amount", F_I64, offsetof(struct input, amount), -5, 9007199254740991, 0, NULL },
	{ "cookie", F_BOOL, offsetof(struct input, cookie), 0, 0, 0, NULL },
	{ "interests", F_LINES, offsetof(struct input, interests), 1, 3, 0, NULL },
	{ "notes", F_NOTES, offsetof(struct input, notes), 1, 2, 0, NULL },
	{ 0 },
};

static const struct field required[] = {
	{ "name", F_LINE, offsetof(struct input, name), 1, 5, F_REQUIRED, NULL },
	{ "note", F_TEXT, offsetof(struct input, note), 1, 5, F_REQUIRED | F_NULLABLE, NULL },
	{ 0 },
};

/* "name:too_short id:bad_format", in the order of discovery; the form the cases below are written in. */
static const char *
faults_shown(const struct request *r)
{
	const struct resp_fault *f;
	const char *shown = "";

	for (f = r->rs.faults; f; f = f->next)
		shown = arena_printf(r->rq.arena, "%s%s%s:%s", shown, *shown ? " " : "", f->field, f->code);
	return shown;
}

static enum err
read_body(struct request *r, const struct field *table, const char *body, struct input *ret_in)
{
	request_begin(r, 1000);
	r->rq.body = body;
	r->rq.body_len = body ? strlen(body) : 0;
	return fields_body(&r->rq, &r->rs, table, ret_in);
}

static enum err
read_query(struct request *r, const struct field *table, const char *query, struct input *ret_in)
{
	request_begin(r, 1000);
	r->rq.query = query;
	return fields_query(&r->rq, &r->rs, table, ret_in);
}

static void
test_body(void **state)
{
	struct input in = { 0 };
	struct request r;

	(void)state;
	assert_int_equal(
	    read_body(&r, fields,
		      "{\"name\":\"김가방\",\"note\":\"a\\n\\tb\",\"password\":\"correct horse\"}", &in),
	    ERR_VALIDATION_FAILED); /* 13 characters */
	request_end(&r);
	assert_int_equal(
	    read_body(
		&r, fields,
		"{\"name\":\"김가방\",\"note\":\"a\\n\\tb\",\"password\":\"correct hor\","
		"\"email\":\"kim@example.com\",\"born\":\"2024-02-29\","
		"\"id\":\"123E4567-E89B-42D3-A456-426614174ABC\",\"language\":\"en\","
		"\"amount\":9007199254740991,\"cookie\":true,\"interests\":[\"음악\",\"books\"],\"notes\":{\"a\":\"b\",\"c\":7}}",
		&in),
	    OK);
	assert_string_equal(in.name, "김가방");
	assert_string_equal(in.note, "a\n\tb");
	assert_string_equal(in.password, "correct hor");
	assert_string_equal(in.email, "kim@example.com");
	assert_string_equal(in.born, "2024-02-29");
	assert_string_equal(in.id, "123e4567-e89b-42d3-a456-426614174abc");
	assert_string_equal(in.language, "en");
	assert_int_equal(in.amount, 9007199254740991);
	assert_true(in.cookie);
	assert_int_equal(in.interests.n, 2);
	assert_string_equal(in.interests.at[0], "음악");
	assert_string_equal(in.interests.at[1], "books");
	assert_string_equal(in.notes, "{\"a\":\"b\",\"c\":7}");
	request_end(&r);
}

static char left_over[16]; /* what the password's place in the tree held when the tree was released */

/* json-c's, with a look at what it is about to free. */
int
json_object_put(struct json_object *object)
{
	int (*put)(struct json_object *) = (int (*)(struct json_object *))dlsym(RTLD_NEXT, "json_object_put");
	struct json_object *password;

	if (json_object_is_type(object, json_type_object) &&
	    json_object_object_get_ex(object, "password", &password))
		memcpy(left_over, json_object_get_string(password),
		       (size_t)json_object_get_string_len(password));
	return put(object);
}

static void
test_a_secret_is_in_the_arena_only(void **state)
{
	static const char zeros[11];
	struct input in = { 0 };
	struct request r;

	(void)state;
	assert_int_equal(read_body(&r, fields, "{\"password\":\"correct hor\"}", &in), OK);
	assert_string_equal(in.password, "correct hor");
	memset(left_over, 'x', sizeof(left_over));
	request_end(&r);
	assert_memory_equal(left_over, zeros, sizeof(zeros));
	assert_int_equal(left_over[sizeof(zeros)], 'x');
}

static void
test_absent_fields_keep_their_presets(void **state)
{
	static const char *const bodies[] = { NULL, "{}", "{\"note\":null}", "{\"name\":\"abc\"}" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bodies); i++) {
		struct input in = { .note = "preset", .amount = 20, .cookie = true };
		struct request r;

		if (read_body(&r, fields, bodies[i], &in) != OK)
			fail_msg("case %zu", i);
		assert_string_equal(in.note, "preset");
		assert_int_equal(in.amount, 20);
		assert_true(in.cookie);
		assert_null(in.email);
		request_end(&r);
	}
}

static void
test_body_faults(void **state)
{
	static const struct {
		const struct field *table;
		const char *body, *faults;
	} cases[] = {
		{ fields, "{\"name\":\"x\"}", "name:too_short" },
		{ fields, "{\"name\":\"가\"}", "name:too_short" }, /* 3 bytes, 1 character */
		{ fields, "{\"name\":\"가나다라마\"}", "" },	   /* 15 bytes, 5 characters */
		{ fields, "{\"name\":\"가나다라마바\"}", "name:too_long" },
		{ fields, "{\"name\":\"a\\tb\"}", "name:control_characters" },
		{ fields, "{\"name\":\"a\\u0085b\"}", "name:control_characters" },
		{ fields, "{\"name\":\"   \"}", "name:blank" },
		{ fields, "{\"name\":\"\\u202e\\u200b\"}", "name:blank" },
		{ fields, "{\"name\":\"\\u3164\\u3164\"}", "name:blank" },
		{ fields, "{\"name\":\"ab\\u202ec\"}", "name:control_characters" },
		{ fields, "{\"name\":\"  a\"}", "" },
		{ fields, "{\"note\":\"   \"}", "" }, /* may be empty */
		{ fields, "{\"note\":\"\\u200fa\"}", "" },
		{ fields, "{\"password\":\"          \"}", "" },
		{ required, "{\"name\":\"a\",\"note\":\" \\n \"}", "note:blank" },
		{ fields, "{\"interests\":[\" \"]}", "interests[0]:blank" },
		{ fields, "{\"name\":7}", "name:wrong_type" },
		{ fields, "{\"name\":null}", "name:wrong_type" },
		{ fields, "{\"name\":[\"abc\"]}", "name:wrong_type" },
		{ fields, "{\"note\":\"a\\rb\"}", "note:control_characters" },
		{ fields, "{\"password\":\"short\"}", "password:too_short" },
		{ fields, "{\"email\":\"kim\"}", "email:bad_format" },
		{ fields, "{\"email\":false}", "email:wrong_type" },
		{ fields, "{\"born\":\"2023-02-29\"}", "born:bad_format" },
		{ fields, "{\"born\":20240229}", "born:wrong_type" },
		{ fields, "{\"id\":\"123\"}", "id:bad_format" },
		{ fields, "{\"language\":\"fr\"}", "language:not_a_choice" },
		{ fields, "{\"language\":\"\"}", "language:not_a_choice" },
		{ fields, "{\"language\":\"ko|en\"}", "language:not_a_choice" },
		{ fields, "{\"language\":\"k\"}", "language:not_a_choice" },
		{ fields, "{\"amount\":-6}", "amount:too_small" },
		{ fields, "{\"amount\":9007199254740992}", "amount:too_large" },
		{ fields, "{\"amount\":99999999999999999999999}", "amount:too_large" },
		{ fields, "{\"amount\":-99999999999999999999999}", "amount:too_small" },
		{ fields, "{\"amount\":\"7\"}", "amount:wrong_type" },
		{ fields, "{\"amount\":7.0}", "amount:wrong_type" },
		{ fields, "{\"amount\":1e2}", "amount:wrong_type" },
		{ fields, "{\"cookie\":1}", "cookie:wrong_type" },
		{ fields, "{\"cookie\":\"true\"}", "cookie:wrong_type" },
		{ fields, "{\"interests\":\"music\"}", "interests:wrong_type" },
		{ fields, "{\"notes\":[]}", "notes:wrong_type" },
		{ fields, "{\"notes\":{}}", "notes:too_short" },
		{ fields, "{\"notes\":{\"a\":1,\"b\":2,\"c\":3}}", "notes:too_long" },
		{ fields, "{\"notes\":{\"a\":true,\"b\":1.5}}", "notes:wrong_type" },
		{ fields, "{\"notes\":{\"a\":null}}", "notes:wrong_type" },
		{ fields, "{\"notes\":{\"a\":{}}}", "notes:wrong_type" },
		{ fields, "{\"notes\":{\"\":1}}", "notes:too_short" },
		{ fields, "{\"interests\":[]}", "interests:too_short" },
		{ fields, "{\"interests\":[\"a\",\"b\",\"c\",\"d\"]}", "interests:too_long" },
		{ fields, "{\"interests\":[\"a\",\"\",7]}",
		  "interests[1]:too_short interests[2]:wrong_type" },
		{ fields, "{\"interests\":[\"a\\nb\"]}", "interests[0]:control_characters" },
		{ fields, "{\"naem\":\"abc\"}", "naem:unknown_field" },
		{ fields, "{\"Name\":\"abc\"}", "Name:unknown_field" },
		{ fields, "{\"\":\"abc\"}", ":unknown_field" },
		{ fields, "{\"x\":1,\"amount\":\"y\",\"born\":\"z\"}",
		  "x:unknown_field amount:wrong_type born:bad_format" },
		{ fields, "[]", ":wrong_type" },
		{ fields, "null", ":wrong_type" },
		{ fields, "\"name\"", ":wrong_type" },
		{ required, "{}", "name:required note:required" },
		{ required, NULL, "name:required note:required" },
		{ required, "{\"note\":null}", "name:required note:required" },
		{ required, "{\"name\":null,\"note\":\"x\"}", "name:wrong_type" },
		{ required, "{\"name\":\"\",\"other\":1}",
		  "name:too_short other:unknown_field note:required" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct input in = { 0 };
		struct request r;
		enum err e = read_body(&r, cases[i].table, cases[i].body, &in);

		if (e != (*cases[i].faults ? ERR_VALIDATION_FAILED : OK) ||
		    strcmp(faults_shown(&r), cases[i].faults) != 0)
			fail_msg("%s: %s", cases[i].body ? cases[i].body : "(none)", faults_shown(&r));
		request_end(&r);
	}
}

static void
test_malformed_body(void **state)
{
	static const char *const bodies[] = { "{", "", "{\"name\":\"abc\",\"name\":\"abd\"}",
					      "{\"name\":\"\\u0000\"}", "{'a':1}" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bodies); i++) {
		struct input in = { 0 };
		struct request r;

		if (read_body(&r, fields, bodies[i], &in) != ERR_MALFORMED_JSON)
			fail_msg("%s", bodies[i]);
		assert_null(in.name);
		request_end(&r);
	}
}

static void
test_query(void **state)
{
	struct input in = { .amount = 20 };
	struct request r;

	(void)state;
	assert_int_equal(
	    read_query(&r, fields, "name=%EA%B0%80+%2B&&amount=-5&cookie=1&language=ko&note=&n%6Fte", &in),
	    ERR_VALIDATION_FAILED);
	assert_string_equal(faults_shown(&r), "note:repeated_field");
	assert_string_equal(in.name, "가 +");
	assert_int_equal(in.amount, -5);
	assert_true(in.cookie);
	assert_string_equal(in.language, "ko");
	assert_string_equal(in.note, "");
	request_end(&r);
}

static void
test_query_faults(void **state)
{
	static const struct {
		const struct field *table;
		const char *query, *faults;
	} cases[] = {
		{ fields, "", "" },
		{ fields, "&", "" },
		{ fields, "cookie=true", "" },
		{ fields, "cookie=false&amount=0007", "" },
		{ fields, "note=a=b", "" },
		{ fields, "cookie=yes", "cookie:wrong_type" },
		{ fields, "cookie", "cookie:wrong_type" },
		{ fields, "amount=", "amount:wrong_type" },
		{ fields, "amount=-", "amount:wrong_type" },
		{ fields, "amount=+7", "amount:wrong_type" },
		{ fields, "amount=%2B7", "amount:wrong_type" },
		{ fields, "amount=7x", "amount:wrong_type" },
		{ fields, "amount=0x7", "amount:wrong_type" },
		{ fields, "amount=99999999999999999999", "amount:too_large" },
		{ fields, "amount=-99999999999999999999", "amount:too_small" },
		{ fields, "amount=1&amount=1", "amount:repeated_field" },
		{ fields, "interests=music", "interests:wrong_type" },
		{ fields, "name=%0A%0A", "name:control_characters" },
		{ fields, "nmae=abc", "nmae:unknown_field" },
		{ fields, "=abc", ":unknown_field" },
		{ required, "", "name:required note:required" },
		{ required, "name=abc", "note:required" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct input in = { 0 };
		struct request r;
		enum err e = read_query(&r, cases[i].table, cases[i].query, &in);

		if (e != (*cases[i].faults ? ERR_VALIDATION_FAILED : OK) ||
		    strcmp(faults_shown(&r), cases[i].faults) != 0)
			fail_msg("%s: %s", cases[i].query, faults_shown(&r));
		request_end(&r);
	}
}

static void
test_malformed_query(void **state)
{
	static const char *const queries[] = { "name=%",   "name=%4",  "name=%zz", "na%00me=x",
					       "name=%00", "name=%FF", "%C0%80=x" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(queries); i++) {
		struct input in = { 0 };
		struct request r;

		if (read_query(&r, fields, queries[i], &in) != ERR_MALFORMED_REQUEST)
			fail_msg("%s", queries[i]);
		request_end(&r);
	}
}

static void
test_messages(void **state)
{
	static const struct {
		const char *body, *en, *ko;
	} cases[] = {
		{ "{\"name\":\"x\"}", "Length in characters must be at least 2.", "2자 이상이어야 해요." },
		{ "{\"name\":\"abcdef\"}", "Length in characters must be at most 5.", "5자 이하여야 해요." },
		{ "{\"amount\":-6}", "Must be at least -5.", "-5 이상이어야 해요." },
		{ "{\"born\":\"x\"}", "Must be a calendar day, YYYY-MM-DD.",
		  "형식이 맞지 않아요. 필요한 값: 날짜(YYYY-MM-DD)" },
		{ "{\"cookie\":1}", "Must be true or false.",
		  "값의 종류가 달라요. 필요한 값: true 또는 false" },
		{ "{\"language\":\"fr\"}", "Must be one of: ko, en.", "다음 중 하나여야 해요: ko, en" },
		{ "{\"interests\":[]}", "Number of entries must be at least 1.", "1개 이상이어야 해요." },
		{ "{\"interests\":[7]}", "Must be text.", "값의 종류가 달라요. 필요한 값: 문자열" },
		{ "{\"%s%n\":1}", "There is no field of this name here.", "여기에는 없는 항목이에요." },
	};
	size_t i;
	int korean;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (korean = 0; korean < 2; korean++) {
			struct input in = { 0 };
			struct request r;

			request_begin(&r, 1000);
			r.rq.body = cases[i].body;
			r.rq.body_len = strlen(cases[i].body);
			r.rq.korean = korean;
			assert_int_equal(fields_body(&r.rq, &r.rs, fields, &in), ERR_VALIDATION_FAILED);
			assert_string_equal(r.rs.faults->message, korean ? cases[i].ko : cases[i].en);
			request_end(&r);
		}
}

static void
test_secret_is_not_echoed(void **state)
{
	struct input in = { 0 };
	struct request r;

	(void)state;
	assert_int_equal(read_body(&r, fields, "{\"password\":\"hunter2\"}", &in), ERR_VALIDATION_FAILED);
	assert_null(strstr(r.rs.faults->message, "hunter2"));
	assert_null(in.password);
	request_end(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_a_secret_is_in_the_arena_only),
		cmocka_unit_test(test_absent_fields_keep_their_presets),
		cmocka_unit_test(test_body_faults),
		cmocka_unit_test(test_malformed_body),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_faults),
		cmocka_unit_test(test_malformed_query),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_secret_is_not_echoed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
