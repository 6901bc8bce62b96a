/*
 * Functions that invite overflows, surprises of locale or hidden state: using one is a compile error.
 * The build includes this before every source file, after the system's headers it names.
 */
#ifndef BANNED_H
#define BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOA_BANNED(fn) this_function_is_banned_##fn

#undef strcpy
#define strcpy(...) MOA_BANNED(strcpy)
#undef strcat
#define strcat(...) MOA_BANNED(strcat)
#undef strncpy
#define strncpy(...) MOA_BANNED(strncpy)
#undef strncat
#define strncat(...) MOA_BANNED(strncat)
#undef sprintf
#define sprintf(...) MOA_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) MOA_BANNED(vsprintf)
#undef strtok
#define strtok(...) MOA_BANNED(strtok)
#undef gets
#define gets(...) MOA_BANNED(gets)
#undef atoi
#define atoi(...) MOA_BANNED(atoi)
#undef ctime
#define ctime(...) MOA_BANNED(ctime)
#undef asctime
#define asctime(...) MOA_BANNED(asctime)
#undef gmtime
#define gmtime(...) MOA_BANNED(gmtime)
#undef localtime
#define localtime(...) MOA_BANNED(localtime)
#undef rand
#define rand(...) MOA_BANNED(rand)
#undef strerror
#define strerror(...) MOA_BANNED(strerror)

#endif
