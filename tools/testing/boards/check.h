/* SPDX-License-Identifier: MIT */
/*
 * Self-test of winusb-boards: a small USB/IP host in user space, servers
 * started for one test each, and TAP.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IN_DATA_ROOM (1 << 20)
#define CHECK_PACKETS 128

/**
 * struct cable - a board that this program has attached
 * @in: by sequence number modulo 1024: data comes with the answer
 */
struct cable {
	int fd;
	uint32_t devid;
	uint32_t speed;
	uint32_t seqnum;
	bool in[1024];
	uint8_t packets[1024];
};

/**
 * struct answer - RET_SUBMIT or RET_UNLINK
 * @command: 3 or 4; 0: the connection ended, in the middle of
 *	@actual bytes of data if that is not 0; -1: nothing came in time
 */
struct answer {
	int command;
	uint32_t seqnum;
	int32_t status;
	int32_t actual;
	uint32_t start_frame;
	int32_t iso_packets;
	int32_t iso_errors;
	uint32_t iso_offset[CHECK_PACKETS];
	uint32_t iso_actual[CHECK_PACKETS];
	int32_t iso_status[CHECK_PACKETS];
	uint8_t data[IN_DATA_ROOM];
};

/* check-server.c: TAP and servers */
void check_begin(void);
int check_end(void);
const char *check_program(void);
void ok(bool good, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void server_start(const char *first, ...) __attribute__((sentinel));
void server_stop(void);
void server_pause(bool pause);
int server_connect(void);
const char *server_control(void);
const char *tell(unsigned int board, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
long long told(unsigned int board, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* check-host.c: the host's side of USB/IP */
int cable_attach(struct cable *c, const char *busid);
void cable_cut(struct cable *c);
void cable_send(struct cable *c, const void *data, size_t len);
uint32_t cable_submit(struct cable *c, uint8_t ep, const void *data,
		      uint32_t len, uint32_t flags);
uint32_t cable_submit_control(struct cable *c, const uint8_t *setup,
			      const void *data);
uint32_t cable_submit_iso(struct cable *c, uint8_t ep, const void *data,
			  unsigned int packets, unsigned int each);
/* Behind the header: what the caller sends. For transfers that are wrong. */
uint32_t cable_submit_header(struct cable *c, uint8_t ep, uint32_t len,
			     uint32_t packets);
uint32_t cable_unlink(struct cable *c, uint32_t seqnum);
struct answer *cable_reap(struct cable *c, int ms);
int cable_control(struct cable *c, uint8_t type, uint8_t request,
		  uint16_t value, uint16_t index, void *data, uint16_t len);
int cable_transfer(struct cable *c, uint8_t ep, void *data, uint32_t len);
int cable_configure(struct cable *c);

/* the tests */
void check_enumeration(void);
void check_data(void);
void check_iso(void);
void check_msos(void);
void check_trouble(void);
void check_power(void);
void check_channel(void);
void check_bad_input(void);

#endif
