// SPDX-License-Identifier: MIT
/*
 * What tests of suspend and resume need: remote wake, standard requests that
 * fail, lost settings, and the journal.
 */
#include <errno.h>
#include <string.h>

#include "check.h"

static int attributes(struct cable *c)
{
	uint8_t config[9];

	return cable_control(c, 0x80, 6, 0x200, 0, config, 9) == 9 ? config[7] : -EIO;
}

static int arm(struct cable *c, bool on)
{
	return cable_control(c, 0, on ? 3 : 1, 1, 0, NULL, 0);
}

static void check_wake(struct cable *c)
{
	ok(attributes(c) == 0xa0 && !arm(c, true) && told(1, "armed", "info") == 1 &&
	   !arm(c, false) && told(1, "armed", "info") == 0, "remote wake is armed and disarmed");
	tell(1, "set wake=0");
	cable_cut(c);
	cable_attach(c, "1-1");
	cable_configure(c);
	ok(attributes(c) == 0x80 && arm(c, true) == -EPIPE && told(1, "armed", "info") == 0,
	   "wake=0: not in bmAttributes, and refused");
	tell(1, "set wake=1");
	ok(attributes(c) == 0x80, "wake holds from the next plug on");
	tell(1, "defaults");
}

static void check_standard(struct cable *c)
{
	uint8_t status[2];
	uint32_t seq;

	tell(1, "set stall-standard=0x0201:1");
	ok(cable_control(c, 2, 1, 0, 0x88, NULL, 0) == -EPIPE &&
	   !cable_control(c, 2, 1, 0, 0x88, NULL, 0) && told(1, "clears", "counters 0x88") == 2,
	   "stall-standard strikes once, and clears counts both");
	tell(1, "set stall-standard=0x8000");
	ok(cable_control(c, 0x80, 0, 0, 0, status, 2) == -EPIPE &&
	   cable_control(c, 0x80, 0, 0, 0, status, 2) == -EPIPE &&
	   cable_control(c, 0x82, 0, 0, 0x88, status, 2) == 2,
	   "stall-standard is for one recipient, for ever");
	tell(1, "set stall-standard=off");
	ok(cable_control(c, 0x80, 0, 0, 0, status, 2) == 2, "stall-standard=off");
	tell(1, "set silent-standard=0x8000:1");
	seq = cable_submit_control(c, (uint8_t[8]){ 0x80, 0, 0, 0, 0, 0, 2, 0 }, NULL);
	ok(cable_reap(c, 100)->command == -1, "silent-standard: no answer");
	cable_unlink(c, seq);
	cable_reap(c, 2000);
	ok(cable_control(c, 0x80, 0, 0, 0, status, 2) == 2, "silent-standard:1: the next one has");
	ok(strstr(tell(1, "set stall-standard=0x4001"), "result=error") &&
	   strstr(tell(1, "set stall-standard=0x0201:often"), "result=error"),
	   "stall-standard takes no class or vendor requests");
}

static void check_journal(struct cable *c)
{
	uint32_t seq;

	tell(1, "reset-counters");
	seq = cable_submit(c, 0x88, NULL, 512, 0);
	cable_control(c, 2, 1, 0, 0x81, NULL, 0);
	cable_unlink(c, seq);
	cable_reap(c, 2000);
	ok(strstr(tell(1, "journal"), " total=3 0=urb:0x88:512 1=request:0201000081000000 "
		  "2=unlink:0x88:0"), "the journal has all that the host did, in its order");
	ok(strstr(tell(1, "journal 1"), " total=3 0=unlink:0x88:0"), "or the last of it");
}

static void check_forget(struct cable *c)
{
	uint8_t byte = 0xff, data[8] = { 0 };

	cable_control(c, 1, 11, 1, 2, NULL, 0);
	ok(cable_transfer(c, 4, data, 8) == 8 && told(2, "settings", "info") == 1,
	   "settings counts SET_INTERFACE");
	tell(2, "forget");
	ok(cable_control(c, 0x81, 10, 0, 2, &byte, 1) == 1 && !byte &&
	   cable_transfer(c, 4, data, 8) == -EPROTO, "forget: setting 0, without a request");
}

void check_power(void)
{
	struct cable c;

	server_start("fx2", "composite", NULL);
	cable_attach(&c, "1-1");
	cable_configure(&c);
	check_wake(&c);
	check_standard(&c);
	check_journal(&c);
	cable_cut(&c);
	cable_attach(&c, "1-2");
	cable_configure(&c);
	check_forget(&c);
	cable_cut(&c);
	server_stop();
}
