/* SPDX-License-Identifier: MIT */
/*
 * USB/IP 1.1.1, the server's side: structures as on the wire (big endian)
 * and the two ways in: a TCP listener, and a socket that is already
 * connected to a host controller.
 */
#ifndef USBIP_H
#define USBIP_H

#include <stdint.h>

#include "board.h"

#define USBIP_PORT	3240
#define USBIP_VERSION	0x0111

enum {
	OP_REQ_DEVLIST = 0x8005, OP_REP_DEVLIST = 0x0005,
	OP_REQ_IMPORT = 0x8003, OP_REP_IMPORT = 0x0003,
};

enum {
	USBIP_CMD_SUBMIT = 1, USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3, USBIP_RET_UNLINK = 4,
};

enum {
	ST_OK = 0, ST_NA = 1, ST_DEV_BUSY = 2, ST_DEV_ERR = 3, ST_NODEV = 4,
	ST_ERROR = 5,
};

struct op_common {
	uint16_t version;
	uint16_t code;
	uint32_t status;
} __attribute__((packed));

struct usbip_device {
	char path[256];
	char busid[32];
	uint32_t busnum;
	uint32_t devnum;
	uint32_t speed;
	uint16_t vid;
	uint16_t pid;
	uint16_t release;
	uint8_t class;
	uint8_t subclass;
	uint8_t protocol;
	uint8_t config;
	uint8_t configs;
	uint8_t interfaces;
} __attribute__((packed));

struct usbip_header {
	uint32_t command;
	uint32_t seqnum;
	uint32_t devid;
	uint32_t direction;
	uint32_t ep;
	union {
		struct {
			uint32_t flags;
			int32_t length;
			int32_t start_frame;
			int32_t packets;
			int32_t interval;
			uint8_t setup[8];
		} submit;
		struct {
			int32_t status;
			int32_t actual;
			int32_t start_frame;
			int32_t packets;
			int32_t errors;
			uint8_t pad[8];
		} done;
		struct {
			uint32_t seqnum;
			uint8_t pad[24];
		} unlink;
		struct {
			int32_t status;
			uint8_t pad[24];
		} unlinked;
	};
} __attribute__((packed));

struct usbip_iso {
	uint32_t offset;
	uint32_t length;
	uint32_t actual;
	int32_t status;
} __attribute__((packed));

/* Larger transfers and packet counts are a broken or hostile peer. */
#define USBIP_MAX_LENGTH	(32 << 20)
#define USBIP_MAX_PACKETS	1024

static inline uint32_t usbip_devid(const struct board *b)
{
	return 1u << 16 | (b->index + 1);
}

/* usbip-iso.c: the packets of an isochronous transfer */
bool usbip_iso_read(struct urb *urb, const uint8_t *data);
void usbip_iso_write(const struct iso_packet *packet, struct usbip_iso *iso);
unsigned int usbip_iso_errors(const struct urb *urb);

/* usbip.c: connections */
int usbip_listen(uint16_t port, uint16_t *got);
int usbip_serve(int fd, struct board *b);
bool usbip_catch_up(struct board *b);
void usbip_close(void);

#endif
