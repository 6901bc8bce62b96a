/* The limits on wrong passwords as handlers meet them: before the hash, and after the statement. */
#ifndef GUARD_H
#define GUARD_H

#include "attr.h"
#include "err.h"

struct db_result;
struct req;
struct resp;

/**
 * guard_check(rq, rs, account):
 * ERR_RATE_LIMITED, with the reply's headers set, when this process remembers that ${account} or the caller's network
 * is refused: then nothing needs to be hashed.
 */
enum err guard_check(const struct req *rq, struct resp *rs, const char *account) MUST_CHECK;

/**
 * guard_result(rq, rs, account, res):
 * What the statement said that compared the password: the first row of ${res} has code and the columns of
 * auth.refusal.  A refusal is remembered and told in the reply's headers.
 */
enum err guard_result(const struct req *rq, struct resp *rs, const char *account,
		      const struct db_result *res) MUST_CHECK;

#endif
