/* SPDX-License-Identifier: MIT */
/* The versions of Windows have their numbers there. */
#include "sdkddkver.h"
