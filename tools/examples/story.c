// SPDX-License-Identifier: MIT
/*
 * The story that `make demo` tells, by the ioctls: from open to unplug on the fx2 board, and
 * associated interfaces on the composite board. Every step checks what it claims; the first one
 * that is not so ends the program with 1.
 *
 *	story fx2 NODE		NODE is /dev/winusb/1-1:1.0 or the like; the board is number 1
 *	story composite NODE	of the server that listens for commands (winusb-boards --control)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/winusb.h>

#define BOARDS_SOCKET	"/run/winusb-boards.sock"
#define LOOPBACK_LENGTH	65536

static int node = -1;
static bool color;

static void __attribute__((format(printf, 1, 2))) title(const char *format, ...)
{
	va_list args;

	fputs(color ? "\n\033[1m" : "\n", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	puts(color ? "\033[0m" : "");
}

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
	va_list args;

	fputs("  ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void __attribute__((format(printf, 2, 3))) expect(bool good, const char *format, ...)
{
	va_list args;

	if (good)
		return;
	fflush(stdout);
	fputs("story: not so: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

#define must(call, what) \
	expect((call) >= 0, "%s: %s", what, strerror(errno))

/* One line to the server of the boards, which must agree to it. */
static void board(const char *format, ...)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = BOARDS_SOCKET };
	char line[128], answer[1024] = "";
	va_list args;
	int fd;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	strcat(line, "\n");

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd, "socket");
	must(connect(fd, (struct sockaddr *)&address, sizeof(address)), BOARDS_SOCKET);
	must(write(fd, line, strlen(line)), BOARDS_SOCKET);
	must(read(fd, answer, sizeof(answer) - 1), BOARDS_SOCKET);
	close(fd);
	expect(!strncmp(answer, "result=ok", 9), "the board does '%s': %s", line, answer);
}

static const char *error_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "no error";
}

/* 0 or an errno. */
static int transfer(uint32_t handle, uint8_t pipe, const uint8_t setup[8], void *data,
		    size_t length, size_t *moved)
{
	struct winusb_transfer arg = {
		.size = sizeof(arg),
		.handle = handle,
		.pipe_id = pipe,
		.buffer = (uintptr_t)data,
		.length = length,
	};
	int err;

	if (setup)
		memcpy(arg.setup, setup, sizeof(arg.setup));
	err = ioctl(node, WINUSB_IOC_TRANSFER, &arg) ? errno : 0;
	*moved = arg.out_length;
	return err;
}

static uint32_t initialize(void)
{
	struct winusb_initialize arg = { .size = sizeof(arg) };

	must(ioctl(node, WINUSB_IOC_INITIALIZE, &arg), "INITIALIZE");
	return arg.out_handle;
}

static void show_pipes(uint32_t handle)
{
	static const char *const types[] = { "control", "isochronous", "bulk", "interrupt" };
	unsigned int i;

	for (i = 0; i < 32; i++) {
		struct winusb_query_pipe arg = { .size = sizeof(arg), .handle = handle, .pipe_index = i };

		if (ioctl(node, WINUSB_IOC_QUERY_PIPE, &arg)) {
			expect(errno == ENOENT, "QUERY_PIPE: %s", strerror(errno));
			break;
		}
		tell("pipe 0x%02x  %-9s %-3s  packets of %u bytes", arg.out_pipe_id,
		     types[arg.out_type & 3], arg.out_pipe_id & 0x80 ? "in" : "out",
		     arg.out_maximum_packet_size);
	}
	expect(i, "the interface has pipes");
}

/* A read in a thread of its own, to see it block. */
struct reader {
	pthread_t thread;
	uint32_t handle;
	uint8_t pipe;
	uint8_t data[512];
	size_t moved;
	int err;
};

static void *reader_run(void *arg)
{
	struct reader *reader = arg;

	reader->err = transfer(reader->handle, reader->pipe, NULL, reader->data, sizeof(reader->data),
			       &reader->moved);
	return NULL;
}

/* Returns when the board has the request: the read blocks. */
static void reader_start(struct reader *reader, uint32_t handle, uint8_t pipe)
{
	reader->handle = handle;
	reader->pipe = pipe;
	expect(!pthread_create(&reader->thread, NULL, reader_run, reader), "a thread starts");
	board("1 wait 0x%02x.pending 1 10000", pipe);
}

static void bar_graph(uint32_t handle)
{
	static const uint8_t set[8] = { 0x40, 0xd8, 0, 0, 0, 0, 1, 0 };
	static const uint8_t get[8] = { 0xc0, 0xd7, 0, 0, 0, 0, 1, 0 };
	char lights[9] = "";
	uint8_t lamps = 0x5b, back = 0;
	size_t moved;
	int err;

	title("Control transfers: light the bar graph, read it back");
	err = transfer(handle, 0, set, &lamps, 1, &moved);
	expect(!err && moved == 1, "vendor request 0xd8 sends one byte: %s", error_name(err));
	tell("vendor request 0xd8 sent 0x%02x", lamps);
	err = transfer(handle, 0, get, &back, 1, &moved);
	expect(!err && moved == 1, "vendor request 0xd7 gets one byte: %s", error_name(err));
	expect(back == lamps, "the bar graph shows 0x%02x, got 0x%02x", lamps, back);
	for (int i = 0; i < 8; i++)
		lights[i] = back & 0x80 >> i ? '#' : '.';
	tell("vendor request 0xd7 got  0x%02x  [%s]", back, lights);
}

static void loopback(uint32_t handle, uint8_t out, uint8_t in)
{
	static uint8_t sent[LOOPBACK_LENGTH], got[LOOPBACK_LENGTH];
	uint32_t state = 0x2545f491;
	size_t moved;
	int err;

	title("Bulk: %u bytes out through 0x%02x, back through 0x%02x", LOOPBACK_LENGTH, out, in);
	for (size_t i = 0; i < sizeof(sent); i++) {
		state = state * 1664525 + 1013904223;
		sent[i] = state >> 24;
	}
	err = transfer(handle, out, NULL, sent, sizeof(sent), &moved);
	expect(!err && moved == sizeof(sent), "the write takes all: %s, %zu bytes", error_name(err), moved);
	tell("write: %zu bytes", moved);
	err = transfer(handle, in, NULL, got, sizeof(got), &moved);
	expect(!err && moved == sizeof(got), "the read gives all: %s, %zu bytes", error_name(err), moved);
	expect(!memcmp(sent, got, sizeof(sent)), "what came back is what was sent");
	tell("read:  %zu bytes, all equal", moved);
}

static void switches(uint32_t handle)
{
	struct reader reader = { 0 };

	title("Interrupt: a read waits on 0x81, somebody pushes a switch");
	reader_start(&reader, handle, 0x81);
	tell("the read blocks");
	board("1 set switches=0x24");
	expect(!pthread_join(reader.thread, NULL), "the thread ends");
	expect(!reader.err && reader.moved == 1 && reader.data[0] == 0x24,
	       "the read gives 0x24: %s, %zu bytes, 0x%02x", error_name(reader.err), reader.moved,
	       reader.data[0]);
	tell("switches are 0x%02x, and the read returned %zu byte", reader.data[0], reader.moved);
}

static void unplug(uint32_t handle, const char *path)
{
	struct pollfd poll_fd = { .fd = node, .events = POLLIN };
	struct winusb_free release = { .size = sizeof(release), .handle = handle };
	struct winusb_query_device_information speed = {
		.size = sizeof(speed),
		.handle = handle,
		.information_type = WINUSB_DEVICE_SPEED,
	};
	struct reader reader = { 0 };
	uint8_t byte = 0;
	size_t moved;
	int err;

	title("Unplugged in the middle of a read");
	reader_start(&reader, handle, 0x88);
	tell("the read blocks on 0x88; now the cable is pulled");
	board("1 unplug");
	expect(!pthread_join(reader.thread, NULL), "the thread ends");
	expect(reader.err == ESHUTDOWN, "the read ends with ESHUTDOWN: %s", error_name(reader.err));
	tell("the read ended with %s: it was in flight when the device left", error_name(reader.err));

	must(poll(&poll_fd, 1, 10000), "poll");
	expect((poll_fd.revents & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR),
	       "poll says hang-up and error: 0x%x", poll_fd.revents);
	err = transfer(handle, 0x06, NULL, &byte, 1, &moved);
	expect(err == ENODEV, "a write afterwards is refused with ENODEV: %s", error_name(err));
	tell("a write afterwards is refused with %s", error_name(err));
	must(ioctl(node, WINUSB_IOC_QUERY_DEVICE_INFORMATION, &speed), "a query afterwards");
	tell("what needs no bus still answers: speed %u", speed.out_value);
	expect(access(path, F_OK) && errno == ENOENT, "%s is gone", path);
	tell("%s is gone; the open file is not", path);

	title("FREE");
	must(ioctl(node, WINUSB_IOC_FREE, &release), "FREE");
	expect(ioctl(node, WINUSB_IOC_FREE, &release) && errno == EBADF, "a second FREE gives EBADF");
	tell("handle %u is free; freeing it again gives EBADF", handle);
}

static void story_fx2(const char *path)
{
	uint32_t handle;

	title("Open and INITIALIZE");
	node = open(path, O_RDWR | O_CLOEXEC);
	must(node, path);
	expect(open(path, O_RDWR | O_CLOEXEC) < 0 && errno == EBUSY, "a second open gives EBUSY");
	handle = initialize();
	expect(handle, "the handle is not 0");
	tell("%s is open, handle %u; a second open is refused with EBUSY", path, handle);

	title("The pipes");
	show_pipes(handle);
	bar_graph(handle);
	loopback(handle, 0x06, 0x88);
	switches(handle);
	unplug(handle, path);
	close(node);
}

static void story_composite(const char *path)
{
	struct winusb_get_associated_interface arg = { .size = sizeof(arg) };
	struct winusb_free release = { .size = sizeof(release) };
	struct winusb_query query = { .size = sizeof(query) };
	uint32_t first;

	title("GET_ASSOCIATED_INTERFACE: one open, two interfaces");
	node = open(path, O_RDWR | O_CLOEXEC);
	must(node, path);
	must(ioctl(node, WINUSB_IOC_QUERY, &query), "QUERY");
	tell("%s is the default interface of a function of %u", path, query.out_interfaces);
	first = initialize();
	arg.handle = first;
	must(ioctl(node, WINUSB_IOC_GET_ASSOCIATED_INTERFACE, &arg), "GET_ASSOCIATED_INTERFACE");
	tell("handle %u is interface %u, handle %u the one after it, with these pipes:", first,
	     query.out_interface, arg.out_handle);
	show_pipes(arg.out_handle);
	expect(ioctl(node, WINUSB_IOC_GET_ASSOCIATED_INTERFACE, &arg) && errno == EEXIST,
	       "a second handle of it gives EEXIST");
	tell("a second handle of it is refused with EEXIST");
	loopback(arg.out_handle, 0x02, 0x82);

	title("FREE, in any order");
	release.handle = first;
	must(ioctl(node, WINUSB_IOC_FREE, &release), "FREE");
	release.handle = arg.out_handle;
	must(ioctl(node, WINUSB_IOC_FREE, &release), "FREE of the associated handle");
	tell("both handles are free");
	close(node);
}

int main(int argc, char **argv)
{
	color = argc == 4 && !strcmp(argv[3], "--color");
	setvbuf(stdout, NULL, _IOLBF, 0);

	if (argc >= 3 && !strcmp(argv[1], "fx2"))
		story_fx2(argv[2]);
	else if (argc >= 3 && !strcmp(argv[1], "composite"))
		story_composite(argv[2]);
	else
		expect(false, "usage: story fx2|composite NODE [--color]");
	return 0;
}
