/* SPDX-License-Identifier: MIT */
/* Windows does not tell small letters from capitals in names of headers. */
#include "driverspecs.h"
