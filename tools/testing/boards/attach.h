/* SPDX-License-Identifier: MIT */
/*
 * Plugs a board into this machine's own vhci_hcd, without network and
 * without the usbip tool.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include "board.h"

int attach_local(struct board *b, int controller, char *error, size_t size);

#endif
