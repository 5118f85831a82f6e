// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>

#include "error.h"
#include "tap.h"

TEST(zero_is_no_error)
{
	CHECK_EQ(error_win32(0, ERROR_AT_COMMAND), ERROR_SUCCESS);
	CHECK_EQ(error_status(ERROR_SUCCESS), 0);
	CHECK_EQ(error_from_status(0), ERROR_SUCCESS);
}

/* The table of design.md, as numbers. */
TEST(errors_of_the_contract)
{
	static const struct {
		int error;
		DWORD win32;
	} expected[] = {
		{ EINVAL, 87 }, { EMSGSIZE, 1 }, { E2BIG, 87 }, { EOPNOTSUPP, 50 },
		{ ENOTTY, 1 }, { EBADF, 6 }, { ENOENT, 259 }, { ENXIO, 2 }, { EEXIST, 183 },
		{ EBUSY, 170 }, { EACCES, 5 }, { EAGAIN, 21 }, { ETIMEDOUT, 121 },
		{ ECANCELED, 995 }, { EPIPE, 31 }, { EPROTO, 31 }, { EILSEQ, 31 },
		{ EOVERFLOW, 31 }, { EIO, 31 }, { ECONNRESET, 31 }, { ESHUTDOWN, 1167 },
		{ ENODEV, 22 }, { ENOMEM, 8 }, { EFAULT, 87 }, { EINTR, 995 }, { ENOSPC, 1450 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		CHECK_EQ(error_win32(expected[i].error, ERROR_AT_COMMAND), expected[i].win32);
		CHECK_EQ(error_win32(-expected[i].error, ERROR_AT_COMMAND), expected[i].win32);
	}
}

TEST(errors_that_depend_on_the_place)
{
	CHECK_EQ(error_win32(ENOENT, ERROR_AT_OPEN), 2);
	CHECK_EQ(error_win32(ENODEV, ERROR_AT_OPEN), 2);
	CHECK_EQ(error_win32(EBUSY, ERROR_AT_OPEN), 5);
	CHECK_EQ(error_win32(EACCES, ERROR_AT_OPEN), 5);
	CHECK_EQ(error_win32(ENOENT, ERROR_AT_SETTING), 1168);
	CHECK_EQ(error_win32(EBUSY, ERROR_AT_SETTING), 170);
	CHECK_EQ(error_win32(ENOENT, ERROR_AT_CANCEL), 1168);
	CHECK_EQ(error_win32(EAGAIN, ERROR_AT_RECORD), 996);
	CHECK_EQ(error_win32(EFAULT, ERROR_AT_TRANSFER), 998);
	CHECK_EQ(error_win32(ENODEV, ERROR_AT_TRANSFER), 22);
}

TEST(unknown_errno_is_a_general_failure)
{
	CHECK_EQ(error_win32(EXDEV, ERROR_AT_COMMAND), 31);
}

/* OVERLAPPED.Internal must lead back to what a synchronous call would have said. */
TEST(statuses_lead_back)
{
	const struct error_row *row;

	for (row = error_rows; row->error; row++) {
		CHECK_EQ(error_from_status(error_status(row->win32)), row->win32);
		CHECK((LONG)error_status(row->win32) < 0 || !row->win32);
	}
	CHECK_EQ(error_from_status(error_status(12345)), 12345);
}

TEST(statuses_of_windows)
{
	CHECK_EQ(error_status(ERROR_OPERATION_ABORTED), 0xc0000120);
	CHECK_EQ(error_status(ERROR_SEM_TIMEOUT), 0xc00000b5);
	CHECK_EQ(error_status(ERROR_GEN_FAILURE), 0xc0000001);
	CHECK_EQ(error_status(ERROR_DEVICE_NOT_CONNECTED), 0xc000009d);
	CHECK_EQ(error_from_status(0x103), ERROR_IO_PENDING);
	CHECK_EQ(error_from_status(0xc000000e), ERROR_NO_SUCH_DEVICE);
	CHECK_EQ(error_from_status(0xc000009a), ERROR_NO_SYSTEM_RESOURCES);
	CHECK_EQ(error_from_status(0xc0000034), ERROR_FILE_NOT_FOUND);
	CHECK_EQ(error_from_status(0xcfffffff), ERROR_MR_MID_NOT_FOUND);
}

static void *other_thread(void *unused)
{
	(void)unused;
	CHECK_EQ(GetLastError(), 0);
	SetLastError(99);
	return NULL;
}

TEST(last_error_is_of_the_thread)
{
	pthread_t thread;

	SetLastError(7);
	CHECK_EQ(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, NULL);
	CHECK_EQ(GetLastError(), 7);
	CHECK_EQ(error_fail(5), FALSE);
	CHECK_EQ(GetLastError(), 5);
	CHECK_EQ(error_result(0, ERROR_AT_COMMAND), TRUE);
	CHECK_EQ(GetLastError(), 5);
	CHECK_EQ(error_result(-EPIPE, ERROR_AT_TRANSFER), FALSE);
	CHECK_EQ(GetLastError(), 31);
}
