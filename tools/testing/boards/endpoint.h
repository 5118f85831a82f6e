/* SPDX-License-Identifier: MIT */
/*
 * Inside of the endpoints: what serves transfers packet by packet (endpoint.c)
 * and what does it in time (schedule.c) share.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "board.h"

enum serve { SERVE_DONE, SERVE_WAIT, SERVE_GONE };

/* endpoint.c */
int urb_room(struct urb *urb);
bool endpoint_trouble(struct endpoint *ep, struct urb *urb, enum serve *verdict);
bool endpoint_account(struct endpoint *ep, struct urb *urb, size_t len);
int endpoint_next_packet(struct endpoint *ep, uint8_t *to, uint64_t most);
bool endpoint_take_packet(struct endpoint *ep, const uint8_t *data, size_t len);

/* schedule.c: isochronous transfers */
void iso_schedule(struct endpoint *ep, struct urb *urb);
enum serve iso_serve(struct endpoint *ep, struct urb *urb);
void iso_release(struct endpoint *ep, struct urb *urb);
uint32_t bus_frame(const struct board *b);

#endif
