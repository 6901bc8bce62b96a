/* POST /register: a new customer. */
#include <stddef.h>

#include <sodium.h>

#include "arena.h"
#include "auth.h"
#include "bank.h"
#include "fields.h"
#include "grant.h"
#include "guard.h"
#include "limit.h"
#include "out.h"
#include "refresh.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct register_in {
	const char *email, *password, *name, *birth_date, *bank_code, *bank_account, *language;
};

static const struct field register_fields[] = {
	{ "email", F_EMAIL, offsetof(struct register_in, email), 0, 0, F_REQUIRED },
	{ "password", F_SECRET, offsetof(struct register_in, password), 10, 128, F_REQUIRED },
	{ "name", F_LINE, offsetof(struct register_in, name), 1, 50, F_REQUIRED },
	{ "birth_date", F_DATE, offsetof(struct register_in, birth_date), 0, 0, F_REQUIRED },
	{ "bank_code", F_CHOICE, offsetof(struct register_in, bank_code), 0, 0, F_NULLABLE, BANK_CODES },
	{ "bank_account", F_LINE, offsetof(struct register_in, bank_account), 6, 20, F_NULLABLE },
	{ "language", F_CHOICE, offsetof(struct register_in, language), 0, 0, F_NULLABLE, "ko|en" },
	{ 0 },
};

/* Registering tells whether an e-mail is taken: one address cannot ask for a whole list of them. */
static const struct limit register_limit = { "register", 600, 600 };

static enum err
read_input(const struct req *rq, struct resp *rs, struct register_in *ret_in, struct grant_query *ret_query)
{
	enum err e = fields_query(rq, rs, grant_query_fields, ret_query);

	if (e == OK)
		e = fields_body(rq, rs, register_fields, ret_in);
	if (e)
		return e;
	me_check_birth(rq, rs, ret_in->birth_date);
	me_check_bank(rq, rs, ret_in->bank_code, ret_in->bank_account);
	if (rs->nfaults)
		return ERR_VALIDATION_FAILED;
	if (!ret_in->language)
		ret_in->language = rq->korean ? "ko" : "en";
	return OK;
}

/* Make the customer.  The id is made here, for the bank account is sealed for it. */
static enum err
insert(const struct req *rq, const struct register_in *in, const char *phc, const unsigned char *refresh_hash,
       struct db_result *ret_res)
{
	const struct auth *auth = rq->domain;
	unsigned char *sealed;
	size_t sealed_len;
	char id[37];

	text_uuid(id);
	sealed = bank_seal(rq->arena, auth->keys[KEY_BANK_ACCOUNT], id, in->bank_account, &sealed_len);
	return db_run(rq, AUTH_REGISTER,
		      DB_ARGS(db_text(id), db_text(in->email), db_text(phc), db_text(in->name),
			      db_text(in->birth_date), db_text(in->bank_code), db_bytes(sealed, sealed_len),
			      db_text(in->language), db_bytes(refresh_hash, REFRESH_HASH_LEN),
			      db_text(rq->user_agent), db_text(rq->address)),
		      ret_res);
}

/*
 * POST /register {email, password, name, birth_date, bank_code?, bank_account?, language?} -> 201 {customer,
 * access_token, ...}, as for login; 409 email_taken, also for a repeat; 429.  The language is the caller's by default.
 */
enum err
register_create(const struct req *rq, struct resp *rs)
{
	struct register_in in = { 0 };
	struct grant_query query = { 0 };
	unsigned char token_hash[REFRESH_HASH_LEN];
	char phc[HASHER_PHC_SIZE];
	struct json_object *body;
	struct db_result res;
	const char *refresh_token;
	enum err e;

	e = read_input(rq, rs, &in, &query);
	if (e == OK)
		e = limit_take(rq, rs, &register_limit, req_network(rq));
	if (e == OK)
		e = auth_hash(rq, auth_account(rq->arena, in.email), in.password, phc);
	if (e == ERR_OVERLOADED)
		limit_return(rq, &register_limit, req_network(rq));
	if (e)
		return e;
	refresh_token = refresh_new(rq->arena, token_hash);
	e = insert(rq, &in, phc, token_hash, &res);
	if (e)
		return e;
	if (db_str(&res, 0, "code"))
		return err_from_code(db_str(&res, 0, "code"));
	resp_header(rs, "Location", "/api/v1/auth/me");
	body = out_object(rq->arena);
	out_json(body, "customer", out_text(me_object(rq, &res)));
	return grant_reply(rq, rs, 201, &res, refresh_token, query.cookie, body);
}
