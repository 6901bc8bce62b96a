/* Confined programs: the child's side, which may only make system calls, and the wait for what comes of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "bytes.h"
#include "clock.h"
#include "log.h"
#include "tool.h"

enum {
	OUTPUT_MAX = 64 * 1024,
	LINE_MAX = 512,
	COMPLAINT_MAX = 400,
	LOWEST = 19,
	LAST_WORDS_S = 2, /* of processor time, for who is told that it has used up its own */
	MISSING = 127,	  /* what a shell says, too */
	/* linux/ioprio.h, which Debian's headers have in another package */
	IOPRIO_WHO_PROCESS = 1,
	IOPRIO_IDLE = 3 << 13
};

/* Limits that no honest video of a minute meets. */
static const struct {
	int which;
	rlim_t max;
} limits[] = {
	{ RLIMIT_AS, 3ul << 30 },
	{ RLIMIT_FSIZE, 512ul << 20 },
	{ RLIMIT_NOFILE, 64 },
	{ RLIMIT_CORE, 0 },
};

struct run {
	struct arena *arena;
	const struct tool *tool;
	pid_t pid;
	int pidfd, out, err;
	int64_t beat_ms; /* when the next one is due */
	struct bytes output;
	char line[LINE_MAX];
	size_t line_len;
	char complaint[COMPLAINT_MAX + 1];
	size_t complaint_len;
	enum tool_end end;
};

static void
confine(const struct tool *t, pid_t parent)
{
	const struct rlimit cpu = { (rlim_t)t->cpu_s, (rlim_t)t->cpu_s + LAST_WORDS_S };
	size_t i;

	if (setrlimit(RLIMIT_CPU, &cpu) != 0)
		_exit(MISSING);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit limit = { limits[i].max, limits[i].max };

		if (setrlimit((__rlimit_resource_t)limits[i].which, &limit) != 0)
			_exit(MISSING);
	}
	/* What the kernel refuses of these makes it less comfortable, not wrong. */
	(void)setpriority(PRIO_PROCESS, 0, LOWEST);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		(void)unshare(CLONE_NEWNET);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(MISSING);
}

/* Between fork and exec only system calls are allowed: another thread may hold a lock of the C library. */
static void
child(const struct tool *t, pid_t parent, int out, int err)
{
	static char *const no_environment[] = { NULL };
	const int nothing = open("/dev/null", O_RDONLY);
	char *const *args;
	sigset_t none;

	setpgid(0, 0);
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(t->dir) != 0)
		_exit(MISSING);
	close_range(3, ~0u, 0);
	confine(t, parent);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* It takes its arguments without const, and does not change them (POSIX, exec). */
	memcpy(&args, &t->args, sizeof(args));
	execve(t->args[0], args, no_environment);
	_exit(MISSING);
}

/* Start it; false: there was no process or descriptor left. */
static bool
start(struct run *r)
{
	pid_t self = getpid();
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };

	r->pid = -1;
	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0)
		r->pid = fork();
	if (r->pid == 0)
		child(r->tool, self, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	r->out = out[0];
	r->err = err[0];
	r->pidfd = r->pid > 0 ? pidfd_open(r->pid, 0) : -1;
	return r->pidfd >= 0;
}

/* The bytes complete lines, or do not. */
static bool
take_lines(struct run *r, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			if (r->line_len < LINE_MAX - 1)
				r->line[r->line_len++] = bytes[i];
			continue;
		}
		r->line[r->line_len] = '\0';
		r->line_len = 0;
		if (!r->tool->on_line(r->tool->ctx, r->line)) {
			r->end = TOOL_STOPPED;
			return false;
		}
	}
	return true;
}

/* Read what it printed; false: enough of it. */
static bool
take_output(struct run *r)
{
	char buf[4096];
	ssize_t n = read(r->out, buf, sizeof(buf));

	if (n <= 0) {
		close(r->out);
		r->out = -1;
		return true;
	}
	if (r->tool->on_line)
		return take_lines(r, buf, (size_t)n);
	return bytes_append(r->arena, &r->output, OUTPUT_MAX, buf, (size_t)n);
}

/* Of complaints the first say what is wrong; the rest is read so that it can go on. */
static void
take_complaint(struct run *r)
{
	size_t room = COMPLAINT_MAX - r->complaint_len;
	char buf[4096];
	ssize_t n = read(r->err, buf, sizeof(buf));

	if (n <= 0) {
		close(r->err);
		r->err = -1;
		return;
	}
	if (room > (size_t)n)
		room = (size_t)n;
	memcpy(r->complaint + r->complaint_len, buf, room);
	r->complaint_len += room;
}

/* Is it to go on, as far as its caller is concerned?  Asked when a beat is due. */
static bool
beat(struct run *r)
{
	if (!r->tool->on_beat || clock_ms() < r->beat_ms)
		return true;
	r->beat_ms = clock_ms() + TOOL_BEAT_MS;
	r->end = TOOL_STOPPED;
	return r->tool->on_beat(r->tool->ctx);
}

/* Listen until it has ended by itself; false: it is to be killed, and r->end says why. */
static bool
listen_to(struct run *r)
{
	int64_t until_ms = clock_ms() + r->tool->within_ms;

	r->beat_ms = clock_ms() + TOOL_BEAT_MS;
	for (;;) {
		struct pollfd p[] = { { .fd = r->out, .events = POLLIN },
				      { .fd = r->err, .events = POLLIN },
				      { .fd = r->pidfd, .events = POLLIN },
				      { .fd = r->tool->stop_fd, .events = POLLIN } };
		int left = clock_left_ms(until_ms);

		r->end = left == 0 ? TOOL_LATE : TOOL_STOPPED;
		if (left == 0 || poll(p, 4, left < TOOL_BEAT_MS ? left : TOOL_BEAT_MS) < 0 || p[3].revents ||
		    !beat(r))
			return false;
		r->end = TOOL_FAILED;
		if (p[0].revents && !take_output(r))
			return false;
		if (p[1].revents)
			take_complaint(r);
		/* What it said last is still in the pipes, until they end. */
		if (p[2].revents && (r->out < 0 || !p[0].revents) && (r->err < 0 || !p[1].revents))
			return true;
	}
}

/*
 * Has it used up its processor time?  Half of it counts: the kernel enforces it by ticks, which on a busy virtual machine are
 * far more than what it says afterwards.
 */
static bool
is_spent(const struct tool *t, const struct rusage *used)
{
	int64_t used_ms = (int64_t)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000 +
			  (used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1000;

	return used_ms >= t->cpu_s * 1000 / 2;
}

static enum tool_end
finish(struct run *r, bool by_itself)
{
	struct rusage used = { 0 };
	int status = 0;

	/* Also what it may have started in turn. */
	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);
	while (wait4(r->pid, &status, 0, &used) < 0 && errno == EINTR)
		continue;
	if (!by_itself)
		return r->end;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return TOOL_DONE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == MISSING)
		return TOOL_MISSING;
	/* By whichever signal or status: who is told of it may end in his own way, and who is deaf to it is killed. */
	if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) || is_spent(r->tool, &used))
		return TOOL_LATE;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? TOOL_KILLED : TOOL_FAILED;
}

static void
log_end(const struct run *r)
{
	static const char *const ends[] = { "done", "failed", "killed", "late", "stopped", "missing" };

	if (r->end != TOOL_DONE && r->end != TOOL_STOPPED)
		log_event(LOG_WARN, "tool", "tool=%s end=%s complaint=\"%s\"", r->tool->args[0], ends[r->end],
			  r->complaint);
}

enum tool_end
tool_run(struct arena *a, const struct tool *t, const char **ret_output)
{
	/* What has come to life and cannot be listened to has not been started, either. */
	struct run r = { .arena = a, .tool = t, .end = TOOL_MISSING };

	if (start(&r))
		r.end = finish(&r, listen_to(&r));
	else if (r.pid > 0)
		r.end = finish(&r, false);
	if (r.out >= 0)
		close(r.out);
	if (r.err >= 0)
		close(r.err);
	if (r.pidfd >= 0)
		close(r.pidfd);
	log_end(&r);
	if (ret_output)
		*ret_output = r.output.at ? r.output.at : "";
	return r.end;
}
