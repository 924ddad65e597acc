// SPDX-License-Identifier: Apache-2.0
// Included before every source file: functions that this project does not use, because they do not know the
// size of what they write, cannot tell an error, or start a shell. Their headers come first, so that only uses
// are refused.
#pragma once

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

// Fortified headers may have made macros of these.
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy stpcpy strcat sprintf vsprintf gets
#pragma GCC poison atoi atol atoll atof
#pragma GCC poison strtok strtok_r
#pragma GCC poison system popen
#pragma GCC poison tmpnam tempnam mktemp
#pragma GCC poison ctime asctime localtime gmtime
#pragma GCC poison gethostbyname
#undef alloca
#pragma GCC poison getwd alloca
