// SPDX-License-Identifier: MIT
/*
 * Devices that are not ours: the kernel's own gadget functions Loopback and SourceSink, made with
 * configfs, on dummy_hcd and, exported by usbip-vudc and usbipd, on vhci_hcd.
 */
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node.h"
#include "sysfs.h"
#include "test.h"

#define GADGETS "/sys/kernel/config/usb_gadget"
#define GADGET GADGETS "/winusb"
#define DRIVER "/sys/bus/usb/drivers/winusb"

/* The function's buffer: it answers a transfer of this length, or a shorter one. */
#define BUFFER 4096

struct setup {
	const char *label;
	const char *function;
	const char *udc;
	const char *product;
};

static const struct setup setups[] = {
	{ "loopback_on_dummy_hcd", "Loopback", "dummy_udc.0", "f001" },
	{ "source_sink_on_dummy_hcd", "SourceSink", "dummy_udc.0", "f002" },
	{ "loopback_by_usbip_vudc", "Loopback", "usbip-vudc.0", "f003" },
	{ "source_sink_by_usbip_vudc", "SourceSink", "usbip-vudc.0", "f004" },
};

static char device[64];
static pid_t usbipd;

static int run(const char *command)
{
	int status = system(command);

	return status == -1 || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}

static void put(const char *file, const char *text)
{
	char path[256];
	int result;

	snprintf(path, sizeof(path), GADGET "/%s", file);
	result = file_write(path, text);
	if (result)
		FAIL("write %s to %s: %s", text, path, test_errno(result));
}

static void folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), GADGET "/%s", name);
	if (mkdir(path, 0755) && errno != EEXIST)
		FAIL("mkdir %s: %s", path, strerror(errno));
}

static void make_gadget(const struct setup *setup)
{
	char name[64], path[256], target[256], product[16];

	folder("");
	put("idVendor", "0x1209");
	snprintf(product, sizeof(product), "0x%s", setup->product);
	put("idProduct", product);
	folder("strings/0x409");
	put("strings/0x409/product", setup->function);
	folder("configs/c.1");
	snprintf(name, sizeof(name), "functions/%s.0", setup->function);
	folder(name);
	snprintf(path, sizeof(path), "%s/bulk_buflen", name);
	put(path, "4096");
	snprintf(target, sizeof(target), GADGET "/%s", name);
	snprintf(path, sizeof(path), GADGET "/configs/c.1/f");
	if (symlink(target, path))
		FAIL("symlink %s: %s", path, strerror(errno));
	put("UDC", setup->udc);
}

static void remove_gadget(void)
{
	static const char *const functions[] = { "Loopback.0", "SourceSink.0" };
	char path[256];
	size_t i;

	if (access(GADGET, F_OK))
		return;
	file_write(GADGET "/UDC", "\n");
	unlink(GADGET "/configs/c.1/f");
	rmdir(GADGET "/configs/c.1");
	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		snprintf(path, sizeof(path), GADGET "/functions/%s", functions[i]);
		rmdir(path);
	}
	rmdir(GADGET "/strings/0x409");
	if (rmdir(GADGET))
		test_note("%s stays: %s", GADGET, strerror(errno));
}

/* The name of our device on its bus, "3-1". */
static bool find_device(const char *product)
{
	char path[512], text[16];
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir("/sys/bus/usb/devices");

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/idProduct", entry->d_name);
		if (file_read(path, text, sizeof(text)) < 0 || strncmp(text, product, 4))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/bConfigurationValue",
			 entry->d_name);
		file_read(path, text, sizeof(text));
		if (atoi(text) != 1)
			continue;
		snprintf(device, sizeof(device), "%.60s", entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	CHECK(fd >= 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		FAIL("lo: %s", strerror(errno));
	close(fd);
}

static void attach(const struct setup *setup)
{
	uint64_t end;

	loopback_up();
	usbipd = fork();
	CHECK(usbipd >= 0);
	if (!usbipd) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execlp("usbipd", "usbipd", "--device", "--pid", NULL);
		_exit(127);
	}
	end = test_now_ms() + 10000 * test_scale();
	for (;;) {
		char command[128];

		snprintf(command, sizeof(command),
			 "usbip attach -r 127.0.0.1 -b %s >/dev/null 2>&1", setup->udc);
		if (run(command) == 0)
			break;
		if (test_now_ms() > end)
			FAIL("usbip cannot attach %s", setup->udc);
		test_sleep_ms(100);
	}
}

static void plug(const struct setup *setup)
{
	bool vudc = !strncmp(setup->udc, "usbip", 5);
	uint64_t end = test_now_ms() + 20000 * test_scale();
	char path[128], id[32];

	if (vudc && (run("command -v usbipd >/dev/null") || run("command -v usbip >/dev/null")))
		test_skip("usbip and usbipd are not installed (Debian: usbip)");
	if (run(vudc ? "modprobe -q -a libcomposite usb_f_ss_lb usbip-vudc vhci_hcd" :
			"modprobe -q -a libcomposite usb_f_ss_lb dummy_hcd"))
		test_skip("this kernel has no %s or no %s function", setup->udc, setup->function);
	if (access(GADGETS, F_OK))
		mount("configfs", "/sys/kernel/config", "configfs", 0, NULL);
	if (access(GADGETS, F_OK))
		test_skip("this kernel has no configfs gadgets");
	remove_gadget();
	make_gadget(setup);
	if (vudc)
		attach(setup);
	while (!find_device(setup->product)) {
		if (test_now_ms() > end)
			FAIL("the gadget %s did not appear", setup->function);
		test_sleep_ms(5);
	}
	snprintf(id, sizeof(id), "1209 %s", setup->product);
	CHECK_OK(file_write(DRIVER "/new_id", id));
	snprintf(path, sizeof(path), "/dev/winusb/%s:1.0", device);
	if (!wait_for_path(path, true, 10))
		FAIL("%s is not bound", device);
}

static void unplug(void)
{
	char path[128];

	remove_gadget();
	if (usbipd > 0) {
		kill(usbipd, SIGTERM);
		waitpid(usbipd, NULL, 0);
		usbipd = 0;
	}
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s", device);
	if (!wait_for_path(path, false, 20))
		FAIL("%s is still there", device);
}

void test_setup(void)
{
	if (access(DRIVER, F_OK))
		test_skip_all("winusb.ko is not loaded (run this by scripts/lab run)");
}

void test_cleanup(bool failed)
{
	(void)failed;
	remove_gadget();
}

static int open_device(uint32_t *handle, uint8_t *in, uint8_t *out)
{
	struct winusb_query_pipe pipe;
	char name[96];
	uint8_t i;
	int fd;

	snprintf(name, sizeof(name), "%s:1.0", device);
	fd = node_open(name, O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, handle));
	*in = *out = 0;
	for (i = 0; node_query_pipe(fd, *handle, 0, i, &pipe) == 0; i++) {
		if (pipe.out_type != WINUSB_PIPE_BULK)
			continue;
		if (pipe.out_pipe_id & 0x80)
			*in = pipe.out_pipe_id;
		else
			*out = pipe.out_pipe_id;
	}
	CHECK(*in && *out);
	return fd;
}

static bool is_loopback(const struct setup *setup)
{
	return !strcmp(setup->function, "Loopback");
}

TEST_EACH(data_move_through_a_device_of_the_kernel, struct setup, setup, setups)
{
	uint8_t out_data[BUFFER] = { 0 }, in_data[BUFFER], in, out;
	uint32_t handle, moved, i, rounds = 20;
	int fd;

	plug(setup);
	fd = open_device(&handle, &in, &out);
	/* What goes wrong shall not take the test's whole time. */
	CHECK_OK(node_timeout(fd, handle, in, 5000 * test_scale()));
	CHECK_OK(node_timeout(fd, handle, out, 5000 * test_scale()));
	for (i = 0; i < rounds; i++) {
		/* A source gives, and a sink wants, zeros; a loopback gives what it got. */
		if (is_loopback(setup))
			pattern(out_data, BUFFER, i);
		CHECK_OK(node_transfer(fd, handle, out, out_data, BUFFER, &moved));
		CHECK_EQ(moved, BUFFER);
		memset(in_data, 0xcc, BUFFER);
		CHECK_OK(node_transfer(fd, handle, in, in_data, BUFFER, &moved));
		CHECK_EQ(moved, BUFFER);
		CHECK_MEM(in_data, out_data, BUFFER);
	}
	close(fd);
	unplug();
}

TEST_EACH(descriptors_of_a_device_of_the_kernel_are_read, struct setup, setup, setups)
{
	uint8_t data[255], in, out;
	uint32_t handle, moved;
	int fd;

	plug(setup);
	fd = open_device(&handle, &in, &out);
	CHECK_OK(node_descriptor(fd, handle, 1, 0, 0, data, 18, &moved));
	CHECK_EQ(moved, 18);
	CHECK_EQ(data[8] | data[9] << 8, 0x1209);
	/* iProduct */
	CHECK_OK(node_descriptor(fd, handle, 3, data[15], 0x0409, data, sizeof(data), &moved));
	CHECK_EQ(moved, 2 + 2 * strlen(setup->function));
	CHECK_EQ(data[2], setup->function[0]);
	CHECK_OK(node_control(fd, handle, 0x80, 8, 0, 0, 1, data, 1, &moved));
	CHECK_EQ(data[0], 1);
	close(fd);
	unplug();
}

TEST_EACH(the_device_of_the_kernel_leaves_under_a_blocked_reader, struct setup, setup, setups)
{
	uint8_t data[64], in, out;
	struct job job = { .buffer = data, .length = sizeof(data) };
	uint32_t moved;

	if (!is_loopback(setup))
		test_skip("a source does not let a reader wait");
	plug(setup);
	job.fd = open_device(&job.handle, &in, &out);
	job.pipe = in;
	job_start_blocked(&job);
	unplug();
	/* The gadget is shut down before its cable is pulled, which the bus reports as an error. */
	job_wait(&job, 10);
	if (job.result != -ESHUTDOWN && job.result != -EPROTO)
		FAIL("the read ended with %s", test_errno(job.result));
	CHECK_ERR(node_transfer(job.fd, job.handle, in, data, 1, &moved), ENODEV);
}
