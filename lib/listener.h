/* The socket a program listens on: a unix socket of its own, or the one the web server has passed. */
#ifndef LISTENER_H
#define LISTENER_H

#include "attr.h"

/**
 * listener_open(path):
 * A socket that listens at ${path}, in place of what a dead process has left there, or descriptor 0 if ${path} is NULL; either
 * does not block.  -1: there is none, or a living process has that one, which is logged.
 */
int listener_open(const char *path) MUST_CHECK;

#endif
