// SPDX-License-Identifier: MIT
/* Keeps what the uevents said, and fails when they cannot be true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ledger.h"
#include "test.h"
#include "uevent.h"

enum { BUSES = 64, PORTS = 32 };

/* Who is at a place, by the uevents: the number of the plug, from 1. */
static unsigned int present[BUSES][PORTS][LEDGER_INTERFACES];

struct ledger *ledger_create(unsigned int size)
{
	struct ledger *ledger = mmap(NULL, sizeof(*ledger) + (size + 1) * sizeof(ledger->plugs[0]),
				     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (ledger == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
	ledger->size = size;
	ledger->plugs[size].faulty = true;
	return ledger;
}

void ledger_serial(char *out, size_t size, unsigned int plug)
{
	snprintf(out, size, "storm-%u", plug);
}

void ledger_guid(char *out, enum ledger_source source, unsigned int function, unsigned int plug)
{
	snprintf(out, LEDGER_GUID, "{7c3f9a%02x-%04x-4000-8000-%012u}", source, function, plug);
}

bool ledger_is_even(const struct ledger_plug *plug)
{
	unsigned int i;

	for (i = 0; i < LEDGER_INTERFACES; i++)
		if (__atomic_load_n(&plug->adds[i], __ATOMIC_ACQUIRE) !=
		    __atomic_load_n(&plug->removes[i], __ATOMIC_ACQUIRE))
			return false;
	return true;
}

unsigned int ledger_added(const struct ledger_plug *plug)
{
	unsigned int i, mask = 0;

	for (i = 0; i < LEDGER_INTERFACES; i++)
		if (__atomic_load_n(&plug->adds[i], __ATOMIC_ACQUIRE))
			mask |= 1u << i;
	return mask;
}

/* The place of "9-1:1.0", where a plug's number is kept. */
static unsigned int *place_of(const char *name)
{
	unsigned int bus, port, interface;

	if (sscanf(name, "%u-%u:1.%u", &bus, &port, &interface) != 3 || bus >= BUSES ||
	    port >= PORTS || interface >= LEDGER_INTERFACES)
		FAIL("an event of %s, where no board is", name);
	return &present[bus][port][interface];
}

/* A GUID has to be one of this plug, or to come from those who give them to any. */
static void see_guid(struct ledger *ledger, unsigned int plug, unsigned int interface,
		     const char *guid, const char *name)
{
	struct ledger_plug *p = &ledger->plugs[plug];
	unsigned int source, function, number;

	ledger->guids++;
	__atomic_or_fetch(&p->guids, 1u << interface, __ATOMIC_RELEASE);
	if (p->faulty)
		return;
	if (sscanf(guid, "{7c3f9a%2x-%4x-4000-8000-%12u}", &source, &function, &number) != 3 ||
	    (source != LEDGER_FIRMWARE && source != LEDGER_ADMIN && source != LEDGER_WRITTEN))
		FAIL("%s has the GUID %s", name, guid);
	if (source == LEDGER_FIRMWARE) {
		if (number != plug)
			FAIL("%s, plug %u, has the GUID %s", name, plug, guid);
		__atomic_or_fetch(&p->own_guids, 1u << interface, __ATOMIC_RELEASE);
	}
}

static void see_guids(struct ledger *ledger, unsigned int plug, unsigned int interface,
		      const struct uevent *event)
{
	bool may = !strcmp(uevent_text(event, "WINUSB_DEFAULT"), "1") &&
		   !strcmp(uevent_text(event, "WINUSB_COMPLETE"), "1");
	const char *guid;
	char key[16];
	int i;

	for (i = 0; i < 8; i++) {
		snprintf(key, sizeof(key), "WINUSB_GUID_%d", i);
		guid = uevent_get(event, key);
		if (!guid)
			return;
		/* What leaves is not complete any more, and still has its GUIDs. */
		if (!may && strcmp(uevent_text(event, "ACTION"), "remove"))
			FAIL("%s has a GUID too early", uevent_name(event));
		see_guid(ledger, plug, interface, guid, uevent_name(event));
	}
}

static void see_interface(struct ledger *ledger, const struct uevent *event)
{
	const char *name = uevent_name(event), *action = uevent_text(event, "ACTION");
	const char *serial = uevent_text(event, "WINUSB_SERIAL");
	unsigned int plug, interface, *place = place_of(name);
	struct ledger_plug *p;

	/* One that is pulled out while its strings are read may be bound for a moment without them. */
	if (!*serial)
		plug = ledger->size;
	else if (sscanf(serial, "storm-%u", &plug) != 1 || plug >= ledger->size)
		FAIL("an event of %s with the serial number \"%s\"", name, serial);
	if (sscanf(uevent_text(event, "WINUSB_INTERFACE"), "%x", &interface) != 1 ||
	    interface >= LEDGER_INTERFACES)
		FAIL("an event of %s without its number", name);
	p = &ledger->plugs[plug];
	see_guids(ledger, plug, interface, event);
	/* One that somebody wrote to the file "uevent", which is there before the event "add". */
	if (uevent_get(event, "SYNTH_UUID")) {
		ledger->synthetic++;
		return;
	}
	if (!strcmp(action, "add")) {
		ledger->nameless += !*serial;
		if (*place)
			FAIL("%s, plug %u, is added while plug %u is there", name, plug, *place - 1);
		*place = plug + 1;
		ledger->adds++;
		__atomic_add_fetch(&p->adds[interface], 1, __ATOMIC_RELEASE);
		return;
	}
	if (*place != plug + 1)
		FAIL("%s of %s, plug %u, which is not there", action, name, plug);
	if (!strcmp(action, "remove")) {
		*place = 0;
		ledger->removes++;
		__atomic_add_fetch(&p->removes[interface], 1, __ATOMIC_RELEASE);
	} else if (!strcmp(action, "change")) {
		ledger->changes++;
		__atomic_add_fetch(&p->changes, 1, __ATOMIC_RELEASE);
	} else {
		FAIL("%s of %s", action, name);
	}
}

static void see(struct ledger *ledger, const struct uevent *event)
{
	unsigned long long number = strtoull(uevent_text(event, "SEQNUM"), NULL, 10);

	ledger->events++;
	if (!ledger->first || number < ledger->first)
		ledger->first = number;
	if (number > ledger->last)
		ledger->last = number;
	if (uevent_is(event, "winusb", NULL)) {
		see_interface(ledger, event);
	} else if (!strcmp(uevent_text(event, "DEVTYPE"), "usb_device")) {
		ledger->devices += uevent_is(event, "usb", "add");
		ledger->devices_gone += uevent_is(event, "usb", "remove");
	}
}

void ledger_main(struct ledger *ledger, int fd)
{
	struct uevent event;
	bool stop;

	for (;;) {
		stop = __atomic_load_n(&ledger->stop, __ATOMIC_ACQUIRE);
		if (uevent_next(fd, &event, 200))
			see(ledger, &event);
		else if (stop)
			break;
	}
	if (ledger->events != ledger->last - ledger->first + 1)
		FAIL("%llu uevents from number %llu to %llu: some are missing", ledger->events,
		     ledger->first, ledger->last);
}
