// SPDX-License-Identifier: MIT
/*
 * An isochronous stream: a ring of transfers in mapped memory, completions as records, and what
 * became of each packet. It reads a second of the pipe 0x81 of the lab's board iso.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/winusb.h>

#define SETTING	3
#define PIPE	0x81
#define DEPTH	8
#define PACKETS	10	/* a packet in each frame: 10 ms */

static struct winusb_initialize init = { .size = sizeof(init) };
static struct winusb_isoch_packet packets[DEPTH][PACKETS];
static struct winusb_register_isoch_buffer buffer = { .size = sizeof(buffer), .pipe_id = PIPE,
	.flags = WINUSB_ISOCH_BUFFER_MAP };
static unsigned int good, late, bad, gaps, next_frame;
static unsigned long long bytes;

/* Pipes of that kind are in settings other than the first, which needs no bandwidth. */
static unsigned int select_setting(int fd)
{
	struct winusb_set_alternate_setting set = { .size = sizeof(set), .handle = init.out_handle,
		.setting = SETTING };
	struct winusb_query_pipe pipe = { .size = sizeof(pipe), .handle = init.out_handle,
		.setting_index = SETTING };

	if (ioctl(fd, WINUSB_IOC_SET_ALTERNATE_SETTING, &set))
		err(1, "setting %u", SETTING);
	for (; !ioctl(fd, WINUSB_IOC_QUERY_PIPE, &pipe); pipe.pipe_index++)
		if (pipe.out_pipe_id == PIPE)
			return pipe.out_maximum_bytes_per_interval;
	err(1, "pipe 0x%02x", PIPE);
}

static void submit(int fd, unsigned int number)
{
	struct winusb_transfer read = { .size = sizeof(read), .handle = init.out_handle,
		.flags = WINUSB_TRANSFER_ASYNC, .pipe_id = PIPE, .cookie = number,
		.isoch_buffer = buffer.out_isoch_buffer, .length = buffer.length / DEPTH,
		.isoch_offset = number * (buffer.length / DEPTH),
		.isoch_packets = (unsigned long)packets[number], .isoch_packet_count = PACKETS };

	if (ioctl(fd, WINUSB_IOC_TRANSFER, &read))
		err(1, "transfer %u", number);
}

/* A packet's data begin at its offset from those of its transfer: here it only counts them. */
static void look(const struct winusb_completion *done)
{
	const struct winusb_isoch_packet *packet = packets[done->cookie];

	if (done->status)
		warnx("transfer: %s", strerror(-done->status));
	if (next_frame && done->isoch_frame && done->isoch_frame != next_frame)
		gaps++;		/* nothing was under way: the program was late */
	next_frame = done->isoch_next_frame;
	for (; packet < packets[done->cookie] + PACKETS; packet++) {
		if (packet->status == WINUSB_PACKET_LATE)
			late++;
		else if (packet->status)
			bad++;
		else
			good++;
		bytes += packet->length;
	}
}

/* Transfers that are under way end; the pages are mapped as long as the node is open. */
static void stop(int fd, void *memory)
{
	struct winusb_pipe_command abort = { .size = sizeof(abort), .handle = init.out_handle,
		.pipe_id = PIPE };
	struct winusb_unregister_isoch_buffer end = { .size = sizeof(end),
		.isoch_buffer = buffer.out_isoch_buffer };
	struct winusb_completion done;
	unsigned int i;

	if (ioctl(fd, WINUSB_IOC_ABORT_PIPE, &abort))
		err(1, "abort");
	for (i = 0; i < DEPTH; i++)
		if (read(fd, &done, sizeof(done)) != sizeof(done))
			err(1, "the last records");
	if (ioctl(fd, WINUSB_IOC_UNREGISTER_ISOCH_BUFFER, &end))
		err(1, "unregister");
	munmap(memory, buffer.length);
	close(fd);
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/winusb/1-1:1.0";
	int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct winusb_completion done;
	unsigned int i;
	void *memory;

	if (fd < 0 || ioctl(fd, WINUSB_IOC_INITIALIZE, &init))
		err(1, "%s", node);
	buffer.handle = init.out_handle;
	buffer.length = DEPTH * PACKETS * select_setting(fd);
	if (ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &buffer))
		err(1, "buffer");
	memory = mmap(NULL, buffer.length, PROT_READ, MAP_SHARED, fd, buffer.out_offset);
	if (memory == MAP_FAILED)
		err(1, "mmap");

	for (i = 0; i < DEPTH; i++)
		submit(fd, i);
	while (good + late + bad < 1000) {
		if (poll(&wait, 1, 5000) != 1)
			errx(1, "no record in 5 s");
		if (read(fd, &done, sizeof(done)) != sizeof(done))
			err(1, "read");
		look(&done);
		submit(fd, done.cookie);
	}
	stop(fd, memory);
	printf("%u good packets, %u late, %u bad: %llu bytes\n", good, late, bad, bytes);
	if (gaps)
		warnx("gaps: %u", gaps);
	return 0;
}
