/* Time as the programs use it: a steady clock for deadlines, the calendar for tokens and logs. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/** clock_us(): Microseconds of a clock that never goes back; only differences mean anything. */
int64_t clock_us(void);

/** clock_ms(): The same in milliseconds.  A deadline is a value of this clock. */
int64_t clock_ms(void);

/** clock_left_ms(deadline_ms): Milliseconds until ${deadline_ms}, 0 when it has passed; fits poll(2). */
int clock_left_ms(int64_t deadline_ms);

/** clock_unix_s(): Seconds since 1970-01-01 UTC. */
int64_t clock_unix_s(void);

#endif
