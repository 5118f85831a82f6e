// SPDX-License-Identifier: MIT
/* The native face: descriptors, settings, pipes, policies. */
#include <errno.h>
#include <string.h>

#include "native.h"
#include "wide.h"

#define STRING_DESCRIPTOR	3
#define STRING_MAX		255

/* Between enter and leave. */
static int descriptor_read(struct winusb *usb, uint8_t type, uint8_t index, uint16_t language,
			   void *buffer, size_t length)
{
	struct winusb_get_descriptor arg = {
		.size = sizeof(arg),
		.handle = usb->handle,
		.type = type,
		.index = index,
		.language_id = language,
		.length = length,
		.buffer = (uintptr_t)buffer,
	};
	int result = native_try(usb, WINUSB_IOC_GET_DESCRIPTOR, &arg);

	return result ? result : (int)arg.out_length;
}

int winusb_descriptor(struct winusb *usb, uint8_t type, uint8_t index, uint16_t language,
		      void *buffer, size_t length)
{
	int result;

	if (length > 65535)
		return -EINVAL;
	result = native_enter(usb);
	if (result)
		return result;
	result = descriptor_read(usb, type, index, language, buffer, length);
	native_leave(usb);
	return result;
}

/* Characters of a string descriptor, or languages, little-endian ones; how many. */
static int string_read(struct winusb *usb, uint8_t index, uint16_t language,
		       uint16_t text[STRING_MAX / 2])
{
	uint8_t bytes[STRING_MAX];
	int count, length;

	length = descriptor_read(usb, STRING_DESCRIPTOR, index, language, bytes, sizeof(bytes));
	if (length < 0)
		return length;
	if (length < 2 || bytes[1] != STRING_DESCRIPTOR || bytes[0] < 2)
		return -EPROTO;
	count = ((bytes[0] < length ? bytes[0] : length) - 2) / 2;
	for (int i = 0; i < count; i++)
		text[i] = bytes[2 + 2 * i] | bytes[3 + 2 * i] << 8;
	return count;
}

/* Of the language, or, if that is 0, of the first that the device has. */
static int string_read_of(struct winusb *usb, uint8_t index, uint16_t language,
			  uint16_t text[STRING_MAX / 2])
{
	int count;

	if (!language) {
		count = string_read(usb, 0, 0, text);
		if (count < 1)
			return count < 0 ? count : -EPROTO;
		language = text[0];
	}
	return string_read(usb, index, language, text);
}

/* Copies whole characters. */
static int text_cut(char *to, size_t size, const char *from, size_t length)
{
	if (length >= size) {
		length = size - 1;
		while (length && ((unsigned char)from[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(to, from, length);
	to[length] = 0;
	return length;
}

int winusb_string(struct winusb *usb, uint8_t index, uint16_t language, char *text, size_t size)
{
	uint16_t wide[STRING_MAX / 2];
	char narrow[3 * (STRING_MAX / 2)];
	int count;

	if (!index || !text || !size)
		return -EINVAL;
	count = native_enter(usb);
	if (count)
		return count;
	count = string_read_of(usb, index, language, wide);
	native_leave(usb);
	if (count < 0)
		return count;
	count = utf8_from_wide(wide, count, narrow, sizeof(narrow), NULL);
	return text_cut(text, size, narrow, count);
}

int winusb_speed(struct winusb *usb)
{
	struct winusb_query_device_information arg = { .information_type = WINUSB_DEVICE_SPEED };
	int result = native_command(usb, QUERY_DEVICE_INFORMATION, &arg);

	return result ? result : (int)arg.out_value;
}

int winusb_interface_descriptor(struct winusb *usb, uint8_t setting_index, uint8_t descriptor[9])
{
	struct winusb_query_interface_settings arg = { .setting_index = setting_index };
	int result;

	if (!descriptor)
		return -EINVAL;
	result = native_command(usb, QUERY_INTERFACE_SETTINGS, &arg);
	if (!result)
		memcpy(descriptor, arg.out_descriptor, sizeof(arg.out_descriptor));
	return result;
}

int winusb_setting(struct winusb *usb)
{
	struct winusb_get_alternate_setting arg = { 0 };
	int result = native_command(usb, GET_ALTERNATE_SETTING, &arg);

	return result ? result : arg.out_setting;
}

/* Between enter and leave. */
static int setting_find(struct winusb *usb)
{
	struct winusb_get_alternate_setting current = { 0 };
	struct winusb_query_interface_settings setting;
	int result;

	native_prepare(usb, &current);
	result = core_call(usb->file->fd, WINUSB_IOC_GET_ALTERNATE_SETTING, &current);
	for (int i = 0; i < 256 && !result; i++) {
		setting = (struct winusb_query_interface_settings){ .setting_index = i };
		native_prepare(usb, &setting);
		result = core_call(usb->file->fd, WINUSB_IOC_QUERY_INTERFACE_SETTINGS, &setting);
		if (!result && setting.out_descriptor[3] == current.out_setting)
			return i;
	}
	return native_answer(usb, result ? result : -ENOENT);
}

int winusb_setting_index(struct winusb *usb)
{
	int result = native_enter(usb);

	if (result)
		return result;
	result = setting_find(usb);
	native_leave(usb);
	return result;
}

int winusb_set_setting(struct winusb *usb, uint8_t setting)
{
	struct winusb_set_alternate_setting arg = { .setting = setting };

	return native_question(usb, SET_ALTERNATE_SETTING, &arg);
}

int winusb_pipe(struct winusb *usb, uint8_t setting_index, uint8_t pipe_index,
		struct winusb_pipe_information *information)
{
	struct winusb_query_pipe arg = { .setting_index = setting_index, .pipe_index = pipe_index };
	int result;

	if (!information)
		return -EINVAL;
	result = native_command(usb, QUERY_PIPE, &arg);
	if (!result)
		*information = (struct winusb_pipe_information){
			.type = arg.out_type,
			.pipe = arg.out_pipe_id,
			.interval = arg.out_interval,
			.packet_size = arg.out_maximum_packet_size,
			.bytes_per_interval = arg.out_maximum_bytes_per_interval,
		};
	return result;
}

int winusb_get_policy(struct winusb *usb, uint8_t pipe, uint32_t policy, uint32_t *value)
{
	struct winusb_pipe_policy arg = { .pipe_id = pipe, .policy = policy };
	int result;

	if (!value)
		return -EINVAL;
	result = native_command(usb, GET_PIPE_POLICY, &arg);
	if (!result)
		*value = arg.value;
	return result;
}

int winusb_set_policy(struct winusb *usb, uint8_t pipe, uint32_t policy, uint32_t value)
{
	struct winusb_pipe_policy arg = { .pipe_id = pipe, .policy = policy, .value = value };

	return native_command(usb, SET_PIPE_POLICY, &arg);
}

int winusb_get_power(struct winusb *usb, uint32_t policy, uint32_t *value)
{
	struct winusb_power_policy arg = { .policy = policy };
	int result;

	if (!value)
		return -EINVAL;
	result = native_command(usb, GET_POWER_POLICY, &arg);
	if (!result)
		*value = arg.value;
	return result;
}

int winusb_set_power(struct winusb *usb, uint32_t policy, uint32_t value)
{
	struct winusb_power_policy arg = { .policy = policy, .value = value };

	return native_command(usb, SET_POWER_POLICY, &arg);
}

int winusb_abort_pipe(struct winusb *usb, uint8_t pipe)
{
	struct winusb_pipe_command arg = { .pipe_id = pipe };

	return native_command(usb, ABORT_PIPE, &arg);
}

int winusb_reset_pipe(struct winusb *usb, uint8_t pipe)
{
	struct winusb_pipe_command arg = { .pipe_id = pipe };

	return native_question(usb, RESET_PIPE, &arg);
}

int winusb_flush_pipe(struct winusb *usb, uint8_t pipe)
{
	struct winusb_pipe_command arg = { .pipe_id = pipe };

	return native_command(usb, FLUSH_PIPE, &arg);
}

int winusb_reset_port(struct winusb *usb)
{
	struct winusb_reset_device arg = { 0 };

	return native_command(usb, RESET_DEVICE, &arg);
}
