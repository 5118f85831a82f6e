/* SPDX-License-Identifier: MIT */
/* No guard: it closes the region that pshpack1.h (2, 4, 8) opened. */
#pragma pack(pop)
