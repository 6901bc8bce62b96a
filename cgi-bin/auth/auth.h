/* The auth program: its statements, its process state, what several handlers use, and the handlers. */
#ifndef AUTH_H
#define AUTH_H

#include "app.h"
#include "attr.h"
#include "conf.h"
#include "db.h"
#include "err.h"
#include "hasher.h"
#include "metrics.h"
#include "route.h"

struct arena;
struct json_object;
struct refused;
struct req;
struct resp;

/* What this program may run on PostgreSQL; the texts are in auth_sql.c. */
enum {
	AUTH_REGISTER,
	AUTH_LOGIN,
	AUTH_REFRESH,
	AUTH_LOGOUT,
	AUTH_SESSIONS,
	AUTH_REVOKE_SESSION,
	AUTH_ME,
	AUTH_CHANGE_ME,
	AUTH_ACCOUNT,
	AUTH_CHANGE_PASSWORD,
	AUTH_RESET_ACCOUNT,
	AUTH_RESET_PASSWORD,
	AUTH_LEAVE,
	AUTH_ADMIN_CUSTOMERS,
	AUTH_ADMIN_REVOKE,
	AUTH__MAX
};
extern const struct stmt auth_stmts[AUTH__MAX];

struct auth_conf {
	unsigned char secret[32];
};
extern const struct conf_row auth_conf_rows[];
extern struct auth_conf auth_conf;

enum auth_metric { METRIC_SIGN_IN, METRIC_WRONG_PASSWORD, METRIC_LIMITED, METRIC_OVERLOADED, METRIC_REUSED };
extern struct metric auth_metrics[];

/*
 * The keys derived from the one secret (crypto_kdf, context "moa-auth").  The numbers are for ever: moa-ctl derives
 * KEY_SIGNING_SEAL too, and a changed number would lock every customer out.
 */
enum auth_key { KEY_REFRESH_SUCCESSOR = 1, KEY_PASSWORD_SALT, KEY_BANK_ACCOUNT, KEY_SIGNING_SEAL, KEY__MAX };
enum { AUTH_KEY_LEN = 32 };

/* rq->domain. */
struct auth {
	unsigned char keys[KEY__MAX][AUTH_KEY_LEN]; /* by enum auth_key */
	struct hasher *hasher;
	struct refused *refused;
};

/** auth_open(), auth_close(domain): The process state; for struct program. */
void *auth_open(void);
void auth_close(void *domain);

/** auth_account(a, email): ${email} as accounts are compared and counted: in lower case. */
const char *auth_account(struct arena *a, const char *email);

/**
 * auth_hash(rq, account, password, ret_phc):
 * Hash ${password} with the salt that belongs to ${account}, on a hasher thread, in time for the statement that takes
 * the hash.  Errors: ERR_OVERLOADED.
 */
enum err auth_hash(const struct req *rq, const char *account, const char *password,
		   char ret_phc[HASHER_PHC_SIZE]) MUST_CHECK;

/** me_object(rq, res): The customer in the first row of ${res} (columns of auth.me) as the API shows one. */
struct json_object *me_object(const struct req *rq, const struct db_result *res);

/** me_check_birth(rq, rs, date): Note a fault if ${date} is before 1900 or after today in Korea.  NULL is fine. */
void me_check_birth(const struct req *rq, struct resp *rs, const char *date);

/** me_check_bank(rq, rs, code, account): Note a fault if only one is given, or ${account} does not look like one. */
void me_check_bank(const struct req *rq, struct resp *rs, const char *code, const char *account);

/* The handlers, each in the file of its first word. */
enum err admin_customers(const struct req *rq, struct resp *rs);
enum err admin_revoke(const struct req *rq, struct resp *rs);
enum err jwks_show(const struct req *rq, struct resp *rs);
enum err leave_me(const struct req *rq, struct resp *rs);
enum err login_create(const struct req *rq, struct resp *rs);
enum err me_change(const struct req *rq, struct resp *rs);
enum err me_show(const struct req *rq, struct resp *rs);
enum err password_change(const struct req *rq, struct resp *rs);
enum err password_reset(const struct req *rq, struct resp *rs);
enum err register_create(const struct req *rq, struct resp *rs);
enum err session_delete(const struct req *rq, struct resp *rs);
enum err session_list(const struct req *rq, struct resp *rs);
enum err session_logout(const struct req *rq, struct resp *rs);
enum err session_refresh(const struct req *rq, struct resp *rs);

#endif
