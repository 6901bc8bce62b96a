/* The files of uploads, below MOA_SHORTS_DIR: made, continued, copied, removed.  What they are of is PostgreSQL's to know. */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct req;

/** store_name(rq): A name for a new file that nobody can guess and no other has. */
const char *store_name(const struct req *rq);

/** store_room(): How many bytes may still be promised, by what is free less the reserve; negative when it is used up. */
int64_t store_room(void);

/**
 * store_open(name, ret_fd, ret_size):
 * Open the file ${name}, empty if it is not there yet, to write; *${ret_size} is how long it is.  The caller closes *${ret_fd}.
 * Errors: ERR_CONFLICT when somebody else has it open; ERR_STORAGE_FULL; ERR_UNAVAILABLE, logged, for whatever else ails the
 * storage.
 */
enum err store_open(const char *name, int *ret_fd, int64_t *ret_size) MUST_CHECK;

/**
 * store_copy(from, len, to):
 * Make ${to} of the first ${len} bytes of ${from}, or of all there are, and have them on disk.  On failure ${to} is removed.
 * Errors: as above.
 */
enum err store_copy(const char *from, int64_t len, const char *to) MUST_CHECK;

/** store_write(fd, buf, len, at, ret_written): Write at the offset ${at}; *${ret_written} says how much of it, also on failure.  Errors: as above. */
enum err store_write(int fd, const void *buf, size_t len, int64_t at, size_t *ret_written) MUST_CHECK;

/** store_sync(fd): Have it on disk.  Errors: as above. */
enum err store_sync(int fd) MUST_CHECK;

/** store_remove(name): Remove the file; NULL, and one that is not there, are no-ops. */
void store_remove(const char *name);

#endif
