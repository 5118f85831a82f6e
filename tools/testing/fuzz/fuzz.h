/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls, and replay.c. Aborts if anything is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

#endif
