/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * winusb: WinUSB semantics for Linux. The contract between winusb.ko and programs.
 *
 * Every bound USB interface has a character device, /dev/winusb/<name>, for example
 * /dev/winusb/1-1:1.0. A *function* is the set of interfaces that belong together: the
 * whole device, or the interfaces that one interface association descriptor joins. The
 * function's first interface, in the order of the descriptors, is its *default* interface.
 *
 * Opening
 * -------
 * O_RDWR
 *	The counterpart of CreateFile: exclusive. On the default interface it reserves the whole
 *	function, so that the nodes of its siblings answer -EBUSY. On a sibling it opens this one
 *	interface, which works only while the default interface is not open; the default interface
 *	then answers -EBUSY. It reads &struct winusb_completion records.
 * O_RDONLY
 *	A *listener*: never exclusive. It reads &struct winusb_event records, may use the commands
 *	marked "listener", and moves no data. Its commands pass handle 0, which stands for the
 *	interface of the node. Commands not so marked answer -EBADF, and so does a command for
 *	listeners only on any other file.
 * O_WRONLY
 *	-EINVAL.
 *
 * An interface that left while it was being opened answers -ENOENT, or, if the kernel looked for
 * its driver after that, -ENXIO. One that is disabled answers -ENOENT, see &struct
 * winusb_set_interface_state.
 *
 * Commands
 * --------
 * Every argument is a pointer to a structure that starts with its own size in bytes, as the
 * caller was compiled with it. Structures only grow, at their end:
 *
 * - a size below that of the first published form is refused with -EINVAL;
 * - a size above the kernel's is accepted if all the bytes that the kernel does not know are
 *   zero, and refused with -E2BIG otherwise, and always above 4096 bytes;
 * - reserved fields and flags that the kernel does not know must be zero, or the answer is
 *   -EOPNOTSUPP;
 * - fields called out_ are results. They are written also when the command fails, where the
 *   command says so.
 *
 * The layout is the same for 32-bit and 64-bit callers. Pointers travel as 64-bit integers.
 * An unknown command is refused with -ENOTTY. A bad pointer gives -EFAULT. A command that
 * is refused changes nothing.
 *
 * Transfers
 * ---------
 * There are three ways to ask for a transfer, and one engine behind them: the same transfer has the
 * same result whichever way it takes.
 *
 * - WINUSB_IOC_TRANSFER blocks until the transfer is complete.
 * - With WINUSB_TRANSFER_ASYNC it returns at once, and the completion is read later as a &struct
 *   winusb_completion; WINUSB_IOC_SUBMIT starts many of them in one call.
 * - An io_uring command (IORING_OP_URING_CMD, &struct winusb_uring_cmd), from Linux 6.8 on. Test
 *   WINUSB_CAP_URING.
 *
 * A transfer that was refused (a wrong argument, a bad pointer, no memory) never began: the call
 * gives the error, and there is no completion. What happens later is told by the completion.
 *
 * The caller's memory belongs to the transfer until its completion was collected: until then what
 * is at the buffer is undefined, and afterwards it is there whoever collected it. A process that
 * has ended does not get its data any more, and then the completion says -EFAULT.
 *
 * Errors
 * ------
 * These are all the error numbers there are; a command's text names those that need a reason.
 *
 * ================  ==========================  ============================================
 * errno             Win32 error                 when
 * ================  ==========================  ============================================
 * -EINVAL           87 INVALID_PARAMETER        structure too short; value out of range;
 *                                               buffer of read(2) too short;
 *                                               pipe of another interface or of the wrong
 *                                               direction; QUERY_PIPE on an unknown setting;
 *                                               RAW_IO length above MAXIMUM_TRANSFER_SIZE
 * -EMSGSIZE         1 INVALID_FUNCTION          RAW_IO read that is not a multiple of the
 *                                               maximum packet size
 * -E2BIG            87 INVALID_PARAMETER        non-zero bytes past the end of the structure
 * -EOPNOTSUPP       50 NOT_SUPPORTED            unknown flag, non-zero reserved field; frame
 *                                               number of a controller that has none
 * -ENOTTY           1 INVALID_FUNCTION          unknown command
 * -EBADF            6 INVALID_HANDLE            unknown or freed handle; listener, or no listener
 * -ENOENT           259 NO_MORE_ITEMS, or 1168  no further interface, setting or pipe;
 *                   NOT_FOUND for a missing     missing alternate setting; nothing to cancel;
 *                   setting or transfer; 2 on   interface absent or disabled on open
 *                   open
 * -ENXIO            2 FILE_NOT_FOUND            interface absent on open; from the VFS
 * -EEXIST           183 ALREADY_EXISTS          second live associated handle
 * -EBUSY            5 ACCESS_DENIED on open,    interface or function in use; alternate
 *                   170 BUSY otherwise          setting or pipe with a transfer outstanding;
 *                                               reset of a device that somebody works on
 * -EACCES           5 ACCESS_DENIED             forbidden control request; reset of a device
 *                                               that others use; state of a function that the
 *                                               file does not have
 * -EAGAIN           996 IO_INCOMPLETE,          nothing to read, or a reset or a change of the
 *                   21 NOT_READY                setting under way, in non-blocking mode, which
 *                                               does not shorten a transfer; sibling not bound yet
 * -EINTR            none                        signal; never restarted; what moved counts
 * -ETIMEDOUT        121 SEM_TIMEOUT             timeout policy; what moved is delivered
 * -ECANCELED        995 OPERATION_ABORTED       abort, cancel, close
 * -EPIPE            31 GEN_FAILURE              the endpoint stalled, or is halted
 * -EPROTO, -EILSEQ  31 GEN_FAILURE              bus errors
 * -EOVERFLOW        31 GEN_FAILURE              the device sent more than a packet may hold, or
 *                                               more than was asked for with ALLOW_PARTIAL_READS
 *                                               off
 * -EIO              31 GEN_FAILURE              any other failure of a transfer
 * -ECONNRESET       31 GEN_FAILURE              the device was reset underneath, by whomever
 * -ESHUTDOWN        1167 DEVICE_NOT_CONNECTED   was in flight when the device left
 * -ENODEV           22 BAD_COMMAND              submitted after the device left
 * -ENOSPC           1450 NO_SYSTEM_RESOURCES    no bandwidth left on the bus for the pipe
 * -ENOMEM           8 NOT_ENOUGH_MEMORY         no memory, too many handles, more transfer
 *                                               memory than the file may have, or more data
 *                                               than an event may have
 * -EFAULT           87 INVALID_PARAMETER        bad pointer
 * ================  ==========================  ============================================
 *
 * In the short time between the unplugging of a device and its disconnection a transfer may
 * fail with a bus error.
 *
 * Power
 * -----
 * A device whose properties allow it (DeviceIdleEnabled, winusb.md 3.2) sleeps when it is idle,
 * also while programs wait for its data: see &struct winusb_power_policy. A transfer that is asked
 * for wakes it. Reads that are pending when it falls asleep keep their places and what they have
 * got, go on when it is awake again, and their timeouts stand still in between. All that a program
 * sees is that it takes longer.
 *
 * When the system sleeps, reads of bulk and interrupt pipes do the same, whatever the policies. A
 * control transfer, a write or an isochronous transfer that does not end within half a second then
 * fails with -EIO, and is not sent again; isochronous ones that have not begun wait. If the device
 * lost its state in the sleep, what was pending ends with -ECONNRESET, as in any reset.
 *
 * Removal
 * -------
 * Pending transfers complete with -ESHUTDOWN, later ones are refused with -ENODEV, poll(2) says
 * EPOLLHUP | EPOLLERR. Queries that need no bus traffic go on to work. The file and its handles
 * stay valid until they are closed. The same device plugged in again is a new node and never
 * revives an old file.
 *
 * Sources
 * -------
 * A rule taken from Windows carries its source: "winusb.md 1.2" is section 1.2 of
 * Documentation/winusb.md, the project's reference of what Winusb.sys and Winusb.dll do, and
 * "row 5" a row of its section 8, the doubtful points and how they are read.
 * Documentation/windows-differences.rst lists where the behaviour differs.
 */
#ifndef _UAPI_LINUX_WINUSB_H
#define _UAPI_LINUX_WINUSB_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** WINUSB_VERSION - Version of this contract. It grows by one with each addition. */
#define WINUSB_VERSION			5

/** WINUSB_IOC_TYPE - First byte of all command numbers. */
#define WINUSB_IOC_TYPE			0xdf

/** WINUSB_MAX_CONTROL_LENGTH - Longest data stage of a control transfer, bytes (winusb.md 1.6). */
#define WINUSB_MAX_CONTROL_LENGTH	4096

/** WINUSB_MAX_HANDLES - Most live handles of one file. */
#define WINUSB_MAX_HANDLES		1024

/**
 * WINUSB_MAX_TRANSFERS - Most transfers of one file under way; one more gets -ENOMEM, unless a
 * thread waits for it.
 */
#define WINUSB_MAX_TRANSFERS		8192

/* Capabilities, in &winusb_query.out_capabilities */

/** WINUSB_CAP_TRANSFER - WINUSB_IOC_TRANSFER moves control, bulk and interrupt data. */
#define WINUSB_CAP_TRANSFER		(1ULL << 0)
/** WINUSB_CAP_EVENTS - Listeners read &struct winusb_event records. */
#define WINUSB_CAP_EVENTS		(1ULL << 1)
/** WINUSB_CAP_RESET_DEVICE - WINUSB_IOC_RESET_DEVICE works. */
#define WINUSB_CAP_RESET_DEVICE		(1ULL << 2)
/** WINUSB_CAP_POLICIES - All pipe policies of Windows. */
#define WINUSB_CAP_POLICIES		(1ULL << 3)
/** WINUSB_CAP_ASYNC - WINUSB_TRANSFER_ASYNC, _SUBMIT, _CANCEL, _SET_EVENTFD and records. */
#define WINUSB_CAP_ASYNC		(1ULL << 4)
/** WINUSB_CAP_URING - io_uring commands. Clear on kernels before 6.8, which lack what they need. */
#define WINUSB_CAP_URING		(1ULL << 5)
/** WINUSB_CAP_INTERFACE_STATE - WINUSB_IOC_SET_INTERFACE_STATE and WINUSB_EVENT_STATE. */
#define WINUSB_CAP_INTERFACE_STATE	(1ULL << 6)
/** WINUSB_CAP_CUSTOM_EVENTS - WINUSB_IOC_POST_EVENT, _LISTEN and WINUSB_EVENT_CUSTOM. */
#define WINUSB_CAP_CUSTOM_EVENTS	(1ULL << 7)
/** WINUSB_CAP_POWER - WINUSB_IOC_GET_POWER_POLICY, _SET_POWER_POLICY, and an idle device sleeps. */
#define WINUSB_CAP_POWER		(1ULL << 8)
/**
 * WINUSB_CAP_ISOCHRONOUS - Isochronous transfers, WINUSB_IOC_REGISTER_ISOCH_BUFFER, _UNREGISTER_,
 * and WINUSB_IOC_GET_FRAME.
 */
#define WINUSB_CAP_ISOCHRONOUS		(1ULL << 9)
/** WINUSB_CAP_REAP - WINUSB_IOC_REAP. */
#define WINUSB_CAP_REAP			(1ULL << 10)
/** WINUSB_CAP_CANCEL_BLOCKED - The flag of that name of WINUSB_IOC_CANCEL. */
#define WINUSB_CAP_CANCEL_BLOCKED	(1ULL << 11)

/**
 * struct winusb_query - Argument of WINUSB_IOC_QUERY (listener).
 * @size: Size of this structure, bytes.
 * @out_version: WINUSB_VERSION of the running driver.
 * @out_capabilities: WINUSB_CAP_ bits. A program tests a bit, never the version.
 * @out_max_control_length: Longest data stage of a control transfer, bytes.
 * @out_max_handles: Most live handles of one file.
 * @out_busnum: Number of the USB bus, as in /dev/bus/usb.
 * @out_devnum: Address of the device on its bus, as in /dev/bus/usb.
 * @out_interface: bInterfaceNumber of the node's interface.
 * @out_default_interface: bInterfaceNumber of the function's default interface.
 * @out_interfaces: Number of interfaces of the function, 1 to 32.
 * @__reserved: Zero.
 *
 * Tells what the driver can do and where the node's interface stands. Works at any time,
 * also after removal.
 */
struct winusb_query {
	__u32 size;
	__u32 out_version;
	__aligned_u64 out_capabilities;
	__u32 out_max_control_length;
	__u32 out_max_handles;
	__u32 out_busnum;
	__u32 out_devnum;
	__u8 out_interface;
	__u8 out_default_interface;
	__u8 out_interfaces;
	__u8 __reserved[5];
};

#define WINUSB_IOC_QUERY		_IO(WINUSB_IOC_TYPE, 0x00)

/**
 * struct winusb_initialize - Argument of WINUSB_IOC_INITIALIZE.
 * @size: Size of this structure, bytes.
 * @out_handle: A handle of the file's interface, never 0.
 *
 * The counterpart of WinUsb_Initialize (winusb.md 1.2). Sets the policies of the interface's
 * pipes to their defaults and drops the data saved from earlier reads. The alternate setting
 * stays. A second call succeeds, gives a second number for the same interface and does the
 * same again. The handle is valid in this file until WINUSB_IOC_FREE or close.
 *
 * Errors: -ENODEV after removal; -ENOMEM with WINUSB_MAX_HANDLES handles.
 */
struct winusb_initialize {
	__u32 size;
	__u32 out_handle;
};

#define WINUSB_IOC_INITIALIZE		_IO(WINUSB_IOC_TYPE, 0x01)

/**
 * struct winusb_get_associated_interface - Argument of WINUSB_IOC_GET_ASSOCIATED_INTERFACE.
 * @size: Size of this structure, bytes.
 * @handle: A handle from WINUSB_IOC_INITIALIZE.
 * @index: 0 is the interface that follows the file's own in the function, 1 the one after.
 *	   Positions are counted in the descriptors, whatever is bound.
 * @__reserved: Must be zero.
 * @out_handle: A handle of that interface, never 0.
 *
 * The counterpart of WinUsb_GetAssociatedInterface (winusb.md 1.2). There is at most one live
 * associated handle of an interface. The policies of its pipes start with their defaults.
 *
 * Errors: -EINVAL for an associated handle and for an @index of 255; -ENOENT past the last
 * interface; -EAGAIN if the interface is not bound yet; -EBUSY if it is bound to another driver
 * or was opened by its own node; -EEXIST if a live handle exists, or one was freed with
 * transfers outstanding; -ENODEV after removal; -ENOMEM with WINUSB_MAX_HANDLES handles.
 */
struct winusb_get_associated_interface {
	__u32 size;
	__u32 handle;
	__u8 index;
	__u8 __reserved[3];
	__u32 out_handle;
};

#define WINUSB_IOC_GET_ASSOCIATED_INTERFACE	_IO(WINUSB_IOC_TYPE, 0x02)

/**
 * struct winusb_free - Argument of WINUSB_IOC_FREE.
 * @size: Size of this structure, bytes.
 * @handle: The handle to free, of either kind.
 *
 * The counterpart of WinUsb_Free (winusb.md 1.2, 5.2). Handles are freed in any order. Transfers
 * that use the handle are not cancelled: they run to their end, and the interface stays acquired
 * until then. Works after removal.
 */
struct winusb_free {
	__u32 size;
	__u32 handle;
};

#define WINUSB_IOC_FREE			_IO(WINUSB_IOC_TYPE, 0x03)

/**
 * struct winusb_get_descriptor - Argument of WINUSB_IOC_GET_DESCRIPTOR (listener).
 * @size: Size of this structure, bytes.
 * @handle: Any handle.
 * @type: bDescriptorType: 1 device, 2 configuration, 3 string, 15 BOS, or any other.
 * @index: Index of the descriptor of that type, 0 for the first.
 * @language_id: Language of a string descriptor, otherwise 0.
 * @length: Room at @buffer, bytes, at most 65535.
 * @buffer: Address of the caller's buffer.
 * @out_length: Bytes written to @buffer.
 * @__reserved: Must be zero.
 *
 * The counterpart of WinUsb_GetDescriptor (winusb.md 1.3). A buffer that is too short gets the
 * first @length bytes (section 8, row 4). The device and the first configuration descriptor
 * come from the kernel's copy and work after removal. All others are asked of the device, with
 * the timeout policy of the control pipe.
 *
 * Errors: -EINVAL if @length exceeds its range; -EPIPE if the device has no such descriptor;
 * the errors of a control transfer.
 */
struct winusb_get_descriptor {
	__u32 size;
	__u32 handle;
	__u8 type;
	__u8 index;
	__u16 language_id;
	__u32 length;
	__aligned_u64 buffer;
	__u32 out_length;
	__u32 __reserved;
};

#define WINUSB_IOC_GET_DESCRIPTOR	_IO(WINUSB_IOC_TYPE, 0x04)

/**
 * struct winusb_query_interface_settings - Argument of QUERY_INTERFACE_SETTINGS (listener).
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface.
 * @setting_index: 0 is the interface's first alternate setting, 1 its second.
 * @__reserved: Must be zero.
 * @out_descriptor: The interface descriptor of that setting, as the device sent it.
 * @__reserved2: Zero.
 *
 * The counterpart of WinUsb_QueryInterfaceSettings (winusb.md 1.3). No bus traffic; works after
 * removal.
 *
 * Errors: -ENOENT past the last setting.
 */
struct winusb_query_interface_settings {
	__u32 size;
	__u32 handle;
	__u8 setting_index;
	__u8 __reserved[3];
	__u8 out_descriptor[9];
	__u8 __reserved2[3];
};

#define WINUSB_IOC_QUERY_INTERFACE_SETTINGS	_IO(WINUSB_IOC_TYPE, 0x05)

/* Values of &winusb_query_device_information.information_type */
/** WINUSB_DEVICE_SPEED - The speed of the device, one of WINUSB_SPEED_. */
#define WINUSB_DEVICE_SPEED		0x01

/* Values of &winusb_query_device_information.out_value for WINUSB_DEVICE_SPEED */
/** WINUSB_SPEED_FULL - Full speed or lower (winusb.md 8, row 16). */
#define WINUSB_SPEED_FULL		0x01
/** WINUSB_SPEED_HIGH - High speed or higher. */
#define WINUSB_SPEED_HIGH		0x03

/**
 * struct winusb_query_device_information - Argument of QUERY_DEVICE_INFORMATION (listener).
 * @size: Size of this structure, bytes.
 * @handle: Any handle.
 * @information_type: WINUSB_DEVICE_SPEED.
 * @out_value: The value.
 *
 * The counterpart of WinUsb_QueryDeviceInformation (winusb.md 1.3). No bus traffic; works after
 * removal.
 *
 * Errors: -EINVAL for an unknown @information_type.
 */
struct winusb_query_device_information {
	__u32 size;
	__u32 handle;
	__u32 information_type;
	__u32 out_value;
};

#define WINUSB_IOC_QUERY_DEVICE_INFORMATION	_IO(WINUSB_IOC_TYPE, 0x06)

/* Values of &winusb_query_pipe.out_type, those of USBD_PIPE_TYPE */
#define WINUSB_PIPE_CONTROL		0
#define WINUSB_PIPE_ISOCHRONOUS		1
#define WINUSB_PIPE_BULK		2
#define WINUSB_PIPE_INTERRUPT		3

/**
 * struct winusb_query_pipe - Argument of WINUSB_IOC_QUERY_PIPE (listener).
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface.
 * @setting_index: 0 is the interface's first alternate setting; need not be the current one.
 * @pipe_index: Position of the endpoint in that setting, 0 for the first. Not its address.
 * @__reserved: Must be zero.
 * @out_type: WINUSB_PIPE_ type.
 * @out_pipe_id: bEndpointAddress: number in bits 3 to 0, bit 7 set for IN.
 * @out_interval: bInterval; usbcore replaces values that the standard does not allow.
 * @__reserved2: Zero.
 * @out_maximum_packet_size: Bits 10 to 0 of wMaxPacketSize, bytes.
 * @__reserved3: Zero.
 * @out_maximum_bytes_per_interval: Bytes the pipe can move in one service interval, with all the
 *	transactions of a high-bandwidth endpoint and the burst of a SuperSpeed one.
 *
 * The counterpart of WinUsb_QueryPipe and WinUsb_QueryPipeEx (winusb.md 1.3). No bus traffic;
 * works after removal.
 *
 * Errors: -EINVAL for an unknown setting; -ENOENT past the last endpoint.
 */
struct winusb_query_pipe {
	__u32 size;
	__u32 handle;
	__u8 setting_index;
	__u8 pipe_index;
	__u8 __reserved[2];
	__u8 out_type;
	__u8 out_pipe_id;
	__u8 out_interval;
	__u8 __reserved2;
	__u16 out_maximum_packet_size;
	__u16 __reserved3;
	__u32 out_maximum_bytes_per_interval;
};

#define WINUSB_IOC_QUERY_PIPE		_IO(WINUSB_IOC_TYPE, 0x07)

/**
 * struct winusb_get_alternate_setting - Argument of WINUSB_IOC_GET_ALTERNATE_SETTING (listener).
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface.
 * @out_setting: bAlternateSetting of the current setting.
 * @__reserved: Must be zero.
 *
 * The counterpart of WinUsb_GetCurrentAlternateSetting (winusb.md 1.3). No bus traffic; works
 * after removal.
 */
struct winusb_get_alternate_setting {
	__u32 size;
	__u32 handle;
	__u8 out_setting;
	__u8 __reserved[3];
};

#define WINUSB_IOC_GET_ALTERNATE_SETTING	_IO(WINUSB_IOC_TYPE, 0x08)

/**
 * struct winusb_set_alternate_setting - Argument of WINUSB_IOC_SET_ALTERNATE_SETTING.
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface.
 * @setting: bAlternateSetting of the setting to select.
 * @__reserved: Must be zero.
 *
 * The counterpart of WinUsb_SetCurrentAlternateSetting (winusb.md 1.3). The interface's pipes are
 * those of the new setting from then on, with default policies and no saved data. Waits for whoever
 * has the device locked, as a reset has; a signal ends that.
 *
 * Errors: -ENOENT if there is no such setting; -EBUSY while a transfer of one of the interface's
 * pipes is outstanding, which goes on undisturbed; -EPIPE or -EIO if the device refused, or -ENOSPC
 * if the bus has no bandwidth left for it, and then the old setting stays; -EINTR or -EAGAIN before
 * anything was asked of it; -ENODEV after removal.
 */
struct winusb_set_alternate_setting {
	__u32 size;
	__u32 handle;
	__u8 setting;
	__u8 __reserved[3];
};

#define WINUSB_IOC_SET_ALTERNATE_SETTING	_IO(WINUSB_IOC_TYPE, 0x09)

/*
 * Values of &winusb_pipe_policy.policy, those of Windows (winusb.md 2.1). All but two are switches:
 * 0 is off, anything else is on, and is read back as 1. They are looked at when a transfer is
 * processed, not when it is submitted, except for RAW_IO. On a pipe where a policy has no effect it
 * can be set and read all the same.
 */
/**
 * WINUSB_POLICY_SHORT_PACKET_TERMINATE - OUT: a write whose length is a multiple of the maximum
 * packet size, and not 0, is followed by a zero-length packet. It completes after that packet,
 * which does not count. Off by default.
 */
#define WINUSB_POLICY_SHORT_PACKET_TERMINATE	0x01
/**
 * WINUSB_POLICY_AUTO_CLEAR_STALL - IN: when the device or the bus makes a read fail, the pipe is
 * reset first, then the read completes with its error. Those behind it go on. Not when a read is
 * cancelled or times out, when the device leaves, or when ALLOW_PARTIAL_READS refuses what came.
 * Off by default: then all fail after a stall until WINUSB_IOC_RESET_PIPE. Not with RAW_IO.
 */
#define WINUSB_POLICY_AUTO_CLEAR_STALL		0x02
/**
 * WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT - Milliseconds that a transfer may be with the host
 * controller before it is cancelled; 0 is no limit. Default 5000 for pipe 0, 0 for others. The time
 * that a transfer waits behind others does not count, but with RAW_IO none waits here. A transfer
 * that is split has this time for each part, and a read with IGNORE_SHORT_PACKETS begins a new part
 * after each short packet.
 */
#define WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT	0x03
/**
 * WINUSB_POLICY_IGNORE_SHORT_PACKETS - IN: a short packet does not end a read, which goes on until
 * its buffer is full. Off by default. Not with RAW_IO.
 */
#define WINUSB_POLICY_IGNORE_SHORT_PACKETS	0x04
/**
 * WINUSB_POLICY_ALLOW_PARTIAL_READS - IN: a read gets as much as it asked for, whatever the device
 * sent; AUTO_FLUSH says what becomes of the rest. Off: a read fails with -EOVERFLOW if the device
 * sent more. On by default. Not with RAW_IO. With RAW_IO or without, a read of 0 bytes is -EINVAL
 * if this is off.
 */
#define WINUSB_POLICY_ALLOW_PARTIAL_READS	0x05
/**
 * WINUSB_POLICY_AUTO_FLUSH - IN: what a read did not ask for is dropped instead of beginning the
 * next read. Off by default. Needs ALLOW_PARTIAL_READS.
 */
#define WINUSB_POLICY_AUTO_FLUSH		0x06
/**
 * WINUSB_POLICY_RAW_IO - Transfers go to the host controller at once, as many as there are, and
 * complete as they are: no queue, no rounding, no splitting, no saved data. The length of a read
 * must be a multiple of the maximum packet size (-EMSGSIZE), and that of any at most
 * MAXIMUM_TRANSFER_SIZE (-EINVAL). Off by default. Decided when the transfer is submitted. On OUT
 * pipes too (winusb.md 8, row 2).
 */
#define WINUSB_POLICY_RAW_IO			0x07
/**
 * WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE - Bytes of the largest transfer that goes to the host
 * controller in one piece. Can't be set: -EINVAL. 2092032 at high speed and above, 262144 below,
 * rounded down to whole packets, or 65536 if the host controller takes no scatter lists. 4096 on
 * pipe 0. Interrupt pipes have 65536 too.
 */
#define WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE	0x08
/**
 * WINUSB_POLICY_RESET_PIPE_ON_RESUME - The pipe is reset when the device resumes, before any
 * transfer goes on. Off by default.
 */
#define WINUSB_POLICY_RESET_PIPE_ON_RESUME	0x09

/**
 * struct winusb_pipe_policy - Argument of GET_PIPE_POLICY and SET_PIPE_POLICY.
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface that owns the pipe; for pipe 0 any handle.
 * @pipe_id: bEndpointAddress of a pipe of the current setting, or 0 for the control pipe.
 * @__reserved: Must be zero.
 * @policy: WINUSB_POLICY_ number.
 * @value: The value: read by SET, written by GET.
 *
 * The counterpart of WinUsb_SetPipePolicy and WinUsb_GetPipePolicy (winusb.md 1.4). A new value
 * serves the transfers that are handed to the host controller after it. Each handle's interface
 * has a control pipe timeout of its own.
 *
 * Errors: -EINVAL for an unknown pipe or policy number, and to set a policy that can only be read;
 * -ENODEV after removal.
 */
struct winusb_pipe_policy {
	__u32 size;
	__u32 handle;
	__u8 pipe_id;
	__u8 __reserved[3];
	__u32 policy;
	__u32 value;
};

#define WINUSB_IOC_GET_PIPE_POLICY	_IO(WINUSB_IOC_TYPE, 0x0a)
#define WINUSB_IOC_SET_PIPE_POLICY	_IO(WINUSB_IOC_TYPE, 0x0b)

/* Bits of &winusb_transfer.flags */
/** WINUSB_TRANSFER_ASYNC - Return at once; the completion is read as a record. */
#define WINUSB_TRANSFER_ASYNC		(1U << 0)
/**
 * WINUSB_TRANSFER_ISOCH_AT - Isochronous: begin in the frame @isoch_start_frame, as
 * WinUsb_ReadIsochPipe and WinUsb_WriteIsochPipe do. Without it the transfer begins as soon as
 * possible: behind the last one that is pending on the pipe.
 */
#define WINUSB_TRANSFER_ISOCH_AT	(1U << 1)
/**
 * WINUSB_TRANSFER_ISOCH_CONTINUE - Isochronous: only if it can follow the last one that is pending
 * without a gap, otherwise -EINVAL, as ContinueStream of WinUsb_ReadIsochPipeAsap. Not with
 * WINUSB_TRANSFER_ISOCH_AT.
 */
#define WINUSB_TRANSFER_ISOCH_CONTINUE	(1U << 2)
/**
 * WINUSB_TRANSFER_ISOCH_LENGTHS - Isochronous OUT: each packet has the length that its element at
 * @isoch_packets says, and its data follow those of the one before. Windows has no such thing.
 */
#define WINUSB_TRANSFER_ISOCH_LENGTHS	(1U << 3)

/** WINUSB_MAX_ISOCH_PACKETS - Most packets of a transfer; 255 below high speed (winusb.md 7.3). */
#define WINUSB_MAX_ISOCH_PACKETS	1024
/** WINUSB_MAX_ISOCH_AHEAD - Frames between the current frame and that of a transfer, at most. */
#define WINUSB_MAX_ISOCH_AHEAD		1024

/**
 * struct winusb_isoch_packet - A packet of an isochronous transfer.
 * @offset: Where its bytes are, from the beginning of the transfer's.
 * @length: Bytes that it moved; with WINUSB_TRANSFER_ISOCH_LENGTHS bytes to move before that.
 * @status: What became of it, a USBD_STATUS: one of WINUSB_PACKET_.
 *
 * In the layout of USBD_ISO_PACKET_DESCRIPTOR.
 */
struct winusb_isoch_packet {
	__u32 offset;
	__u32 length;
	__u32 status;
};

/* Values of &winusb_isoch_packet.status, those of Windows */
/** WINUSB_PACKET_SUCCESS - It was moved. */
#define WINUSB_PACKET_SUCCESS		0x00000000U
/** WINUSB_PACKET_CRC - Bad checksum, or no answer. */
#define WINUSB_PACKET_CRC		0xc0000001U
/** WINUSB_PACKET_STALL - The endpoint stalled, which isochronous ones do not do. */
#define WINUSB_PACKET_STALL		0xc0000004U
/** WINUSB_PACKET_NO_RESPONSE - No answer in time. */
#define WINUSB_PACKET_NO_RESPONSE	0xc0000005U
/** WINUSB_PACKET_UNDERRUN - Less than the host controller wanted. */
#define WINUSB_PACKET_UNDERRUN		0xc0000009U
/** WINUSB_PACKET_BUFFER_OVERRUN - The host's memory was too slow for what came. */
#define WINUSB_PACKET_BUFFER_OVERRUN	0xc000000cU
/** WINUSB_PACKET_BUFFER_UNDERRUN - The host's memory was too slow for what was to go. */
#define WINUSB_PACKET_BUFFER_UNDERRUN	0xc000000dU
/** WINUSB_PACKET_BUS_ERROR - Any other error of the bus. */
#define WINUSB_PACKET_BUS_ERROR		0xc0000011U
/** WINUSB_PACKET_BABBLE - More than a packet may hold. */
#define WINUSB_PACKET_BABBLE		0xc0000012U
/** WINUSB_PACKET_GONE - The device had left. */
#define WINUSB_PACKET_GONE		0xc0007000U
/** WINUSB_PACKET_CANCELED - The transfer ended before its turn. */
#define WINUSB_PACKET_CANCELED		0xc0010000U
/** WINUSB_PACKET_NOT_SENT - The host controller did not take it. */
#define WINUSB_PACKET_NOT_SENT		0xc0020000U
/** WINUSB_PACKET_ERROR - An error that has no name. */
#define WINUSB_PACKET_ERROR		0xc0030000U
/** WINUSB_PACKET_LATE - Its time was over when it came to the host controller, or missed there. */
#define WINUSB_PACKET_LATE		0xc0050000U

/**
 * struct winusb_transfer - Argument of WINUSB_IOC_TRANSFER, and element of WINUSB_IOC_SUBMIT.
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface that owns the pipe.
 * @flags: WINUSB_TRANSFER_ bits.
 * @pipe_id: bEndpointAddress of a pipe of the current setting, whose bit 7 says whether this is a
 *	     read; or 0 for a control transfer.
 * @__reserved: Must be zero.
 * @setup: For pipe 0 the setup packet, as it goes over the bus (little-endian); else zero.
 * @buffer: Address of the caller's data, read or written. Isochronous: zero.
 * @length: Bytes to move. For pipe 0 at most WINUSB_MAX_CONTROL_LENGTH; the smaller one of this and
 *	    the setup packet's wLength is used (winusb.md 8, row 24), and wLength is set to it.
 * @out_length: Bytes moved. Written also when the command fails. 0 with WINUSB_TRANSFER_ASYNC.
 * @cookie: With WINUSB_TRANSFER_ASYNC any number, which the record carries and WINUSB_IOC_CANCEL
 *	    finds. It need not be unique. Else it must be zero.
 * @isoch_buffer: Isochronous: a buffer from WINUSB_IOC_REGISTER_ISOCH_BUFFER; else zero.
 * @isoch_offset: Isochronous: where in that the data are, bytes; else zero.
 * @isoch_start_frame: With WINUSB_TRANSFER_ISOCH_AT the frame to begin in; else zero.
 * @isoch_packet_count: Isochronous: elements at @isoch_packets; else zero.
 * @isoch_packets: Isochronous: address of an array of &struct winusb_isoch_packet; else zero.
 * @stream_id: Reserved for USB 3 bulk streams, which WinUSB does not have; must be zero.
 * @__reserved2: Must be zero.
 * @out_isoch_frame: Isochronous: the frame after the last one, which may be the first of the next
 *		     transfer. With WINUSB_TRANSFER_ASYNC as it is planned; 0 if that is not known.
 * @__reserved3: Must be zero.
 *
 * The counterpart of WinUsb_ReadPipe, WinUsb_WritePipe and WinUsb_ControlTransfer (winusb.md 1.5,
 * 1.6, 2.3), and of the isochronous functions (1.7). Blocks until the transfer is complete, or a
 * signal arrives; with WINUSB_TRANSFER_ASYNC it does not wait for the device. In a thread that also
 * has an io_uring ring, what the ring has to do may end a write, and a read that has moved
 * something, as a signal does; but no isochronous one.
 *
 * Bulk and interrupt: transfers of one pipe are served in the order of their submission, one at
 * a time, unless RAW_IO is on. A read ends when the buffer is full or a short packet came. The
 * device is asked for whole packets; what it sent beyond @length is saved and begins the next read.
 * A read of 0 bytes succeeds at once. A write is sent as it is; one of 0 bytes sends a zero-length
 * packet. The pipe's policies change all of this. A pipe that stalled stays halted: its transfers
 * fail with -EPIPE until WINUSB_IOC_RESET_PIPE.
 *
 * Control: bits 6 to 5 and 4 to 0 of bmRequestType tell type and recipient. For an interface the
 * low byte of wIndex is overwritten with the interface number of the handle. For an endpoint it
 * must name an endpoint of the handle's interface (or 0, the control pipe). -EACCES is given for
 * the standard requests SET_CONFIGURATION, SET_ADDRESS, SET_INTERFACE, SET_DESCRIPTOR, SET_SEL,
 * SET_ISOCH_DELAY and, on the device, SET_FEATURE and CLEAR_FEATURE; CLEAR_FEATURE(ENDPOINT_HALT)
 * is carried out as WINUSB_IOC_RESET_PIPE, before the call returns also with WINUSB_TRANSFER_ASYNC.
 * Vendor requests to the device pass; they can reach other functions.
 *
 * Isochronous: @buffer is zero, and the data are in @isoch_buffer, which belongs to the pipe. The
 * packets are as many as @length has intervals of &winusb_query_pipe.out_maximum_bytes_per_interval
 * bytes: at most WINUSB_MAX_ISOCH_PACKETS, and at high speed and above whole frames of them. What a
 * read got is told by the packets: each has its place, whatever the one before did. A transfer may
 * have no array: who reads without one learns only how much came, and how many packets were in
 * error. No policy applies. Transfers of a pipe are served in the order of their submission, one
 * behind the other, without a gap as long as the next one is there in time; after that the stream
 * begins anew. The host controller chooses the frame that a stream begins in: with
 * WINUSB_TRANSFER_ISOCH_AT it is the one asked for or a later one, and the completion tells it. A
 * frame that has begun, that is more than WINUSB_MAX_ISOCH_AHEAD away, or that transfers before it
 * will use, is -EINVAL. A transfer with a packet that was moved succeeds, whatever became of the
 * others; one whose packets all failed gives -EIO.
 *
 * Errors: every one of the table that speaks of transfers. On any of them @out_length tells what
 * moved, and for a read those bytes are at @buffer. Isochronous: -EBADF for an unknown buffer;
 * -EINVAL for one of another pipe, or of a setting that is not the current one, for a range that is
 * not in it, no whole packets or frames, and for too many packets, or another number than that at
 * @isoch_packet_count; also for an address in @buffer, a frame without WINUSB_TRANSFER_ISOCH_AT,
 * _AT together with _CONTINUE, and _LENGTHS on a read or without an array; -EFAULT for a buffer of
 * another process that is not mapped. At the completion also -ENOSPC if the bus has no bandwidth
 * left, and -EINVAL for _CONTINUE that came too late to follow; its packets were not sent then.
 */
struct winusb_transfer {
	__u32 size;
	__u32 handle;
	__u32 flags;
	__u8 pipe_id;
	__u8 __reserved[3];
	__u8 setup[8];
	__aligned_u64 buffer;
	__u32 length;
	__u32 out_length;
	__aligned_u64 cookie;
	__u32 isoch_buffer;
	__u32 isoch_offset;
	__u32 isoch_start_frame;
	__u32 isoch_packet_count;
	__aligned_u64 isoch_packets;
	__u32 stream_id;
	__u32 __reserved2;
	__u32 out_isoch_frame;
	__u32 __reserved3;
};

#define WINUSB_IOC_TRANSFER		_IO(WINUSB_IOC_TYPE, 0x0c)

/**
 * struct winusb_pipe_command - Argument of WINUSB_IOC_ABORT_PIPE, _RESET_PIPE and _FLUSH_PIPE.
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface that owns the pipe.
 * @pipe_id: bEndpointAddress of a pipe of the current setting, or 0 for the control pipe.
 * @__reserved: Must be zero.
 *
 * WINUSB_IOC_ABORT_PIPE, the counterpart of WinUsb_AbortPipe: every transfer of the pipe, running
 * or waiting, ends with -ECANCELED and its count. Returns when the host controller has none of them
 * any more. Halt state and saved data stay.
 *
 * WINUSB_IOC_RESET_PIPE, the counterpart of WinUsb_ResetPipe: CLEAR_FEATURE(ENDPOINT_HALT), data
 * toggle 0. -EBUSY while a transfer of the pipe is outstanding.
 *
 * WINUSB_IOC_FLUSH_PIPE, the counterpart of WinUsb_FlushPipe: drops the data saved from earlier
 * reads. -EINVAL for an OUT pipe.
 *
 * Pipe 0: abort and reset succeed and do nothing (winusb.md 8, row 5); flush gives -EINVAL.
 *
 * Errors: -EINVAL for an unknown pipe; -ENODEV after removal; -EINTR if a fatal signal came while
 * abort waited; for reset the errors of a control transfer.
 */
struct winusb_pipe_command {
	__u32 size;
	__u32 handle;
	__u8 pipe_id;
	__u8 __reserved[3];
};

#define WINUSB_IOC_ABORT_PIPE		_IO(WINUSB_IOC_TYPE, 0x0d)
#define WINUSB_IOC_RESET_PIPE		_IO(WINUSB_IOC_TYPE, 0x0e)
#define WINUSB_IOC_FLUSH_PIPE		_IO(WINUSB_IOC_TYPE, 0x0f)

/**
 * struct winusb_reset_device - Argument of WINUSB_IOC_RESET_DEVICE.
 * @size: Size of this structure, bytes.
 * @handle: Any handle.
 *
 * Resets the port of the device, which Windows does not offer. Pending transfers of all its
 * interfaces end with -ECONNRESET. Alternate settings and policies stay. A device that comes back
 * with other descriptors is a new device.
 *
 * Errors: -EACCES without CAP_SYS_ADMIN if a driver, this one included, has an interface of the
 * device that the file does not have; -EBUSY if another party, such as another reset, had the
 * device locked for a second, and nothing was done; -ENODEV after removal; -EIO if the reset
 * failed.
 */
struct winusb_reset_device {
	__u32 size;
	__u32 handle;
};

#define WINUSB_IOC_RESET_DEVICE		_IO(WINUSB_IOC_TYPE, 0x10)

/** WINUSB_MAX_SUBMIT - Most transfers of one WINUSB_IOC_SUBMIT. */
#define WINUSB_MAX_SUBMIT		1024

/**
 * struct winusb_submit - Argument of WINUSB_IOC_SUBMIT.
 * @size: Size of this structure, bytes.
 * @count: Elements at @transfers, 1 to WINUSB_MAX_SUBMIT.
 * @transfers: Address of an array of &struct winusb_transfer. Only read.
 * @transfer_size: Size of an element, bytes, which is what each element's own size says.
 * @out_count: Transfers that were submitted. Written also when the command fails.
 *
 * Submits transfers in order, as WINUSB_IOC_TRANSFER with WINUSB_TRANSFER_ASYNC does; the flag need
 * not be set. Ends at the first one that is refused, with its error: those before it are under
 * way, and it and those behind it are not.
 *
 * Errors: -EINVAL for a @count out of range and for sizes that differ; -EINTR if a signal came in
 * between; those of WINUSB_IOC_TRANSFER.
 */
struct winusb_submit {
	__u32 size;
	__u32 count;
	__aligned_u64 transfers;
	__u32 transfer_size;
	__u32 out_count;
};

#define WINUSB_IOC_SUBMIT		_IO(WINUSB_IOC_TYPE, 0x11)

/* Bits of &winusb_cancel.flags */
/** WINUSB_CANCEL_ALL - Every transfer of the file, whatever its cookie. */
#define WINUSB_CANCEL_ALL		(1U << 0)
/** WINUSB_CANCEL_BLOCKED - With WINUSB_CANCEL_ALL: also those that threads wait in. */
#define WINUSB_CANCEL_BLOCKED		(1U << 1)

/**
 * struct winusb_cancel - Argument of WINUSB_IOC_CANCEL.
 * @size: Size of this structure, bytes.
 * @flags: WINUSB_CANCEL_ bits.
 * @cookie: The cookie, or the user_data of an io_uring command. Zero with WINUSB_CANCEL_ALL.
 * @out_count: How many transfers were still under way.
 * @__reserved: Must be zero.
 *
 * The counterpart of CancelIoEx. Cancels all transfers of the file with this cookie that were
 * submitted with WINUSB_TRANSFER_ASYNC, WINUSB_IOC_SUBMIT or io_uring. Does not wait: each
 * completes as always, with -ECANCELED and what it moved, unless it completed otherwise before, and
 * in no particular order.
 *
 * With WINUSB_CANCEL_BLOCKED also the transfers end that threads are blocked in which share this
 * thread's descriptors, as those of a process do: control transfers and descriptors that are read,
 * too, but not what WINUSB_IOC_RESET_PIPE asks of the device. On Windows they are requests like
 * others.
 *
 * Errors: -ENOENT if there is none.
 */
struct winusb_cancel {
	__u32 size;
	__u32 flags;
	__aligned_u64 cookie;
	__u32 out_count;
	__u32 __reserved;
};

#define WINUSB_IOC_CANCEL		_IO(WINUSB_IOC_TYPE, 0x12)

/**
 * struct winusb_set_eventfd - Argument of WINUSB_IOC_SET_EVENTFD.
 * @size: Size of this structure, bytes.
 * @fd: An eventfd, or -1 for none.
 *
 * One is added to the eventfd for each record that becomes ready to be read, and when the interface
 * leaves; and at once if there are records already, or the interface has left. Takes the place of
 * the one set before.
 *
 * Errors: -EBADF if @fd is not open, -EINVAL if it is no eventfd.
 */
struct winusb_set_eventfd {
	__u32 size;
	__s32 fd;
};

#define WINUSB_IOC_SET_EVENTFD		_IO(WINUSB_IOC_TYPE, 0x13)

/**
 * struct winusb_set_interface_state - Argument of WINUSB_IOC_SET_INTERFACE_STATE.
 * @size: Size of this structure, bytes.
 * @handle: Any handle.
 * @enable: 1 to enable, 0 to disable.
 * @__reserved: Must be zero.
 *
 * The counterpart of AssignDeviceInterfaceState (winusb.md 6.1), for the whole function. While it
 * is disabled, an open of any of its nodes, read-write or as a listener, answers -ENOENT. Files
 * that are open go on, and so does WINUSB_IOC_GET_ASSOCIATED_INTERFACE.
 *
 * It is for the file that has the function's default interface open, and ends with it: with the
 * last close, or when that interface leaves. The administrator has a switch of his own, the
 * attribute interface_enabled in sysfs. The function is enabled while both say so. Listeners get a
 * WINUSB_EVENT_STATE when that changes.
 *
 * Errors: -EINVAL if @enable is neither; -EACCES in the file of another interface of the function;
 * -ENODEV after removal.
 */
struct winusb_set_interface_state {
	__u32 size;
	__u32 handle;
	__u32 enable;
	__u32 __reserved;
};

#define WINUSB_IOC_SET_INTERFACE_STATE	_IO(WINUSB_IOC_TYPE, 0x14)

/**
 * WINUSB_MAX_EVENT_DATA - Most data of a custom event, bytes (winusb.md 6.2): 0xffff less what
 * comes before the data in TARGET_DEVICE_CUSTOM_NOTIFICATION, as a 64-bit Windows lays it out.
 */
#define WINUSB_MAX_EVENT_DATA		65499

/**
 * struct winusb_post_event - Argument of WINUSB_IOC_POST_EVENT.
 * @size: Size of this structure, bytes.
 * @handle: Any handle.
 * @guid: What the event means, which is between its poster and its listeners. In the layout of
 *	  Windows' GUID: the first three parts little-endian. Any value.
 * @data: Address of what comes with it. Not looked at if @length is 0.
 * @length: Bytes there, at most WINUSB_MAX_EVENT_DATA.
 * @__reserved: Must be zero.
 *
 * The counterpart of IWDFDevice::PostEvent with WdfEventBroadcast (winusb.md 6.2). Every listener
 * of the function that asked for custom events (WINUSB_IOC_LISTEN) gets it, whichever of the
 * interfaces its node and the handle are of. All get the events of all posters in one order.
 *
 * Does not wait for listeners: one whose queue is full loses the event, and its count tells it.
 * That nobody listens is no error.
 *
 * Errors: -ENOMEM, as on Windows, if @length exceeds its range; -ENODEV after removal.
 */
struct winusb_post_event {
	__u32 size;
	__u32 handle;
	__u8 guid[16];
	__aligned_u64 data;
	__u32 length;
	__u32 __reserved;
};

#define WINUSB_IOC_POST_EVENT		_IO(WINUSB_IOC_TYPE, 0x15)

/* Bits of &winusb_listen.flags */
/** WINUSB_LISTEN_CUSTOM - Custom events, too. */
#define WINUSB_LISTEN_CUSTOM		(1U << 0)

/**
 * struct winusb_listen - Argument of WINUSB_IOC_LISTEN (listener, and nobody else).
 * @size: Size of this structure, bytes.
 * @flags: WINUSB_LISTEN_ bits: what the file wants to hear beside the events that all hear.
 * @out_length: Length of a buffer that any event fits in, bytes.
 * @__reserved: Must be zero.
 *
 * Takes the place of what was asked for before, and holds for what happens from now on: events that
 * are in the queue stay there. A file begins without any flag.
 *
 * Errors: -EBADF on a file opened read-write.
 */
struct winusb_listen {
	__u32 size;
	__u32 flags;
	__u32 out_length;
	__u32 __reserved;
};

#define WINUSB_IOC_LISTEN		_IO(WINUSB_IOC_TYPE, 0x16)

/*
 * Values of &winusb_power_policy.policy, those of Windows (winusb.md 3.1).
 */
/**
 * WINUSB_POWER_AUTO_SUSPEND - A switch: the device is suspended when it is idle. At first what the
 * property DefaultIdleState says; off without it, and without DeviceIdleEnabled.
 */
#define WINUSB_POWER_AUTO_SUSPEND	0x81
/**
 * WINUSB_POWER_SUSPEND_DELAY - Milliseconds between the last transfer and that, 0 to 2147483647;
 * more counts as this. At first what the property DefaultIdleTimeout says, 5000 without it. The
 * functions of a device share one: the longest.
 */
#define WINUSB_POWER_SUSPEND_DELAY	0x83

/**
 * struct winusb_power_policy - Argument of GET_POWER_POLICY and SET_POWER_POLICY.
 * @size: Size of this structure, bytes.
 * @handle: A handle of the file's own interface, which is the default one of its function.
 * @policy: WINUSB_POWER_ number.
 * @value: The value: read by SET, written by GET. For the switch, anything but 0 is on.
 *
 * The counterpart of WinUsb_SetPowerPolicy and WinUsb_GetPowerPolicy (winusb.md 1.4, 3). What a
 * file has set ends with it; WINUSB_IOC_INITIALIZE does not change it.
 *
 * The policies are one of those who must agree before a device is suspended, and none of them can
 * force it (winusb.md 3.2): the property DeviceIdleEnabled, without which the policies are kept but
 * have no effect; the administrator, with the attribute power/control of the USB device; the
 * device, which must be able to wake its host unless the property DeviceIdleIgnoreWakeEnable is
 * set; this policy, of each function of the device; and no control transfer, write or
 * isochronous transfer may be pending. The attribute power_policy/blocked_by of the node's class
 * device says which of them does not.
 *
 * Errors: -EINVAL for an unknown number, an associated handle, or the file of another interface of
 * the function; -ENODEV after removal.
 */
struct winusb_power_policy {
	__u32 size;
	__u32 handle;
	__u32 policy;
	__u32 value;
};

#define WINUSB_IOC_GET_POWER_POLICY	_IO(WINUSB_IOC_TYPE, 0x17)
#define WINUSB_IOC_SET_POWER_POLICY	_IO(WINUSB_IOC_TYPE, 0x18)

/* Bits of &winusb_register_isoch_buffer.flags */
/** WINUSB_ISOCH_BUFFER_MAP - The kernel has the memory, and the program maps it. */
#define WINUSB_ISOCH_BUFFER_MAP		(1U << 0)

/** WINUSB_MAX_ISOCH_BUFFERS - Most registered buffers of a file. */
#define WINUSB_MAX_ISOCH_BUFFERS	1024

/**
 * struct winusb_register_isoch_buffer - Argument of WINUSB_IOC_REGISTER_ISOCH_BUFFER.
 * @size: Size of this structure, bytes.
 * @handle: A handle of the interface that owns the pipe.
 * @pipe_id: bEndpointAddress of an isochronous pipe of the current setting.
 * @__reserved: Must be zero.
 * @flags: WINUSB_ISOCH_BUFFER_ bits.
 * @buffer: Address of the program's memory; zero with WINUSB_ISOCH_BUFFER_MAP.
 * @length: Bytes of it, 1 to 0x7fffffff.
 * @out_isoch_buffer: The number of the buffer, never 0, until WINUSB_IOC_UNREGISTER_ISOCH_BUFFER or
 *		      close.
 * @out_offset: With WINUSB_ISOCH_BUFFER_MAP what to give mmap(2) as offset, with the file and
 *		MAP_SHARED; else 0.
 *
 * The counterpart of WinUsb_RegisterIsochBuffer (winusb.md 1.7). Host controllers want memory
 * without gaps, which the memory of a program is not: the driver has as much of its own, charged to
 * the file's max_buffer_mb, and copies each packet once. What was written is copied when the
 * transfer is submitted, and what was read before its completion is given. With
 * WINUSB_ISOCH_BUFFER_MAP nothing is copied: the program maps that memory, which is zeros at first,
 * and uses it with the same transfers. A mapping stays good after the buffer was unregistered,
 * and holds the file: before it is unmapped, close(2) ends nothing.
 *
 * Buffers may share memory. A buffer is for the process that registered it, unless it is mapped. It
 * is good while the setting that it was registered in is the current one.
 *
 * Errors: -EINVAL if @pipe_id is no isochronous pipe of the current setting, or its packets are
 * empty or longer than any bus can move, and for a @length out of range; -EFAULT; -ENOMEM, also
 * with WINUSB_MAX_ISOCH_BUFFERS buffers; -ENODEV after removal.
 */
struct winusb_register_isoch_buffer {
	__u32 size;
	__u32 handle;
	__u8 pipe_id;
	__u8 __reserved[3];
	__u32 flags;
	__aligned_u64 buffer;
	__u32 length;
	__u32 out_isoch_buffer;
	__aligned_u64 out_offset;
};

#define WINUSB_IOC_REGISTER_ISOCH_BUFFER	_IO(WINUSB_IOC_TYPE, 0x19)

/**
 * struct winusb_unregister_isoch_buffer - Argument of WINUSB_IOC_UNREGISTER_ISOCH_BUFFER.
 * @size: Size of this structure, bytes.
 * @isoch_buffer: The number of the buffer.
 *
 * The counterpart of WinUsb_UnregisterIsochBuffer (winusb.md 1.7). The number is not valid any more
 * at once. Then it waits until no transfer of the buffer is under way: a program that does not want
 * to wait aborts the pipe before. What was read is in the program's memory then, and what became of
 * the packets, also where records are still to be read, and nothing touches that any more; but for
 * completions that a ring of io_uring has not given yet. Works after removal.
 *
 * Errors: -EBADF for an unknown number; -EINTR if a fatal signal came while it waited.
 */
struct winusb_unregister_isoch_buffer {
	__u32 size;
	__u32 isoch_buffer;
};

#define WINUSB_IOC_UNREGISTER_ISOCH_BUFFER	_IO(WINUSB_IOC_TYPE, 0x1a)

/* Bits of &winusb_get_frame.flags */
/**
 * WINUSB_FRAME_BOUNDARY - Wait for the beginning of a frame, at most 4 milliseconds, so that the
 * times are exact. Without a counter of the host controller it does not wait.
 */
#define WINUSB_FRAME_BOUNDARY		(1U << 0)

/**
 * struct winusb_get_frame - Argument of WINUSB_IOC_GET_FRAME.
 * @size: Size of this structure, bytes.
 * @handle: Any handle.
 * @flags: WINUSB_FRAME_ bits.
 * @out_frame: The current frame of the bus, which has a new one each millisecond. The host
 *	       controller counts 8 to 16 bits of it, the driver the others.
 * @out_microframe: The microframe in it, 0 to 7, as the times say.
 * @out_hardware_frame: The lower 11 bits of @out_frame.
 * @out_time_ns: CLOCK_MONOTONIC when that was, nanoseconds.
 * @out_start_ns: When the frame began, nanoseconds of the same clock. All others are multiples of
 *		  1000000 away.
 * @out_accuracy_ns: How far @out_start_ns may be off, nanoseconds.
 * @out_generation: Another number means that frames are not counted on from what was told before:
 *		    the host controller has slept, or was reset, or nobody asked for minutes.
 *
 * The counterpart of WinUsb_GetCurrentFrameNumber and WinUsb_GetCurrentFrameNumberAndQpc (winusb.md
 * 1.7, 1.8). Wakes the device. If the host controller has no counter that can be asked, as that of
 * USB/IP, a clock is fitted to the isochronous transfers that complete; without any in the last
 * second, or since a sleep or reset of the device, the answer is -EOPNOTSUPP.
 *
 * Errors: -EOPNOTSUPP; -EIO if the device can't be woken; -EINTR; -ENODEV after removal.
 */
struct winusb_get_frame {
	__u32 size;
	__u32 handle;
	__u32 flags;
	__u32 out_frame;
	__u32 out_microframe;
	__u32 out_hardware_frame;
	__aligned_u64 out_time_ns;
	__aligned_u64 out_start_ns;
	__u32 out_accuracy_ns;
	__u32 out_generation;
};

#define WINUSB_IOC_GET_FRAME		_IO(WINUSB_IOC_TYPE, 0x1b)

/* Bits of &winusb_completion.flags */
/** WINUSB_COMPLETION_RESET - The device was reset underneath. Comes with -ECONNRESET. */
#define WINUSB_COMPLETION_RESET		(1U << 0)

/**
 * struct winusb_completion - What read(2) on a read-write file gives.
 * @cookie: Of the transfer.
 * @status: 0, or an error of the table as a negative number.
 * @length: Bytes moved, whatever the status. A read's are at its buffer.
 * @flags: WINUSB_COMPLETION_ bits.
 * @handle: The handle that the transfer was submitted with.
 * @pipe_id: Its pipe, 0 for the control pipe.
 * @__reserved: Zero.
 * @isoch_frame: Of an isochronous transfer the frame that it began in, 0 if it did not; else zero.
 * @isoch_errors: Of an isochronous transfer the number of packets in error, else zero.
 * @isoch_next_frame: Likewise the frame after the last one.
 * @__reserved2: Zero.
 *
 * read(2) gives as many whole records as fit, in the order of their completion. It blocks until
 * there is one, or gives -EAGAIN in non-blocking mode, or -ECANCELED when this process closes its
 * last descriptor of the file meanwhile. A buffer shorter than one record gives -EINVAL. When the
 * interface has left, nothing is under way, and all records are read, it gives 0, the end of the
 * file. poll(2) says EPOLLIN while there are records.
 *
 * Any thread of any process that has the file may read. The bytes of a read transfer are at the
 * buffer of the process that submitted it before the record is given.
 */
struct winusb_completion {
	__aligned_u64 cookie;
	__s32 status;
	__u32 length;
	__u32 flags;
	__u32 handle;
	__u8 pipe_id;
	__u8 __reserved[3];
	__u32 isoch_frame;
	__u32 isoch_errors;
	__u32 isoch_next_frame;
	__u8 __reserved2[24];
};

/* Bits of &winusb_reap.flags */
/** WINUSB_REAP_WAKE - Read nothing: let those go that wait in WINUSB_IOC_REAP. */
#define WINUSB_REAP_WAKE		(1U << 0)

/** WINUSB_REAP_FOREVER - Value of &winusb_reap.until_ns: no time limit. */
#define WINUSB_REAP_FOREVER		(~0ULL)

/**
 * struct winusb_reap - Argument of WINUSB_IOC_REAP.
 * @size: Size of this structure, bytes.
 * @flags: WINUSB_REAP_ bits.
 * @records: Address of room for &struct winusb_completion; zero with WINUSB_REAP_WAKE.
 * @count: How many fit there, not 0; zero with WINUSB_REAP_WAKE.
 * @wakes: @out_wakes of the last call that this thread has seen, 0 at first.
 * @until_ns: CLOCK_MONOTONIC when to give up, nanoseconds; 0 not to wait.
 * @transfers: Transfers to submit before, as of WINUSB_IOC_SUBMIT; zero without.
 * @submit_count: How many, at most WINUSB_MAX_SUBMIT.
 * @transfer_size: Size of each, bytes; zero without.
 * @out_count: Records that were given.
 * @out_wakes: How often somebody has said WINUSB_REAP_WAKE, modulo 2^32.
 * @out_submitted: Transfers that were submitted.
 * @__reserved: Must be zero.
 *
 * As read(2), with a time limit, and with a way for other threads to end the wait: for a program
 * whose threads wait for transfers and for each other. Gives at least one record, or none if
 * @out_wakes is not @wakes: so a wake that comes before the wait is not lost. O_NONBLOCK has no
 * effect on the wait.
 *
 * Transfers are submitted first: so a program that takes what is done and asks for more makes one
 * system call for both. The results are written also when the command fails. If @out_submitted is
 * less than @submit_count, the error is that of the transfer there, and nothing was read: call
 * again without transfers for what is done. Otherwise all are under way, whatever the error, and
 * are not to be submitted again.
 *
 * Errors: those of WINUSB_IOC_SUBMIT; -EINVAL for a @count out of range; -ETIMEDOUT without a
 * record at @until_ns; -ENODEV when the interface has left, nothing is under way and all records
 * are read; -ECANCELED when this process closes its last descriptor of the file meanwhile; -EINTR,
 * which with @out_submitted also a sleep of the system may cause.
 */
struct winusb_reap {
	__u32 size;
	__u32 flags;
	__aligned_u64 records;
	__u32 count;
	__u32 wakes;
	__aligned_u64 until_ns;
	__aligned_u64 transfers;
	__u32 submit_count;
	__u32 transfer_size;
	__u32 out_count;
	__u32 out_wakes;
	__u32 out_submitted;
	__u32 __reserved;
};

#define WINUSB_IOC_REAP			_IO(WINUSB_IOC_TYPE, 0x1c)

/* Values of cmd_op of an io_uring command */
/** WINUSB_URING_TRANSFER - A transfer. */
#define WINUSB_URING_TRANSFER		WINUSB_IOC_TRANSFER
/** WINUSB_URING_CANCEL - WINUSB_IOC_CANCEL of the cookie in addr; the result is the count. */
#define WINUSB_URING_CANCEL		WINUSB_IOC_CANCEL
/**
 * WINUSB_URING_ISOCH - An isochronous transfer: addr has the address of a &struct winusb_transfer,
 * and len its size. Of that the fields @size to @pipe_id, without WINUSB_TRANSFER_ASYNC, @length,
 * and those of isochronous transfers count; the others are zero. Nothing else is in the SQE but
 * user_data. It is read when the command is issued: before io_uring_enter(2) returns, but for
 * IORING_SETUP_SQPOLL, IOSQE_ASYNC, and commands that wait for others. With IORING_SETUP_CQE32
 * big_cqe[0] has the frame after the last one in its low 32 bits and the number of packets in error
 * in its high 32 bits; without it nothing tells them.
 */
#define WINUSB_URING_ISOCH		_IO(WINUSB_IOC_TYPE, 0x40)

/**
 * struct winusb_uring_cmd - What an io_uring command has in the SQE's cmd field.
 * @handle: As in &struct winusb_transfer.
 * @pipe_id: As there.
 * @__reserved: Must be zero.
 * @setup: As there.
 *
 * With WINUSB_URING_TRANSFER the SQE's addr and len are buffer and length, len at most 0x7fffffff
 * (-EINVAL); with IORING_URING_CMD_FIXED in uring_cmd_flags they lie in the registered buffer
 * buf_index, -EFAULT if they don't. user_data is the cookie of WINUSB_IOC_CANCEL.
 *
 * The CQE's res is the number of bytes moved, or the error. With IORING_SETUP_CQE32 big_cqe[0] has
 * the number of bytes moved in its low 32 bits, also when there was an error, and
 * WINUSB_COMPLETION_ bits in its high 32 bits; with IORING_SETUP_CQE_MIXED a CQE of a transfer is a
 * long one, too. With IORING_SETUP_SQE128 the second half of the SQE must be zero.
 *
 * A ring that ends cancels its transfers. A transfer holds the file: closing the descriptor ends
 * nothing while io_uring has transfers under way.
 */
struct winusb_uring_cmd {
	__u32 handle;
	__u8 pipe_id;
	__u8 __reserved[3];
	__u8 setup[8];
};

/* Values of &winusb_event.type */
/** WINUSB_EVENT_REMOVED - The interface left. The last event of a file. */
#define WINUSB_EVENT_REMOVED		1
/** WINUSB_EVENT_RESET - The device was reset. */
#define WINUSB_EVENT_RESET		2
/** WINUSB_EVENT_SETTING - The alternate setting changed; value is the new bAlternateSetting. */
#define WINUSB_EVENT_SETTING		3
/** WINUSB_EVENT_OPENED - The interface was opened read-write. */
#define WINUSB_EVENT_OPENED		4
/** WINUSB_EVENT_CLOSED - The read-write file was closed. */
#define WINUSB_EVENT_CLOSED		5
/** WINUSB_EVENT_STATE - The function was enabled, value 1, or disabled, value 0. */
#define WINUSB_EVENT_STATE		6
/** WINUSB_EVENT_CUSTOM - A program posted it. Only for who asked, by WINUSB_IOC_LISTEN. */
#define WINUSB_EVENT_CUSTOM		7

/**
 * struct winusb_event - What read(2) on a listener gives.
 * @type: WINUSB_EVENT_ type.
 * @value: Depends on @type, otherwise 0.
 * @sequence: Number of the event in its file, from 1. Numbers are missing where events were
 *	      dropped.
 * @time_ns: CLOCK_MONOTONIC when it happened, nanoseconds.
 * @dropped: Events that this file lost so far, because its queue was full: of 64 events, or of
 *	     256 KiB of data.
 * @guid: Of a custom event, otherwise zero.
 * @data_length: Bytes of data that a custom event has, otherwise 0.
 * @__reserved: Zero.
 *
 * The data of a custom event follow its record, and then zeros up to a multiple of 8 bytes, where
 * the next record begins.
 *
 * read(2) gives as many whole records as fit, with their data. It blocks until there is one, or
 * gives -EAGAIN in non-blocking mode. A buffer shorter than one record, or than the next one with
 * its data, gives -EINVAL and takes nothing; &winusb_listen.out_length always suffices. When the
 * interface has left and all events are read, it gives 0, the end of the file. It gives -ECANCELED
 * when another thread closes the process's last descriptor of the file, and -EINTR on a signal.
 * poll(2) says EPOLLIN while there are records.
 */
struct winusb_event {
	__u32 type;
	__u32 value;
	__aligned_u64 sequence;
	__aligned_u64 time_ns;
	__aligned_u64 dropped;
	__u8 guid[16];
	__u32 data_length;
	__u8 __reserved[12];
};

#endif /* _UAPI_LINUX_WINUSB_H */
