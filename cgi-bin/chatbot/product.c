/*
 * A product in its forms: a row of the catalog, JSON kept between turns, JSON for the client.  How products are found
 * is product_find.c's business, which three are shown is decided in pick.c.
 */
#include <stddef.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "chatbot.h"
#include "json.h"
#include "out.h"

void
product_read(const struct db_result *res, int row, struct product *ret_product)
{
	*ret_product = (struct product){
		.id = db_str(res, row, "id"),
		.name_ko = db_str(res, row, "name_ko"),
		.name_en = db_str(res, row, "name_en"),
		.brand = db_str(res, row, "brand"),
		.category = db_str(res, row, "category"),
		.category_ko = db_str(res, row, "category_ko"),
		.category_en = db_str(res, row, "category_en"),
		.colour = db_str(res, row, "colour"),
		.price_won = db_num(res, row, "price_won"),
		.mall = db_str(res, row, "mall"),
		.url = db_str(res, row, "url"),
		.image_url = db_str(res, row, "image_url"),
		.reason_ko = db_str(res, row, "reason_ko"),
		.reason_en = db_str(res, row, "reason_en"),
	};
}

/* The texts of a product as members of its JSON. */
static const struct {
	const char *name;
	size_t offset;
	bool required;
} texts[] = {
	{ "id", offsetof(struct product, id), true },
	{ "name_ko", offsetof(struct product, name_ko), true },
	{ "name_en", offsetof(struct product, name_en), true },
	{ "brand", offsetof(struct product, brand), true },
	{ "category", offsetof(struct product, category), true },
	{ "category_ko", offsetof(struct product, category_ko), true },
	{ "category_en", offsetof(struct product, category_en), true },
	{ "colour", offsetof(struct product, colour), false },
	{ "mall", offsetof(struct product, mall), true },
	{ "url", offsetof(struct product, url), true },
	{ "image_url", offsetof(struct product, image_url), true },
	{ "reason_ko", offsetof(struct product, reason_ko), true },
	{ "reason_en", offsetof(struct product, reason_en), true },
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

const char *
product_list_json(struct arena *a, const struct product *products, int n)
{
	struct json_object *list = out_array(a);
	size_t t;
	int i;

	for (i = 0; i < n; i++) {
		const struct product *p = &products[i];
		struct json_object *object = out_object_in(list, NULL);

		for (t = 0; t < TEXTS; t++)
			out_str(object, texts[t].name,
				*(const char *const *)((const char *)p + texts[t].offset));
		out_num(object, "price_won", p->price_won);
		out_num(object, "fit", p->fit);
		out_num(object, "score", (int64_t)(p->score * 1e6));
	}
	return out_text(list);
}

/* The product that object tells of.  False if it lacks what a product must have. */
static bool
product_of(struct json_object *object, struct product *ret_product)
{
	struct product p = { .price_won = json_member_i64(object, "price_won", 0),
			     .fit = (int)json_member_i64(object, "fit", 0),
			     .score = (double)json_member_i64(object, "score", 0) / 1e6 };
	size_t t;

	for (t = 0; t < TEXTS; t++) {
		const char *text = json_member_text(object, texts[t].name);

		if (!text && texts[t].required)
			return false;
		*(const char **)((char *)&p + texts[t].offset) = text;
	}
	*ret_product = p;
	return p.price_won > 0;
}

int
product_list_read(struct arena *a, const char *json, struct product *ret_products, int max)
{
	struct json_object *list = NULL;
	size_t i;
	int n = 0;

	if (!json || json_read(a, json, strlen(json), &list) || !json_object_is_type(list, json_type_array))
		return 0;
	for (i = 0; i < json_object_array_length(list) && n < max; i++) {
		struct json_object *object = json_object_array_get_idx(list, i);

		if (json_object_is_type(object, json_type_object) && product_of(object, &ret_products[n]))
			n++;
	}
	return n;
}

void
product_put(struct json_object *in, struct arena *a, const struct product *p, int rank,
	    const struct flow *flow)
{
	struct json_object *out = out_object_in(in, NULL);
	bool korean = strcmp(flow->language, "ko") == 0;

	out_num(out, "rank", rank);
	out_str(out, "product_id", p->id);
	out_str(out, "name", korean ? p->name_ko : p->name_en);
	out_num(out, "price_won", p->price_won);
	out_str(out, "image_url", p->image_url);
	out_str(out, "url", p->url);
	out_str(out, "category", korean ? p->category_ko : p->category_en);
	out_str(out, "mall", p->mall);
	out_str(out, "reason", pick_reason(a, p, flow));
	out_bool(out, "affordable", true);
}
