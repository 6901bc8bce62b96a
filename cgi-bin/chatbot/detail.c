/* An answer's buttons, products and whereabouts as JSON. */
#include "answer.h"
#include "chatbot.h"
#include "detail.h"
#include "out.h"

static void
put_products(struct json_object *list, struct arena *a, const struct answer *answer)
{
	int i;

	for (i = 0; i < answer->nshown; i++)
		product_put(list, a, &answer->shown[i], i + 1, &answer->step.flow);
}

const char *
detail_products(struct arena *a, const struct answer *answer)
{
	struct json_object *list = out_array(a);

	put_products(list, a, answer);
	return out_text(list);
}

const char *
detail_json(struct arena *a, const struct answer *answer)
{
	const struct step *step = &answer->step;
	struct json_object *detail = out_object(a), *list;
	const char *const *choice;

	out_str(detail, "state", step->flow.state);
	list = out_array_in(detail, "choices");
	for (choice = choices_after(step->say, &step->flow); *choice; choice++)
		out_str(list, NULL, *choice);
	put_products(out_array_in(detail, "products"), a, answer);
	out_str(detail, "engine", answer->engine);
	out_str(detail, "outcome", *step->flow.outcome ? step->flow.outcome : NULL);
	out_str(detail, "link", say_link(step));
	return out_text(detail);
}
