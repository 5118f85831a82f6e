/* SPDX-License-Identifier: MIT */
#include "dbt.h"
