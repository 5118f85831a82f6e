// SPDX-License-Identifier: MIT
/*
 * Waits for data of a device that may sleep meanwhile, and says for how long it slept.
 *
 *	sleep			OSR USB-FX2 board: /dev/winusb/1-1:1.0 0x88 0x06
 *	sleep NODE IN		reads the pipe IN. The device wakes when it has something
 *	sleep NODE IN OUT	and after three seconds another thread writes to OUT, to wake it
 *
 * The device needs the property DeviceIdleEnabled: winusbctl bind VID:PID -p DeviceIdleEnabled=1
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/winusb.h>

static struct winusb_initialize init = { .size = sizeof(init) };
static unsigned char in = 0x88, out = 0x06;
static const char *name;	/* of the interface: 1-1:1.0 */
static int fd;

static void set_policy(unsigned int number, unsigned int value)
{
	struct winusb_power_policy arg = { .size = sizeof(arg), .handle = init.out_handle,
		.policy = number, .value = value };

	if (ioctl(fd, WINUSB_IOC_SET_POWER_POLICY, &arg))
		err(1, "SET_POWER_POLICY 0x%02x", number);
}

static unsigned int transfer(unsigned char pipe, void *data, unsigned int length)
{
	struct winusb_transfer arg = { .size = sizeof(arg), .handle = init.out_handle,
		.pipe_id = pipe, .buffer = (unsigned long)data, .length = length };

	if (!ioctl(fd, WINUSB_IOC_TRANSFER, &arg))
		return arg.out_length;
	/* What was in the device is gone: it has to be set up again, and then asked again. */
	if (errno == ECONNRESET)
		errx(1, "pipe 0x%02x: the device had to be reset, perhaps to wake it", pipe);
	err(1, "pipe 0x%02x", pipe);
}

/* A line of what sysfs says of the interface; "device/../" is its device. */
static const char *ask(const char *file)
{
	static char line[64];
	char path[128];
	FILE *stream;

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/%s", name, file);
	stream = fopen(path, "re");
	if (!stream || !fgets(line, sizeof(line), stream))
		err(1, "%s", path);
	fclose(stream);
	line[strcspn(line, "\n")] = 0;
	return line;
}

static long asleep_ms(void)
{
	return atol(ask("device/../power/runtime_suspended_time"));
}

/* Nobody has to ask whether the device sleeps: a transfer wakes it. */
static void *write_later(void *text)
{
	sleep(3);
	transfer(out, text, strlen(text));
	return NULL;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/winusb/1-1:1.0";
	char text[] = "good morning", data[512];
	unsigned int length, i;
	pthread_t writer;
	char *path;
	long slept;

	if (argc > 2) {
		in = strtoul(argv[2], NULL, 0);
		out = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	}
	fd = open(node, O_RDWR | O_CLOEXEC);
	path = realpath(node, NULL);	/* it may be a link of udev's */
	if (fd < 0 || !path || ioctl(fd, WINUSB_IOC_INITIALIZE, &init))
		err(1, "%s", node);
	name = basename(path);
	set_policy(WINUSB_POWER_SUSPEND_DELAY, 500);
	set_policy(WINUSB_POWER_AUTO_SUSPEND, 1);

	slept = asleep_ms();
	if (out && pthread_create(&writer, NULL, write_later, text))
		errx(1, "no thread");
	length = transfer(in, data, sizeof(data));
	slept = asleep_ms() - slept;

	printf("%u bytes:", length);
	for (i = 0; i < length; i++)
		printf(" %02x", (unsigned char)data[i]);
	if (slept)
		printf("\nthe device slept %ld.%03ld s\n", slept / 1000, slept % 1000);
	else
		printf("\nthe device did not sleep: %s\n", ask("power_policy/blocked_by"));
	if (out)
		pthread_join(writer, NULL);
	return 0;
}
