/* SPDX-License-Identifier: MIT */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>

/* One result, printed as TAP. */
void ok(bool good, const char *name);

/* unit_binding.c, unit_inf.c, unit_iso.c, unit_power.c */
void test_bindings(void);
void test_infs(void);
void test_isos(void);
void test_power(void);

#endif
