// SPDX-License-Identifier: MIT
/*
 * A read and a write of an OSR USB-FX2 board's loopback by io_uring, from a registered buffer; with
 * liburing: cc -I include/uapi -o ring tools/examples/ring.c -luring
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/winusb.h>

#define IN	0x88
#define OUT	0x06

static char buffer[2][512] __attribute__((aligned(4096)));
static struct winusb_initialize init = { .size = sizeof(init) };

static void prepare(struct io_uring *ring, int fd, unsigned char pipe, void *data, unsigned int length)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct winusb_uring_cmd cmd = { .handle = init.out_handle, .pipe_id = pipe };

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, data, length, 0);
	sqe->cmd_op = WINUSB_URING_TRANSFER;
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;	/* data lies in the registered buffer 0 */
	sqe->buf_index = 0;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	sqe->user_data = pipe;				/* also what WINUSB_IOC_CANCEL takes */
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/winusb/1-1:1.0";
	struct winusb_query query = { .size = sizeof(query) };
	struct iovec registered = { buffer, sizeof(buffer) };
	int fd = open(node, O_RDWR | O_CLOEXEC), error, i;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	if (fd < 0 || ioctl(fd, WINUSB_IOC_INITIALIZE, &init) || ioctl(fd, WINUSB_IOC_QUERY, &query))
		err(1, "%s", node);
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		errx(1, "this kernel is older than 6.8: no commands of io_uring");
	error = io_uring_queue_init(8, &ring, 0);
	if (!error)
		error = io_uring_register_buffers(&ring, &registered, 1);
	if (error)
		errx(1, "io_uring: %s", strerror(-error));

	strcpy(buffer[1], "hello from the ring");
	prepare(&ring, fd, IN, buffer[0], sizeof(buffer[0]));
	prepare(&ring, fd, OUT, buffer[1], strlen(buffer[1]));
	io_uring_submit(&ring);
	for (i = 0; i < 2; i++) {
		error = io_uring_wait_cqe(&ring, &cqe);
		if (error)
			errx(1, "wait: %s", strerror(-error));
		if (cqe->res < 0)
			errx(1, "pipe 0x%02x: %s", (unsigned int)cqe->user_data, strerror(-cqe->res));
		printf("pipe 0x%02x: %d bytes\n", (unsigned int)cqe->user_data, cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
	printf("%s\n", buffer[0]);
	io_uring_queue_exit(&ring);
	return 0;
}
