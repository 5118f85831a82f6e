/* SPDX-License-Identifier: MIT */
/* libwinusb: the native face. That for programs from Windows is <winusb.h> of libwinusb-win32. */
#ifndef LIBWINUSB_H
#define LIBWINUSB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of policies, pipe types, speeds, events and capabilities; completions and events. */
#include <linux/winusb.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: libwinusb - USB devices of the winusb driver
 *
 * The driver serves every USB interface that it has as a node, /dev/winusb/NAME. The interfaces
 * that belong together are a function, and the first of them is its default interface: to open it
 * is to open the function. winusb_devices(3) finds, winusb_open(3) opens, winusb_transfers(3)
 * moves data while the thread waits, winusb_async(3) without, winusb_isoch(3) has isochronous
 * transfers, winusb_pipes(3) the treatment of pipes, winusb_descriptors(3) what the device says of
 * itself, winusb_events(3) its fate.
 *
 * Results. A function that gives an int gives 0 or more when it succeeds, and the negative number
 * of an error of errno(3) when it fails; it does not set errno. The errors are those of the driver
 * (<linux/winusb.h> has the one table of them, with their Windows counterparts). Those that any
 * function may give are not repeated: -EBADF for a command that is not for listeners, -ENODEV
 * after the device left, -EINVAL for a NULL pointer where none may be, -ENOMEM. After a failure
 * nothing has changed, but for what a transfer moved.
 *
 * Units. Lengths are bytes, times are milliseconds, where nothing else is said. A timeout below 0
 * is none, and 0 does not wait.
 *
 * Threads. Every function may be called by several threads at a time, with the same struct winusb,
 * too. winusb_close() ends what other threads are blocked in and waits for them; no call may begin
 * after it. There is nothing to initialize. After fork(2) only exec(3) is for the child: the
 * driver counts it as the same open file.
 *
 * Signals. A transfer, a wait for a record or an event, and what else may have to ask the device,
 * winusb_descriptor(), winusb_string(), winusb_set_setting(), winusb_reset_pipe() and
 * winusb_frame(), are ended by a signal handler with -EINTR, whatever SA_RESTART says; what moved
 * until then counts. All else goes on.
 *
 * Sources. Rules of Windows carry their section of Documentation/winusb.md.
 */

/**
 * DOC: winusb_devices - find devices
 *
 * A list is a snapshot of sysfs, read without privileges and without udev. It does not change; to
 * see what came or left, make another (winusb_events(3) tells when one's own device leaves, and
 * libudev or winusbctl(1) when others come).
 */

struct winusb_list;

/**
 * struct winusb_device - A node: one USB interface that the driver has.
 * @node: Path of the node, for example "/dev/winusb/1-1:1.0".
 * @name: Its name in sysfs, "1-1:1.0".
 * @device: Name of the USB device in sysfs, "1-1".
 * @function: Name of its function's default interface. Equal to @name: this is it.
 * @manufacturer: String descriptor as UTF-8, or "". As the device sent it: a terminal may dislike
 *	it.
 * @product: String descriptor, likewise.
 * @serial: Serial number, likewise.
 * @label: String descriptor of the interface, likewise.
 * @instance: Instance id of the function as Windows would name it.
 * @guids: Interface GUIDs, "{9f543223-cede-4fa3-b376-a25ce9a30e74}" in lower case; ends with NULL.
 *	Those of the function, on its default interface only (winusb.md 4.1).
 * @vid: idVendor.
 * @pid: idProduct.
 * @revision: bcdDevice.
 * @bus: Number of the USB bus, as in /dev/bus/usb.
 * @address: Address of the device on its bus, as in /dev/bus/usb.
 * @interface_number: bInterfaceNumber.
 * @is_default: The function's default interface: the one to open (winusb.md 0).
 * @complete: All interfaces of the function are there.
 * @enabled: It can be opened. See winusb_enable().
 *
 * Made by the library only: later versions may have more fields at the end.
 */
struct winusb_device {
	const char *node;
	const char *name;
	const char *device;
	const char *function;
	const char *manufacturer;
	const char *product;
	const char *serial;
	const char *label;
	const char *instance;
	const char *const *guids;
	uint16_t vid;
	uint16_t pid;
	uint16_t revision;
	uint16_t bus;
	uint16_t address;
	uint8_t interface_number;
	bool is_default;
	bool complete;
	bool enabled;
};

/**
 * winusb_device_list() - Looks for all nodes.
 * @list: The list, in the order of their names. The caller's, see winusb_device_list_free().
 *
 * A machine without USB, or without the driver, has an empty list.
 *
 * Return: the number of nodes, or -ENOMEM.
 */
int winusb_device_list(struct winusb_list **list);

/**
 * winusb_device_next() - Goes through a list.
 * @list: The list.
 * @after: The one before, or NULL for the first.
 * Return: the next one, which lives as long as the list, or NULL: there are no more.
 */
const struct winusb_device *winusb_device_next(const struct winusb_list *list,
					       const struct winusb_device *after);

/**
 * winusb_device_list_free() - Frees a list and its devices.
 * @list: The list, or NULL.
 */
void winusb_device_list_free(struct winusb_list *list);

/**
 * winusb_guid_parse() - Makes 16 bytes of a GUID's text.
 * @text: With braces or without; upper or lower case.
 * @guid: In the layout of Windows' GUID: the first three parts little-endian.
 * Return: 0, or -EINVAL if it is no GUID.
 */
int winusb_guid_parse(const char *text, uint8_t guid[16]);

/**
 * winusb_guid_format() - Writes a GUID.
 * @guid: The 16 bytes.
 * @text: With braces, in lower case, with an end.
 */
void winusb_guid_format(const uint8_t guid[16], char text[39]);

/**
 * DOC: winusb_open - open and close interfaces
 *
 * To open a device's node reserves it, and that of a default interface its whole function; the
 * other interfaces of the function come from winusb_associated(). A listener reserves nothing,
 * moves no data, and may ask all that needs no transfer but descriptors.
 */

struct winusb;

/** WINUSB_OPEN_LISTENER - Open for events and queries only: nobody else is kept out. */
#define WINUSB_OPEN_LISTENER	(1U << 0)

/**
 * winusb_open() - Opens an interface.
 * @usb: The interface. The caller's, see winusb_close().
 * @what: A text: "/dev/winusb/1-1:1.0", a node, or a link below /dev/winusb to one; "1-1:1.0", its
 *	name; "{9f543223-cede-4fa3-b376-a25ce9a30e74}", an interface GUID; "0547:1002", the ids of
 *	a device, or "0547:1002:SERIAL" with its serial number; or a Windows path, "\\?\usb#...".
 * @flags: WINUSB_OPEN_ bits.
 *
 * The forms without a node mean functions that are complete and enabled, and open their default
 * interface. The counterpart of CreateFile and WinUsb_Initialize (winusb.md 1.2, 5.1): all
 * policies of pipes have their defaults, and the alternate setting is not changed.
 * winusb_associated() has the other interfaces of the function.
 *
 * Return: 0; -ENOENT if there is none, or if it is disabled; -ENOTUNIQ if the text fits several
 * functions; -EBUSY if the interface or its function is in use; -EACCES if this user may not;
 * -EOPNOTSUPP for an unknown flag.
 */
int winusb_open(struct winusb **usb, const char *what, unsigned int flags);

/**
 * winusb_associated() - Opens another interface of the function.
 * @usb: An interface from winusb_open().
 * @index: 0 is the interface that follows it in the descriptors, 1 the one after.
 * @other: That interface. The caller's, see winusb_close(); closed before or after @usb.
 *
 * The counterpart of WinUsb_GetAssociatedInterface (winusb.md 1.2). It shares the file of @usb:
 * the descriptor, the records of asynchronous transfers, and their cookies. There is at most one
 * at a time of each interface.
 *
 * Return: 0; -ENOENT past the last one; -EEXIST if there is one, or was, with transfers that still
 * run; -EAGAIN if the driver does not have the interface yet; -EBUSY if another driver has it, or
 * another program; -EINVAL for an associated interface and for an index above 254.
 */
int winusb_associated(struct winusb *usb, unsigned int index, struct winusb **other);

/**
 * winusb_close() - Closes an interface.
 * @usb: The interface, or NULL. Not to be used any more.
 *
 * One from winusb_open(): the file with it. Everything that is under way is cancelled, also on
 * interfaces from winusb_associated(), which answer -EBADF from then on until they are closed
 * themselves; alternate settings go back to 0; and buffers are the program's again when it
 * returns. But with a buffer of winusb_isoch_alloc() that is not freed the node stays open: what
 * was submitted runs to its end, and settings stay, until winusb_isoch_free(). One from
 * winusb_associated(): what was submitted runs to its end (winusb.md 1.2, 5.2), and records come.
 * Threads that are blocked in a call with it end with -ECANCELED, and it waits for them. A read or
 * write of theirs is aborted with its pipe; a control transfer goes on.
 */
void winusb_close(struct winusb *usb);

/**
 * winusb_fd() - The descriptor, for poll(2).
 * @usb: The interface.
 *
 * POLLIN: winusb_reap() has a record, or winusb_next_event() an event. POLLHUP and POLLERR: the
 * device left. It is the library's: not to be read, and not to be closed. The ioctls of
 * <linux/winusb.h> may be used with it; winusb_handle() is what they want to know.
 *
 * Return: the descriptor, in non-blocking mode and closed by exec(3).
 */
int winusb_fd(const struct winusb *usb);

/**
 * winusb_handle() - The driver's number of this interface.
 * @usb: The interface.
 *
 * &winusb_completion.handle of its transfers; what ioctls of one's own want to know.
 *
 * Return: the number; 0 of a listener.
 */
uint32_t winusb_handle(const struct winusb *usb);

/**
 * winusb_capabilities() - What the driver can do and where the interface stands.
 * @usb: The interface. A listener, too.
 * @query: Filled in. &winusb_query.out_capabilities has WINUSB_CAP_ bits. Of an interface from
 *	winusb_associated() it tells of the one that it came from.
 *
 * Works after removal.
 *
 * Return: 0, or an error.
 */
int winusb_capabilities(struct winusb *usb, struct winusb_query *query);

/**
 * winusb_enable() - Enables or disables the function.
 * @usb: The default interface of the function.
 * @enable: true or false.
 *
 * While it is disabled nobody finds or opens it; who has it open goes on. The counterpart of
 * AssignDeviceInterfaceState (winusb.md 6.1). Ends with the file.
 *
 * Return: 0, or -EACCES for another interface of the function.
 */
int winusb_enable(struct winusb *usb, bool enable);

/**
 * DOC: winusb_descriptors - what a device says of itself
 *
 * Descriptors, alternate settings and pipes. All of them but winusb_set_setting(), and those
 * descriptors that have to be asked of the device, work after removal.
 */

/**
 * winusb_descriptor() - Reads a descriptor.
 * @usb: The interface. A listener, too.
 * @type: bDescriptorType: 1 device, 2 configuration, 3 string, 15 BOS, or any other.
 * @index: Index of the descriptor of that type, 0 for the first.
 * @language: Language of a string descriptor (0x0409 is American English), otherwise 0.
 * @buffer: Gets the descriptor, or its first bytes if it is longer (winusb.md 1.3; 8, row 4).
 * @length: Room there, 65535 at most.
 *
 * The device and the first configuration descriptor come from the kernel's copy. Others are asked
 * of the device, which takes up to the control pipe's timeout.
 *
 * Return: the number of bytes; -EPIPE if there is no such descriptor; errors of winusb_control().
 */
int winusb_descriptor(struct winusb *usb, uint8_t type, uint8_t index, uint16_t language,
		      void *buffer, size_t length);

/**
 * winusb_string() - Reads a string descriptor as text.
 * @usb: The interface. A listener, too.
 * @index: Index of the string, not 0.
 * @language: Language, or 0 for the first that the device has.
 * @text: Gets the string as UTF-8, with an end, cut between characters if it is too long. What is
 *	no character becomes U+FFFD.
 * @size: Room there, at least 1. 382 bytes suffice for any.
 * Return: the length without the end; -EPIPE if there is no such string; -EPROTO if what the
 * device sent is none; errors of winusb_control().
 */
int winusb_string(struct winusb *usb, uint8_t index, uint16_t language, char *text, size_t size);

/**
 * winusb_speed() - Tells the speed of the device.
 * @usb: The interface. A listener, too.
 *
 * The counterpart of WinUsb_QueryDeviceInformation (winusb.md 1.3).
 *
 * Return: WINUSB_SPEED_FULL (or lower) or WINUSB_SPEED_HIGH (or higher).
 */
int winusb_speed(struct winusb *usb);

/**
 * winusb_interface_descriptor() - Reads the interface descriptor of a setting.
 * @usb: The interface. A listener, too.
 * @setting_index: 0 is the first alternate setting, 1 the second: places, not numbers.
 * @descriptor: Gets the 9 bytes, as the device sent them.
 *
 * The counterpart of WinUsb_QueryInterfaceSettings (winusb.md 1.3).
 *
 * Return: 0, or -ENOENT past the last setting.
 */
int winusb_interface_descriptor(struct winusb *usb, uint8_t setting_index, uint8_t descriptor[9]);

/**
 * winusb_setting() - Tells the current alternate setting.
 * @usb: The interface. A listener, too.
 *
 * The counterpart of WinUsb_GetCurrentAlternateSetting (winusb.md 1.3).
 *
 * Return: its bAlternateSetting.
 */
int winusb_setting(struct winusb *usb);

/**
 * winusb_setting_index() - Tells the place of the current alternate setting.
 * @usb: The interface. A listener, too.
 *
 * It is what winusb_pipe() and winusb_interface_descriptor() want to know. It differs from
 * winusb_setting() where the device numbers its settings otherwise.
 *
 * Return: 0 for the first setting, 1 for the second.
 */
int winusb_setting_index(struct winusb *usb);

/**
 * winusb_set_setting() - Selects an alternate setting.
 * @usb: The interface.
 * @setting: Its bAlternateSetting.
 *
 * The counterpart of WinUsb_SetCurrentAlternateSetting (winusb.md 1.3). The pipes are those of the
 * new setting from then on, with default policies.
 *
 * Return: 0; -ENOENT if there is no such setting; -EBUSY while a transfer of a pipe is under way,
 * which goes on; -EPIPE or -EIO if the device refused; -EINTR.
 */
int winusb_set_setting(struct winusb *usb, uint8_t setting);

/**
 * struct winusb_pipe_information - A pipe, as its endpoint descriptor has it.
 * @type: WINUSB_PIPE_ISOCHRONOUS, _BULK or _INTERRUPT.
 * @pipe: bEndpointAddress, by which all functions know it; bit 7 is set for IN.
 * @interval: bInterval.
 * @packet_size: Most bytes of a packet.
 * @bytes_per_interval: Bytes that it can move in one service interval.
 */
struct winusb_pipe_information {
	uint8_t type;
	uint8_t pipe;
	uint8_t interval;
	uint16_t packet_size;
	uint32_t bytes_per_interval;
};

/**
 * winusb_pipe() - Tells of a pipe.
 * @usb: The interface. A listener, too.
 * @setting_index: 0 is the first alternate setting; need not be the current one.
 * @pipe_index: Place of the endpoint in that setting, 0 for the first.
 * @information: Filled in.
 *
 * The counterpart of WinUsb_QueryPipeEx (winusb.md 1.3). The control pipe is not among them.
 *
 * Return: 0; -ENOENT past the last pipe; -EINVAL if there is no such setting.
 */
int winusb_pipe(struct winusb *usb, uint8_t setting_index, uint8_t pipe_index,
		struct winusb_pipe_information *information);

/**
 * DOC: winusb_pipes - pipes and their policies, power
 *
 * Pipes are named by the bEndpointAddress of their endpoint; 0 is the control pipe. A function
 * that takes a pipe wants the interface that has it.
 */

/**
 * winusb_get_policy() - Reads a policy of a pipe.
 * @usb: The interface.
 * @pipe: The pipe, 0 for the control pipe.
 * @policy: WINUSB_POLICY_ number.
 * @value: Gets the value: 0 or 1 of a switch, milliseconds of PIPE_TRANSFER_TIMEOUT, bytes of
 *	MAXIMUM_TRANSFER_SIZE.
 *
 * The counterpart of WinUsb_GetPipePolicy (winusb.md 1.4, 2).
 *
 * Return: 0, or -EINVAL for an unknown pipe or policy.
 */
int winusb_get_policy(struct winusb *usb, uint8_t pipe, uint32_t policy, uint32_t *value);

/**
 * winusb_set_policy() - Sets a policy of a pipe. Windows: WinUsb_SetPipePolicy (winusb.md 1.4, 2).
 * @usb: The interface.
 * @pipe: The pipe, 0 for the control pipe.
 * @policy: WINUSB_POLICY_ number.
 * @value: The value. Of a switch anything but 0 is on.
 * Return: 0, or -EINVAL for an unknown pipe or policy, and for one that can only be read.
 */
int winusb_set_policy(struct winusb *usb, uint8_t pipe, uint32_t policy, uint32_t value);

/**
 * winusb_get_power() - Reads a power policy. Windows: WinUsb_GetPowerPolicy (winusb.md 1.4, 3).
 * @usb: The default interface of the function.
 * @policy: WINUSB_POWER_AUTO_SUSPEND or WINUSB_POWER_SUSPEND_DELAY.
 * @value: Gets the value: 0 or 1; milliseconds.
 * Return: 0, or -EINVAL for an unknown policy, or another interface.
 */
int winusb_get_power(struct winusb *usb, uint32_t policy, uint32_t *value);

/**
 * winusb_set_power() - Sets a power policy.
 * @usb: The default interface of the function.
 * @policy: WINUSB_POWER_AUTO_SUSPEND or WINUSB_POWER_SUSPEND_DELAY.
 * @value: The value.
 *
 * The counterpart of WinUsb_SetPowerPolicy (winusb.md 1.4, 3). It ends with the file.
 *
 * Return: 0, or -EINVAL for an unknown policy, or another interface.
 */
int winusb_set_power(struct winusb *usb, uint32_t policy, uint32_t value);

/**
 * winusb_abort_pipe() - Cancels all transfers of a pipe.
 * @usb: The interface.
 * @pipe: The pipe. On pipe 0 it does nothing.
 *
 * The counterpart of WinUsb_AbortPipe (winusb.md 1.5). They end with -ECANCELED; when it returns,
 * the device has none of them any more. Their records come as always.
 *
 * Return: 0, or -EINVAL for an unknown pipe.
 */
int winusb_abort_pipe(struct winusb *usb, uint8_t pipe);

/**
 * winusb_reset_pipe() - Makes a pipe that stalled work again.
 * @usb: The interface.
 * @pipe: The pipe. On pipe 0 it does nothing.
 *
 * The counterpart of WinUsb_ResetPipe (winusb.md 1.5): clears the endpoint's halt.
 *
 * Return: 0; -EINVAL for an unknown pipe; -EBUSY while it works; errors of winusb_control().
 */
int winusb_reset_pipe(struct winusb *usb, uint8_t pipe);

/**
 * winusb_flush_pipe() - Drops what the driver saved of earlier reads.
 * @usb: The interface.
 * @pipe: An IN pipe.
 *
 * The counterpart of WinUsb_FlushPipe (winusb.md 1.5, 2.3). Not what the device has to send.
 *
 * Return: 0, or -EINVAL for an unknown or an OUT pipe.
 */
int winusb_flush_pipe(struct winusb *usb, uint8_t pipe);

/**
 * winusb_reset_port() - Resets the device.
 * @usb: The interface.
 *
 * Transfers of all its interfaces end with -ECONNRESET. Alternate settings and policies stay.
 * Windows does not offer this.
 *
 * Return: 0; -EACCES without CAP_SYS_ADMIN if somebody else has an interface of the device; -EBUSY
 * if somebody else worked on the device for a second; -EIO if it failed.
 */
int winusb_reset_port(struct winusb *usb);

/**
 * DOC: winusb_transfers - move data and wait for it
 *
 * Each of these blocks until the transfer is complete: all was moved, a short packet ended a read,
 * it failed, a policy's timeout passed, or a signal came. The bytes that moved count in any case,
 * and those of a read are in the buffer. Errors of a transfer: -EPIPE, the endpoint stalled
 * (winusb_reset_pipe()); -ETIMEDOUT, the timeout policy; -ECANCELED, abort or close; -EOVERFLOW,
 * more data than was asked for, with ALLOW_PARTIAL_READS off; -EPROTO, -EILSEQ, -EIO, the bus;
 * -ECONNRESET, the device was reset; -ESHUTDOWN, the device left meanwhile; -ENODEV, it had left
 * before; -EINTR, a signal; -EINVAL, a pipe of another interface, of the other direction or an
 * isochronous one, which winusb_isoch(3) has; -EFAULT, a bad buffer.
 */

/**
 * winusb_read() - Reads from a bulk or interrupt pipe.
 * @usb: The interface.
 * @pipe: An IN pipe.
 * @buffer: Gets the data.
 * @length: How many bytes at most.
 * @moved: Gets how many it were, always. May be NULL.
 *
 * The counterpart of WinUsb_ReadPipe (winusb.md 1.5, 2.3). Waits without limit at first, see
 * WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT.
 *
 * Return: 0, or an error of a transfer.
 */
int winusb_read(struct winusb *usb, uint8_t pipe, void *buffer, uint32_t length, uint32_t *moved);

/**
 * winusb_write() - Writes to a bulk or interrupt pipe.
 * @usb: The interface.
 * @pipe: An OUT pipe.
 * @data: The data.
 * @length: How many bytes. 0 sends a packet of length 0.
 * @moved: Gets how many of them went, always. May be NULL.
 *
 * The counterpart of WinUsb_WritePipe (winusb.md 1.5). Waits without limit at first.
 *
 * Return: 0, or an error of a transfer.
 */
int winusb_write(struct winusb *usb, uint8_t pipe, const void *data, uint32_t length,
		 uint32_t *moved);

/**
 * struct winusb_setup - What a control transfer asks.
 * @request_type: bmRequestType. Bit 7 set: the device sends.
 * @request: bRequest.
 * @value: wValue, in the byte order of this machine.
 * @index: wIndex, likewise. For a request to an interface the driver puts its number into the low
 *	byte.
 * @length: wLength, likewise: bytes of the data stage, 4096 at most.
 */
struct winusb_setup {
	uint8_t request_type;
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;
};

/**
 * winusb_control() - Makes a control transfer.
 * @usb: The interface.
 * @setup: What is asked.
 * @data: Data that are sent or received, &winusb_setup.length bytes; NULL if that is 0.
 * @moved: Gets how many bytes of data moved, always. May be NULL.
 *
 * The counterpart of WinUsb_ControlTransfer (winusb.md 1.6). Takes 5 seconds at most if the
 * timeout policy of pipe 0 does not say otherwise. A stall needs no reset.
 *
 * Return: 0, an error of a transfer, or -EACCES for a request that only the kernel may make
 * (winusb.md 1.6: SET_CONFIGURATION, SET_ADDRESS, SET_INTERFACE and others).
 */
int winusb_control(struct winusb *usb, const struct winusb_setup *setup, void *data,
		   uint32_t *moved);

/**
 * DOC: winusb_async - move data without waiting
 *
 * A transfer that was submitted runs by itself. When it is complete, there is a record, &struct
 * winusb_completion: cookie, status (0 or a negative error of a transfer), length (bytes that
 * moved). The descriptor of winusb_fd() is readable while there are records. A file has one queue
 * of them, in the order of completion; an interface and those from winusb_associated() share it,
 * and any thread may take from it. A buffer is the transfer's until its record was taken.
 */

/**
 * winusb_submit_transfer() - Starts a read or a write.
 * @usb: The interface.
 * @pipe: A bulk or interrupt pipe; bit 7 says which of them.
 * @buffer: The data, or room for them. The transfer's until it is over.
 * @length: How many bytes, at most.
 * @cookie: Any number, for the record and for winusb_cancel_transfer().
 *
 * Transfers of a pipe are served in order. Their number is limited by memory, and to 8192.
 *
 * Return: 0; -ENOMEM if there are too many; or an error, and then there will be no record.
 */
int winusb_submit_transfer(struct winusb *usb, uint8_t pipe, void *buffer, uint32_t length,
			   uint64_t cookie);

/**
 * winusb_submit_control() - Starts a control transfer.
 * @usb: The interface.
 * @setup: What is asked. Copied.
 * @data: The data, or room for them: &winusb_setup.length bytes. The transfer's until it is over.
 * @cookie: Any number, for the record and for winusb_cancel_transfer().
 * Return: as winusb_submit_transfer().
 */
int winusb_submit_control(struct winusb *usb, const struct winusb_setup *setup, void *data,
			  uint64_t cookie);

/**
 * struct winusb_request - One of several transfers that are submitted together.
 * @pipe: The pipe, 0 for the control pipe.
 * @setup: For pipe 0, what is asked; &winusb_setup.length and @length are the same then.
 * @buffer: The data, or room for them. The transfer's until it is over.
 * @length: How many bytes.
 * @cookie: Any number, for the record and for winusb_cancel_transfer().
 */
struct winusb_request {
	uint8_t pipe;
	struct winusb_setup setup;
	void *buffer;
	uint32_t length;
	uint64_t cookie;
};

/**
 * winusb_submit_requests() - Starts several transfers.
 * @usb: The interface.
 * @requests: The transfers, in the order in which they are to begin.
 * @count: How many, at least 1.
 *
 * The same as one call for each of them, but cheaper. It ends at the first that is refused.
 *
 * Return: how many were started; the error of the first, if it was refused.
 */
int winusb_submit_requests(struct winusb *usb, const struct winusb_request *requests,
			   unsigned int count);

/**
 * winusb_reap() - Takes records of transfers that are complete.
 * @usb: The interface.
 * @records: Room for them.
 * @count: How many fit, at least 1.
 * @timeout: How long to wait for the first, milliseconds; below 0 without limit.
 * Return: how many it were, at least 1; -EAGAIN if the time passed; -ENODEV if the device left,
 * nothing is under way and all records were taken; -EINTR; -ECANCELED if the file was closed.
 */
int winusb_reap(struct winusb *usb, struct winusb_completion *records, unsigned int count,
		int timeout);

/**
 * winusb_cancel_transfer() - Cancels transfers that were submitted.
 * @usb: The interface, or another one of its file.
 * @cookie: Their cookie.
 *
 * The counterpart of CancelIoEx. Does not wait: their records come, most with -ECANCELED.
 *
 * Return: how many there were, 0 if none.
 */
int winusb_cancel_transfer(struct winusb *usb, uint64_t cookie);

/**
 * winusb_cancel_all() - Cancels all transfers of the file that were submitted.
 * @usb: The interface, or another one of its file.
 * Return: how many there were, 0 if none.
 */
int winusb_cancel_all(struct winusb *usb);

/**
 * winusb_use_eventfd() - Counts records in an eventfd(2).
 * @usb: The interface.
 * @fd: The eventfd, or -1 for none any more.
 *
 * One is added for each record that becomes ready, and when the device leaves; at once, if there
 * are records. There is one eventfd for each file.
 *
 * Return: 0; -EBADF if @fd is not open; -EINVAL if it is no eventfd.
 */
int winusb_use_eventfd(struct winusb *usb, int fd);

/**
 * DOC: winusb_isoch - isochronous transfers and the frames of the bus
 *
 * An isochronous pipe moves at most &winusb_pipe_information.bytes_per_interval bytes in each of
 * its intervals, whether they arrive or not, and sends nothing again. A transfer has a packet for
 * each interval and says of each what became of it. Transfers of a pipe follow each other without
 * a gap as long as the next one is there in time: keep several under way. What their memory is has
 * to be told before, and stays: a buffer, of which each transfer has a part.
 *
 * A transfer succeeds if a packet was moved. &winusb_completion.isoch_frame is the frame that it
 * began in, isoch_next_frame the one after it, and isoch_errors the number of packets in error;
 * &struct winusb_isoch_packet of <linux/winusb.h> has them one by one: offset from the beginning of
 * the transfer's data, length, and status, which is 0 or another WINUSB_PACKET_ number, as _LATE.
 * The driver lacks all of this before WINUSB_CAP_ISOCHRONOUS: -EOPNOTSUPP.
 */

/** struct winusb_isoch_buffer - Memory for the isochronous transfers of one pipe. */
struct winusb_isoch_buffer;

/**
 * winusb_isoch_register() - Makes a buffer of the program's memory.
 * @usb: The interface.
 * @pipe: An isochronous pipe of the current setting.
 * @memory: The memory.
 * @length: Bytes there.
 * @buffer: The buffer. The caller's, see winusb_isoch_free().
 *
 * The counterpart of WinUsb_RegisterIsochBuffer (winusb.md 1.7). Each packet is copied once: what
 * was written when it is submitted, and what was read before the record is given. The buffer is
 * for this process, and for the setting that it was made in.
 *
 * Return: 0; -EINVAL if the pipe is none of that kind, and for a length of 0; -EFAULT; -ENOMEM,
 * also beyond the file's max_buffer_mb and 1024 buffers.
 */
int winusb_isoch_register(struct winusb *usb, uint8_t pipe, void *memory, uint32_t length,
			  struct winusb_isoch_buffer **buffer);

/**
 * winusb_isoch_alloc() - Makes a buffer of memory that nothing is copied from or to.
 * @usb: The interface.
 * @pipe: An isochronous pipe of the current setting.
 * @length: Bytes.
 * @buffer: The buffer. The caller's, see winusb_isoch_free(). It has zeros at first.
 *
 * It is the memory that the host controller uses, mapped, and the node stays open as long: nobody
 * else can open it after winusb_close() before this is freed. Windows does not offer this.
 *
 * Return: as winusb_isoch_register().
 */
int winusb_isoch_alloc(struct winusb *usb, uint8_t pipe, uint32_t length,
		       struct winusb_isoch_buffer **buffer);

/**
 * winusb_isoch_memory() - Where the bytes of a buffer are.
 * @buffer: The buffer.
 * Return: the memory that was registered or allocated, as long as the buffer lives.
 */
void *winusb_isoch_memory(const struct winusb_isoch_buffer *buffer);

/**
 * winusb_isoch_free() - Ends a buffer.
 * @buffer: The buffer, or NULL. Not to be used any more, nor its memory if that was allocated.
 *
 * Waits until its transfers are over: who does not want that aborts the pipe before. Memory that
 * was registered has what was read then, and the arrays of packets what became of them: they are
 * the program's again, whether records are taken or not. May be called before or after
 * winusb_close().
 */
void winusb_isoch_free(struct winusb_isoch_buffer *buffer);

/**
 * struct winusb_isoch - An isochronous transfer.
 * @buffer: A buffer. It has the pipe.
 * @offset: Where in it the data are, or room for them.
 * @length: Bytes: as many bytes_per_interval as there are packets, and at high speed and above
 *	whole frames of them. With _LENGTHS the sum of the lengths.
 * @flags: WINUSB_TRANSFER_ISOCH_AT, begin in @frame or as soon after it as the host controller can;
 *	_CONTINUE, only if it follows the last one without a gap; otherwise as soon as possible.
 *	_LENGTHS, the packets of a write have lengths of their own.
 * @frame: With _AT the frame, not begun yet and at most 1024 away; else 0.
 * @packets: What became of each packet; in, with _LENGTHS, how long it is. The transfer's until it
 *	is over. A write seldom needs them: NULL. So may a read have, which then tells only how much
 *	came, and how many packets were in error.
 * @packet_count: How many there are, 1024 at most, and 255 below high speed.
 */
struct winusb_isoch {
	struct winusb_isoch_buffer *buffer;
	uint32_t offset;
	uint32_t length;
	uint32_t flags;
	uint32_t frame;
	struct winusb_isoch_packet *packets;
	uint32_t packet_count;
};

/**
 * winusb_isoch_transfer() - Makes an isochronous transfer and waits for it.
 * @usb: The interface that the buffer was made with.
 * @what: What is to be moved.
 * @next_frame: Gets the frame after the last one, 0 if that is not known. May be NULL.
 *
 * Alone it has a gap before and behind it. A signal ends it.
 *
 * Return: 0, or an error of winusb_submit_isoch() or of a transfer; -EIO if all packets failed.
 */
int winusb_isoch_transfer(struct winusb *usb, const struct winusb_isoch *what,
			  uint32_t *next_frame);

/**
 * winusb_submit_isoch() - Starts an isochronous transfer.
 * @usb: The interface that the buffer was made with.
 * @what: What is to be moved. Copied, but for the packets.
 * @cookie: Any number, for the record and for winusb_cancel_transfer().
 * @next_frame: Gets the frame after the last one as it is planned, where the next transfer may
 *	begin; 0 if that is not known yet. May be NULL.
 *
 * The counterpart of WinUsb_ReadIsochPipe, WinUsb_ReadIsochPipeAsap and their likes for writing
 * (winusb.md 1.7).
 *
 * Return: 0; -EINVAL for a range that is not in the buffer or is no whole packets and frames, a
 * frame that has begun, is too far away or is another transfer's, _CONTINUE with nothing to
 * follow, or a buffer of another setting or file; -EOPNOTSUPP for another flag, and for _AT if
 * frames are not known, see winusb_frame(); -ENOMEM; or another error, and then there will be no
 * record. A record may also have -ENOSPC if the bus has no bandwidth left, and with _CONTINUE
 * -EINVAL if it came too late to follow: none of its packets was sent then.
 */
int winusb_submit_isoch(struct winusb *usb, const struct winusb_isoch *what, uint64_t cookie,
			uint32_t *next_frame);

/**
 * winusb_frame() - Tells which frame the bus is in, and when that began.
 * @usb: The interface.
 * @flags: WINUSB_FRAME_BOUNDARY waits for the beginning of a frame, for exact times; or 0.
 * @frame: Filled in: out_frame, out_start_ns of CLOCK_MONOTONIC, and more.
 *
 * The counterpart of WinUsb_GetCurrentFrameNumber and WinUsb_GetCurrentFrameNumberAndQpc (winusb.md
 * 1.7, 1.8). Other frames begin multiples of 1000000 ns away.
 *
 * Return: 0; -EOPNOTSUPP if the host controller has no counter, as that of USB/IP, and no
 * isochronous transfer has completed in the last second, or since a sleep or reset of the device.
 */
int winusb_frame(struct winusb *usb, unsigned int flags, struct winusb_get_frame *frame);

/**
 * DOC: winusb_events - hear what happens to a device
 *
 * A listener (winusb_open() with WINUSB_OPEN_LISTENER) hears of its interface: opened, closed,
 * alternate setting, reset, enabled, removed; and of what programs post. The numbers and what
 * comes with them are in <linux/winusb.h>, &struct winusb_event.
 */

/**
 * winusb_hear_posts() - Makes a listener hear what programs post.
 * @usb: A listener.
 * @hear: true or false. At first it does not.
 *
 * Holds for what is posted from now on.
 *
 * Return: 0, or -EBADF for one that is no listener.
 */
int winusb_hear_posts(struct winusb *usb, bool hear);

/**
 * winusb_next_event() - Takes an event.
 * @usb: A listener.
 * @event: The event.
 * @data: Gets the data of a WINUSB_EVENT_CUSTOM, or as much of them as fits;
 *	&winusb_event.data_length tells how many there were. May be NULL if @size is 0.
 *	WINUSB_MAX_EVENT_DATA bytes always suffice.
 * @size: Room there.
 * @timeout: How long to wait, milliseconds; below 0 without limit.
 *
 * The library may have read some events ahead, of which poll(2) does not know: in a poll loop,
 * take events until there are no more.
 *
 * Return: 0; -EAGAIN if the time passed; -ENODEV if the interface has left and all events were
 * taken; -EBADF for one that is no listener; -EINTR; -ECANCELED if it was closed.
 */
int winusb_next_event(struct winusb *usb, struct winusb_event *event, void *data, size_t size,
		      int timeout);

/**
 * winusb_post() - Posts an event to the listeners of the function.
 * @usb: The interface.
 * @guid: What it means, which is between the programs. See winusb_guid_parse().
 * @data: What comes with it; NULL if @length is 0.
 * @length: Bytes there, WINUSB_MAX_EVENT_DATA at most.
 *
 * The counterpart of IWDFDevice::PostEvent (winusb.md 6.2). Does not wait, nor need a listener.
 *
 * Return: 0, or -ENOMEM if it is too long.
 */
int winusb_post(struct winusb *usb, const uint8_t guid[16], const void *data, uint32_t length);

#ifdef __cplusplus
}
#endif

#endif /* LIBWINUSB_H */
