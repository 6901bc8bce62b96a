/*
 * The operator's command: what its files share.  Each command is a function that takes the words after
 * its name, counted already, and returns the exit status: CTL_DONE, CTL_FAILED (having said why on
 * standard error) or CTL_USAGE.
 */
#ifndef CTL_H
#define CTL_H

#include "arena.h"
#include "attr.h"
#include "gateway.h"
#include "pg.h"

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

/* Does the secret at hand open what the database holds sealed? */
enum keys_state { KEYS_OPEN, KEYS_SHUT, KEYS_NO_SECRET };

struct ctl_conf {
	const char *pg;		    /* libpq connection string */
	const char *sql_dir;	    /* where the migrations are */
	const char *redis;	    /* "unix:/path" or "host:port" */
	const char *redis_password; /* NULL: none */
	struct gateway_conf gateway;
};

struct ctl {
	struct arena arena; /* lives as long as the command */
	struct ctl_conf conf;
	struct pg pg; /* connects when it is first used */
};

/** ctl_error(fmt, ...): Say on standard error what went wrong. */
void ctl_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** ctl_file(ctl, path): The whole file as a string, kept for the command; or NULL, having said why. */
char *ctl_file(struct ctl *ctl, const char *path);

/** ctl_print(res): Print the rows of ${res}, one "column: value" a line, an empty line between rows. */
void ctl_print(const PGresult *res);

int migrate_run(struct ctl *ctl, const char *const args[]);
int role_password(struct ctl *ctl, const char *const args[]);
int keys_init(struct ctl *ctl, const char *const args[]);
int keys_rotate(struct ctl *ctl, const char *const args[]);
int keys_list(struct ctl *ctl, const char *const args[]);
int admin_add(struct ctl *ctl, const char *const args[]);
int admin_remove(struct ctl *ctl, const char *const args[]);
int admin_list(struct ctl *ctl, const char *const args[]);
int customer_show(struct ctl *ctl, const char *const args[]);
int customer_reset(struct ctl *ctl, const char *const args[]);
int customer_revoke(struct ctl *ctl, const char *const args[]);
int merchant_add(struct ctl *ctl, const char *const args[]);
int merchant_list(struct ctl *ctl, const char *const args[]);
int merchant_rotate(struct ctl *ctl, const char *const args[]);
int clock_show(struct ctl *ctl, const char *const args[]);
int clock_on(struct ctl *ctl, const char *const args[]);
int clock_off(struct ctl *ctl, const char *const args[]);
int clock_set(struct ctl *ctl, const char *const args[]);
int clock_advance(struct ctl *ctl, const char *const args[]);
int clock_reset(struct ctl *ctl, const char *const args[]);
int jobs_list(struct ctl *ctl, const char *const args[]);
int jobs_run(struct ctl *ctl, const char *const args[]);
int ledger_verify(struct ctl *ctl, const char *const args[]);
int gateway_reconcile(struct ctl *ctl, const char *const args[]);
int gateway_refunds(struct ctl *ctl, const char *const args[]);
int gateway_retry(struct ctl *ctl, const char *const args[]);
int shorts_verify(struct ctl *ctl, const char *const args[]);
int doctor_run(struct ctl *ctl, const char *const args[]);

/**
 * migrate_pending(ctl):
 * How many migrations the database has not seen; -1 when it cannot be told or when files and database
 * contradict each other, having said why.
 */
int migrate_pending(struct ctl *ctl);

/**
 * keys_open(ctl, ret_fault):
 * Does MOA_AUTH_SECRET open every published signing key?  *${ret_fault} says what is wrong where it is
 * KEYS_SHUT.
 */
enum keys_state keys_open(struct ctl *ctl, const char **ret_fault);

#endif
