/* moa-ctl, the operator's command: its table of contents, and how a command line finds its row. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "conf.h"
#include "ctl.h"
#include "log.h"

struct command {
	const char *name;  /* one word or two */
	const char *usage; /* the words that follow; those in brackets may be left out */
	const char *about;
	int (*run)(struct ctl *ctl, const char *const args[]);
};

static const struct command commands[] = {
	{ "migrate", "[--dry-run]", "apply the migrations this database has not seen", migrate_run },
	{ "role password", "ROLE", "set the password of a login role, read from standard input",
	  role_password },
	{ "keys init", "", "make the first signing key, unless there is one", keys_init },
	{ "keys rotate", "", "make a new signing key, retire what is long superseded", keys_rotate },
	{ "keys list", "", "show the signing keys", keys_list },
	{ "admin add", "EMAIL", "make a customer an administrator", admin_add },
	{ "admin remove", "EMAIL", "make an administrator a plain customer again", admin_remove },
	{ "admin list", "", "show the administrators", admin_list },
	{ "customer show", "EMAIL", "show a customer's account", customer_show },
	{ "customer reset", "EMAIL", "print a token that sets a new password once, within 30 minutes",
	  customer_reset },
	{ "customer revoke", "EMAIL", "end all sessions of a customer", customer_revoke },
	{ "merchant add", "NAME", "make a merchant and print its first API key, shown only now",
	  merchant_add },
	{ "merchant list", "", "show the merchants, and how many keys of theirs count", merchant_list },
	{ "merchant rotate", "ID [OVERLAP]",
	  "make a new key; the old ones count a day longer, or OVERLAP (\"1 hour\")", merchant_rotate },
	{ "clock show", "", "show the time the business rules go by", clock_show },
	{ "clock on", "", "test mode on: only while there are no customers", clock_on },
	{ "clock off", "", "test mode off: back to the real time for good", clock_off },
	{ "clock set", "TIME", "test mode: let it be TIME now (RFC 3339)", clock_set },
	{ "clock advance", "INTERVAL", "test mode: let INTERVAL pass (\"3 days\")", clock_advance },
	{ "clock reset", "", "test mode: back to the real time", clock_reset },
	{ "jobs list", "", "show what the calendar has had done, and what is due", jobs_list },
	{ "jobs run", "", "do what the calendar has due", jobs_run },
	{ "ledger verify", "", "recompute every figure of the ledger; 1 and the first that is wrong",
	  ledger_verify },
	{ "gateway reconcile", "[DAY]", "compare a day (yesterday) with the payment gateway's books",
	  gateway_reconcile },
	{ "gateway refunds", "", "show what is still to go back through the gateway, and why it has not",
	  gateway_refunds },
	{ "gateway retry", "REFUND", "ask the gateway anew for one that it has refused; the worker does so",
	  gateway_retry },
	{ "shorts verify", "[--repair]", "recount reactions, comments and views; 1 and each that is wrong",
	  shorts_verify },
	{ "doctor", "", "check database, roles, keys, clocks and Redis", doctor_run },
	{ 0 },
};

static const struct conf_row conf_rows[] = {
	{ "MOA_PG", CONF_STR, offsetof(struct ctl_conf, pg), 1, 1000, "dbname=moa",
	  "database, as its owner or a superuser: libpq connection string" },
	{ "MOA_SQL_DIR", CONF_STR, offsetof(struct ctl_conf, sql_dir), 1, 1000, MOA_SQL_DIR,
	  "where the migrations are" },
	{ "MOA_REDIS", CONF_STR, offsetof(struct ctl_conf, redis), 1, 200, "127.0.0.1:6379",
	  "Redis, for doctor: unix:/path or host:port" },
	{ "MOA_REDIS_PASSWORD", CONF_STR, offsetof(struct ctl_conf, redis_password), 0, 200, NULL,
	  "its password" },
	GATEWAY_CONF(offsetof(struct ctl_conf, gateway)),
	{ 0 },
};

static void
command_help(FILE *out, const struct command *c)
{
	char call[80];

	snprintf(call, sizeof(call), "%s %s", c->name, c->usage);
	fprintf(out, "  %-24s %s\n", call, c->about);
}

static void
help(void)
{
	const struct command *c;

	puts("Usage: moa-ctl COMMAND [--help] | --version\n");
	for (c = commands; c->name; c++)
		command_help(stdout, c);
	puts("\nExit status: 0 done, 1 failed, 2 not understood.\n\n"
	     "Environment (a secret may also be in the file that NAME_FILE names):");
	conf_help(conf_rows);
	puts("  MOA_AUTH_SECRET          32 bytes in hex or base64, for keys and doctor: the auth program's");
}

/* Does the command line begin with this name?  Returns how many words that took, or 0. */
static int
name_match(const char *name, int argc, char *argv[])
{
	int words = 0;

	for (; *name; words++) {
		size_t len = strcspn(name, " ");

		if (words >= argc || strlen(argv[words]) != len || memcmp(argv[words], name, len) != 0)
			return 0;
		name += len;
		name += strspn(name, " ");
	}
	return words;
}

static int
usage_fits(const char *usage, int argc)
{
	int needed = 0, allowed = 0;

	for (; *usage; allowed++) {
		if (*usage != '[')
			needed++;
		usage += strcspn(usage, " ");
		usage += strspn(usage, " ");
	}
	return argc >= needed && argc <= allowed;
}

static int
command_run(const struct command *c, int argc, char *argv[])
{
	struct ctl ctl = { .pg = { NULL, NULL } };
	int status = CTL_USAGE;

	if (argc == 1 && strcmp(argv[0], "--help") == 0) {
		printf("Usage: moa-ctl %s%s%s\n\n%s\n", c->name, *c->usage ? " " : "", c->usage, c->about);
		return CTL_DONE;
	}
	if (usage_fits(c->usage, argc)) {
		if (conf_read(conf_rows, &ctl.conf) > 0)
			return CTL_FAILED;
		arena_init(&ctl.arena);
		ctl.pg.conninfo = ctl.conf.pg;
		status = c->run(&ctl, (const char *const *)argv);
		pg_close(&ctl.pg);
		arena_free(&ctl.arena);
	}
	if (status == CTL_USAGE)
		ctl_error("usage: moa-ctl %s%s%s", c->name, *c->usage ? " " : "", c->usage);
	return status;
}

/* No command has this name: show those that begin with the first word, if any. */
static int
command_unknown(const char *word)
{
	const struct command *c;
	int found = 0;

	for (c = commands; c->name; c++)
		found += strncmp(c->name, word, strlen(word)) == 0 && c->name[strlen(word)] == ' ';
	if (found == 0)
		ctl_error("no command \"%s\"; moa-ctl --help lists them", word);
	for (c = commands; found > 0 && c->name; c++)
		if (strncmp(c->name, word, strlen(word)) == 0 && c->name[strlen(word)] == ' ')
			command_help(stderr, c);
	return CTL_USAGE;
}

int
main(int argc, char *argv[])
{
	const struct command *c;
	int words;

	log_open("moa-ctl", LOG_WARN);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("moa-ctl " MOA_VERSION);
		return CTL_DONE;
	}
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		help();
		return argc < 2 ? CTL_USAGE : CTL_DONE;
	}
	if (sodium_init() < 0)
		return CTL_FAILED;
	for (c = commands; c->name; c++) {
		words = name_match(c->name, argc - 1, argv + 1);
		if (words > 0)
			return command_run(c, argc - 1 - words, argv + 1 + words);
	}
	return command_unknown(argv[1]);
}
