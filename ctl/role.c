/* role: the passwords of the programs' login roles, for servers that ask for one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

enum { PASSWORD_MAX = 1000 };

/* Turn the echo of the terminal off or on; without a terminal, nothing. */
static void
echo(int on)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t) < 0)
		return;
	if (on)
		t.c_lflag |= ECHO;
	else
		t.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

/* The first line of standard input; 0, or -1 when there is none or it is too long. */
static int
password_read(char password[PASSWORD_MAX])
{
	char *got;

	if (isatty(STDIN_FILENO))
		fputs("New password: ", stderr);
	echo(0);
	got = fgets(password, PASSWORD_MAX, stdin);
	echo(1);
	if (!got || strcspn(password, "\r\n") == strlen(password) || strcspn(password, "\r\n") == 0) {
		ctl_error("a password of 1 to %d bytes and a line feed are wanted on standard input",
			  PASSWORD_MAX - 2);
		return -1;
	}
	password[strcspn(password, "\r\n")] = '\0';
	return 0;
}

/* What the server shall store: the password itself must not travel, nor stand in its log. */
static char *
verifier_of(struct ctl *ctl, const char *role)
{
	char password[PASSWORD_MAX];
	char *verifier = NULL;

	if (password_read(password) == 0) {
		verifier = PQencryptPasswordConn(ctl->pg.conn, password, role, "scram-sha-256");
		if (!verifier)
			ctl_error("PostgreSQL: %s", PQerrorMessage(ctl->pg.conn));
	}
	explicit_bzero(password, sizeof(password));
	return verifier;
}

int
role_password(struct ctl *ctl, const char *const args[])
{
	PGresult *res = pg_run(&ctl->pg,
			       "SELECT FROM pg_roles WHERE rolname = $1 AND rolcanlogin AND NOT rolsuper "
			       "AND rolname LIKE 'moa\\_%'",
			       PG_ARGS(args[0]));
	int known = PQntuples(res), status = CTL_FAILED;
	char *verifier;

	PQclear(res);
	if (!res)
		return CTL_FAILED;
	if (!known) {
		ctl_error("%s is not a login role of moa", args[0]);
		return CTL_FAILED;
	}
	verifier = verifier_of(ctl, args[0]);
	if (!verifier)
		return CTL_FAILED;
	res = pg_run(&ctl->pg, "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text) AS sql",
		     PG_ARGS(args[0], verifier));
	if (res && pg_do(&ctl->pg, pg_value(res, 0, "sql")) == 0)
		status = CTL_DONE;
	PQclear(res);
	PQfreemem(verifier);
	return status;
}
