/* Merchants, for administrators: who sells, and with which keys.  A key is told once; only its hash is kept. */
#include <stddef.h>

#include "arena.h"
#include "fields.h"
#include "out.h"
#include "page.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

enum { KEY_BYTES = 32, NAME_MAX = 80, DAY_S = 24 * 3600, OVERLAP_MAX_S = 30 * DAY_S };

/* GET /merchants?cursor=&limit= -> 200 {items: [{id, name, created_at, keys}], next_cursor}, newest first. */
enum err
merchant_list(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, PAY_MERCHANTS, DB_ARGS(db_text(rq->user)));
}

static const char *
key_make(const struct req *rq)
{
	return arena_printf(rq->arena, "msk_%s", text_token(rq->arena, KEY_BYTES));
}

/* The merchant in the first row, and the key that has just been made. */
static enum err
reply_with_key(const struct req *rq, struct resp *rs, int status, const struct db_result *res,
	       const char *key)
{
	struct json_object *reply = out_object(rq->arena);

	if (db_str(res, 0, "code"))
		return err_from_code(db_str(res, 0, "code"));
	out_str(reply, "id", db_str(res, 0, "id"));
	out_str(reply, "name", db_str(res, 0, "name"));
	out_str(reply, "created_at", db_str(res, 0, "created_at"));
	out_json(reply, "keys", db_str(res, 0, "keys"));
	out_str(reply, "key", key);
	return resp_json(rs, status, reply);
}

struct create_in {
	const char *name;
};

static const struct field create_fields[] = {
	{ "name", F_LINE, offsetof(struct create_in, name), 1, NAME_MAX, F_REQUIRED },
	{ 0 },
};

/* POST /merchants {name} -> 201 {id, name, created_at, keys, key}. */
enum err
merchant_create(const struct req *rq, struct resp *rs)
{
	const char *key = key_make(rq);
	struct create_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, create_fields, &in);
	if (e)
		return e;
	e = db_run(rq, PAY_ADD_MERCHANT,
		   DB_ARGS(db_text(rq->user), db_text(in.name), pay_hash(rq->arena, key)), &res);
	return e ? e : reply_with_key(rq, rs, 201, &res, key);
}

struct rotate_in {
	int64_t overlap_s;
};

static const struct field rotate_fields[] = {
	{ "overlap_s", F_I64, offsetof(struct rotate_in, overlap_s), 0, OVERLAP_MAX_S },
	{ 0 },
};

/* POST /merchants/:id/rotate_key {overlap_s?} -> 201 {id, name, created_at, keys, key}; the old keys count so much longer. */
enum err
merchant_rotate(const struct req *rq, struct resp *rs)
{
	const char *key = key_make(rq);
	struct rotate_in in = { .overlap_s = DAY_S };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, rotate_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, PAY_ROTATE_KEY,
		   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), pay_hash(rq->arena, key),
			   db_i64(rq, in.overlap_s)),
		   &res);
	return e ? e : reply_with_key(rq, rs, 201, &res, key);
}
