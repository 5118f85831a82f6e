// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices whose descriptors are broken are refused, or served as far as they
 * are valid; never do they bring the kernel down. Probes that come late or
 * not at all belong here too.
 */

#include <linux/err.h>

#include <uapi/linux/winusb.h>

#include "bench.h"

#define WINUSB_BROKEN_MAX	128
#define WINUSB_NOT_BOUND	-1

struct winusb_broken_row {
	const char *name;
	u8 config[WINUSB_BROKEN_MAX];
	size_t length;
	/* Pipes of interface 0 and 1, or that they are not bound. */
	int pipes[2];
};

#define WINUSB_BROKEN(row_name, pipes_0, pipes_1, ...)			\
	{								\
		.name = row_name,					\
		.config = { __VA_ARGS__ },				\
		.length = sizeof((u8[]){ __VA_ARGS__ }),		\
		.pipes = { pipes_0, pipes_1 },				\
	}

static const struct winusb_broken_row winusb_broken_rows[] = {
	WINUSB_BROKEN("sound", 2, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      WINUSB_BULK(0x81, 512), WINUSB_BULK(0x02, 512)),
	WINUSB_BROKEN("no_interfaces", WINUSB_NOT_BOUND, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(0)),
	WINUSB_BROKEN("interfaces_that_are_missing", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(4), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("more_interfaces_than_it_says", 1, 1,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x81, 512), WINUSB_INTERFACE(1, 0, 1),
		      WINUSB_BULK(0x82, 512)),
	WINUSB_BROKEN("no_endpoints", 0, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 0)),
	WINUSB_BROKEN("endpoints_that_are_missing", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 3),
		      WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("more_endpoints_than_it_says", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x81, 512), WINUSB_BULK(0x02, 512)),
	WINUSB_BROKEN("zero_packet_size", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      WINUSB_BULK(0x81, 0), WINUSB_BULK(0x02, 512)),
	WINUSB_BROKEN("duplicate_address", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      WINUSB_BULK(0x81, 512), WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("address_of_another_interface", 1, 0,
		      WINUSB_CONFIG(2), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x81, 512), WINUSB_INTERFACE(1, 0, 1),
		      WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("endpoint_zero", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      WINUSB_BULK(0x80, 512), WINUSB_BULK(0x02, 512)),
	WINUSB_BROKEN("duplicate_interface", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x81, 512), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x82, 512)),
	WINUSB_BROKEN("endpoint_cut_off", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      WINUSB_BULK(0x81, 512), 7, USB_DT_ENDPOINT, 0x02),
	WINUSB_BROKEN("endpoint_too_short", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      5, USB_DT_ENDPOINT, 0x02, 2, 0,
		      WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("length_of_zero", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_INTERFACE(0, 0, 2),
		      WINUSB_BULK(0x81, 512), 0, 0, 0, 0, 0, 0, 0),
	WINUSB_BROKEN("total_length_too_long", 1, WINUSB_NOT_BOUND,
		      9, USB_DT_CONFIG, 0xff, 0xff, 1, 1, 0, 0x80, 50,
		      WINUSB_INTERFACE(0, 0, 1), WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("total_length_too_short", 0, WINUSB_NOT_BOUND,
		      9, USB_DT_CONFIG, 18, 0, 1, 1, 0, 0x80, 50,
		      WINUSB_INTERFACE(0, 0, 1), WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("unknown_descriptors", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), 4, 0x7f, 1, 2,
		      WINUSB_INTERFACE(0, 0, 1), 3, 0x24, 9,
		      WINUSB_BULK(0x81, 512), 2, 0xff),
	WINUSB_BROKEN("association_of_nothing", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(1), WINUSB_IAD(7, 200),
		      WINUSB_INTERFACE(0, 0, 1), WINUSB_BULK(0x81, 512)),
	WINUSB_BROKEN("gap_in_interface_numbers", 1, WINUSB_NOT_BOUND,
		      WINUSB_CONFIG(2), WINUSB_INTERFACE(0, 0, 1),
		      WINUSB_BULK(0x81, 512), WINUSB_INTERFACE(9, 0, 1),
		      WINUSB_BULK(0x82, 512)),
};

static void winusb_broken_desc(const struct winusb_broken_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_broken, winusb_broken_rows, winusb_broken_desc);

static int winusb_bound_pipes(struct winusb_bench *b, u8 number)
{
	struct usb_interface *intf;

	if (!b->udev->actconfig)
		return WINUSB_NOT_BOUND;
	intf = usb_ifnum_to_if(b->udev, number);
	if (!intf || !usb_get_intfdata(intf))
		return WINUSB_NOT_BOUND;
	return ((struct winusb_interface *)usb_get_intfdata(intf))->num_pipes;
}

/* Every pipe that is there moves data; then the device goes as any other. */
static void winusb_test_broken_descriptors_are_survived(struct kunit *test)
{
	static const struct usb_device_descriptor device =
		WINUSB_DEVICE(0x0200, 64, WINUSB_BENCH_WHOLE);
	const struct winusb_broken_row *row = test->param_value;
	const struct winusb_hcd_dev_info info = {
		.device = &device,
		.config = row->config,
		.config_length = row->length,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_interface *wi;
	struct winusb_handle *wh;
	size_t moved;
	u8 buf[512];
	u8 address;
	u8 number;
	u32 i;

	winusb_bench_plug(test, &info);
	for (number = 0; number < 2; number++) {
		KUNIT_EXPECT_EQ(test, winusb_bound_pipes(b, number),
				row->pipes[number]);
		if (winusb_bound_pipes(b, number) == WINUSB_NOT_BOUND)
			continue;
		wi = winusb_bench_wi(test, number);
		wh = winusb_bench_handle(test, number);
		for (i = 0; i < wi->num_pipes; i++) {
			address = wi->pipes[i].address;
			winusb_hcd_mode(b->dev, address,
					address & USB_DIR_IN ?
					WINUSB_HCD_SOURCE : WINUSB_HCD_SINK, 0);
			KUNIT_EXPECT_EQ(test,
					winusb_bench_transfer(wh, address, buf,
							      512, &moved), 0);
			KUNIT_EXPECT_EQ(test, moved, (size_t)512);
		}
		winusb_bench_close(test, wh->wf);
	}
}

/*
 * A device that does not answer is asked once when a file ends, not for each
 * interface, and again after the next open.
 */
static void winusb_test_silent_device_is_asked_once(struct kunit *test)
{
	static const u8 config[] = {
		WINUSB_CONFIG(3),
		WINUSB_INTERFACE(0, 0, 0),
		WINUSB_INTERFACE(0, 1, 1),
		WINUSB_BULK(0x81, 512),
		WINUSB_INTERFACE(1, 0, 0),
		WINUSB_INTERFACE(1, 1, 1),
		WINUSB_BULK(0x82, 512),
		WINUSB_INTERFACE(2, 0, 0),
		WINUSB_INTERFACE(2, 1, 1),
		WINUSB_BULK(0x83, 512),
	};
	static const struct usb_device_descriptor device =
		WINUSB_DEVICE(0x0200, 64, WINUSB_BENCH_WHOLE);
	const struct winusb_hcd_dev_info info = {
		.device = &device,
		.config = config,
		.config_length = sizeof(config),
	};
	struct winusb_hcd_rule silent = {
		.action = WINUSB_HCD_ERROR, .status = -ETIMEDOUT,
		.repeat = WINUSB_HCD_FOREVER,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh, *other;
	unsigned int i;

	winusb_bench_plug(test, &info);
	wh = winusb_bench_handle(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	for (i = 0; i < 2; i++) {
		other = winusb_bench_associate(wh, i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(other));
		KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(other, 1, false),
				0);
	}
	winusb_hcd_script_control(b->dev, 0x01, USB_REQ_SET_INTERFACE, &silent);
	winusb_hcd_stats_reset(b->dev);
	winusb_bench_close(test, wh->wf);
	/* Setting 0, and the old one again. */
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 2U);

	wh = winusb_bench_handle(test, 0);
	other = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	winusb_hcd_stats_reset(b->dev);
	winusb_bench_unbind(test, 0);
	KUNIT_EXPECT_EQ(test,
			winusb_interface_get_setting(winusb_bench_wi(test, 1)),
			1);
	/* The same, and usbcore for the interface that it unbinds. */
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 3U);
}

/* A device that stalls what it is asked for fails that request only. */
static void winusb_test_mute_device_is_survived(struct kunit *test)
{
	static const u8 config[] = {
		WINUSB_CONFIG(1),
		WINUSB_INTERFACE(0, 0, 1),
		WINUSB_BULK(0x81, 512),
		WINUSB_INTERFACE(0, 1, 1),
		WINUSB_BULK(0x81, 512),
	};
	static const struct usb_device_descriptor device =
		WINUSB_DEVICE(0x0200, 64, WINUSB_BENCH_WHOLE);
	const struct winusb_hcd_dev_info info = {
		.device = &device,
		.config = config,
		.config_length = sizeof(config),
	};
	struct winusb_hcd_rule stall = {
		.action = WINUSB_HCD_STALL, .repeat = WINUSB_HCD_FOREVER,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;

	winusb_bench_plug(test, &info);
	winusb_hcd_script_control(b->dev, 0x01, USB_REQ_SET_INTERFACE, &stall);
	winusb_hcd_script_control(b->dev, 0x02, USB_REQ_CLEAR_FEATURE, &stall);
	wh = winusb_bench_handle(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), -EPIPE);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, 0x81, false), -EPIPE);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), 0);
	winusb_bench_close(test, wh->wf);
	winusb_bench_handle(test, 0);
}

static struct kunit_case winusb_broken_cases[] = {
	WINUSB_CASE_PARAM(broken_descriptors_are_survived, winusb_broken),
	WINUSB_CASE(silent_device_is_asked_once),
	WINUSB_CASE(mute_device_is_survived),
	{ }
};

static struct kunit_suite winusb_broken_suite =
	WINUSB_BENCH_SUITE("winusb_broken", winusb_bench_init_empty,
			   winusb_broken_cases);

kunit_test_suite(winusb_broken_suite);
