/* Files of uploads: system calls, and what their failures mean. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "log.h"
#include "req.h"
#include "shorts.h"
#include "store.h"
#include "text.h"

enum { NAME_BYTES = 18, MIB = 1024 * 1024 };

static void
path_of(const char *name, char ret_path[PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s/uploads/%s", shorts_conf.dir, name);
}

/* What errno means to whoever uploads; logged but for a full disk, of which there would be many lines. */
static enum err
fault(const char *what, const char *name)
{
	int e = errno;

	if (e == ENOSPC || e == EDQUOT)
		return ERR_STORAGE_FULL;
	log_event(LOG_ERROR, "store", "msg=\"cannot %s\" file=%s errno=%d", what, name, e);
	return ERR_UNAVAILABLE;
}

const char *
store_name(const struct req *rq)
{
	return text_token(rq->arena, NAME_BYTES);
}

int64_t
store_room(void)
{
	struct statvfs fs;

	if (statvfs(shorts_conf.dir, &fs) != 0) {
		log_event(LOG_ERROR, "store", "msg=\"cannot ask for room\" errno=%d", errno);
		return 0;
	}
	return (int64_t)(fs.f_bavail * fs.f_frsize) - shorts_conf.reserve_mib * MIB;
}

/* The directory is made by the first who needs it, since the storage may have come after the program. */
static int
open_or_make(const char *name, int flags)
{
	char path[PATH_MAX], dir[PATH_MAX];
	int fd;

	path_of(name, path);
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd >= 0 || errno != ENOENT || !(flags & O_CREAT))
		return fd;
	snprintf(dir, sizeof(dir), "%s/uploads", shorts_conf.dir);
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		return -1;
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
}

enum err
store_open(const char *name, int *ret_fd, int64_t *ret_size)
{
	int fd = open_or_make(name, O_WRONLY | O_CREAT);
	struct stat st;

	if (fd < 0)
		return fault("open", name);
	/* Where the file system knows no locks, the lease alone has to do. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(fd);
		return ERR_CONFLICT;
	}
	if (fstat(fd, &st) != 0) {
		enum err e = fault("look at", name);

		close(fd);
		return e;
	}
	*ret_fd = fd;
	*ret_size = st.st_size;
	return OK;
}

/* The first len bytes of one file into another. */
static enum err
copy_bytes(int from, int to, int64_t len, const char *name)
{
	while (len > 0) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)len, 0);

		if (n < 0)
			return fault("copy", name);
		if (n == 0) {
			log_event(LOG_WARN, "store", "msg=\"shorter than counted\" file=%s missing=%lld",
				  name, (long long)len);
			break;
		}
		len -= n;
	}
	return store_sync(to);
}

enum err
store_copy(const char *from, int64_t len, const char *to)
{
	int in = -1, out = open_or_make(to, O_WRONLY | O_CREAT | O_EXCL);
	enum err e = OK;

	if (out < 0)
		return fault("make", to);
	/* A file that is lost is as good as an empty one. */
	if (len > 0) {
		in = open_or_make(from, O_RDONLY);
		if (in >= 0)
			e = copy_bytes(in, out, len, from);
		else if (errno != ENOENT)
			e = fault("open", from);
	}
	if (in >= 0)
		close(in);
	close(out);
	if (e)
		store_remove(to);
	return e;
}

enum err
store_write(int fd, const void *buf, size_t len, int64_t at, size_t *ret_written)
{
	*ret_written = 0;
	while (*ret_written < len) {
		ssize_t n = pwrite(fd, (const char *)buf + *ret_written, len - *ret_written,
				   at + (int64_t)*ret_written);

		if (n < 0 && errno != EINTR)
			return fault("write", "-");
		if (n > 0)
			*ret_written += (size_t)n;
	}
	return OK;
}

enum err
store_sync(int fd)
{
	return fdatasync(fd) == 0 ? OK : fault("sync", "-");
}

void
store_remove(const char *name)
{
	char path[PATH_MAX];

	if (!name)
		return;
	path_of(name, path);
	if (unlink(path) != 0 && errno != ENOENT)
		(void)fault("remove", name);
}
