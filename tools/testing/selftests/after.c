// SPDX-License-Identifier: MIT
/* What has to hold after a program that strains the driver: its last tests, in this order. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sysfs.h"
#include "test.h"

TEST(lockdep_is_still_on)
{
	char stats[8192];
	const char *p;

	if (file_read("/proc/lockdep_stats", stats, sizeof(stats)) < 0)
		test_skip("this kernel has no lockdep");
	p = strstr(stats, "debug_locks:");
	CHECK(p);
	CHECK_EQ(atoi(p + strlen("debug_locks:")), 1);
}

TEST(the_module_unloads_afterwards)
{
	int result, tries;

	/* A ring that ended lets go of its file a little later. */
	for (tries = 0; tries < 100; tries++) {
		result = syscall(SYS_delete_module, "winusb", O_NONBLOCK) ? -errno : 0;
		if (result != -EWOULDBLOCK && result != -EBUSY)
			break;
		test_sleep_ms(100);
	}
	CHECK_OK(result);
}
