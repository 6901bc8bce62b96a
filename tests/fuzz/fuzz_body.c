/* JSON bodies: json_read on the very bytes, then the same as the body of a request. */
#include <json-c/json.h>

#include "fuzz.h"
#include "json.h"
#include "out.h"
#include "request.h"

/* What is JSON here is JSON to others too: written out and read again, it is the same. */
static void
check_round_trip(struct arena *a, struct json_object *value)
{
	struct json_object *again = NULL;
	const char *text = out_text(value);

	CHECK(json_read(a, text, strlen(text), &again) == OK);
	CHECK(json_object_equal(value, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *value = NULL;
	struct input in = { 0 };
	struct request r;
	enum err read, e;

	request_begin(&r, 1000);
	read = json_read(&r.arena, (const char *)data, size, &value);
	CHECK(read == OK || read == ERR_MALFORMED_JSON);
	if (value)
		check_round_trip(&r.arena, value);
	r.rq.body = (const char *)data;
	r.rq.body_len = size;
	r.rq.korean = size % 2;
	e = fields_body(&r.rq, &r.rs, input_fields, &in);
	CHECK((e == ERR_MALFORMED_JSON) == (read == ERR_MALFORMED_JSON));
	CHECK((e == ERR_VALIDATION_FAILED) == (r.rs.faults != NULL));
	input_check(&in);
	/* Faults are told in the caller's own words: the document must be JSON whatever those were. */
	if (e) {
		resp_problem(&r.rs, &r.rq, e);
		CHECK(json_read(&r.arena, r.rs.body, r.rs.body_len, &value) == OK);
	}
	request_end(&r);
	return 0;
}
