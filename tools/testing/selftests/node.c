// SPDX-License-Identifier: MIT
/* The driver's commands as C calls that give 0 or a negative errno. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "node.h"
#include "test.h"

int node_ioctl(int fd, unsigned long command, void *argument)
{
	int result = ioctl(fd, command, argument);

	return result < 0 ? -errno : result;
}

const char *node_path(const char *name)
{
	static __thread char path[64];

	snprintf(path, sizeof(path), "/dev/winusb/%s", name);
	return path;
}

int node_open(const char *name, int flags)
{
	int fd = open(node_path(name), flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int node_initialize(int fd, uint32_t *handle)
{
	struct winusb_initialize arg = { .size = sizeof(arg) };
	int result = node_ioctl(fd, WINUSB_IOC_INITIALIZE, &arg);

	*handle = arg.out_handle;
	return result;
}

int node_associated(int fd, uint32_t handle, unsigned int index, uint32_t *out)
{
	struct winusb_get_associated_interface arg = {
		.size = sizeof(arg), .handle = handle, .index = index,
	};
	int result = node_ioctl(fd, WINUSB_IOC_GET_ASSOCIATED_INTERFACE, &arg);

	*out = arg.out_handle;
	return result;
}

int node_free(int fd, uint32_t handle)
{
	struct winusb_free arg = { .size = sizeof(arg), .handle = handle };

	return node_ioctl(fd, WINUSB_IOC_FREE, &arg);
}

int node_query(int fd, struct winusb_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	return node_ioctl(fd, WINUSB_IOC_QUERY, query);
}

int node_descriptor(int fd, uint32_t handle, uint8_t type, uint8_t index, uint16_t language,
		    void *buffer, uint32_t length, uint32_t *out_length)
{
	struct winusb_get_descriptor arg = {
		.size = sizeof(arg), .handle = handle, .type = type, .index = index,
		.language_id = language, .length = length, .buffer = (uintptr_t)buffer,
	};
	int result = node_ioctl(fd, WINUSB_IOC_GET_DESCRIPTOR, &arg);

	if (out_length)
		*out_length = arg.out_length;
	return result;
}

int node_settings(int fd, uint32_t handle, uint8_t index, uint8_t descriptor[9])
{
	struct winusb_query_interface_settings arg = {
		.size = sizeof(arg), .handle = handle, .setting_index = index,
	};
	int result = node_ioctl(fd, WINUSB_IOC_QUERY_INTERFACE_SETTINGS, &arg);

	memcpy(descriptor, arg.out_descriptor, 9);
	return result;
}

int node_speed(int fd, uint32_t handle, uint32_t *value)
{
	struct winusb_query_device_information arg = {
		.size = sizeof(arg), .handle = handle, .information_type = WINUSB_DEVICE_SPEED,
	};
	int result = node_ioctl(fd, WINUSB_IOC_QUERY_DEVICE_INFORMATION, &arg);

	*value = arg.out_value;
	return result;
}

int node_query_pipe(int fd, uint32_t handle, uint8_t setting, uint8_t index,
		    struct winusb_query_pipe *pipe)
{
	memset(pipe, 0, sizeof(*pipe));
	pipe->size = sizeof(*pipe);
	pipe->handle = handle;
	pipe->setting_index = setting;
	pipe->pipe_index = index;
	return node_ioctl(fd, WINUSB_IOC_QUERY_PIPE, pipe);
}

int node_get_setting(int fd, uint32_t handle, uint8_t *setting)
{
	struct winusb_get_alternate_setting arg = { .size = sizeof(arg), .handle = handle };
	int result = node_ioctl(fd, WINUSB_IOC_GET_ALTERNATE_SETTING, &arg);

	*setting = arg.out_setting;
	return result;
}

int node_set_setting(int fd, uint32_t handle, uint8_t setting)
{
	struct winusb_set_alternate_setting arg = {
		.size = sizeof(arg), .handle = handle, .setting = setting,
	};

	return node_ioctl(fd, WINUSB_IOC_SET_ALTERNATE_SETTING, &arg);
}

int node_get_policy(int fd, uint32_t handle, uint8_t pipe, uint32_t policy, uint32_t *value)
{
	struct winusb_pipe_policy arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe, .policy = policy,
	};
	int result = node_ioctl(fd, WINUSB_IOC_GET_PIPE_POLICY, &arg);

	*value = arg.value;
	return result;
}

int node_set_policy(int fd, uint32_t handle, uint8_t pipe, uint32_t policy, uint32_t value)
{
	struct winusb_pipe_policy arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe, .policy = policy,
		.value = value,
	};

	return node_ioctl(fd, WINUSB_IOC_SET_PIPE_POLICY, &arg);
}

int node_get_power(int fd, uint32_t handle, uint32_t policy, uint32_t *value)
{
	struct winusb_power_policy arg = {
		.size = sizeof(arg), .handle = handle, .policy = policy,
	};
	int result = node_ioctl(fd, WINUSB_IOC_GET_POWER_POLICY, &arg);

	*value = arg.value;
	return result;
}

int node_set_power(int fd, uint32_t handle, uint32_t policy, uint32_t value)
{
	struct winusb_power_policy arg = {
		.size = sizeof(arg), .handle = handle, .policy = policy, .value = value,
	};

	return node_ioctl(fd, WINUSB_IOC_SET_POWER_POLICY, &arg);
}

int node_timeout(int fd, uint32_t handle, uint8_t pipe, uint32_t ms)
{
	return node_set_policy(fd, handle, pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, ms);
}

int node_get_timeout(int fd, uint32_t handle, uint8_t pipe, uint32_t *ms)
{
	return node_get_policy(fd, handle, pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, ms);
}

int node_transfer(int fd, uint32_t handle, uint8_t pipe, void *buffer, uint32_t length,
		  uint32_t *out_length)
{
	struct winusb_transfer arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe,
		.buffer = (uintptr_t)buffer, .length = length,
	};
	int result = node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg);

	if (out_length)
		*out_length = arg.out_length;
	return result;
}

void node_setup(uint8_t *setup, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
		uint16_t length)
{
	setup[0] = type;
	setup[1] = request;
	setup[2] = value & 0xff;
	setup[3] = value >> 8;
	setup[4] = index & 0xff;
	setup[5] = index >> 8;
	setup[6] = length & 0xff;
	setup[7] = length >> 8;
}

int node_control(int fd, uint32_t handle, uint8_t type, uint8_t request, uint16_t value,
		 uint16_t index, uint16_t setup_length, void *buffer, uint32_t length,
		 uint32_t *out_length)
{
	struct winusb_transfer arg = {
		.size = sizeof(arg), .handle = handle,
		.buffer = (uintptr_t)buffer, .length = length,
	};
	int result;

	node_setup(arg.setup, type, request, value, index, setup_length);
	result = node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg);
	if (out_length)
		*out_length = arg.out_length;
	return result;
}

static int pipe_command(int fd, unsigned long command, uint32_t handle, uint8_t pipe)
{
	struct winusb_pipe_command arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe,
	};

	return node_ioctl(fd, command, &arg);
}

int node_abort(int fd, uint32_t handle, uint8_t pipe)
{
	return pipe_command(fd, WINUSB_IOC_ABORT_PIPE, handle, pipe);
}

int node_reset_pipe(int fd, uint32_t handle, uint8_t pipe)
{
	return pipe_command(fd, WINUSB_IOC_RESET_PIPE, handle, pipe);
}

int node_flush(int fd, uint32_t handle, uint8_t pipe)
{
	return pipe_command(fd, WINUSB_IOC_FLUSH_PIPE, handle, pipe);
}

int node_reset_device(int fd, uint32_t handle)
{
	struct winusb_reset_device arg = { .size = sizeof(arg), .handle = handle };

	return node_ioctl(fd, WINUSB_IOC_RESET_DEVICE, &arg);
}

int node_set_enabled(int fd, uint32_t handle, uint32_t enable)
{
	struct winusb_set_interface_state arg = {
		.size = sizeof(arg), .handle = handle, .enable = enable,
	};

	return node_ioctl(fd, WINUSB_IOC_SET_INTERFACE_STATE, &arg);
}

int node_post(int fd, uint32_t handle, const uint8_t guid[16], const void *data, uint32_t length)
{
	struct winusb_post_event arg = {
		.size = sizeof(arg), .handle = handle, .data = (uintptr_t)data, .length = length,
	};

	memcpy(arg.guid, guid, sizeof(arg.guid));
	return node_ioctl(fd, WINUSB_IOC_POST_EVENT, &arg);
}

int node_listen(int fd, uint32_t flags)
{
	struct winusb_listen arg = { .size = sizeof(arg), .flags = flags };

	return node_ioctl(fd, WINUSB_IOC_LISTEN, &arg);
}

void pattern(void *buffer, size_t length, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	uint8_t *p = buffer;
	size_t i;

	for (i = 0; i < length; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = x >> 24;
	}
}
