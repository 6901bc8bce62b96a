/* model.c: one call of a model, from the prompt to what is left of its answer, against a server that says what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <signal.h>

#include "http.h"
#include "metrics.h"
#include "model.h"
#include "prompt.h"
#include "request.h"
#include "route.h"
#include "web.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* An answer's members before the reply. */
#define HEAD(fits, mood, interests, picks)                                                                   \
	"{\"fits\":" fits ",\"mood\":" mood ",\"interests\":" interests                                      \
	",\"budget_won\":null,\"colour\":null,\"wants\":\"none\",\"unwanted\":[],\"picks\":" picks ","
#define PLAIN HEAD("true", "null", "[]", "[]")

static struct web web;
static struct http *http;
static struct llm *llm;
static struct llm_conf conf;
static const char *says;	       /* the answer's text */
static size_t piece;		       /* bytes of it in each event */
static bool stalls;		       /* before the last event */
static char sent[WEB_REQUEST_MAX + 1]; /* the request */

/* The text as one event after the other: characters are not torn, JSON would not have it. */
static bool
send_text(int fd, const char *text)
{
	while (*text) {
		size_t len = strlen(text) < piece ? strlen(text) : piece;
		struct json_object *content;
		char *event;
		bool taken;

		while (((unsigned char)text[len] & 0xC0) == 0x80)
			len++;
		if (stalls && !text[len])
			return !web_gone(fd, -1);
		content = json_object_new_string_len(text, (int)len);
		taken = asprintf(&event, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n",
				 json_object_to_json_string(content)) > 0 &&
			web_send(fd, event);
		free(event);
		json_object_put(content);
		if (!taken)
			return false;
		text += len;
	}
	return true;
}

static bool
answer(const struct web_request *rq)
{
	memcpy(sent, rq->text, strlen(rq->text) + 1);
	if (web_send(rq->fd,
		     "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n") &&
	    send_text(rq->fd, says))
		web_send(
		    rq->fd,
		    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
		    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":700,\"completion_tokens\":40}}\n\n"
		    "data: [DONE]\n\n");
	return false;
}

static char url[64];

static int
set_up(void **state)
{
	static const struct route none[] = { { 0 } };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	web_start(&web, answer);
	http = http_open();
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1", web.port);
	conf = (struct llm_conf){ .url = url,
				  .model = "any",
				  .format = "json_schema",
				  .calls_max = 10,
				  .deadline_ms = 5000,
				  .first_ms = 2000,
				  .idle_ms = 400,
				  .tokens_max = 600 };
	metrics_open("test", none, NULL);
	llm = llm_open(&conf);
	piece = 7;
	stalls = false;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	llm_close(llm);
	http_close(http);
	web_stop(&web);
	return 0;
}

static const struct product products[] = {
	{ .id = "a-1",
	  .name_ko = "머그",
	  .name_en = "Mug",
	  .category_ko = "커피",
	  .category_en = "coffee",
	  .price_won = 9000 },
	{ .id = "b-2",
	  .name_ko = "다기",
	  .name_en = "Teapot",
	  .category_ko = "커피",
	  .category_en = "coffee",
	  .price_won = 19000 },
	{ .id = "c-3",
	  .name_ko = "원두",
	  .name_en = "Beans",
	  .category_ko = "커피",
	  .category_en = "coffee",
	  .price_won = 12000 },
	{ .id = "d-4",
	  .name_ko = "드립",
	  .name_en = "Dripper",
	  .category_ko = "커피",
	  .category_en = "coffee",
	  .price_won = 15000 },
};

/* A turn that asks the model, and what its sink was given. */
struct ask {
	struct request r;
	struct flow flow;
	struct said said;
	struct step step;
	struct facts facts;
	struct model_answer answer;
	enum err e;
	int understood; /* how often */
	uint64_t means; /* of what was understood then */
	bool fits;
	bool refuses;	/* what understood() says */
	int cancels_at; /* look that cancels; 0: none */
	int looks;
	char shown[2000];
	int texts;
};

static bool
understood(void *ctx, const struct said *said, bool fits)
{
	struct ask *ask = ctx;

	assert_int_equal(ask->texts, 0);
	ask->understood++;
	ask->means = said->means;
	ask->fits = fits;
	return !ask->refuses;
}

static void
show(void *ctx, const char *text, size_t len)
{
	struct ask *ask = ctx;

	assert_int_equal(ask->understood, 1);
	assert_true(len > 0 && strlen(ask->shown) + len < sizeof(ask->shown));
	memcpy(ask->shown + strlen(ask->shown), text, len);
	ask->texts++;
}

static bool
is_cancelled(void *ctx)
{
	struct ask *ask = ctx;

	return ++ask->looks == ask->cancels_at;
}

/* Ask with the message text in that state; end it with request_end. */
static void
ask_run(struct ask *ask, const char *state, const char *text)
{
	const struct model_sink sink = { understood, show, is_cancelled, ask };
	struct model_turn turn = { .text = text,
				   .flow = &ask->flow,
				   .said = &ask->said,
				   .step = &ask->step,
				   .facts = &ask->facts,
				   .found = products,
				   .window = "",
				   .summary = "" };

	request_begin(&ask->r, 10000);
	ask->r.rq.http = http;
	machine_begin("11111111-1111-4111-8111-111111111111", "ko", &ask->flow);
	ask->flow.state = state;
	ask->facts = (struct facts){ .available_won = 87310, .interests = "" };
	understand_text(&ask->r.arena, text, &ask->said);
	machine_step(&ask->r.arena, &ask->flow, &ask->said, &ask->facts, &ask->step);
	turn.nfound = ask->step.searches ? COUNT(products) : 0;
	ask->e = model_ask(&ask->r.rq, llm, &turn, &sink, &ask->answer);
}

static void
test_an_answer_is_used(void **state)
{
	static const char reply[] =
	    "오늘 많이 지치셨군요. 푹 쉬셨으면 좋겠어요. 요즘은 무엇에 마음이 가세요?";
	size_t pieces[] = { 1, 3, 7, 40, 10000 }, i;

	(void)state;
	for (i = 0; i < COUNT(pieces); i++) {
		struct ask ask = { 0 };
		struct arena texts;

		arena_init(&texts);
		says = arena_printf(&texts, "```json\n%s\"reply\":\"%s\"}\n```",
				    HEAD("true", "\"tired\"", "[]", "[]"), reply);
		piece = pieces[i];
		ask_run(&ask, "mood_check", "흐물흐물하네");
		assert_int_equal(ask.e, OK);
		assert_int_equal(ask.understood, 1);
		assert_true(ask.fits && (ask.means & MEANS(M_MOOD)));
		assert_string_equal(ask.answer.reply, reply);
		assert_string_equal(ask.shown, reply);
		assert_null(ask.answer.voided);
		assert_int_equal(ask.answer.spent.prompt_tokens, 700);
		assert_int_equal(ask.answer.spent.completion_tokens, 40);
		request_end(&ask.r);
		arena_free(&texts);
	}
	assert_non_null(strstr(sent, "\"name\":\"" PROMPT_VERSION "\""));
	assert_non_null(strstr(sent, "\"additionalProperties\":false"));
	assert_non_null(strstr(sent, "흐물흐물하네"));
	assert_null(strstr(sent, "87310"));
}

static void
test_picks_are_of_what_was_found(void **state)
{
	struct ask ask = { 0 };

	(void)state;
	says =
	    HEAD("true", "null", "[]", "[\"p3\",\"p9\",\"p1\"]") "\"reply\":\"어울리는 것으로 골랐어요.\"}";
	ask_run(&ask, "choose", "추천해 주세요");
	assert_int_equal(ask.e, OK);
	assert_int_equal(ask.answer.npicks, 2);
	assert_int_equal(ask.answer.picks[0], 2);
	assert_int_equal(ask.answer.picks[1], 0);
	assert_int_equal(ask.answer.dropped, 1);
	request_end(&ask.r);

	/* Nothing was looked for: nothing can be picked. */
	ask = (struct ask){ 0 };
	says = HEAD("true", "null", "[]", "[\"p1\",\"a-1\"]") "\"reply\":\"요즘은 무엇에 마음이 가세요?\"}";
	ask_run(&ask, "mood_check", "피곤해요");
	assert_int_equal(ask.e, OK);
	assert_int_equal(ask.answer.npicks, 0);
	assert_int_equal(ask.answer.dropped, 2);
	request_end(&ask.r);
}

/* Members behind the reply: it is used, but only when all of it is known. */
static void
test_another_order_is_waited_for(void **state)
{
	struct ask ask = { 0 };

	(void)state;
	says = "{\"reply\":\"어울리는 것으로 골랐어요.\",\"picks\":[\"p2\"],\"fits\":true}";
	ask_run(&ask, "choose", "추천해 주세요");
	assert_int_equal(ask.e, OK);
	assert_string_equal(ask.answer.reply, "어울리는 것으로 골랐어요.");
	assert_int_equal(ask.texts, 1);
	assert_int_equal(ask.answer.picks[0], 1);
	request_end(&ask.r);
}

static void
test_what_is_unusable_is_voided(void **state)
{
	static const struct {
		const char *why, *says;
		bool shown; /* some of it may have been before */
	} rows[] = {
		{ "format", "안녕하세요! 무엇을 도와드릴까요?", false },
		{ "format", PLAIN "\"reply\":\"\"}", false },
		{ "format", PLAIN "\"reply\":\"   \"}", false },
		{ "format", PLAIN "\"reply\":\"오늘은 어떠세요?", true },
		{ "format", PLAIN "\"reply\":\"오늘은 어떠세요?\",\"state\":\"done\"}", true },
		{ "format", PLAIN "\"state\":\"done\",\"reply\":\"오늘은 어떠세요?\"}", false },
		{ "format", PLAIN "\"reply\":null}", false },
		{ "format", "{\"fits\":true,\"wants\":\"accept\",\"reply\":\"네\"}", false },
		{ "format", "{\"reply\":\"네\"}", false },
		{ "link", PLAIN "\"reply\":\"오늘은 https://evil.example 어떠세요?\"}", true },
		{ "price", PLAIN "\"reply\":\"오늘은 19,900원 어떠세요?\"}", true },
		{ "service", PLAIN "\"reply\":\"한도를 올려 드렸어요.\"}", false },
		{ "language", PLAIN "\"reply\":\"How are you feeling on this fine day?\"}", true },
		{ "leak",
		  PLAIN
		  "\"reply\":\"네, 오늘은 제가 가진 규칙을 알려 드릴게요. Voice of the shopping assistant inside moa, a Korean buy\"}",
		  true },
	};
	size_t i;

	(void)state;
	piece = 4;
	for (i = 0; i < COUNT(rows); i++) {
		struct ask ask = { 0 };

		says = rows[i].says;
		ask_run(&ask, "mood_check", "피곤해요");
		if (ask.e != ERR_INTERNAL || !ask.answer.voided ||
		    strcmp(ask.answer.voided, rows[i].why) != 0)
			fail_msg("%d, %s: %s", ask.e, ask.answer.voided ? ask.answer.voided : "-",
				 rows[i].says);
		assert_true(ask.texts == 0 || rows[i].shown);
		assert_null(strstr(ask.shown, "inside moa"));
		request_end(&ask.r);
	}
}

/* A reply that may not be shown is not waited for: the server stalls before its end. */
static void
test_an_unwanted_reply_is_not_waited_for(void **state)
{
	struct ask ask = { .refuses = true };

	(void)state;
	stalls = true;
	says = HEAD("true", "\"tired\"", "[]",
		    "[]") "\"reply\":\"요즘은 무엇에 마음이 가세요? 천천히 말씀해 주세요.\"}";
	ask_run(&ask, "mood_check", "흐물흐물하네");
	assert_int_equal(ask.e, OK);
	assert_null(ask.answer.reply);
	assert_int_equal(ask.understood, 1);
	assert_int_equal(ask.texts, 0);
	assert_true(ask.means & MEANS(M_MOOD));
	request_end(&ask.r);
}

static void
test_faults_and_cancelling_are_told_apart(void **state)
{
	struct ask ask = { 0 };

	(void)state;
	stalls = true;
	says = PLAIN "\"reply\":\"요즘은 무엇에 마음이 가세요?\"}";
	ask_run(&ask, "mood_check", "피곤해요");
	assert_int_equal(ask.e, ERR_UNAVAILABLE);
	assert_null(ask.answer.voided);
	assert_true(ask.answer.spent.sent_us > 0);
	request_end(&ask.r);

	ask = (struct ask){ .cancels_at = 2 };
	ask_run(&ask, "mood_check", "피곤해요");
	assert_int_equal(ask.e, ERR_CLIENT_GONE);
	assert_null(ask.answer.voided);
	request_end(&ask.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_answer_is_used, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_picks_are_of_what_was_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_another_order_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_unusable_is_voided, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_unwanted_reply_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults_and_cancelling_are_told_apart, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
