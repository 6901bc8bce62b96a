/* The state of a chatbot process: its model, its limits, and what it counts. */
#include <stddef.h>
#include <stdlib.h>

#include "chatbot.h"

enum { DAY_S = 24 * 3600 };

struct chatbot_conf chatbot_conf;
atomic_int chatbot_streams;

const struct conf_row chatbot_conf_rows[] = {
	LLM_CONF(offsetof(struct chatbot_conf, llm)),
	NAVER_CONF(offsetof(struct chatbot_conf, naver)),
	{ "MOA_CHAT_TOKENS_DAY", CONF_INT, offsetof(struct chatbot_conf, tokens), 0, 100000000, "200000",
	  "tokens of the model per customer and day; beyond, the house answers" },
	{ 0 },
};

#define FALLBACKS "moa_chat_fallbacks_total"

struct metric chatbot_metrics[] = {
	[METRIC_TURNS_LLM] = { "moa_chat_turns_total", "engine=\"llm\"",
			       "Turns answered, by who found the words." },
	[METRIC_TURNS_HOUSE] = { "moa_chat_turns_total", "engine=\"house\"", NULL },
	[METRIC_REPLAYED] = { "moa_chat_replays_total", NULL,
			      "Messages that came again and got the stored turn." },
	[METRIC_REBUILT] = { "moa_chat_rebuilds_total", NULL,
			     "Flows that Redis lacked or had another version of." },
	[METRIC_OVERTAKEN] = { "moa_chat_overtaken_total", NULL,
			       "Turns that another had overtaken, and that were decided again." },
	[METRIC_NOT_PUT] = { "moa_chat_not_put_total", NULL,
			     "Turns committed whose flow could not be written back." },
	[METRIC_CANCELLED] = { "moa_chat_cancelled_total", NULL, "Turns their customer has stopped." },
	[METRIC_FALLBACK_FAILED] = { FALLBACKS, "reason=\"failed\"",
				     "Turns the model was asked for and the house has answered." },
	[METRIC_FALLBACK_BUSY] = { FALLBACKS, "reason=\"busy\"", NULL },
	[METRIC_FALLBACK_LEFT] = { FALLBACKS, "reason=\"left\"", NULL },
	[METRIC_FALLBACK_VOIDED] = { FALLBACKS, "reason=\"voided\"", NULL },
	[METRIC_FALLBACK_BESIDE] = { FALLBACKS, "reason=\"beside\"", NULL },
	[METRIC_DROPPED] = { "moa_chat_dropped_products_total", NULL,
			     "Products the model named that were not among those found." },
	{ 0 },
};

#define WHOLE "moa_chat_turn_seconds"
#define PART  "moa_chat_turn_part_seconds"

struct histogram chatbot_times[] = {
	[TIME_TURN_LLM] = { WHOLE, "engine=\"llm\"", "Turns, from the request to the last event." },
	[TIME_TURN_HOUSE] = { WHOLE, "engine=\"house\"", NULL },
	[TIME_QUEUE] = { PART, "part=\"queue\"",
			 "Parts of a turn: waiting for a connection, store (PostgreSQL and Redis), search, and what the "
			 "program adds before the model is asked and from its words' arrival to their departure." },
	[TIME_STORE] = { PART, "part=\"store\"", NULL },
	[TIME_SEARCH] = { PART, "part=\"search\"", NULL },
	[TIME_BEFORE] = { PART, "part=\"before\"", NULL },
	[TIME_TOKEN] = { PART, "part=\"token\"", NULL },
	{ 0 },
};

static int64_t
gauge_streams(const void *unused)
{
	(void)unused;
	return atomic_load(&chatbot_streams);
}

void *
chatbot_open(void)
{
	struct chatbot *chatbot = calloc(1, sizeof(*chatbot));

	if (!chatbot)
		abort();
	chatbot->llm = llm_open(&chatbot_conf.llm);
	chatbot->naver = naver_open(&chatbot_conf.naver);
	product_metrics();
	chatbot->tokens =
	    (struct limit){ .name = "chat-tokens", .max = (int)chatbot_conf.tokens, .window_s = DAY_S };
	metrics_histograms(chatbot_times);
	metrics_gauge("moa_chat_streams", "Streams of events open now.", gauge_streams, NULL);
	return chatbot;
}

void
chatbot_close(void *domain)
{
	struct chatbot *chatbot = domain;

	naver_close(chatbot->naver);
	llm_close(chatbot->llm);
	free(chatbot);
}
