// SPDX-License-Identifier: MIT
/* Control transfers: recipients, forbidden requests, lengths, timeouts (winusb.md 1.6, 9.10). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

/* The composite board's requests; any other IN request is answered with its own setup packet. */
enum { ECHO_DATA = 0xe0, COUNT = 0xe1, MIRROR = 0xe5 };

enum {
	GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, SET_ADDRESS = 5, GET_DESCRIPTOR = 6,
	SET_DESCRIPTOR = 7, GET_CONFIGURATION = 8, SET_CONFIGURATION = 9, GET_INTERFACE = 10,
	SET_INTERFACE = 11, SET_SEL = 48, SET_ISOCH_DELAY = 49,
};

static struct board *fx2, *composite;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

static void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

/* What the device saw of a request with this type and wIndex. */
static void mirror(uint32_t through, uint8_t type, uint16_t index, uint8_t setup[8])
{
	CHECK_OK(node_control(fd, through, type, MIRROR, 0x1234, index, 8, setup, 8, &moved));
	CHECK_EQ(moved, 8);
	CHECK_EQ(setup[0], type);
	CHECK_EQ(setup[1], MIRROR);
	CHECK_EQ(setup[2] | setup[3] << 8, 0x1234);
}

static uint16_t mirrored_index(uint32_t through, uint8_t type, uint16_t index)
{
	uint8_t setup[8];

	mirror(through, type, index, setup);
	return setup[4] | setup[5] << 8;
}

TEST(vendor_requests_light_the_bar_graph_and_read_it_back)
{
	uint8_t value = 0x5a;

	open_node(fx2, 0);
	CHECK_OK(node_control(fd, handle, 0x40, FX2_SET_BARGRAPH, 0, 0, 1, &value, 1, &moved));
	CHECK_EQ(moved, 1);
	CHECK_EQ(board_value(fx2, "bargraph"), 0x5a);
	value = 0;
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_BARGRAPH, 0, 0, 1, &value, 1, &moved));
	CHECK_EQ(moved, 1);
	CHECK_EQ(value, 0x5a);
}

struct recipient {
	const char *label;
	uint8_t type;
};

static const struct recipient to_interface[] = { { "class", 0xa1 }, { "vendor", 0xc1 } };

/* winusb.md 9.10 */
TEST_EACH(the_low_byte_of_wIndex_becomes_the_interface_number, struct recipient, row, to_interface)
{
	open_node(composite, LOOPBACK);
	CHECK_EQ(mirrored_index(handle, row->type, 0x0000), LOOPBACK);
	CHECK_EQ(mirrored_index(handle, row->type, 0x0001), LOOPBACK);
	CHECK_EQ(mirrored_index(handle, row->type, 0x00ff), LOOPBACK);
}

TEST_EACH(the_high_byte_of_wIndex_is_kept, struct recipient, row, to_interface)
{
	open_node(composite, LOOPBACK);
	CHECK_EQ(mirrored_index(handle, row->type, 0xab00), 0xab00 | LOOPBACK);
	CHECK_EQ(mirrored_index(handle, row->type, 0xff7f), 0xff00 | LOOPBACK);
}

TEST_EACH(an_associated_handle_names_its_own_interface, struct recipient, row, to_interface)
{
	uint32_t events, settings;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 0, &events));
	CHECK_OK(node_associated(fd, handle, 1, &settings));
	CHECK_EQ(mirrored_index(handle, row->type, 0x0003), JOINED_DATA);
	CHECK_EQ(mirrored_index(events, row->type, 0x0003), JOINED_EVENTS);
	CHECK_EQ(mirrored_index(settings, row->type, 0x0003), SETTINGS);
}

TEST(a_standard_request_to_an_interface_is_rewritten_too)
{
	uint8_t value[1] = { 0xff }, setup[8];

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 2));
	CHECK_OK(node_control(fd, handle, 0x81, GET_INTERFACE, 0, 0, 1, value, 1, &moved));
	CHECK_EQ(value[0], 2);
	board_last_request(composite, setup);
	CHECK_EQ(setup[4], SETTINGS);
}

static const struct recipient to_device[] = { { "class", 0xa0 }, { "vendor", 0xc0 } };

TEST_EACH(a_request_to_the_device_is_not_rewritten, struct recipient, row, to_device)
{
	open_node(composite, LOOPBACK);
	CHECK_EQ(mirrored_index(handle, row->type, 0x0000), 0x0000);
	CHECK_EQ(mirrored_index(handle, row->type, 0xabcd), 0xabcd);
}

static const struct recipient to_endpoint[] = {
	{ "standard", 0x82 }, { "class", 0xa2 }, { "vendor", 0xc2 },
};

TEST_EACH(a_request_to_an_endpoint_of_the_interface_passes, struct recipient, row, to_endpoint)
{
	uint8_t setup[8], status[2];

	open_node(composite, LOOPBACK);
	if (row->type == 0x82) {
		CHECK_OK(node_control(fd, handle, row->type, GET_STATUS, 0, 0x87, 2, status, 2,
				      &moved));
		CHECK_EQ(moved, 2);
		CHECK_EQ(status[0], 0);
		return;
	}
	mirror(handle, row->type, 0x0087, setup);
	CHECK_EQ(setup[4], 0x87);
	mirror(handle, row->type, 0xab07, setup);
	CHECK_EQ(setup[4] | setup[5] << 8, 0xab07);
}

TEST_EACH(a_request_to_an_endpoint_of_another_interface_is_EINVAL, struct recipient, row,
	  to_endpoint)
{
	static const uint16_t endpoints[] = { 0x81, 0x01, 0x82, 0x83, 0x84, 0x0f, 0x8f };
	unsigned int before, i;
	uint8_t data[8];

	open_node(composite, LOOPBACK);
	before = board_requests(composite);
	for (i = 0; i < ARRAY_SIZE(endpoints); i++)
		CHECK_ERR(node_control(fd, handle, row->type, GET_STATUS, 0, endpoints[i], 2, data,
				       2, &moved), EINVAL);
	CHECK_EQ(board_requests(composite), before);
}

TEST(a_request_to_endpoint_0_passes_through_any_handle)
{
	uint8_t status[2] = { 0xff, 0xff };

	open_node(composite, LOOPBACK);
	CHECK_OK(node_control(fd, handle, 0x82, GET_STATUS, 0, 0, 2, status, 2, &moved));
	CHECK_EQ(moved, 2);
	CHECK_OK(node_control(fd, handle, 0x82, GET_STATUS, 0, 0x80, 2, status, 2, &moved));
	CHECK_EQ(moved, 2);
}

struct request {
	const char *label;
	uint8_t type, request;
	uint16_t value, index, length;
};

static const struct request forbidden[] = {
	{ "SET_CONFIGURATION", 0x00, SET_CONFIGURATION, 1, 0, 0 },
	{ "SET_CONFIGURATION_0", 0x00, SET_CONFIGURATION, 0, 0, 0 },
	{ "SET_CONFIGURATION_to_an_interface", 0x01, SET_CONFIGURATION, 1, 0, 0 },
	{ "SET_ADDRESS", 0x00, SET_ADDRESS, 5, 0, 0 },
	{ "SET_INTERFACE", 0x01, SET_INTERFACE, 1, 2, 0 },
	{ "SET_INTERFACE_to_the_device", 0x00, SET_INTERFACE, 1, 2, 0 },
	{ "SET_DESCRIPTOR", 0x00, SET_DESCRIPTOR, 0x100, 0, 18 },
	{ "SET_SEL", 0x00, SET_SEL, 0, 0, 6 },
	{ "SET_ISOCH_DELAY", 0x00, SET_ISOCH_DELAY, 40, 0, 0 },
	{ "SET_FEATURE_remote_wakeup", 0x00, SET_FEATURE, 1, 0, 0 },
	{ "SET_FEATURE_test_mode", 0x00, SET_FEATURE, 2, 0x100, 0 },
	{ "SET_FEATURE_U1", 0x00, SET_FEATURE, 48, 0, 0 },
	{ "SET_FEATURE_U2", 0x00, SET_FEATURE, 49, 0, 0 },
	{ "CLEAR_FEATURE_remote_wakeup", 0x00, CLEAR_FEATURE, 1, 0, 0 },
	{ "CLEAR_FEATURE_U1", 0x00, CLEAR_FEATURE, 48, 0, 0 },
};

TEST_EACH(a_forbidden_standard_request_is_EACCES, struct request, row, forbidden)
{
	uint8_t data[18] = { 0 };
	unsigned int before;

	open_node(composite, SETTINGS);
	before = board_requests(composite);
	moved = 99;
	CHECK_ERR(node_control(fd, handle, row->type, row->request, row->value, row->index,
			       row->length, data, row->length, &moved), EACCES);
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_requests(composite), before);
}

/* The same numbers mean nothing to usbcore as class and vendor requests. */
TEST(vendor_requests_with_forbidden_numbers_pass)
{
	uint8_t data[8];
	size_t i;

	open_node(composite, LOOPBACK);
	for (i = 0; i < ARRAY_SIZE(forbidden); i++) {
		CHECK_OK(node_control(fd, handle, 0xc0, forbidden[i].request, 0, 0, 8, data, 8,
				      &moved));
		CHECK_EQ(data[1], forbidden[i].request);
	}
}

static const struct request allowed[] = {
	{ "GET_STATUS", 0x80, GET_STATUS, 0, 0, 2 },
	{ "GET_DESCRIPTOR", 0x80, GET_DESCRIPTOR, 0x0100, 0, 18 },
	{ "GET_CONFIGURATION", 0x80, GET_CONFIGURATION, 0, 0, 1 },
	{ "GET_STATUS_of_an_interface", 0x81, GET_STATUS, 0, 0, 2 },
};

TEST_EACH(a_standard_request_that_asks_passes, struct request, row, allowed)
{
	uint8_t data[18];

	open_node(composite, LOOPBACK);
	CHECK_OK(node_control(fd, handle, row->type, row->request, row->value, row->index,
			      row->length, data, row->length, &moved));
	CHECK_EQ(moved, row->length);
}

TEST(clear_feature_halt_is_carried_out_as_reset_pipe)
{
	char in[64];

	open_node(fx2, 0);
	board_set(fx2, "stall=0x88:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), NULL), EPIPE);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), NULL), EPIPE);
	CHECK_OK(node_control(fd, handle, 0x02, CLEAR_FEATURE, 0, FX2_BULK_IN, 0, NULL, 0, &moved));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "works", 5, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
}

TEST(clear_feature_halt_of_another_interfaces_endpoint_is_EINVAL)
{
	open_node(composite, LOOPBACK);
	CHECK_ERR(node_control(fd, handle, 0x02, CLEAR_FEATURE, 0, 0x81, 0, NULL, 0, &moved),
		  EINVAL);
}

TEST(a_data_stage_of_4096_bytes_passes)
{
	uint8_t *data = calloc(1, 8192);
	uint32_t i;

	CHECK(data);
	open_node(composite, LOOPBACK);
	CHECK_OK(node_control(fd, handle, 0xc0, COUNT, 4096, 0, 4096, data, 4096, &moved));
	CHECK_EQ(moved, 4096);
	for (i = 0; i < 4096; i++)
		CHECK_EQ(data[i], i % 251);
	CHECK_EQ(data[4096], 0);
	pattern(data, 4096, 20);
	CHECK_OK(node_control(fd, handle, 0x40, MIRROR, 0, 0, 4096, data, 4096, &moved));
	CHECK_EQ(moved, 4096);
	CHECK_OK(node_control(fd, handle, 0xc0, ECHO_DATA, 0, 0, 4096, data + 4096, 4096, &moved));
	CHECK_EQ(moved, 4096);
	CHECK_MEM(data, data + 4096, 4096);
}

TEST(a_length_of_4097_is_EINVAL)
{
	uint8_t *data = calloc(1, 65536);
	unsigned int before;

	CHECK(data);
	open_node(composite, LOOPBACK);
	before = board_requests(composite);
	CHECK_ERR(node_control(fd, handle, 0xc0, COUNT, 4097, 0, 4097, data, 4097, &moved), EINVAL);
	CHECK_ERR(node_control(fd, handle, 0xc0, COUNT, 16, 0, 16, data, 4097, &moved), EINVAL);
	CHECK_ERR(node_control(fd, handle, 0x40, MIRROR, 0, 0, 65535, data, 65535, &moved), EINVAL);
	CHECK_ERR(node_control(fd, handle, 0xc0, COUNT, 16, 0, 16, data, UINT32_MAX, &moved),
		  EINVAL);
	CHECK_EQ(board_requests(composite), before);
}

/* winusb.md 8, row 24 */
TEST(the_smaller_one_of_length_and_wLength_is_used)
{
	uint8_t data[64], setup[8];

	open_node(composite, LOOPBACK);
	memset(data, 0xcc, sizeof(data));
	CHECK_OK(node_control(fd, handle, 0xc0, COUNT, 64, 0, 64, data, 10, &moved));
	CHECK_EQ(moved, 10);
	CHECK_EQ(data[10], 0xcc);
	board_last_request(composite, setup);
	CHECK_EQ(setup[6] | setup[7] << 8, 10);

	memset(data, 0xcc, sizeof(data));
	CHECK_OK(node_control(fd, handle, 0xc0, COUNT, 64, 0, 12, data, 64, &moved));
	CHECK_EQ(moved, 12);
	CHECK_EQ(data[12], 0xcc);
	board_last_request(composite, setup);
	CHECK_EQ(setup[6] | setup[7] << 8, 12);
}

TEST(wLength_above_4096_with_a_short_buffer_is_cut_to_the_buffer)
{
	uint8_t data[16], setup[8];

	open_node(composite, LOOPBACK);
	CHECK_OK(node_control(fd, handle, 0xc0, COUNT, 16, 0, 0xffff, data, 16, &moved));
	CHECK_EQ(moved, 16);
	board_last_request(composite, setup);
	CHECK_EQ(setup[6] | setup[7] << 8, 16);
}

TEST(a_short_answer_is_counted)
{
	uint8_t data[64];

	open_node(composite, LOOPBACK);
	memset(data, 0xcc, sizeof(data));
	CHECK_OK(node_control(fd, handle, 0xc0, COUNT, 5, 0, 64, data, 64, &moved));
	CHECK_EQ(moved, 5);
	CHECK_EQ(data[4], 4);
	CHECK_EQ(data[5], 0xcc);
}

TEST(a_request_without_data_needs_no_buffer)
{
	open_node(composite, LOOPBACK);
	CHECK_OK(node_control(fd, handle, 0x40, MIRROR, 0, 0, 0, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
	CHECK_OK(node_control(fd, handle, 0xc0, COUNT, 0, 0, 0, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
}

TEST(a_stall_is_EPIPE_and_the_next_request_works)
{
	uint8_t value;

	open_node(fx2, 0);
	CHECK_ERR(node_control(fd, handle, 0xc0, 0x77, 0, 0, 1, &value, 1, &moved), EPIPE);
	CHECK_EQ(moved, 0);
	CHECK_ERR(node_control(fd, handle, 0x40, 0x77, 0, 0, 0, NULL, 0, &moved), EPIPE);
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved));
	CHECK_EQ(moved, 1);
}

TEST_LIMIT(a_control_transfer_times_out_after_5000_ms_by_default, 30)
{
	uint64_t start, passed;
	uint8_t value;

	board_set(fx2, "silent-request=any");
	open_node(fx2, 0);
	start = test_tick_ms();
	CHECK_ERR(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved),
		  ETIMEDOUT);
	passed = test_tick_ms() - start;
	CHECK_EQ(moved, 0);
	CHECK(passed >= 5000);
	CHECK(passed < 5000 + 4000 * test_scale());
}

TEST(the_control_timeout_can_be_set)
{
	uint64_t start;
	uint8_t value;

	board_set(fx2, "silent-request=any");
	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, 0, 100));
	start = test_tick_ms();
	CHECK_ERR(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved),
		  ETIMEDOUT);
	CHECK(test_tick_ms() - start >= 100);
	CHECK(test_tick_ms() - start < 4000 * test_scale());
}

/* winusb.md 5.3: Windows calls this a success, which is not to be copied */
TEST(a_request_without_data_that_times_out_is_ETIMEDOUT)
{
	board_set(fx2, "silent-request=any");
	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, 0, 100));
	CHECK_ERR(node_control(fd, handle, 0x40, FX2_SET_BARGRAPH, 0, 0, 0, NULL, 0, &moved),
		  ETIMEDOUT);
}

TEST(after_a_timeout_the_next_request_works)
{
	uint8_t value;

	board_set(fx2, "silent-request=any");
	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, 0, 100));
	CHECK_ERR(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved),
		  ETIMEDOUT);
	board_set(fx2, "silent-request=off");
	CHECK_OK(node_timeout(fd, handle, 0, 5000));
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved));
	CHECK_EQ(moved, 1);
}

TEST_LIMIT(a_control_timeout_of_0_has_no_limit, 40)
{
	uint8_t value;
	struct job job = { .buffer = &value, .length = 1,
			   .setup = { 0xc0, FX2_GET_SWITCHES, 0, 0, 0, 0, 1, 0 } };

	board_set(fx2, "delay=0:9000");
	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, 0, 0));
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	test_sleep_ms(5500);
	CHECK(!job_done(&job));
	CHECK_OK(job_wait(&job, 20));
	CHECK_EQ(job.moved, 1);
}

TEST(each_interface_has_a_control_timeout_of_its_own)
{
	uint32_t events, value;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 0, &events));
	CHECK_OK(node_timeout(fd, events, 0, 123));
	CHECK_OK(node_get_timeout(fd, handle, 0, &value));
	CHECK_EQ(value, 5000);
	CHECK_OK(node_get_timeout(fd, events, 0, &value));
	CHECK_EQ(value, 123);
}

TEST(a_control_transfer_does_not_wait_for_a_read)
{
	char in[64];
	uint8_t value;
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in, .length = sizeof(in) };

	open_node(fx2, 0);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved));
	CHECK(!job_done(&job));
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
}
