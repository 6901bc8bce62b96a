/*
 * Products as Naver's search tells of them: from its answer, where nothing is taken on trust, and to Redis and back.
 * Pure; the calling is naver.c's.
 */
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "hangul.h"
#include "invisible.h"
#include "json.h"
#include "markup.h"
#include "naver.h"
#include "out.h"
#include "utterance.h"

enum { NAME_MAX = 40, LINK_MAX = 1000, ID_DIGITS_MAX = 20, PRICE_DIGITS_MAX = 9, TYPE_NEW_MAX = 3 };

/* Naver as a seller: its comparison of the prices of many. */
static const char comparison[] = "네이버";

/* The digits of text as a number; -1 if there is anything else, a zero in front, or too many. */
static int64_t
strict_number(const char *text, size_t digits_max)
{
	size_t len = text ? strlen(text) : 0, i;
	int64_t n = 0;

	if (len == 0 || len > digits_max || (text[0] == '0' && len > 1) || strspn(text, "0123456789") != len)
		return -1;
	for (i = 0; i < len; i++)
		n = n * 10 + (text[i] - '0');
	return n;
}

/* A member that is digits, in quotes as a rule. */
static int64_t
number_member(struct json_object *item, const char *name)
{
	const char *text = json_member_text(item, name);

	return text ? strict_number(text, PRICE_DIGITS_MAX) : json_member_i64(item, name, -1);
}

static const char *
plain_member(struct arena *a, struct json_object *item, const char *name, size_t max)
{
	const char *text = json_member_text(item, name);

	return text ? markup_plain(a, text, max) : "";
}

/* "https://" and the name of a server, with nothing in it that a reader could take for something else. */
static bool
is_https(const char *url)
{
	static const char host_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *host = url + strlen("https://"), *c;
	size_t len;

	if (strncmp(url, "https://", strlen("https://")) != 0 || strlen(url) > LINK_MAX)
		return false;
	len = strspn(host, host_chars);
	if (len == 0 || host[0] == '.' || host[0] == '-' || !memchr(host, '.', len) ||
	    !strchr("/?", host[len]))
		return false;
	for (c = host; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return false;
	return true;
}

/* A link that may be followed; NULL if it may not. */
static const char *
link_member(struct arena *a, struct json_object *item, const char *name)
{
	/* "&amp;" is how some of them spell "&". */
	const char *url = plain_member(a, item, name, LINK_MAX + 1);

	return is_https(url) ? url : NULL;
}

/* The finest of its four categories. */
static const char *
category_of(struct arena *a, struct json_object *item)
{
	static const char *const levels[] = { "category4", "category3", "category2", "category1" };
	const char *name = "";
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]) && !*name; i++)
		name = plain_member(a, item, levels[i], NAME_MAX);
	return name;
}

/* The colour the title names; NULL if none. */
static const char *
colour_of(struct arena *a, const char *title)
{
	const struct colour *row;
	struct utterance u;
	struct span span;

	utterance_read(a, title, &u);
	for (row = words_colours; row->code; row++)
		if (utterance_find(&u, row->ko, 0, &span) || utterance_find(&u, row->en, 0, &span))
			return row->code;
	return NULL;
}

/* Why one might want it: what is known of it, and nothing else. */
static void
give_reason(struct arena *a, struct product *p)
{
	bool compared = strcmp(p->mall, comparison) == 0;
	const char *ko = compared ? " 네이버 가격 비교의 최저가예요." : "";
	const char *en = compared ? " Its price is the lowest in Naver's comparison." : "";

	if (*p->brand && *p->category) {
		p->reason_ko = arena_printf(a, "%s의 %s 상품이에요.%s", p->brand, p->category, ko);
		p->reason_en = arena_printf(a, "By %s, listed under %s.%s", p->brand, p->category, en);
	} else if (*p->category) {
		p->reason_ko = arena_printf(a, "%s 상품이에요.%s", p->category, ko);
		p->reason_en = arena_printf(a, "Listed under %s.%s", p->category, en);
	} else {
		p->reason_ko = arena_printf(a, "%s에서 파는 상품이에요.%s", p->mall, ko);
		p->reason_en = arena_printf(a, "Sold by %s.%s", p->mall, en);
	}
}

/* What follows from the rest of a product. */
static void
complete(struct arena *a, struct product *p)
{
	p->name_en = p->name_ko;
	p->category_ko = p->category_en = p->category;
	give_reason(a, p);
}

/* The product of an item.  False if it is used, gone, to come, or not fit to be shown. */
static bool
item_read(struct arena *a, struct json_object *item, struct product *ret_product)
{
	const char *id = json_member_text(item, "productId"),
		   *brand = plain_member(a, item, "brand", NAME_MAX);
	int64_t type = number_member(item, "productType"), price_won = number_member(item, "lprice");
	struct product p = { .price_won = price_won };

	if (type < 1 || type > TYPE_NEW_MAX || price_won <= 0 || !id || !*id || strlen(id) > ID_DIGITS_MAX ||
	    strspn(id, "0123456789") != strlen(id))
		return false;
	p.id = arena_printf(a, NAVER_ID "%s", id);
	p.name_ko = plain_member(a, item, "title", NAVER_TITLE_MAX);
	p.url = link_member(a, item, "link");
	p.image_url = link_member(a, item, "image");
	if (!p.url || !p.image_url || invisible_only(p.name_ko))
		return false;
	p.brand = *brand ? brand : plain_member(a, item, "maker", NAME_MAX);
	p.category = category_of(a, item);
	p.mall = plain_member(a, item, "mallName", NAME_MAX);
	if (!*p.mall)
		p.mall = comparison;
	p.colour = colour_of(a, p.name_ko);
	complete(a, &p);
	*ret_product = p;
	return true;
}

static bool
is_known(const struct product *products, int n, const char *id)
{
	while (n-- > 0)
		if (strcmp(products[n].id, id) == 0)
			return true;
	return false;
}

int
naver_items(struct arena *a, const char *body, size_t len, struct product ret_products[NAVER_MAX])
{
	struct json_object *answer = NULL, *items;
	size_t i;
	int n = 0;

	if (json_read(a, body, len, &answer) || !json_object_is_type(answer, json_type_object))
		return -1;
	items = json_object_object_get(answer, "items");
	if (!json_object_is_type(items, json_type_array))
		return -1;
	for (i = 0; i < json_object_array_length(items) && n < NAVER_MAX; i++) {
		struct json_object *item = json_object_array_get_idx(items, i);

		if (json_object_is_type(item, json_type_object) && item_read(a, item, &ret_products[n]) &&
		    !is_known(ret_products, n, ret_products[n].id))
			n++;
	}
	return n;
}

/* A product in Redis is an array: these texts, then the price.  The rest follows from them. */
enum {
	KEPT_ID,
	KEPT_TITLE,
	KEPT_BRAND,
	KEPT_CATEGORY,
	KEPT_COLOUR,
	KEPT_MALL,
	KEPT_URL,
	KEPT_IMAGE,
	KEPT_PRICE,
	KEPT__MAX
};

static const char *
keep_one(struct arena *a, const struct product *p)
{
	struct json_object *kept = out_array(a);

	out_str(kept, NULL, p->id + strlen(NAVER_ID));
	out_str(kept, NULL, p->name_ko);
	out_str(kept, NULL, p->brand);
	out_str(kept, NULL, p->category);
	out_str(kept, NULL, p->colour ? p->colour : "");
	out_str(kept, NULL, p->mall);
	out_str(kept, NULL, p->url);
	out_str(kept, NULL, p->image_url);
	out_num(kept, NULL, p->price_won);
	return out_text(kept);
}

const char *
naver_keep(struct arena *a, const struct product *products, int n)
{
	struct json_object *kept = out_array(a);
	size_t size = strlen("[]");
	int i;

	for (i = 0; i < n; i++) {
		const char *one = keep_one(a, &products[i]);

		size += strlen(one) + 1;
		if (size > NAVER_CACHE_MAX)
			break;
		out_json(kept, NULL, one);
	}
	return out_text(kept);
}

static bool
kept_read(struct arena *a, struct json_object *kept, struct product *ret_product)
{
	const char *texts[KEPT_PRICE];
	int i;

	if (!json_object_is_type(kept, json_type_array) || json_object_array_length(kept) != KEPT__MAX)
		return false;
	for (i = 0; i < KEPT_PRICE; i++) {
		struct json_object *text = json_object_array_get_idx(kept, (size_t)i);

		if (!json_object_is_type(text, json_type_string))
			return false;
		texts[i] = json_object_get_string(text);
	}
	*ret_product = (struct product){
		.id = arena_printf(a, NAVER_ID "%s", texts[KEPT_ID]),
		.name_ko = texts[KEPT_TITLE],
		.brand = texts[KEPT_BRAND],
		.category = texts[KEPT_CATEGORY],
		.colour = *texts[KEPT_COLOUR] ? texts[KEPT_COLOUR] : NULL,
		.mall = texts[KEPT_MALL],
		.url = texts[KEPT_URL],
		.image_url = texts[KEPT_IMAGE],
		.price_won = json_object_get_int64(json_object_array_get_idx(kept, KEPT_PRICE)),
	};
	complete(a, ret_product);
	return ret_product->price_won > 0;
}

int
naver_kept(struct arena *a, const char *json, struct product ret_products[NAVER_MAX])
{
	struct json_object *list = NULL;
	size_t i;
	int n = 0;

	if (json_read(a, json, strlen(json), &list) || !json_object_is_type(list, json_type_array))
		return -1;
	for (i = 0; i < json_object_array_length(list) && n < NAVER_MAX; i++)
		n += kept_read(a, json_object_array_get_idx(list, i), &ret_products[n]);
	return n;
}
