// SPDX-License-Identifier: MIT
/* Descriptors, settings, pipes and device information (winusb.md 1.3, 9.12, 9.13). */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

enum { DEVICE = 1, CONFIGURATION, STRING, INTERFACE, ENDPOINT, BOS = 15 };
enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

static struct board *composite, *fx2, *full;
static int fd;
static uint32_t handle;
static uint8_t buffer[65536];
static uint32_t got;

void test_setup(void)
{
	fx2 = board_add("fx2");
	full = board_add("fx2,speed=full");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(full);
	board_plug(composite);
	boards_keep();
}

static void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static uint8_t setting(void)
{
	uint8_t value;

	CHECK_OK(node_get_setting(fd, handle, &value));
	return value;
}

static void get(uint8_t type, uint8_t index, uint16_t language, uint32_t length)
{
	memset(buffer, 0xcc, sizeof(buffer));
	CHECK_OK(node_descriptor(fd, handle, type, index, language, buffer, length, &got));
	/* Not one byte beyond what was counted. */
	CHECK_EQ(buffer[got], 0xcc);
}

TEST(the_device_descriptor_is_the_devices)
{
	static const uint8_t expected[18] = {
		18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x47, 0x05, 0x02, 0x10, 0, 0, 1, 2, 3, 1,
	};

	open_node(fx2, 0);
	get(DEVICE, 0, 0, sizeof(buffer) - 1);
	CHECK_EQ(got, 18);
	CHECK_MEM(buffer, expected, 18);
}

TEST(the_configuration_is_read_as_programs_do_nine_bytes_and_then_all)
{
	unsigned int total;

	open_node(composite, JOINED_DATA);
	get(CONFIGURATION, 0, 0, 9);
	CHECK_EQ(got, 9);
	CHECK_EQ(buffer[1], CONFIGURATION);
	CHECK_EQ(buffer[4], 4);
	total = buffer[2] | buffer[3] << 8;
	CHECK(total > 100);
	get(CONFIGURATION, 0, 0, total);
	CHECK_EQ(got, total);
	get(CONFIGURATION, 0, 0, sizeof(buffer) - 1);
	CHECK_EQ(got, total);
}

/* winusb.md 8, row 4 */
TEST(a_buffer_that_is_too_short_gets_the_first_bytes)
{
	uint32_t length;

	open_node(fx2, 0);
	for (length = 0; length <= 18; length++) {
		get(DEVICE, 0, 0, length);
		CHECK_EQ(got, length);
	}
	get(STRING, 1, 0x0409, 4);
	CHECK_EQ(got, 4);
	CHECK_EQ(buffer[0], 8);
}

TEST(a_length_above_65535_is_EINVAL)
{
	open_node(fx2, 0);
	CHECK_ERR(node_descriptor(fd, handle, DEVICE, 0, 0, buffer, 65536, &got), EINVAL);
	CHECK_ERR(node_descriptor(fd, handle, DEVICE, 0, 0, buffer, UINT32_MAX, &got), EINVAL);
	get(DEVICE, 0, 0, 65535);
	CHECK_EQ(got, 18);
}

TEST(strings_come_from_the_device_in_their_language)
{
	static const uint8_t osr[8] = { 8, 3, 'O', 0, 'S', 0, 'R', 0 };

	open_node(fx2, 0);
	get(STRING, 0, 0, 255);
	CHECK_EQ(got, 4);
	CHECK_EQ(buffer[2] | buffer[3] << 8, 0x0409);
	get(STRING, 1, 0x0409, 255);
	CHECK_EQ(got, 8);
	CHECK_MEM(buffer, osr, 8);
}

TEST(a_descriptor_that_the_device_does_not_have_is_EPIPE)
{
	open_node(fx2, 0);
	CHECK_ERR(node_descriptor(fd, handle, STRING, 99, 0x0409, buffer, 255, &got), EPIPE);
	CHECK_ERR(node_descriptor(fd, handle, CONFIGURATION, 1, 0, buffer, 255, &got), EPIPE);
	CHECK_ERR(node_descriptor(fd, handle, 0x41, 0, 0, buffer, 255, &got), EPIPE);
	CHECK_ERR(node_descriptor(fd, handle, 0xff, 0xff, 0, buffer, 255, &got), EPIPE);
	/* A stalled control pipe clears itself. */
	get(STRING, 1, 0x0409, 255);
	CHECK_EQ(got, 8);
}

TEST(the_bos_descriptor_comes_from_the_device)
{
	open_node(composite, JOINED_DATA);
	get(BOS, 0, 0, 5);
	CHECK_EQ(got, 5);
	CHECK_EQ(buffer[1], BOS);
	get(BOS, 0, 0, buffer[2] | buffer[3] << 8);
	CHECK_EQ(got, 12);
	CHECK_EQ(buffer[6], 16);
}

TEST(a_device_without_bos_answers_EPIPE)
{
	open_node(fx2, 0);
	CHECK_ERR(node_descriptor(fd, handle, BOS, 0, 0, buffer, 5, &got), EPIPE);
}

TEST(descriptors_are_read_through_an_associated_handle_too)
{
	uint32_t first = 0;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &first));
	CHECK_OK(node_descriptor(fd, first, DEVICE, 0, 0, buffer, 18, &got));
	CHECK_EQ(got, 18);
}

TEST(device_and_configuration_descriptors_need_no_bus)
{
	unsigned int before;

	open_node(composite, JOINED_DATA);
	before = board_requests(composite);
	get(DEVICE, 0, 0, 18);
	get(CONFIGURATION, 0, 0, 65535);
	CHECK_EQ(board_requests(composite), before);
	get(STRING, 1, 0x0409, 255);
	CHECK_EQ(board_requests(composite), before + 1);
}

TEST(a_descriptor_that_never_comes_is_ETIMEDOUT)
{
	uint64_t start;

	open_node(fx2, 0);
	board_set(fx2, "silent=0:always");
	CHECK_OK(node_timeout(fd, handle, 0, 200));
	start = test_tick_ms();
	CHECK_ERR(node_descriptor(fd, handle, STRING, 1, 0x0409, buffer, 255, &got), ETIMEDOUT);
	CHECK_EQ(got, 0);
	CHECK(test_tick_ms() - start >= 200);
}

TEST(queries_need_no_bus)
{
	struct winusb_query_pipe pipe;
	uint8_t descriptor[9];
	unsigned int before;
	uint32_t speed;

	open_node(composite, SETTINGS);
	before = board_requests(composite);
	CHECK_OK(node_settings(fd, handle, 1, descriptor));
	CHECK_OK(node_query_pipe(fd, handle, 1, 0, &pipe));
	CHECK_OK(node_speed(fd, handle, &speed));
	setting();
	CHECK_EQ(board_requests(composite), before);
}

/* Every interface, setting and endpoint against the configuration descriptor. */
TEST(query_pipe_9_13_agrees_with_the_descriptors_of_every_setting)
{
	int interface = -1, index = 0, endpoint = 0, endpoints = 0;
	struct winusb_query_pipe pipe;
	uint8_t config[1024], *p, out[9];
	uint32_t length;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_descriptor(fd, handle, CONFIGURATION, 0, 0, config, sizeof(config), &length));
	close(fd);
	for (p = config; p < config + length; p += p[0]) {
		CHECK(p[0] >= 2);
		if (p[1] == INTERFACE) {
			if (p[2] != interface) {
				if (interface >= 0)
					close(fd);
				interface = p[2];
				index = 0;
				open_node(composite, interface);
			} else {
				index++;
			}
			endpoint = 0;
			CHECK_OK(node_settings(fd, handle, index, out));
			CHECK_MEM(out, p, 9);
			CHECK_ERR(node_query_pipe(fd, handle, index, p[4], &pipe), ENOENT);
		} else if (p[1] == ENDPOINT) {
			CHECK_OK(node_query_pipe(fd, handle, index, endpoint++, &pipe));
			CHECK_EQ(pipe.out_pipe_id, p[2]);
			CHECK_EQ(pipe.out_type, p[3] & 3);
			CHECK_EQ(pipe.out_interval, p[6]);
			CHECK_EQ(pipe.out_maximum_packet_size, (p[4] | p[5] << 8) & 0x7ff);
			CHECK_EQ(pipe.out_maximum_bytes_per_interval,
				 ((p[4] | p[5] << 8) & 0x7ff) * (1 + (p[5] >> 3 & 3)));
			endpoints++;
		}
	}
	CHECK_EQ(endpoints, 14);
}

TEST(past_the_last_setting_is_ENOENT)
{
	uint8_t descriptor[9];

	open_node(composite, SETTINGS);
	CHECK_OK(node_settings(fd, handle, 3, descriptor));
	CHECK_ERR(node_settings(fd, handle, 4, descriptor), ENOENT);
	CHECK_ERR(node_settings(fd, handle, 255, descriptor), ENOENT);
}

TEST(query_pipe_on_an_unknown_setting_is_EINVAL)
{
	struct winusb_query_pipe pipe;

	open_node(composite, SETTINGS);
	CHECK_ERR(node_query_pipe(fd, handle, 4, 0, &pipe), EINVAL);
	CHECK_ERR(node_query_pipe(fd, handle, 255, 0, &pipe), EINVAL);
}

/* winusb.md 9.13 */
TEST(query_pipe_9_13_past_the_last_endpoint_is_ENOENT)
{
	struct winusb_query_pipe pipe;

	open_node(composite, SETTINGS);
	CHECK_ERR(node_query_pipe(fd, handle, 0, 0, &pipe), ENOENT);
	CHECK_OK(node_query_pipe(fd, handle, 1, 2, &pipe));
	CHECK_ERR(node_query_pipe(fd, handle, 1, 3, &pipe), ENOENT);
	CHECK_ERR(node_query_pipe(fd, handle, 1, 255, &pipe), ENOENT);
}

/* winusb.md 8, row 16 */
TEST(the_speed_is_3_at_high_and_1_at_full_speed)
{
	uint32_t speed;

	open_node(fx2, 0);
	CHECK_OK(node_speed(fd, handle, &speed));
	CHECK_EQ(speed, WINUSB_SPEED_HIGH);
	open_node(full, 0);
	CHECK_OK(node_speed(fd, handle, &speed));
	CHECK_EQ(speed, WINUSB_SPEED_FULL);
}

TEST(an_unknown_information_type_is_EINVAL)
{
	struct winusb_query_device_information arg = { .size = sizeof(arg) };

	open_node(fx2, 0);
	arg.handle = handle;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_QUERY_DEVICE_INFORMATION, &arg), EINVAL);
	arg.information_type = 2;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_QUERY_DEVICE_INFORMATION, &arg), EINVAL);
}

TEST(an_interface_starts_with_setting_0)
{
	open_node(composite, SETTINGS);
	CHECK_EQ(setting(), 0);
}

TEST(a_setting_that_is_selected_has_its_pipes)
{
	char in[16];

	open_node(composite, SETTINGS);
	CHECK_ERR(node_transfer(fd, handle, 0x84, in, sizeof(in), NULL), EINVAL);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_EQ(setting(), 1);
	CHECK_OK(node_transfer(fd, handle, 0x04, "setting one", 11, &got));
	CHECK_OK(node_transfer(fd, handle, 0x84, in, sizeof(in), &got));
	CHECK_EQ(got, 11);
	CHECK_MEM(in, "setting one", 11);
}

TEST(a_pipe_of_another_setting_is_EINVAL)
{
	char in[8];

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 2));
	CHECK_ERR(node_transfer(fd, handle, 0x85, in, sizeof(in), NULL), EINVAL);
	CHECK_ERR(node_transfer(fd, handle, 0x86, in, sizeof(in), NULL), EINVAL);
}

TEST(a_transfer_on_an_isochronous_pipe_without_a_buffer_is_EINVAL)
{
	char in[192];

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 3));
	CHECK_ERR(node_transfer(fd, handle, 0x86, in, sizeof(in), NULL), EINVAL);
	CHECK_ERR(node_transfer(fd, handle, 0x06, in, sizeof(in), NULL), EINVAL);
}

TEST(a_setting_that_does_not_exist_is_ENOENT)
{
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_ERR(node_set_setting(fd, handle, 4), ENOENT);
	CHECK_ERR(node_set_setting(fd, handle, 255), ENOENT);
	CHECK_EQ(setting(), 1);
	CHECK_OK(node_transfer(fd, handle, 0x04, "x", 1, NULL));
	CHECK_OK(node_transfer(fd, handle, 0x84, buffer, 512, &got));
	CHECK_EQ(got, 1);
}

TEST(a_setting_is_selected_on_its_own_interface_only)
{
	uint32_t first, second;
	uint8_t value;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 0, &first));
	CHECK_OK(node_associated(fd, handle, 1, &second));
	CHECK_OK(node_set_setting(fd, second, 1));
	CHECK_EQ(setting(), 0);
	CHECK_OK(node_get_setting(fd, first, &value));
	CHECK_EQ(value, 0);
	CHECK_OK(node_get_setting(fd, second, &value));
	CHECK_EQ(value, 1);
	CHECK_ERR(node_set_setting(fd, first, 1), ENOENT);
}

/* winusb.md 9.12 */
TEST(setting_9_12_is_EBUSY_while_a_read_is_pending_which_goes_on)
{
	char in[16];
	struct job job = { .pipe = 0x84, .buffer = in, .length = sizeof(in) };

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	CHECK_ERR(node_set_setting(fd, handle, 2), EBUSY);
	CHECK_ERR(node_set_setting(fd, handle, 1), EBUSY);
	CHECK_EQ(setting(), 1);
	CHECK(!job_done(&job));
	CHECK_OK(node_transfer(fd, handle, 0x04, "still here", 10, NULL));
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, 10);
	CHECK_OK(node_set_setting(fd, handle, 2));
	CHECK_EQ(setting(), 2);
}

TEST(a_setting_is_selected_while_a_sibling_reads)
{
	char in[16];
	struct job job = { .pipe = 0x87, .buffer = in, .length = sizeof(in) };
	uint32_t settings;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &settings));
	CHECK_OK(node_associated(fd, handle, 2, &job.handle));
	job.fd = fd;
	job_start_blocked(&job);
	CHECK_OK(node_set_setting(fd, settings, 1));
	CHECK(!job_done(&job));
	CHECK_OK(node_abort(fd, job.handle, 0x87));
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
}

/* winusb.md 8, row 7 */
TEST(a_new_setting_starts_with_default_policies)
{
	uint32_t value;

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(node_timeout(fd, handle, 0x84, 50));
	CHECK_OK(node_set_setting(fd, handle, 2));
	CHECK_OK(node_get_timeout(fd, handle, 0x84, &value));
	CHECK_EQ(value, 0);
}

TEST(a_new_setting_drops_the_saved_data)
{
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(node_transfer(fd, handle, 0x04, "0123456789", 10, NULL));
	CHECK_OK(node_transfer(fd, handle, 0x84, buffer, 4, &got));
	CHECK_EQ(got, 4);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(node_transfer(fd, handle, 0x04, "new", 3, NULL));
	CHECK_OK(node_transfer(fd, handle, 0x84, buffer, 512, &got));
	CHECK_EQ(got, 3);
	CHECK_MEM(buffer, "new", 3);
}

TEST(a_setting_that_the_device_refuses_stays_unselected)
{
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	board_set(composite, "stall=0:1");
	CHECK_ERR(node_set_setting(fd, handle, 2), EPIPE);
	CHECK_EQ(setting(), 1);
	CHECK_OK(node_transfer(fd, handle, 0x04, "still", 5, NULL));
	CHECK_OK(node_transfer(fd, handle, 0x84, buffer, 512, &got));
	CHECK_EQ(got, 5);
	CHECK_OK(node_set_setting(fd, handle, 2));
}

TEST(close_restores_setting_0)
{
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	close(fd);
	open_node(composite, SETTINGS);
	CHECK_EQ(setting(), 0);
	CHECK_ERR(node_transfer(fd, handle, 0x84, buffer, 16, NULL), EINVAL);
}

TEST(close_restores_setting_0_of_associated_interfaces)
{
	uint32_t settings;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &settings));
	CHECK_OK(node_set_setting(fd, settings, 1));
	close(fd);
	open_node(composite, SETTINGS);
	CHECK_EQ(setting(), 0);
}

TEST(a_listener_sees_the_setting_and_the_pipes)
{
	struct winusb_query_pipe pipe;
	uint8_t value, descriptor[9];
	int listener;

	open_node(composite, SETTINGS);
	listener = node_open(board_node(composite, SETTINGS), O_RDONLY);
	CHECK_OK(listener);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(node_get_setting(listener, 0, &value));
	CHECK_EQ(value, 1);
	CHECK_OK(node_query_pipe(listener, 0, 2, 1, &pipe));
	CHECK_EQ(pipe.out_pipe_id, 0x84);
	CHECK_OK(node_settings(listener, 0, 0, descriptor));
	CHECK_EQ(descriptor[2], SETTINGS);
}
