/* SPDX-License-Identifier: MIT */
/* A call through the Windows face that is to fail. */
#ifndef FAILS_H
#define FAILS_H

#include <windows.h>

#include "tap.h"

#define CHECK_FAILS(call, error)					\
	do {								\
		SetLastError(0);					\
		CHECK(!(call));						\
		CHECK_EQ(GetLastError(), error);			\
	} while (0)

#endif
