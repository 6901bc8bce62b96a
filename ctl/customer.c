/*
 * customer: what an operator does for one customer, named by e-mail.  Passwords are neither seen nor
 * set here: customers set them, with a token made here.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "ctl.h"

enum { SECRET_BYTES = 32, HASH_BYTES = 32 };

int
customer_show(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "SELECT c.id, c.email, c.name, c.nickname, c.language, c.role, "
		   "moa.rfc3339(c.created_at) AS created_at, (SELECT count(*) FROM auth.session s "
		   "WHERE s.customer_id = c.id AND s.revoked_at IS NULL AND s.expires_at > moa.now()) "
		   "AS open_sessions, a.standing, a.grade, a.owed_won, a.points "
		   "FROM auth.customer c LEFT JOIN pay.account a ON a.customer_id = c.id "
		   "WHERE lower(c.email) = lower($1)",
		   PG_ARGS(args[0]));
	int found = PQntuples(res);

	if (found)
		ctl_print(res);
	else if (res)
		ctl_error("no customer has the e-mail %s", args[0]);
	PQclear(res);
	return found ? CTL_DONE : CTL_FAILED;
}

/* The customer's id, or NULL, having said why. */
static const char *
id_of(struct ctl *ctl, const char *email)
{
	PGresult *res =
	    pg_run(&ctl->pg, "SELECT id FROM auth.customer WHERE lower(email) = lower($1)", PG_ARGS(email));
	const char *id = NULL;

	if (PQntuples(res) == 1)
		id = arena_strdup(&ctl->arena, pg_value(res, 0, "id"));
	else if (res)
		ctl_error("no customer has the e-mail %s", email);
	PQclear(res);
	return id;
}

/* "<customer's id>.<secret>"; only its hash is stored. */
static const char *
token_make(struct ctl *ctl, const char *id)
{
	unsigned char secret[SECRET_BYTES];
	char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
	const char *token;

	randombytes_buf(secret, sizeof(secret));
	sodium_bin2base64(text, sizeof(text), secret, sizeof(secret),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	token = arena_printf(&ctl->arena, "%s.%s", id, text);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(text, sizeof(text));
	return token;
}

static const char *
hash_of(struct ctl *ctl, const char *token)
{
	unsigned char hash[HASH_BYTES];
	char *text = arena_alloc(&ctl->arena, 2 * sizeof(hash) + 1);

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)token, strlen(token), NULL, 0);
	return sodium_bin2hex(text, 2 * sizeof(hash) + 1, hash, sizeof(hash));
}

int
customer_reset(struct ctl *ctl, const char *const args[])
{
	const char *id = id_of(ctl, args[0]), *token;
	PGresult *res;

	if (!id)
		return CTL_FAILED;
	token = token_make(ctl, id);
	res = pg_run(
	    &ctl->pg,
	    "WITH made AS (INSERT INTO auth.reset_token (hash, customer_id, expires_at) "
	    "VALUES (decode($2, 'hex'), $1::uuid, moa.now() + interval '30 minutes') RETURNING customer_id) "
	    "INSERT INTO auth.audit (actor, action, subject) "
	    "SELECT 'moa-ctl', 'customer.reset', customer_id FROM made",
	    PG_ARGS(id, hash_of(ctl, token)));
	PQclear(res);
	if (!res)
		return CTL_FAILED;
	puts(token);
	return CTL_DONE;
}

int
customer_revoke(struct ctl *ctl, const char *const args[])
{
	const char *id = id_of(ctl, args[0]);
	PGresult *res;

	if (!id)
		return CTL_FAILED;
	res = pg_run(
	    &ctl->pg,
	    "WITH ended AS (SELECT auth.revoke_sessions($1::uuid) AS revoked) "
	    "INSERT INTO auth.audit (actor, action, subject, detail) "
	    "SELECT 'moa-ctl', 'customer.revoke', $1, jsonb_build_object('revoked', revoked) FROM ended "
	    "RETURNING detail ->> 'revoked' AS revoked",
	    PG_ARGS(id));
	if (!res)
		return CTL_FAILED;
	printf("sessions ended: %s\n", pg_value(res, 0, "revoked"));
	PQclear(res);
	return CTL_DONE;
}
