/* Private servers for unit tests: started as children, stopped by pid. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "clock.h"
#include "servers.h"

enum { START_MS = 10000, STEP_MS = 2, SERVERS_MAX = 4, CHILDREN_MAX = 64 };

struct server_kind {
	void (*exec)(const struct server *s); /* becomes the server; returns only if it cannot */
	bool (*answers)(void *s);
	bool refuses_root; /* as root it runs as the user postgres */
	int stop_signal;   /* ends it quickly and cleanly */
};

static struct server *running[SERVERS_MAX];

static void
die(const char *what, const struct server *s)
{
	fprintf(stderr, "servers: %s (%s)\n", what, s->dir);
	exit(1);
}

/* The user a server is to run as, or NULL: as we are. */
static const struct passwd *
server_user(const struct server *s)
{
	return s->kind->refuses_root && geteuid() == 0 ? getpwnam("postgres") : NULL;
}

/* Debian keeps PostgreSQL's own programs out of PATH; the newest version is last. */
static void
pg_program(const char *name, char *ret_path, size_t size)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/usr/lib/postgresql/*/bin/%s", name);
	if (glob(pattern, 0, NULL, &found) == 0)
		snprintf(ret_path, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
	else
		snprintf(ret_path, size, "%s", name);
	globfree(&found);
}

static void
redis_exec(const struct server *s)
{
	char socket[64];

	snprintf(socket, sizeof(socket), "%s/redis", s->dir);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket, "--dir", s->dir,
	       "--save", "", "--appendonly", "no", (char *)NULL);
}

static bool
redis_answers(void *ctx)
{
	const struct server *s = ctx;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/redis", s->dir);
	connected = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	close(fd);
	return connected;
}

static void
pg_exec(const struct server *s)
{
	char program[128], data[64];

	pg_program("postgres", program, sizeof(program));
	snprintf(data, sizeof(data), "%s/data", s->dir);
	execlp(program, program, "-D", data, "-k", s->dir, "-F", "-c", "listen_addresses=", "-c",
	       "shared_buffers=16MB", "-c", "max_connections=32", "-c", "full_page_writes=off", (char *)NULL);
}

static void
initdb_exec(const struct server *s)
{
	char program[128], data[64];

	pg_program("initdb", program, sizeof(program));
	snprintf(data, sizeof(data), "%s/data", s->dir);
	execlp(program, program, "-D", data, "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8",
	       "--locale=C.UTF-8", (char *)NULL);
}

static bool
pg_answers(void *ctx)
{
	const struct server *s = ctx;

	return PQping(s->address) == PQPING_OK;
}

static const struct server_kind redis_kind = { redis_exec, redis_answers, false, SIGKILL };
static const struct server_kind pg_kind = { pg_exec, pg_answers, true, SIGQUIT };

/* In the child: output to the file "log", the directory and user of the server, and a death of its own when we die. */
static bool
settle(const struct server *s, const struct passwd *user, pid_t parent)
{
	int fd;

	if (chdir(s->dir) < 0)
		return false;
	fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return false;
	if (user && (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0))
		return false;
	/* A change of user clears it, hence last. */
	return prctl(PR_SET_PDEATHSIG, SIGQUIT) == 0 && getppid() == parent;
}

static pid_t
spawn(const struct server *s, void (*exec)(const struct server *))
{
	const struct passwd *user = server_user(s);
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("cannot fork", s);
	if (pid == 0) {
		if (settle(s, user, parent))
			exec(s);
		_exit(127);
	}
	return pid;
}

/* Show the end of the server's log before giving up on it. */
static void
die_with_log(const char *what, const struct server *s)
{
	char log[64], line[512];
	FILE *in;

	snprintf(log, sizeof(log), "%s/log", s->dir);
	in = fopen(log, "re");
	while (in && fgets(line, sizeof(line), in))
		fputs(line, stderr);
	if (in)
		fclose(in);
	die(what, s);
}

static bool
is_up_or_dead(void *ctx)
{
	struct server *s = ctx;

	if (s->kind->answers(s))
		return true;
	if (waitpid(s->pid, NULL, WNOHANG) != s->pid)
		return false;
	s->pid = 0;
	return true;
}

static void
start(struct server *s)
{
	s->pid = spawn(s, s->kind->exec);
	if (!server_wait(is_up_or_dead, s) || s->pid == 0)
		die_with_log("the server did not start", s);
}

static void
end_all(void)
{
	int i;

	for (i = 0; i < SERVERS_MAX; i++)
		if (running[i])
			server_end(running[i]);
}

static void
keep(struct server *s)
{
	static bool registered;
	int i;

	if (!registered && atexit(end_all) != 0)
		die("cannot register", s);
	registered = true;
	for (i = 0; i < SERVERS_MAX; i++) {
		if (!running[i]) {
			running[i] = s;
			return;
		}
	}
	die("too many servers", s);
}

static void
prepare(struct server *s, const struct server_kind *kind)
{
	*s = (struct server){ .kind = kind };
	snprintf(s->dir, sizeof(s->dir), "/tmp/moa-unit-XXXXXX");
	if (!mkdtemp(s->dir))
		die("cannot make a directory", s);
	keep(s);
}

void
server_redis(struct server *s)
{
	prepare(s, &redis_kind);
	snprintf(s->address, sizeof(s->address), "unix:%s/redis", s->dir);
	start(s);
}

void
server_pg(struct server *s)
{
	const struct passwd *user;
	int status;

	prepare(s, &pg_kind);
	user = server_user(s);
	if (user && chown(s->dir, user->pw_uid, user->pw_gid) < 0)
		die("cannot give the directory away", s);
	snprintf(s->address, sizeof(s->address), "host=%s dbname=postgres user=postgres", s->dir);
	if (waitpid(spawn(s, initdb_exec), &status, 0) < 0 || status != 0)
		die_with_log("initdb failed", s);
	start(s);
}

/* The state and the parent of a process, which follow its name in brackets; false if there is no such process. */
static bool
process_look(const char *pid, char *ret_state, int *ret_parent)
{
	char path[64], line[512];
	const char *name_end;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	in = fopen(path, "re");
	if (!in)
		return false;
	name_end = fgets(line, sizeof(line), in) ? strrchr(line, ')') : NULL;
	fclose(in);
	if (!name_end)
		return false;
	*ret_state = name_end[2];
	*ret_parent = (int)strtol(name_end + 3, NULL, 10);
	return true;
}

/* The state of a process as /proc shows it; 'Z' when it is gone or as good as. */
static char
state_of(pid_t pid)
{
	char name[16], state;
	int parent;

	snprintf(name, sizeof(name), "%d", pid);
	return process_look(name, &state, &parent) ? state : 'Z';
}

/* A signal takes effect a moment after kill(2) returns. */
static bool
is_stopped(void *pid)
{
	return strchr("TZ", state_of(*(pid_t *)pid));
}

static bool
is_gone(void *pid)
{
	return state_of(*(pid_t *)pid) == 'Z';
}

static int
children_of(pid_t pid, pid_t children[CHILDREN_MAX])
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0, parent;
	char state;

	while (proc && n < CHILDREN_MAX && (entry = readdir(proc)) != NULL)
		if (isdigit(entry->d_name[0]) && process_look(entry->d_name, &state, &parent) &&
		    parent == pid)
			children[n++] = (pid_t)strtol(entry->d_name, NULL, 10);
	if (proc)
		closedir(proc);
	return n;
}

/* Stop the parent, then its children: it must neither make nor mourn any meanwhile.  Returns how many there are. */
static int
freeze(const struct server *s, pid_t children[CHILDREN_MAX])
{
	pid_t pid = s->pid;
	int i, n;

	kill(pid, SIGSTOP);
	server_wait(is_stopped, &pid);
	n = children_of(pid, children);
	for (i = 0; i < n; i++)
		kill(children[i], SIGSTOP);
	for (i = 0; i < n; i++)
		server_wait(is_stopped, &children[i]);
	return n;
}

void
server_freeze(const struct server *s)
{
	pid_t children[CHILDREN_MAX];

	if (s->pid)
		freeze(s, children);
}

void
server_thaw(const struct server *s)
{
	pid_t children[CHILDREN_MAX];
	int i, n;

	if (s->pid == 0)
		return;
	n = children_of(s->pid, children);
	for (i = 0; i < n; i++)
		kill(children[i], SIGCONT);
	kill(s->pid, SIGCONT);
}

void
server_kill(struct server *s)
{
	pid_t children[CHILDREN_MAX];
	int i, n;

	if (s->pid == 0)
		return;
	n = freeze(s, children);
	for (i = 0; i < n; i++)
		kill(children[i], SIGKILL);
	for (i = 0; i < n; i++)
		server_wait(is_gone, &children[i]);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

void
server_restart(struct server *s)
{
	if (s->pid == 0)
		start(s);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

void
server_end(struct server *s)
{
	int i;

	server_thaw(s);
	if (s->pid) {
		kill(s->pid, s->kind->stop_signal);
		waitpid(s->pid, NULL, 0);
		s->pid = 0;
	}
	nftw(s->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	for (i = 0; i < SERVERS_MAX; i++)
		if (running[i] == s)
			running[i] = NULL;
}

bool
server_wait(bool (*done)(void *), void *ctx)
{
	int64_t deadline_ms = clock_ms() + START_MS;

	while (!done(ctx)) {
		if (clock_left_ms(deadline_ms) == 0)
			return false;
		poll(NULL, 0, STEP_MS);
	}
	return true;
}
