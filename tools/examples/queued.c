// SPDX-License-Identifier: MIT
/*
 * Many reads under way, completions as records: what an event loop does. On the loopback of an OSR
 * USB-FX2 board it feeds eight reads, and cancels the four that are left at the end.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/winusb.h>

#define DEPTH	8
#define LENGTH	512
#define IN	0x88
#define OUT	0x06

static char data[DEPTH][LENGTH];
static struct winusb_initialize init = { .size = sizeof(init) };

static void submit(int fd, unsigned int first, unsigned int count)
{
	struct winusb_transfer reads[DEPTH] = { };
	struct winusb_submit submit = { .size = sizeof(submit), .count = count,
		.transfers = (unsigned long)reads, .transfer_size = sizeof(reads[0]) };
	unsigned int i;

	for (i = 0; i < count; i++) {
		reads[i].size = sizeof(reads[i]);
		reads[i].handle = init.out_handle;
		reads[i].pipe_id = IN;
		reads[i].buffer = (unsigned long)data[first + i];
		reads[i].length = LENGTH;
		reads[i].cookie = first + i;
	}
	if (ioctl(fd, WINUSB_IOC_SUBMIT, &submit))
		err(1, "%u of %u reads were submitted", submit.out_count, count);
}

static void feed(int fd, unsigned int number)
{
	char text[LENGTH];
	struct winusb_transfer write = { .size = sizeof(write), .handle = init.out_handle,
		.pipe_id = OUT, .buffer = (unsigned long)text,
		.length = snprintf(text, sizeof(text), "message %u", number) };

	if (ioctl(fd, WINUSB_IOC_TRANSFER, &write))
		err(1, "write");
}

/* Wait for records, as poll(2) would beside other descriptors, and tell what they say. */
static unsigned int collect(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct winusb_completion done[16];
	ssize_t n, i;

	if (poll(&wait, 1, 5000) != 1)
		errx(1, "no record in 5 s");
	n = read(fd, done, sizeof(done));
	if (n < 0)
		err(1, "read");
	n /= sizeof(done[0]);
	for (i = 0; i < n; i++)
		printf("read %llu: %s, %u bytes: %.*s\n", (unsigned long long)done[i].cookie,
		       done[i].status ? strerror(-done[i].status) : "done", done[i].length,
		       (int)done[i].length, data[done[i].cookie]);
	return n;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/winusb/1-1:1.0";
	struct winusb_cancel cancel = { .size = sizeof(cancel), .flags = WINUSB_CANCEL_ALL };
	int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	unsigned int i, left;

	if (fd < 0 || ioctl(fd, WINUSB_IOC_INITIALIZE, &init))
		err(1, "%s", node);
	submit(fd, 0, DEPTH);
	for (i = 0; i < DEPTH; i++)
		feed(fd, i);
	for (left = DEPTH; left; left -= collect(fd))
		;
	submit(fd, 0, DEPTH / 2);
	if (ioctl(fd, WINUSB_IOC_CANCEL, &cancel))
		err(1, "cancel");
	for (left = cancel.out_count; left; left -= collect(fd))
		;
	return 0;
}
