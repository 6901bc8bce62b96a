/* Compiler attributes under the names the headers use. */
#ifndef ATTR_H
#define ATTR_H

/* The result tells whether the call worked: ignoring it is a mistake the compiler reports. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Arguments are checked against the printf format, as the compiler does for printf itself. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#endif
