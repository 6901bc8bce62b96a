/* The limits on wrong passwords, before and after the statement that counts them (auth.guard in sql/0003_auth.sql). */
#include <string.h>

#include "arena.h"
#include "auth.h"
#include "clock.h"
#include "guard.h"
#include "refused.h"
#include "req.h"
#include "resp.h"

static enum err
refuse(struct resp *rs, const struct refusal *r)
{
	metrics_add(&auth_metrics[METRIC_LIMITED], 1);
	resp_rate_limit(rs, arena_strdup(rs->arena, r->limit), r->max, r->window_s, 0, r->retry_after_s);
	return resp_refuse(rs, ERR_RATE_LIMITED, r->retry_after_s);
}

/* Whom the limit called name counts: the account, or where the request comes from. */
static const char *
subject_of(const struct req *rq, const char *limit, const char *account)
{
	return strcmp(limit, "account") == 0 ? account : req_network(rq);
}

enum err
guard_check(const struct req *rq, struct resp *rs, const char *account)
{
	static const char *const limits[] = { "account", "address" };
	const struct auth *auth = rq->domain;
	struct refusal r;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (refused_find(auth->refused, limits[i], subject_of(rq, limits[i], account), clock_ms(),
				 &r))
			return refuse(rs, &r);
	return OK;
}

enum err
guard_result(const struct req *rq, struct resp *rs, const char *account, const struct db_result *res)
{
	const struct auth *auth = rq->domain;
	const char *code = db_str(res, 0, "code");
	struct refusal r = { .retry_after_s = 0 };
	enum err e = code ? err_from_code(code) : OK;

	if (e == ERR_BAD_CREDENTIALS)
		metrics_add(&auth_metrics[METRIC_WRONG_PASSWORD], 1);
	if (e != ERR_RATE_LIMITED)
		return e;
	snprintf(r.limit, sizeof(r.limit), "%s", db_str(res, 0, "limit_name"));
	r.max = (int)db_num(res, 0, "limit_max");
	r.window_s = (int)db_num(res, 0, "window_s");
	r.retry_after_s = (int)db_num(res, 0, "retry_after_s");
	refused_note(auth->refused, subject_of(rq, r.limit, account), &r, clock_ms());
	return refuse(rs, &r);
}
