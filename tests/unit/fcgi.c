/* The web server's side of FastCGI 1.0, as far as tests need it: one request at a time on a connection. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi.h"

enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };
enum { RESPONDER = 1, KEEP_CONN = 1, REQUEST_ID = 1, HEADER_LEN = 8, CONTENT_MAX = 65535, BACKLOG = 1024 };

static void
must(bool worked, const char *what)
{
	if (!worked) {
		perror(what);
		abort();
	}
}

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return addr;
}

int
fcgi_listen(char ret_path[64])
{
	char dir[] = "/tmp/moa-fcgi-XXXXXX";
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(mkdtemp(dir) != NULL, dir);
	snprintf(ret_path, 64, "%s/socket", dir);
	addr = address(ret_path);
	must(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, BACKLOG) == 0, ret_path);
	return fd;
}

void
fcgi_unlisten(int fd, const char *path)
{
	char dir[64];

	close(fd);
	unlink(path);
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	must(rmdir(dir) == 0, dir);
}

int
fcgi_connect(const char *path)
{
	struct sockaddr_un addr = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
send_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	ssize_t n;

	while (len > 0 && (n = send(fd, at, len, MSG_NOSIGNAL)) > 0) {
		at += n;
		len -= (size_t)n;
	}
}

static void
send_record(int fd, int type, const void *content, size_t len)
{
	unsigned char record[HEADER_LEN + CONTENT_MAX] = {
		1, (unsigned char)type, 0, REQUEST_ID, (unsigned char)(len >> 8), (unsigned char)len
	};

	must(len <= CONTENT_MAX, "a record of FastCGI");
	if (len)
		memcpy(record + HEADER_LEN, content, len);
	send_all(fd, record, HEADER_LEN + len);
}

static size_t
put_length(unsigned char *at, size_t len)
{
	if (len < 0x80) {
		at[0] = (unsigned char)len;
		return 1;
	}
	at[0] = (unsigned char)(len >> 24 | 0x80);
	at[1] = (unsigned char)(len >> 16);
	at[2] = (unsigned char)(len >> 8);
	at[3] = (unsigned char)len;
	return 4;
}

void
fcgi_begin(int fd, bool keep, const char *const *params)
{
	const unsigned char begin[8] = { 0, RESPONDER, keep ? KEEP_CONN : 0 };
	unsigned char content[CONTENT_MAX];
	size_t len = 0;

	send_record(fd, BEGIN_REQUEST, begin, sizeof(begin));
	for (; params[0]; params += 2) {
		size_t name_len = strlen(params[0]), value_len = strlen(params[1]);

		must(len + 8 + name_len + value_len <= sizeof(content), "the parameters");
		len += put_length(content + len, name_len);
		len += put_length(content + len, value_len);
		memcpy(content + len, params[0], name_len);
		memcpy(content + len + name_len, params[1], value_len);
		len += name_len + value_len;
	}
	if (len > 0)
		send_record(fd, PARAMS, content, len);
	send_record(fd, PARAMS, NULL, 0);
}

void
fcgi_stdin(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	do {
		size_t n = len > CONTENT_MAX ? CONTENT_MAX : len;

		send_record(fd, STDIN, at, n);
		at += n;
		len -= n;
	} while (len > 0);
}

void
fcgi_send(int fd, bool keep, const char *const *params)
{
	fcgi_begin(fd, keep, params);
	fcgi_stdin(fd, "", 0);
}

static bool
receive(int fd, void *ret_bytes, size_t len)
{
	char *at = ret_bytes;

	while (len > 0) {
		ssize_t n = recv(fd, at, len, 0);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool
fcgi_next(int fd, struct fcgi_reply *reply)
{
	unsigned char header[HEADER_LEN], content[CONTENT_MAX + UINT8_MAX];
	size_t len;

	if (!reply->text)
		reply->text = calloc(1, 1);
	if (!receive(fd, header, sizeof(header)))
		return false;
	len = (size_t)header[4] << 8 | header[5];
	if (!receive(fd, content, len + header[6]))
		return false;
	if (header[1] == END_REQUEST)
		reply->ended = true;
	if (header[1] == STDOUT) {
		reply->text = realloc(reply->text, reply->len + len + 1);
		must(reply->text != NULL, "memory");
		memcpy(reply->text + reply->len, content, len);
		reply->len += len;
		reply->text[reply->len] = '\0';
	}
	return true;
}

bool
fcgi_read(int fd, struct fcgi_reply *ret_reply)
{
	const char *end;

	*ret_reply = (struct fcgi_reply){ 0 };
	while (!ret_reply->ended && fcgi_next(fd, ret_reply))
		continue;
	end = strstr(ret_reply->text, "\r\n\r\n");
	ret_reply->body = end ? end + 4 : "";
	if (strncmp(ret_reply->text, "Status: ", 8) == 0)
		ret_reply->status = (int)strtol(ret_reply->text + 8, NULL, 10);
	return ret_reply->ended;
}

bool
fcgi_header(const struct fcgi_reply *reply, const char *name, char ret_value[256])
{
	size_t len = strlen(name);
	const char *line = reply->text, *end;

	for (; (end = strstr(line, "\r\n")) != NULL && end > line; line = end + 2) {
		if (strncasecmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0) {
			snprintf(ret_value, 256, "%.*s", (int)(end - line - (ptrdiff_t)len - 2),
				 line + len + 2);
			return true;
		}
	}
	return false;
}

void
fcgi_release(struct fcgi_reply *reply)
{
	free(reply->text);
	*reply = (struct fcgi_reply){ 0 };
}

void
fcgi_pair_open(struct fcgi_pair *p, const char *const *params)
{
	int ends[2];

	must(FCGX_Init() == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
	p->server = ends[1];
	FCGX_InitRequest(&p->request, -1, 0);
	p->request.ipcFd = ends[0];
	p->request.keepConnection = 1;
	fcgi_begin(p->server, true, params);
	must(FCGX_Accept_r(&p->request) == 0, "FCGX_Accept_r");
}

void
fcgi_pair_leave(struct fcgi_pair *p)
{
	close(p->server);
	p->server = -1;
}

void
fcgi_pair_finish(struct fcgi_pair *p, struct fcgi_reply *ret_reply)
{
	FCGX_Finish_r(&p->request);
	must(fcgi_read(p->server, ret_reply), "the end of the reply");
}

void
fcgi_pair_close(struct fcgi_pair *p)
{
	if (p->server >= 0)
		close(p->server);
	FCGX_Free(&p->request, 1);
}
