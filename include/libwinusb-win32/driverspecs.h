/* SPDX-License-Identifier: MIT */
/* Annotations for drivers, which vanish; those that programs have, too, are in <sal.h>. */
#include "sal.h"
