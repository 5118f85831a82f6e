/* SPDX-License-Identifier: MIT */
/* Included before a header with DEFINE_GUID: its GUIDs are then defined, not only declared. */
#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
