/* The data of the prompt: what customers, shops and earlier turns have written, masked and cut to size. */
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "json.h"
#include "letter.h"
#include "list.h"
#include "mask.h"
#include "model.h"
#include "out.h"
#include "prompt.h"
#include "window.h"

/* Characters of one text. */
enum { MESSAGE_MAX = 1000, SUMMARY_MAX = 700, EARLIER_MAX = 1000, NAME_MAX = 80, WORD_MAX = 40 };
enum { INTERESTS_MAX = 10, EARLIER_COUNT = 40, LONG_NUMBER = 7, PRICE_NUMBER = 3 };

/* How much of what may grow goes in; halved until all of it fits. */
struct portion {
	int earlier, products;
	bool summary;
};

/* In words, so that no amount is told, and none can be repeated. */
static const char *
band_of(int64_t won)
{
	static const struct {
		int64_t below_won;
		const char *name;
	} bands[] = {
		{ 1, "nothing" },    { 10000, "very low" }, { 25000, "low" },
		{ 50000, "middle" }, { 100000, "high" },    { INT64_MAX, "very high" },
	};
	int i;

	for (i = 0; won >= bands[i].below_won; i++)
		;
	return bands[i].name;
}

/* The first max characters of text. */
static char *
cut(struct arena *a, const char *text, int max)
{
	const char *end = text;

	for (; *end && max > 0; max--)
		letter_next(&end);
	return arena_strndup(a, text, (size_t)(end - text));
}

/* What somebody wrote, as it may be told. */
static const char *
masked(struct arena *a, const char *text, int max, int digits_min)
{
	return mask_numbers(a, mask_text(a, cut(a, text, max)), digits_min);
}

/* The newest turns before this one, oldest first.  The assistant's own words tell prices and the limit: those are masked. */
static void
put_earlier(struct json_object *in, struct arena *a, const char *window, int max)
{
	struct json_object *turns, *list = out_array_in(in, "earlier");
	size_t i, n, newest;

	if (json_read(a, window, strlen(window), &turns) || !json_object_is_type(turns, json_type_array))
		return;
	n = json_object_array_length(turns);
	newest = window_newest(turns);
	for (i = n - newest > (size_t)max ? n - (size_t)max : newest; i < n; i++) {
		struct json_object *turn = json_object_array_get_idx(turns, i), *out;
		const char *text = json_member_text(turn, "text");
		bool customer = json_member_is(turn, "role", "customer");

		if (!text)
			continue;
		out = out_object_in(list, NULL);
		out_str(out, "from", customer ? "customer" : "assistant");
		out_str(out, "text", masked(a, text, EARLIER_MAX, customer ? LONG_NUMBER : PRICE_NUMBER));
	}
}

static void
put_interests(struct json_object *in, struct arena *a, const char *interests)
{
	struct json_object *list = out_array_in(in, "profile_interests");
	const char *word;
	int n = 0;

	for (word = list_next(a, &interests); word && n < INTERESTS_MAX; word = list_next(a, &interests), n++)
		out_str(list, NULL, masked(a, word, WORD_MAX, LONG_NUMBER));
}

static void
put_product(struct json_object *list, struct arena *a, const struct product *p, int number, bool korean)
{
	struct json_object *out = out_object_in(list, NULL);
	const char *name = korean ? p->name_ko : p->name_en;
	const char *category = korean ? p->category_ko : p->category_en;

	out_str(out, "id", arena_printf(a, "p%d", number));
	out_str(out, "name", masked(a, name ? name : "", NAME_MAX, LONG_NUMBER));
	out_str(out, "category", masked(a, category ? category : "", WORD_MAX, LONG_NUMBER));
	out_str(out, "colour", p->colour);
	out_str(out, "price", band_of(p->price_won));
}

/* The user's message: the data as one JSON object, as text. */
static const char *
data(struct arena *a, const struct model_turn *turn, const struct portion *portion)
{
	struct json_object *all = out_object(a), *list;
	bool korean = strcmp(turn->step->flow.language, "ko") == 0;
	int i;

	put_earlier(all, a, turn->window, portion->earlier);
	if (portion->summary && *turn->summary)
		out_str(all, "summary", masked(a, turn->summary, SUMMARY_MAX, PRICE_NUMBER));
	put_interests(all, a, turn->facts->interests);
	out_str(all, "mood_so_far", *turn->step->flow.mood ? turn->step->flow.mood : NULL);
	out_str(all, "can_spend", band_of(turn->facts->available_won));
	list = out_array_in(all, "products");
	for (i = 0; i < turn->nfound && i < portion->products; i++)
		put_product(list, a, &turn->found[i], i + 1, korean);
	out_str(all, "customer_message", masked(a, turn->text, MESSAGE_MAX, LONG_NUMBER));
	return out_text(all);
}

static const char *
messages(struct arena *a, const char *system, const char *user)
{
	struct json_object *list = out_array(a), *message = out_object_in(list, NULL);

	out_str(message, "role", "system");
	out_str(message, "content", system);
	message = out_object_in(list, NULL);
	out_str(message, "role", "user");
	out_str(message, "content", user);
	return out_text(list);
}

const char *
prompt_messages(struct arena *a, const struct model_turn *turn, const char *system)
{
	struct portion portion = { .earlier = EARLIER_COUNT,
				   .products = PROMPT_PRODUCTS_MAX,
				   .summary = true };
	const char *text = messages(a, system, data(a, turn, &portion));

	while (strlen(text) > PROMPT_BYTES_MAX && portion.earlier + portion.products > 0) {
		if (portion.earlier > 0)
			portion.earlier /= 2;
		else if (portion.summary)
			portion.summary = false;
		else
			portion.products /= 2;
		text = messages(a, system, data(a, turn, &portion));
	}
	return text;
}
