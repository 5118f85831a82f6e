/* SPDX-License-Identifier: MIT */
/*
 * What the uevents said of each plug of a storm. A plug is told from all others by its serial
 * number, "storm-N", and by its GUIDs, which have that number too.
 */
#ifndef WINUSB_SELFTEST_LEDGER_H
#define WINUSB_SELFTEST_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_INTERFACES = 4, LEDGER_GUID = 40 };

struct ledger_plug {
	bool faulty;			/* its GUIDs may be any */
	unsigned int adds[LEDGER_INTERFACES];
	unsigned int removes[LEDGER_INTERFACES];
	unsigned int changes;
	unsigned int guids;		/* interfaces that showed a GUID, one bit each */
	unsigned int own_guids;		/* that showed the one of their firmware */
};

/* In memory that all processes share. */
struct ledger {
	unsigned int size;		/* of plugs[] */
	bool stop;
	unsigned long long events;	/* uevents of any kind */
	unsigned long long first, last;	/* their numbers, which the kernel counts */
	unsigned long long adds, changes, removes, synthetic, guids;
	unsigned long long nameless;	/* of adds, those without a serial number */
	unsigned long long devices;	/* USB devices that came */
	unsigned long long devices_gone;
	struct ledger_plug plugs[];	/* and one for those without a serial number */
};

/* From where a GUID comes. */
enum ledger_source { LEDGER_FIRMWARE = 0x51, LEDGER_ADMIN, LEDGER_WRITTEN };

struct ledger *ledger_create(unsigned int size);
void ledger_serial(char *out, size_t size, unsigned int plug);
/* The GUID of one of a plug's functions. */
void ledger_guid(char *out, enum ledger_source source, unsigned int function, unsigned int plug);
/* Reads uevents until it is to stop, and then those that are left. FD was opened before. */
void ledger_main(struct ledger *ledger, int fd);
/* Is every interface that was added by now removed? */
bool ledger_is_even(const struct ledger_plug *plug);
/* The interfaces that were added, one bit each. */
unsigned int ledger_added(const struct ledger_plug *plug);

#endif
