/* GET and PATCH /me: the caller's own data. */
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "auth.h"
#include "bank.h"
#include "clock.h"
#include "fields.h"
#include "out.h"
#include "req.h"
#include "resp.h"

enum { SEOUL_S = 9 * 3600 };

/* bank_account as it may be shown; NULL also when it does not open, which only a changed secret can cause. */
static const char *
masked_account(const struct req *rq, const struct db_result *res)
{
	const struct auth *auth = rq->domain;
	const unsigned char *sealed;
	size_t len = 0;

	sealed = db_bin(res, 0, "bank_account", &len);
	return bank_mask(
	    rq->arena, bank_open(rq->arena, auth->keys[KEY_BANK_ACCOUNT], db_str(res, 0, "id"), sealed, len));
}

struct json_object *
me_object(const struct req *rq, const struct db_result *res)
{
	struct json_object *me = out_object(rq->arena);

	out_str(me, "id", db_str(res, 0, "id"));
	out_str(me, "email", db_str(res, 0, "email"));
	out_str(me, "name", db_str(res, 0, "name"));
	out_str(me, "nickname", db_str(res, 0, "nickname"));
	out_str(me, "introduction", db_str(res, 0, "introduction"));
	out_str(me, "birth_date", db_str(res, 0, "birth_date"));
	out_str(me, "bank_code", db_str(res, 0, "bank_code"));
	out_str(me, "bank_account", masked_account(rq, res));
	out_str(me, "language", db_str(res, 0, "language"));
	out_json(me, "interests", db_str(res, 0, "interests"));
	out_str(me, "standing", db_str(res, 0, "standing"));
	out_str(me, "role", db_str(res, 0, "role"));
	out_str(me, "created_at", db_str(res, 0, "created_at"));
	return me;
}

void
me_check_birth(const struct req *rq, struct resp *rs, const char *date)
{
	time_t now = clock_unix_s() + SEOUL_S;
	char today[sizeof("0000-00-00")];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(today, sizeof(today), "%Y-%m-%d", &tm);
	/* Written like this, days are in the order of their letters. */
	if (date && (strcmp(date, "1900-01-01") < 0 || strcmp(date, today) > 0))
		resp_fault(rs, "birth_date", "out_of_range", "%s",
			   rq->korean ? "1900년 이후의 지난 날짜여야 해요."
				      : "Must be a past day, 1900 or later.");
}

/* Note a fault when only one of the two is there. */
static void
check_pair(const struct req *rq, struct resp *rs, bool code, bool account)
{
	if (code != account)
		resp_fault(rs, code ? "bank_account" : "bank_code", "required", "%s",
			   rq->korean ? "은행과 계좌번호는 함께 보내 주세요."
				      : "bank_code and bank_account go together.");
}

void
me_check_bank(const struct req *rq, struct resp *rs, const char *code, const char *account)
{
	check_pair(rq, rs, code, account);
	if (account && !bank_is_account(account))
		resp_fault(rs, "bank_account", "bad_format", "%s",
			   rq->korean ? "숫자 6개 이상과 '-'만 쓸 수 있어요."
				      : "Digits, at least 6, and dashes only.");
}

/* GET /me -> 200 the caller; 401 token_invalid when they have left. */
enum err
me_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, AUTH_ME, DB_ARGS(db_text(rq->user)), &res);
	if (e)
		return e;
	return res.rows ? resp_json(rs, 200, me_object(rq, &res)) : ERR_TOKEN_INVALID;
}

struct me_in {
	const char *name, *nickname, *introduction, *birth_date, *bank_code, *bank_account, *language;
	struct lines interests;
};

static const struct field me_fields[] = {
	{ "name", F_LINE, offsetof(struct me_in, name), 1, 50 },
	{ "nickname", F_LINE, offsetof(struct me_in, nickname), 1, 20, F_CLEARABLE },
	{ "introduction", F_TEXT, offsetof(struct me_in, introduction), 0, 100, F_CLEARABLE },
	{ "birth_date", F_DATE, offsetof(struct me_in, birth_date) },
	{ "bank_code", F_CHOICE, offsetof(struct me_in, bank_code), 0, 0, F_CLEARABLE, BANK_CODES },
	{ "bank_account", F_LINE, offsetof(struct me_in, bank_account), 6, 20, F_CLEARABLE },
	{ "language", F_CHOICE, offsetof(struct me_in, language), 0, 0, 0, "ko|en" },
	{ "interests", F_LINES, offsetof(struct me_in, interests), 0, 10 },
	{ 0 },
};

/* What a field holds that was not sent: told from NULL, which clears it, by its address. */
static const char unsent[] = "";

/* List name in changed if its field was sent; else make it NULL, which the statement then does not look at. */
static void
note_text(struct lines *changed, const char *name, const char **value)
{
	if (*value == unsent)
		*value = NULL;
	else
		changed->at[changed->n++] = name;
}

static struct lines
changes(const struct req *rq, struct me_in *in)
{
	struct lines changed = { 0, arena_alloc(rq->arena,
						sizeof(me_fields) / sizeof(me_fields[0]) * sizeof(char *)) };

	note_text(&changed, "name", &in->name);
	note_text(&changed, "nickname", &in->nickname);
	note_text(&changed, "introduction", &in->introduction);
	note_text(&changed, "birth_date", &in->birth_date);
	note_text(&changed, "bank_code", &in->bank_code);
	note_text(&changed, "bank_account", &in->bank_account);
	note_text(&changed, "language", &in->language);
	if (in->interests.at)
		changed.at[changed.n++] = "interests";
	return changed;
}

/*
 * PATCH /me {name?, nickname?, introduction?, birth_date?, bank_code?, bank_account?, language?, interests?} -> 200 the
 * caller.  What is not sent stays; null clears what may be empty; bank_code and bank_account change together.
 */
enum err
me_change(const struct req *rq, struct resp *rs)
{
	const struct auth *auth = rq->domain;
	struct me_in in = { unsent, unsent, unsent, unsent, unsent, unsent, unsent, { 0 } };
	struct lines changed;
	struct db_result res;
	unsigned char *sealed;
	size_t sealed_len;
	enum err e;

	e = fields_body(rq, rs, me_fields, &in);
	if (e)
		return e;
	check_pair(rq, rs, in.bank_code != unsent, in.bank_account != unsent);
	if (rs->nfaults)
		return ERR_VALIDATION_FAILED;
	changed = changes(rq, &in);
	me_check_birth(rq, rs, in.birth_date);
	me_check_bank(rq, rs, in.bank_code, in.bank_account);
	if (rs->nfaults)
		return ERR_VALIDATION_FAILED;
	sealed = bank_seal(rq->arena, auth->keys[KEY_BANK_ACCOUNT], rq->user, in.bank_account, &sealed_len);
	e = db_run(rq, AUTH_CHANGE_ME,
		   DB_ARGS(db_text(rq->user), db_lines(rq, &changed), db_text(in.name), db_text(in.nickname),
			   db_text(in.introduction), db_text(in.birth_date), db_text(in.bank_code),
			   db_bytes(sealed, sealed_len), db_text(in.language), db_lines(rq, &in.interests)),
		   &res);
	if (e)
		return e;
	return res.rows ? resp_json(rs, 200, me_object(rq, &res)) : ERR_TOKEN_INVALID;
}
