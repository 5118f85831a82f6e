// SPDX-License-Identifier: MIT
/*
 * Self-test of winusb-boards: speaks USB/IP to it over loopback; needs no
 * kernel support and no privileges. Prints TAP.
 */
#include "check.h"

int main(void)
{
	check_begin();
	check_enumeration();
	check_data();
	check_iso();
	check_msos();
	check_trouble();
	check_power();
	check_channel();
	check_bad_input();
	return check_end();
}
