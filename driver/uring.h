/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_URING_H
#define WINUSB_URING_H

#include "compat.h"

struct io_uring_cmd;
struct winusb_request;

#ifdef WINUSB_HAVE_URING
int winusb_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void winusb_uring_finished(struct winusb_request *req);
#else
static inline void winusb_uring_finished(struct winusb_request *req)
{
}
#endif

#endif /* WINUSB_URING_H */
