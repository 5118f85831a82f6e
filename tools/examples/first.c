// SPDX-License-Identifier: MIT
/* Lights the bar graph of an OSR USB-FX2 board and sends five bytes round its loopback. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/winusb.h>

static unsigned int transfer(int fd, struct winusb_transfer t, void *data, unsigned int length)
{
	t.size = sizeof(t), t.buffer = (unsigned long)data, t.length = length;
	if (ioctl(fd, WINUSB_IOC_TRANSFER, &t))
		err(1, "transfer on pipe 0x%02x", t.pipe_id);
	return t.out_length;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/winusb/1-1:1.0";
	struct winusb_initialize init = { .size = sizeof(init) };
	char lamps = 0x1f, text[512] = "hello";
	int fd = open(node, O_RDWR);

	if (fd < 0 || ioctl(fd, WINUSB_IOC_INITIALIZE, &init))
		err(1, "%s", node);
#define H .handle = init.out_handle
	transfer(fd, (struct winusb_transfer){ H, .setup = { 0x40, 0xd8, 0, 0, 0, 0, 1 } }, &lamps, 1);
	transfer(fd, (struct winusb_transfer){ H, .pipe_id = 0x06 }, text, 5);
	printf("%.*s\n", (int)transfer(fd, (struct winusb_transfer){ H, .pipe_id = 0x88 }, text, 512), text);
}
