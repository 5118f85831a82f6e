// SPDX-License-Identifier: MIT
/* SUBMIT: several asynchronous transfers with one call. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "test.h"

static struct board *fx2;
static int fd;
static uint32_t handle, moved;
static uint8_t in[8][64];

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void open_fx2(void)
{
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

/* Completes COUNT reads that wait. */
static void feed_all(int count)
{
	char data[] = "data";

	while (count--)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, data, 4, &moved));
}

static struct winusb_transfer transfers[WINUSB_MAX_SUBMIT + 1];

static void fill_transfers(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		transfers[i] = async_transfer(handle, FX2_BULK_IN, in[i % 8], 4, i);
}

TEST(SUBMIT_starts_all_in_their_order)
{
	uint32_t count;
	int i;

	open_fx2();
	fill_transfers(8);
	/* The flag may be set, too. */
	transfers[3].flags = WINUSB_TRANSFER_ASYNC;
	CHECK_OK(async_submit(fd, transfers, 8, &count));
	CHECK_EQ(count, 8);
	feed_all(8);
	for (i = 0; i < 8; i++)
		async_expect(fd, i, 0, 4);
}

struct refusal {
	const char *label;
	uint32_t at;
	uint8_t pipe;
	uint32_t handle;
	uint32_t flags;
	int error;
};

static const struct refusal refusals[] = {
	{ "first_is_EINVAL", 0, 0x0f, 0, 0, EINVAL },
	{ "third_is_EINVAL", 2, 0x0f, 0, 0, EINVAL },
	{ "last_is_EINVAL", 7, 0x0f, 0, 0, EINVAL },
	{ "third_is_EBADF", 2, FX2_BULK_IN, 0x7fffffff, 0, EBADF },
	{ "third_is_EOPNOTSUPP", 2, FX2_BULK_IN, 0, 2, EOPNOTSUPP },
};

TEST_EACH(SUBMIT_ends_at_the_first_that_is_refused, struct refusal, row, refusals)
{
	uint32_t count, i;

	open_fx2();
	fill_transfers(8);
	transfers[row->at].pipe_id = row->pipe;
	transfers[row->at].flags = row->flags;
	if (row->handle)
		transfers[row->at].handle = row->handle;
	CHECK_ERR(async_submit(fd, transfers, 8, &count), row->error);
	CHECK_EQ(count, row->at);
	/* Those before it are under way, and none behind it. */
	feed_all(row->at);
	for (i = 0; i < row->at; i++)
		async_expect(fd, i, 0, 4);
	CHECK_ERR(async_cancel_all(fd, &count), ENOENT);
	async_expect_none(fd);
}

TEST(SUBMIT_of_1024_is_taken_and_of_0_or_1025_is_EINVAL)
{
	uint32_t count;
	int i;

	open_fx2();
	fill_transfers(WINUSB_MAX_SUBMIT + 1);
	CHECK_ERR(async_submit(fd, transfers, 0, &count), EINVAL);
	CHECK_EQ(count, 0);
	CHECK_ERR(async_submit(fd, transfers, WINUSB_MAX_SUBMIT + 1, &count), EINVAL);
	CHECK_EQ(count, 0);
	CHECK_ERR(async_submit(fd, transfers, UINT32_MAX, &count), EINVAL);
	CHECK_ERR(async_cancel_all(fd, NULL), ENOENT);
	CHECK_OK(async_submit(fd, transfers, WINUSB_MAX_SUBMIT, &count));
	CHECK_EQ(count, WINUSB_MAX_SUBMIT);
	CHECK_OK(async_cancel_all(fd, &count));
	CHECK_EQ(count, WINUSB_MAX_SUBMIT);
	for (i = 0; i < WINUSB_MAX_SUBMIT; i++)
		CHECK_EQ(async_wait(fd).status, -ECANCELED);
	async_expect_none(fd);
}

static int submit_sized(const void *array, unsigned int count, uint32_t size, uint32_t *out)
{
	struct winusb_submit arg = {
		.size = sizeof(arg), .count = count, .transfers = (uintptr_t)array,
		.transfer_size = size, .out_count = ~0u,
	};
	int result = node_ioctl(fd, WINUSB_IOC_SUBMIT, &arg);

	*out = arg.out_count;
	return result;
}

TEST(SUBMIT_with_sizes_that_differ_is_EINVAL)
{
	static const uint32_t sizes[] = { 0, 4, 72, 76, 80, 84, 96, 4096 };
	uint32_t count;
	size_t i;

	open_fx2();
	memset(transfers, 0, sizeof(transfers));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill_transfers(1);
		CHECK_ERR(submit_sized(transfers, 1, sizes[i], &count), EINVAL);
		CHECK_EQ(count, 0);
	}
	fill_transfers(2);
	transfers[1].size = 96;
	CHECK_ERR(async_submit(fd, transfers, 2, &count), EINVAL);
	CHECK_EQ(count, 1);
	feed_all(1);
	async_expect(fd, 0, 0, 4);
	async_expect_none(fd);
}

TEST(SUBMIT_takes_elements_that_grew_unless_their_tail_is_set_which_is_E2BIG)
{
	struct {
		struct winusb_transfer transfer;
		uint64_t tail;
	} grown[2] = { 0 };
	uint32_t count;
	int i;

	open_fx2();
	for (i = 0; i < 2; i++) {
		grown[i].transfer = async_transfer(handle, FX2_BULK_IN, in[i], 4, i);
		grown[i].transfer.size = sizeof(grown[0]);
	}
	CHECK_OK(submit_sized(grown, 2, sizeof(grown[0]), &count));
	CHECK_EQ(count, 2);
	feed_all(2);
	async_expect(fd, 0, 0, 4);
	async_expect(fd, 1, 0, 4);
	grown[0].tail = 1;
	CHECK_ERR(submit_sized(grown, 2, sizeof(grown[0]), &count), E2BIG);
	CHECK_EQ(count, 0);
}

TEST(SUBMIT_of_an_array_in_bad_memory_is_EFAULT)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct winusb_transfer *array = (void *)(pages + 4096 - 2 * sizeof(*array));
	uint32_t count;

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(munmap(pages + 4096, 4096), 0);
	open_fx2();
	CHECK_ERR(async_submit(fd, NULL, 1, &count), EFAULT);
	CHECK_EQ(count, 0);
	fill_transfers(2);
	memcpy(array, transfers, 2 * sizeof(*array));
	CHECK_ERR(async_submit(fd, array, 4, &count), EFAULT);
	CHECK(count == 0 || count == 2);
	feed_all(count);
	while (count--)
		CHECK_EQ(async_wait(fd).status, 0);
	async_expect_none(fd);
	CHECK_ERR(async_cancel_all(fd, NULL), ENOENT);
}

TEST(SUBMIT_only_reads_the_array)
{
	struct winusb_transfer *array = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(array != MAP_FAILED);
	open_fx2();
	fill_transfers(1);
	memcpy(array, transfers, sizeof(*array));
	CHECK_EQ(mprotect(array, 4096, PROT_READ), 0);
	CHECK_OK(async_submit(fd, array, 1, NULL));
	feed_all(1);
	async_expect(fd, 0, 0, 4);
}
