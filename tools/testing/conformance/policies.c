// SPDX-License-Identifier: MIT
/* winusb.md 1.4 and 2.1: what policies there are, their sizes, defaults and errors; 3.1: power */
#include "face.h"

static const ULONG numbers[] = { PIPE_TRANSFER_TIMEOUT, MAXIMUM_TRANSFER_SIZE };
static const ULONG switches[] = {
	SHORT_PACKET_TERMINATE, AUTO_CLEAR_STALL, IGNORE_SHORT_PACKETS, ALLOW_PARTIAL_READS, AUTO_FLUSH,
	RAW_IO, RESET_PIPE_ON_RESUME,
};
static const UCHAR pipes[] = { FX2_SWITCHES, FX2_BULK_OUT, FX2_BULK_IN };

TEST_OF(1_4, a_value_that_is_too_small_is_INVALID_PARAMETER)
{
	ULONG value = 1, i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(switches); i++)
		FAILS(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, switches[i], 0, &value),
		      ERROR_INVALID_PARAMETER);
	for (i = 0; i < 4; i++)
		FAILS(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, i, &value),
		      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, AUTO_FLUSH, 1, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, 4, NULL),
	      ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_4, a_larger_value_is_accepted)
{
	BOOL yes = TRUE;
	ULONG longer[2] = { 123, 456 };

	begin(fx2);
	OK(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, AUTO_FLUSH, sizeof(yes), &yes));
	CHECK_EQ(get_policy(FX2_BULK_IN, AUTO_FLUSH), 1);
	OK(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, sizeof(longer), longer));
	CHECK_EQ(get_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT), 123);
	end();
}

TEST_OF(1_4, get_pipe_policy_tells_the_size_and_writes_no_more)
{
	UCHAR room[8];
	ULONG length, i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		memset(room, 0xcc, sizeof(room));
		length = sizeof(room);
		OK(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, switches[i], &length, room));
		CHECK_EQ(length, 1);
		CHECK_EQ(room[1], 0xcc);
		length = 0;
		FAILS(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, switches[i], &length, room),
		      ERROR_INVALID_USER_BUFFER);
	}
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		memset(room, 0xcc, sizeof(room));
		length = sizeof(room);
		OK(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, numbers[i], &length, room));
		CHECK_EQ(length, 4);
		CHECK_EQ(room[4], 0xcc);
		length = 3;
		FAILS(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, numbers[i], &length, room),
		      ERROR_INVALID_USER_BUFFER);
	}
	FAILS(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, RAW_IO, NULL, room),
	      ERROR_INVALID_USER_BUFFER);
	length = 1;
	FAILS(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, RAW_IO, &length, NULL),
	      ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_4, unknown_policies_and_pipes_are_INVALID_PARAMETER)
{
	static const ULONG unknown[] = { 0, 10, 0x81, 0x100, 0xffffffff };
	ULONG value = 1, length = 4, i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		FAILS(WinUsb_SetPipePolicy(usb, FX2_BULK_IN, unknown[i], 4, &value),
		      ERROR_INVALID_PARAMETER);
		FAILS(WinUsb_GetPipePolicy(usb, FX2_BULK_IN, unknown[i], &length, &value),
		      ERROR_INVALID_PARAMETER);
	}
	FAILS(set_policy(0x99, RAW_IO, 1), ERROR_INVALID_PARAMETER);
	FAILS(set_policy(FX2_BULK_IN & 0x0f, RAW_IO, 1), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetPipePolicy(usb, 0x99, RAW_IO, &length, &value), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_4, the_pipe_must_be_of_the_handles_interface)
{
	WINUSB_INTERFACE_HANDLE second;
	UCHAR yes = 1;

	begin(composite);
	second = associated(EVENTS);
	FAILS(WinUsb_SetPipePolicy(usb, 0x82, RAW_IO, 1, &yes), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPipePolicy(second, 0x81, RAW_IO, 1, &yes), ERROR_INVALID_PARAMETER);
	OK(WinUsb_SetPipePolicy(second, 0x82, RAW_IO, 1, &yes));
	/* Pipe 0 is everybody's. */
	OK(WinUsb_SetPipePolicy(second, 0, PIPE_TRANSFER_TIMEOUT, 4, (ULONG[]){ 100 }));
	end();
}

TEST_OF(2_1, the_defaults)
{
	unsigned int i, j;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(pipes); i++) {
		for (j = 0; j < ARRAY_SIZE(switches); j++)
			CHECK_EQ(get_policy(pipes[i], switches[j]),
				 switches[j] == ALLOW_PARTIAL_READS);
		CHECK_EQ(get_policy(pipes[i], PIPE_TRANSFER_TIMEOUT), 0);
		CHECK(get_policy(pipes[i], MAXIMUM_TRANSFER_SIZE) >= 64 * 1024);
	}
	CHECK_EQ(get_policy(0, PIPE_TRANSFER_TIMEOUT), 5000);
	end();
}

TEST_OF(2_1, switches_are_0_or_any_other_value)
{
	unsigned int i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		OK(set_policy(FX2_BULK_IN, switches[i], 0x80));
		CHECK_EQ(get_policy(FX2_BULK_IN, switches[i]), 1);
		OK(set_policy(FX2_BULK_IN, switches[i], 0));
		CHECK_EQ(get_policy(FX2_BULK_IN, switches[i]), 0);
	}
	end();
}

TEST_OF(2_1, a_policy_where_it_has_no_effect_is_no_error)
{
	static const ULONG of_in[] = { AUTO_CLEAR_STALL, IGNORE_SHORT_PACKETS, AUTO_FLUSH };
	unsigned int i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(of_in); i++)
		OK(set_policy(FX2_BULK_OUT, of_in[i], 1));
	OK(set_policy(FX2_BULK_OUT, ALLOW_PARTIAL_READS, 0));
	OK(set_policy(FX2_BULK_IN, SHORT_PACKET_TERMINATE, 1));
	OK(set_policy(0, RAW_IO, 1));
	loopback_works();
	end();
}

TEST_OF(2_1, the_maximum_transfer_size_is_only_read)
{
	begin(fx2);
	FAILS(set_policy(FX2_BULK_IN, MAXIMUM_TRANSFER_SIZE, 4096), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(2_1, policies_end_with_the_file)
{
	begin(fx2);
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, 99));
	end();
	begin(fx2);
	CHECK_EQ(get_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT), 0);
	end();
}

TEST_OF(3_1, power_policies_have_sizes_and_defaults)
{
	ULONG delay = 0, length = 4;
	UCHAR on = 77, room[8];

	begin(fx2);
	OK(WinUsb_GetPowerPolicy(usb, SUSPEND_DELAY, &length, &delay));
	CHECK_EQ(length, 4);
	CHECK_EQ(delay, 5000);
	length = sizeof(room);
	OK(WinUsb_GetPowerPolicy(usb, AUTO_SUSPEND, &length, room));
	CHECK_EQ(length, 1);
	length = 1;
	OK(WinUsb_GetPowerPolicy(usb, AUTO_SUSPEND, &length, &on));
	CHECK(on <= 1);
	end();
}

TEST_OF(3_1, power_policies_are_set_and_got)
{
	ULONG delay = 1234, length = 4;
	BOOL yes = TRUE;
	UCHAR on = 0;

	begin(fx2);
	OK(WinUsb_SetPowerPolicy(usb, SUSPEND_DELAY, sizeof(delay), &delay));
	delay = 0;
	OK(WinUsb_GetPowerPolicy(usb, SUSPEND_DELAY, &length, &delay));
	CHECK_EQ(delay, 1234);
	OK(WinUsb_SetPowerPolicy(usb, AUTO_SUSPEND, sizeof(yes), &yes));
	length = 1;
	OK(WinUsb_GetPowerPolicy(usb, AUTO_SUSPEND, &length, &on));
	CHECK_EQ(on, 1);
	on = 0;
	OK(WinUsb_SetPowerPolicy(usb, AUTO_SUSPEND, 1, &on));
	end();
	begin(fx2);
	length = 4;
	OK(WinUsb_GetPowerPolicy(usb, SUSPEND_DELAY, &length, &delay));
	CHECK_EQ(delay, 5000);
	end();
}

TEST_OF(3_1, power_policies_refuse_what_is_wrong)
{
	WINUSB_INTERFACE_HANDLE second;
	ULONG value = 1, length = 4;

	begin(composite);
	FAILS(WinUsb_SetPowerPolicy(usb, SUSPEND_DELAY, 3, &value), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPowerPolicy(usb, AUTO_SUSPEND, 0, &value), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPowerPolicy(usb, AUTO_SUSPEND, 1, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPowerPolicy(usb, 0x82, 4, &value), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_SetPowerPolicy(usb, RAW_IO, 4, &value), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetPowerPolicy(usb, 0x82, &length, &value), ERROR_INVALID_PARAMETER);
	length = 3;
	FAILS(WinUsb_GetPowerPolicy(usb, SUSPEND_DELAY, &length, &value),
	      ERROR_INVALID_USER_BUFFER);
	/* Of the default handle only */
	second = associated(EVENTS);
	FAILS(WinUsb_SetPowerPolicy(second, SUSPEND_DELAY, 4, &value), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(9_15, auto_suspend_is_ignored_unless_the_device_may_sleep)
{
	ULONG delay = 1;
	UCHAR yes = 1;
	unsigned long long statuses;

	begin(fx2);
	statuses = board_value(fx2, "statuses");
	OK(WinUsb_SetPowerPolicy(usb, AUTO_SUSPEND, 1, &yes));
	OK(WinUsb_SetPowerPolicy(usb, SUSPEND_DELAY, sizeof(delay), &delay));
	test_sleep_ms(500);
	loopback_works();
	/* Nobody asked for its status, as is done when it wakes. */
	CHECK_EQ(board_value(fx2, "statuses"), statuses);
	end();
}
