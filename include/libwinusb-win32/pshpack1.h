/* SPDX-License-Identifier: MIT */
/* No guard: each time it is included it opens a region that poppack.h closes. */
#pragma pack(push, 1)
