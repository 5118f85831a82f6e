// SPDX-License-Identifier: MIT
/* The native face: opening, closing, and what calls have in common. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "native.h"

#define PAUSE_NS	500000
#define WAKE_ALL	0x7fffffff	/* nobody reads so many */
#define PATH_ROOM	1024

int native_pause(void)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS };

	return nanosleep(&pause, NULL) ? -EINTR : 0;
}

int native_enter(struct winusb *usb)
{
	if (!usb)
		return -EINVAL;
	atomic_fetch_add(&usb->users, 1);
	atomic_fetch_add(&usb->file->users, 1);
	if (!atomic_load(&usb->file->closed) && !atomic_load(&usb->closing))
		return 0;
	native_leave(usb);
	return -EBADF;
}

/* Who closes may free it from the second line on. */
void native_leave(struct winusb *usb)
{
	atomic_fetch_sub(&usb->file->users, 1);
	atomic_fetch_sub(&usb->users, 1);
}

int native_answer(const struct winusb *usb, int result)
{
	return result < 0 && atomic_load(&usb->file->closed) ? -ECANCELED : result;
}

int native_run(struct winusb *usb, unsigned long command, void *argument)
{
	return native_answer(usb, core_call(usb->file->fd, command, argument));
}

int native_call(struct winusb *usb, unsigned long command, void *argument)
{
	int result = native_enter(usb);

	if (result)
		return result;
	result = native_run(usb, command, argument);
	native_leave(usb);
	return result;
}

/* Not core_call, which goes on after a signal. */
int native_try(struct winusb *usb, unsigned long command, void *argument)
{
	int result;

	do {
		result = ioctl(usb->file->fd, command, argument) ? -errno : 0;
		if (result != -EAGAIN)
			return native_answer(usb, result);
		/* A reset of the device, or a change of the setting, is under way. */
		result = native_pause();
	} while (!result);
	return result;
}

int native_ask(struct winusb *usb, unsigned long command, void *argument)
{
	int result = native_enter(usb);

	if (result)
		return result;
	result = native_try(usb, command, argument);
	native_leave(usb);
	return result;
}

struct timespec native_deadline(int timeout)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	if (timeout > 0) {
		end.tv_sec += timeout / 1000;
		end.tv_nsec += timeout % 1000 * 1000000;
		if (end.tv_nsec >= 1000000000) {
			end.tv_nsec -= 1000000000;
			end.tv_sec++;
		}
	}
	return end;
}

/* What is left, rounded up so that nobody comes back too early. */
static int time_left(const struct timespec *deadline)
{
	struct timespec now;
	long long ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (deadline->tv_sec - now.tv_sec) * 1000000000LL + deadline->tv_nsec - now.tv_nsec;
	return ns > 0 ? (int)((ns + 999999) / 1000000) : 0;
}

int native_wait(struct winusb *usb, int timeout, const struct timespec *deadline)
{
	struct pollfd fds[2] = {
		{ .fd = usb->file->fd, .events = POLLIN },
		{ .fd = usb->file->wake, .events = POLLIN },
	};
	int left = timeout < 0 ? -1 : timeout ? time_left(deadline) : 0;
	int ready;

	if (atomic_load(&usb->file->closed) || atomic_load(&usb->closing))
		return -ECANCELED;
	if (!left)
		return -EAGAIN;
	ready = poll(fds, 2, left);
	if (ready < 0)
		return -errno;
	/* The device left before its transfers ended, or another interface is being closed. */
	if (ready && !(fds[0].revents & POLLIN))
		native_pause();
	return 0;
}

struct native_file *native_file_get(struct native_file *file)
{
	atomic_fetch_add(&file->references, 1);
	return file;
}

void native_file_put(struct native_file *file)
{
	if (atomic_fetch_sub(&file->references, 1) > 1)
		return;
	if (file->fd >= 0)
		close(file->fd);
	if (file->wake >= 0)
		close(file->wake);
	native_events_free(file);
	pthread_mutex_destroy(&file->events_lock);
	free(file);
}

/* Takes over a reference to the file, also when there is no memory. */
static struct winusb *interface_new(struct native_file *file, uint32_t handle, bool associated)
{
	struct winusb *usb = calloc(1, sizeof(*usb));

	if (!usb) {
		native_file_put(file);
		return NULL;
	}
	usb->file = file;
	usb->handle = handle;
	usb->associated = associated;
	return usb;
}

/* Opens a node; HANDLE gets the driver's number of its interface. */
static int file_open(struct native_file *file, const char *node, uint32_t *handle)
{
	struct winusb_initialize initialize = { 0 };
	struct winusb_query query = { 0 };
	int result;

	file->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (file->wake < 0)
		return -errno;
	file->fd = core_open(node, file->listener);
	if (file->fd == -ENXIO || file->fd == -ENODEV)
		return -ENOENT;
	if (file->fd < 0)
		return file->fd;
	if (core_command(file->fd, QUERY, &query) == -ENOTTY)
		return -ENOENT;		/* something else */
	if (file->listener)
		return 0;
	result = core_command(file->fd, INITIALIZE, &initialize);
	*handle = initialize.out_handle;
	return result;
}

static int node_open(struct winusb **usb, const char *node, bool listener)
{
	struct native_file *file = calloc(1, sizeof(*file));
	uint32_t handle = 0;
	int result;

	if (!file)
		return -ENOMEM;
	file->fd = -1;
	file->listener = listener;
	atomic_store(&file->references, 1);
	pthread_mutex_init(&file->events_lock, NULL);
	result = file_open(file, node, &handle);
	if (result) {
		native_file_put(file);
		return result;
	}
	*usb = interface_new(file, handle, false);
	return *usb ? 0 : -ENOMEM;
}

/* The node of the only function that a text fits. */
static int node_find(const char *what, char node[PATH_ROOM])
{
	const struct winusb_device *device = NULL;
	struct winusb_list *list;
	int result = winusb_device_list(&list);
	unsigned int found = 0;

	if (result < 0)
		return result;
	while ((device = winusb_device_next(list, device))) {
		bool named = !strcmp(device->name, what);

		if (!named && (!device->complete || !device->enabled ||
			       !native_matches(device, what)))
			continue;
		strncpy(node, device->node, PATH_ROOM - 1);
		node[PATH_ROOM - 1] = 0;
		found++;
	}
	winusb_device_list_free(list);
	return !found ? -ENOENT : found > 1 ? -ENOTUNIQ : 0;
}

int winusb_open(struct winusb **usb, const char *what, unsigned int flags)
{
	char node[PATH_ROOM];
	int result;

	if (!usb || !what)
		return -EINVAL;
	*usb = NULL;
	if (flags & ~WINUSB_OPEN_LISTENER)
		return -EOPNOTSUPP;
	if (*what == '/' || path_skip_prefix(what))
		result = path_to_node(what, node, sizeof(node));
	else
		result = node_find(what, node);
	/* A USB device without a node. */
	if (result > 0)
		return -ENOENT;
	return result ? result : node_open(usb, node, flags & WINUSB_OPEN_LISTENER);
}

/* Between enter and leave. */
static int associated_open(struct winusb *usb, unsigned int index, struct winusb **other)
{
	struct winusb_get_associated_interface arg = {
		.size = sizeof(arg),
		.handle = usb->handle,
		.index = index,
	};
	struct winusb_free release = { .size = sizeof(release) };
	int result = native_run(usb, WINUSB_IOC_GET_ASSOCIATED_INTERFACE, &arg);

	if (result)
		return result;
	*other = interface_new(native_file_get(usb->file), arg.out_handle, true);
	if (*other)
		return 0;
	release.handle = arg.out_handle;
	native_run(usb, WINUSB_IOC_FREE, &release);
	return -ENOMEM;
}

int winusb_associated(struct winusb *usb, unsigned int index, struct winusb **other)
{
	int result;

	if (!other)
		return -EINVAL;
	*other = NULL;
	if (index > 255)
		return -EINVAL;
	result = native_enter(usb);
	if (result)
		return result;
	result = associated_open(usb, index, other);
	native_leave(usb);
	return result;
}

/* Ends reads and writes that threads are blocked in. */
static void blocked_abort(struct winusb *usb)
{
	struct winusb_pipe_command arg = { .size = sizeof(arg), .handle = usb->handle };
	unsigned int i;

	for (i = 0; i < NATIVE_PIPES; i++) {
		if (!(i & 0x0f) || !atomic_load(&usb->blocked[i]))
			continue;
		arg.pipe_id = (i & 0x0f) | (i & 0x10) << 3;
		core_call(usb->file->fd, WINUSB_IOC_ABORT_PIPE, &arg);
	}
}

static void wake_add(struct native_file *file, uint64_t count)
{
	ssize_t done = write(file->wake, &count, sizeof(count));

	(void)done;	/* it has room for billions of these */
}

static void wake_take(struct native_file *file)
{
	uint64_t count;
	ssize_t done = read(file->wake, &count, sizeof(count));

	(void)done;
}

/* The driver sees a close, which ends what threads are blocked in. Who is late finds an eventfd. */
static void file_end(struct winusb *usb)
{
	struct native_file *file = usb->file;
	bool replaced;

	atomic_store(&file->closed, true);
	blocked_abort(usb);
	wake_add(file, WAKE_ALL);
	/* The program may have lowered RLIMIT_NOFILE below the number. */
	replaced = dup3(file->wake, file->fd, O_CLOEXEC) >= 0;
	if (!replaced)
		core_cancel(file->fd, WINUSB_CANCEL_ALL, 0);
	while (atomic_load(&file->users) || atomic_load(&usb->users)) {
		if (!replaced)
			core_cancel(file->fd, WINUSB_CANCEL_ALL | WINUSB_CANCEL_BLOCKED, 0);
		native_pause();
	}
	if (!replaced) {
		close(file->fd);
		file->fd = -1;
	}
}

static void associated_end(struct winusb *usb)
{
	struct winusb_free release = { .size = sizeof(release), .handle = usb->handle };
	struct native_file *file = usb->file;

	/* A close of the whole file waits for it, and ends what it waits for. */
	atomic_fetch_add(&file->users, 1);
	wake_add(file, 1);
	while (atomic_load(&usb->users)) {
		/* One may have been on its way to the driver. */
		blocked_abort(usb);
		native_pause();
	}
	wake_take(file);
	core_call(file->fd, WINUSB_IOC_FREE, &release);
	atomic_fetch_sub(&file->users, 1);
}

void winusb_close(struct winusb *usb)
{
	if (!usb)
		return;
	atomic_store(&usb->closing, true);
	if (usb->associated)
		associated_end(usb);
	else
		file_end(usb);
	native_file_put(usb->file);
	free(usb);
}

int winusb_fd(const struct winusb *usb)
{
	return usb ? usb->file->fd : -EINVAL;
}

uint32_t winusb_handle(const struct winusb *usb)
{
	return usb ? usb->handle : 0;
}

int winusb_capabilities(struct winusb *usb, struct winusb_query *query)
{
	if (!query)
		return -EINVAL;
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	return native_call(usb, WINUSB_IOC_QUERY, query);
}

int winusb_enable(struct winusb *usb, bool enable)
{
	struct winusb_set_interface_state arg = { .enable = enable };

	return native_command(usb, SET_INTERFACE_STATE, &arg);
}
