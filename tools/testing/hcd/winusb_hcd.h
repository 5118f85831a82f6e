/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scripted host controller: the in-kernel interface of winusb_hcd.
 *
 * A test creates a controller with a root hub, describes devices by their
 * descriptors, plugs them into ports and says endpoint by endpoint what
 * happens to the URBs that arrive. usbcore is the real one: it enumerates the
 * devices, probes drivers and gives URBs back. The controller adds what
 * hardware hides: which URBs are in flight, in which order and how long, and
 * errors at the exact place where a test wants them.
 *
 * Words: a *rule* says what happens to the transfers of an endpoint; the rules
 * of an endpoint form its *script* and are used up one by one; an endpoint
 * without a rule follows its *mode*. An endpoint *holds* a URB that it neither
 * completes nor fails, as a device that NAKs does.
 *
 * Packets are modelled, not single URBs: the data of an IN rule is cut into
 * packets of the endpoint's size, a URB ends when it is full or a packet is
 * short, and what a full URB did not take stays for the next one. So a rule of
 * 64 bytes on a 64-byte endpoint leaves a URB of 100 bytes in flight with 64
 * of them moved, until another rule goes on.
 *
 * Isochronous URBs have a schedule in microframes, counted by the controller's
 * clock. A *slot* is the microframe of a packet; it is over, and its data moved,
 * when the counter has passed it. Of a full speed device it is a frame. A URB
 * that is scheduled when its slot has begun is *late*.
 *
 * All functions without "wait", "create" or "destroy" in their name may be
 * called in any context, also from completions.
 */
#ifndef _WINUSB_HCD_H
#define _WINUSB_HCD_H

#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <linux/usb.h>
#include <linux/usb/ch9.h>

struct winusb_hcd;
struct winusb_hcd_dev;

#define WINUSB_HCD_MAX_PORTS	7	/* so that one byte holds the change bits */
#define WINUSB_HCD_FOREVER	UINT_MAX /* repeat count of a rule never used up */
#define WINUSB_HCD_WAIT_MS	10000	/* bound of every wait */
#define WINUSB_HCD_SETUP_DATA	64	/* bytes of OUT data kept per request */
#define WINUSB_HCD_LOG		128	/* requests, URB lengths and starts kept */
#define WINUSB_HCD_PACE_MAX	64	/* see winusb_hcd_pace() */
#define WINUSB_HCD_FRAME_BITS	11	/* of frame numbers, unless set otherwise */

/* Complete inside urb_enqueue() when the submitter may sleep. */
#define WINUSB_HCD_F_INLINE	BIT(0)
/* Let usbcore's bottom half run the completions (HCD_BH). */
#define WINUSB_HCD_F_BH		BIT(1)
/* Map buffers for DMA (HCD_DMA): usbcore then checks where they live. */
#define WINUSB_HCD_F_DMA	BIT(2)
/* No scatter lists: URBs with one are refused by usbcore. */
#define WINUSB_HCD_F_NO_SG	BIT(3)
/*
 * Complete inside urb_enqueue(), whoever submits: a completion that submits is
 * called again before it has returned.
 */
#define WINUSB_HCD_F_NESTED	BIT(4)
/* Frame numbers are always 0, as with vhci_hcd. */
#define WINUSB_HCD_F_NO_FRAMES	BIT(5)
/* Isochronous IN: writes also what a short packet leaves of its room. */
#define WINUSB_HCD_F_SCRIBBLE	BIT(6)
/* Bandwidth is found missing by the first URB, not by the alternate setting. */
#define WINUSB_HCD_F_LATE_NOSPC	BIT(7)
/*
 * With a manual clock: a URB that is beyond winusb_hcd_horizon() is refused when
 * those before it have just been completed.
 */
#define WINUSB_HCD_F_FULL_LATE	BIT(8)
/* There is no memory for isochronous URBs: -ENOMEM. */
#define WINUSB_HCD_F_NO_MEMORY	BIT(9)
/* The counter counts microframes, as dwc2 does on a high-speed bus. */
#define WINUSB_HCD_F_MICROFRAMES BIT(10)
/* urb_enqueue() begins with 10 ms of doing nothing, as of a machine that is busy elsewhere. */
#define WINUSB_HCD_F_SLOW	BIT(11)
/* Those that winusb_hcd_flags() changes. */
#define WINUSB_HCD_F_SWITCHES	(WINUSB_HCD_F_NO_FRAMES |	\
				 WINUSB_HCD_F_SCRIBBLE |	\
				 WINUSB_HCD_F_LATE_NOSPC |	\
				 WINUSB_HCD_F_FULL_LATE |	\
				 WINUSB_HCD_F_NO_MEMORY |	\
				 WINUSB_HCD_F_MICROFRAMES |	\
				 WINUSB_HCD_F_SLOW)

#define WINUSB_HCD_SCRIBBLE	0xdb	/* what WINUSB_HCD_F_SCRIBBLE writes */

/**
 * struct winusb_hcd_config - what kind of controller
 * @speed: USB_SPEED_FULL, USB_SPEED_HIGH (also for unknown) or USB_SPEED_SUPER;
 *	a high speed root hub takes low and full speed devices too
 * @ports: ports of the root hub, 1 to WINUSB_HCD_MAX_PORTS; 0 means 4
 * @flags: WINUSB_HCD_F_*
 * @sg_tablesize: most segments of a scatter list; 0 means no limit
 */
struct winusb_hcd_config {
	enum usb_device_speed speed;
	unsigned int ports;
	unsigned int flags;
	unsigned int sg_tablesize;
};

/**
 * struct winusb_hcd_dev_info - an in-memory device
 * @speed: of the device; must fit the root hub; USB_SPEED_UNKNOWN takes the
 *	root hub's
 * @device: device descriptor
 * @config: the configuration descriptor with everything that follows it; a
 *	wTotalLength of 0 is filled in
 * @config_length: bytes of @config
 * @bos: BOS descriptor set, may be NULL
 * @bos_length: bytes of @bos
 * @strings: ASCII strings, @strings[0] has index 1; may be NULL
 * @nr_strings: entries of @strings
 * @control: answers requests on the default pipe before the built-in standard
 *	requests do; gets the data of an OUT request in @buf, or fills @buf with
 *	up to @size bytes for an IN request; returns the bytes moved, -EPIPE to
 *	stall, -EOPNOTSUPP to leave the request to the standard handler. Runs
 *	under the controller's lock. May be NULL.
 * @context: for @control
 *
 * Everything is copied except @context.
 */
struct winusb_hcd_dev_info {
	enum usb_device_speed speed;
	const struct usb_device_descriptor *device;
	const void *config;
	size_t config_length;
	const void *bos;
	size_t bos_length;
	const char * const *strings;
	unsigned int nr_strings;
	int (*control)(void *context, const struct usb_ctrlrequest *setup,
		       void *buf, size_t size);
	void *context;
};

/**
 * enum winusb_hcd_action - what a rule does
 * @WINUSB_HCD_DATA: IN: the device sends @length bytes. OUT: the device takes
 *	@length bytes (0: the whole URB). Short data, and @length 0 on an IN
 *	endpoint, ends the URB.
 * @WINUSB_HCD_HOLD: the URB at the head stays in flight until released;
 *	its packets are then on time all the same
 * @WINUSB_HCD_ERROR: moves @length bytes, then fails the URB with @status
 * @WINUSB_HCD_STALL: halts the endpoint: -EPIPE for this URB and all later
 *	ones until CLEAR_FEATURE(ENDPOINT_HALT); on the default pipe it fails
 *	this request only
 * @WINUSB_HCD_BABBLE: fills the URB and fails it with -EOVERFLOW
 * @WINUSB_HCD_VANISH: the device leaves its port. The URB fails with @status,
 *	or stays in flight until usbcore cancels it when that is 0.
 */
enum winusb_hcd_action {
	WINUSB_HCD_DATA,
	WINUSB_HCD_HOLD,
	WINUSB_HCD_ERROR,
	WINUSB_HCD_STALL,
	WINUSB_HCD_BABBLE,
	WINUSB_HCD_VANISH,
};

/* The data ends with a zero-length packet if its last packet is full. */
#define WINUSB_HCD_RULE_ZLP	BIT(0)
/* Isochronous: the rule is for the packet @packet of the URB only. */
#define WINUSB_HCD_RULE_PACKET	BIT(1)

/**
 * struct winusb_hcd_rule - one step of a script
 * @action: see enum winusb_hcd_action
 * @flags: WINUSB_HCD_RULE_*
 * @repeat: how often it is used; 0 means once
 * @data: bytes to send, copied; NULL sends the pattern of
 *	winusb_hcd_pattern() counted from 0
 * @length: bytes of the transfer; isochronous: bytes of each packet
 * @status: for the actions that fail a URB; isochronous: status of each packet
 * @packet: see WINUSB_HCD_RULE_PACKET
 */
struct winusb_hcd_rule {
	enum winusb_hcd_action action;
	unsigned int flags;
	unsigned int repeat;
	const void *data;
	size_t length;
	int status;
	unsigned int packet;
};

/**
 * enum winusb_hcd_mode - what an endpoint does without a rule
 * @WINUSB_HCD_NAK: holds every URB; IN endpoints start so
 * @WINUSB_HCD_SINK: takes everything; OUT endpoints start so
 * @WINUSB_HCD_SOURCE: fills every URB with the pattern
 * @WINUSB_HCD_LOOPBACK: what an OUT endpoint takes is sent by its peer, packet
 *	by packet
 * @WINUSB_HCD_SERVE: a function of the test moves each URB, set by
 *	winusb_hcd_serve(), or each isochronous packet, set by
 *	winusb_hcd_serve_packets()
 */
enum winusb_hcd_mode {
	WINUSB_HCD_NAK,
	WINUSB_HCD_SINK,
	WINUSB_HCD_SOURCE,
	WINUSB_HCD_LOOPBACK,
	WINUSB_HCD_SERVE,
};

/**
 * enum winusb_hcd_clock - what counts microframes and paces isochronous URBs
 * @WINUSB_HCD_FREE: real time counts, and nothing is paced: URBs complete at
 *	once, and none is late
 * @WINUSB_HCD_MANUAL: winusb_hcd_advance() counts
 * @WINUSB_HCD_REAL: real time counts, and a timer waits for the end of each URB
 */
enum winusb_hcd_clock {
	WINUSB_HCD_FREE,
	WINUSB_HCD_MANUAL,
	WINUSB_HCD_REAL,
};

/**
 * enum winusb_hcd_kind - how isochronous URBs are scheduled
 * @WINUSB_HCD_XHCI: as if all had URB_ISO_ASAP: a URB follows the one before it
 *	if that is still queued and the slot has not begun, else it starts after
 *	the latency
 * @WINUSB_HCD_EHCI: without URB_ISO_ASAP a URB follows the one before it, even
 *	late, if that is queued or its completion runs. Packets that are late
 *	have the status -EXDEV.
 */
enum winusb_hcd_kind {
	WINUSB_HCD_XHCI,
	WINUSB_HCD_EHCI,
};

/* Fills or takes a URB's whole buffer. Runs under the controller's lock. */
typedef void (*winusb_hcd_serve_fn)(void *context, struct urb *urb);

/*
 * Fills or takes the isochronous packet of slot @slot, which has room for
 * @length bytes, or has so many. Returns how many it filled; what an OUT
 * endpoint gets it takes all. Runs under the controller's lock.
 */
typedef u32 (*winusb_hcd_packet_fn)(void *context, u64 slot, void *data,
				    u32 length);

/**
 * struct winusb_hcd_stats - what an endpoint has seen since the last reset of
 *	the counters
 * @submitted: URBs submitted
 * @completed: URBs given back by the script
 * @unlinked: URBs that usbcore asked back
 * @in_flight: URBs submitted and neither completed nor unlinked
 * @max_in_flight: the most there were at once
 * @max_segments: segments of the longest scatter list
 * @bytes: bytes moved
 * @zero_packets: zero-length packets that an OUT endpoint got
 * @halt_clears: CLEAR_FEATURE(ENDPOINT_HALT) requests received
 * @halted: the endpoint is halted now
 * @late: isochronous packets whose slot had begun when their URB came
 * @gaps: isochronous: microframes between a URB and the one before it
 * @next_slot: isochronous: the microframe after the last URB; never reset
 */
struct winusb_hcd_stats {
	unsigned int submitted;
	unsigned int completed;
	unsigned int unlinked;
	unsigned int in_flight;
	unsigned int max_in_flight;
	unsigned int max_segments;
	u64 bytes;
	unsigned int zero_packets;
	unsigned int halt_clears;
	bool halted;
	unsigned int late;
	u64 gaps;
	u64 next_slot;
};

/**
 * struct winusb_hcd_setup - a recorded control request
 * @setup: the eight bytes as they were on the wire
 * @length: bytes in @data: OUT data, cut at WINUSB_HCD_SETUP_DATA
 * @data: the OUT data
 */
struct winusb_hcd_setup {
	struct usb_ctrlrequest setup;
	size_t length;
	u8 data[WINUSB_HCD_SETUP_DATA];
};

/* Controllers */
struct winusb_hcd *winusb_hcd_create(const struct winusb_hcd_config *config);
void winusb_hcd_destroy(struct winusb_hcd *hc);
struct usb_bus *winusb_hcd_bus(struct winusb_hcd *hc);
void winusb_hcd_slow_unlink(struct winusb_hcd *hc, bool on);
void winusb_hcd_unlink_delay(struct winusb_hcd *hc, unsigned int us);
void winusb_hcd_flags(struct winusb_hcd *hc, unsigned int flags, bool on);

/* The clock */
void winusb_hcd_clock(struct winusb_hcd *hc, enum winusb_hcd_clock clock);
void winusb_hcd_clock_reset(struct winusb_hcd *hc);
u64 winusb_hcd_now(struct winusb_hcd *hc);
void winusb_hcd_pace(struct winusb_hcd *hc, unsigned int pace);
u64 winusb_hcd_begins(struct winusb_hcd *hc, u64 microframe);
void winusb_hcd_set_now(struct winusb_hcd *hc, u64 microframe);
void winusb_hcd_advance(struct winusb_hcd *hc, unsigned int microframes);
int winusb_hcd_advance_wait(struct winusb_hcd *hc, unsigned int microframes);
bool winusb_hcd_timer_runs(struct winusb_hcd *hc);
void winusb_hcd_frame_bits(struct winusb_hcd *hc, unsigned int bits);
unsigned int winusb_hcd_frame_asked(struct winusb_hcd *hc);
unsigned int winusb_hcd_isoc_preemptible(struct winusb_hcd *hc);
void winusb_hcd_schedule(struct winusb_hcd *hc, enum winusb_hcd_kind kind,
			 unsigned int latency);
void winusb_hcd_horizon(struct winusb_hcd *hc, unsigned int microframes);
void winusb_hcd_bandwidth(struct winusb_hcd *hc, unsigned int bytes);

/* Devices */
struct winusb_hcd_dev *winusb_hcd_dev_create(struct winusb_hcd *hc,
					     const struct winusb_hcd_dev_info *info);
void winusb_hcd_dev_destroy(struct winusb_hcd_dev *dev);
bool winusb_hcd_tidy(struct winusb_hcd_dev *dev);
int winusb_hcd_plug(struct winusb_hcd_dev *dev, unsigned int port);
void winusb_hcd_unplug(struct winusb_hcd_dev *dev, int status);
int winusb_hcd_wake(struct winusb_hcd_dev *dev);
struct usb_device *winusb_hcd_get_udev(struct winusb_hcd_dev *dev);
int winusb_hcd_reset_wait(struct winusb_hcd_dev *dev);
unsigned int winusb_hcd_resets(struct winusb_hcd_dev *dev);

/* Scripts */
int winusb_hcd_script(struct winusb_hcd_dev *dev, u8 address,
		      const struct winusb_hcd_rule *rules, unsigned int nr);
int winusb_hcd_script_control(struct winusb_hcd_dev *dev, u8 request_type,
			      u8 request, const struct winusb_hcd_rule *rule);
void winusb_hcd_script_clear(struct winusb_hcd_dev *dev, u8 address);
unsigned int winusb_hcd_script_left(struct winusb_hcd_dev *dev, u8 address);
bool winusb_hcd_release(struct winusb_hcd_dev *dev, u8 address);
void winusb_hcd_mode(struct winusb_hcd_dev *dev, u8 address,
		     enum winusb_hcd_mode mode, u8 peer);
void winusb_hcd_serve(struct winusb_hcd_dev *dev, u8 address,
		      winusb_hcd_serve_fn serve, void *context);
void winusb_hcd_serve_packets(struct winusb_hcd_dev *dev, u8 address,
			      winusb_hcd_packet_fn serve, void *context);
void winusb_hcd_finish_first(struct winusb_hcd_dev *dev, u8 address, bool on);
void winusb_hcd_finish_unlinked(struct winusb_hcd_dev *dev, u8 address, bool on);
u8 winusb_hcd_pattern(u64 position);

/* What happened */
void winusb_hcd_stats(struct winusb_hcd_dev *dev, u8 address,
		      struct winusb_hcd_stats *stats);
void winusb_hcd_stats_reset(struct winusb_hcd_dev *dev);
unsigned int winusb_hcd_in_flight(struct winusb_hcd_dev *dev, u8 address);
int winusb_hcd_in_flight_length(struct winusb_hcd_dev *dev, u8 address,
				unsigned int index);
int winusb_hcd_submitted_length(struct winusb_hcd_dev *dev, u8 address,
				unsigned int index);
int winusb_hcd_started(struct winusb_hcd_dev *dev, u8 address,
		       unsigned int index, u64 *slot);
int winusb_hcd_capture(struct winusb_hcd_dev *dev, u8 address, size_t size);
size_t winusb_hcd_captured(struct winusb_hcd_dev *dev, u8 address, void *buf,
			   size_t size);
unsigned int winusb_hcd_setups(struct winusb_hcd_dev *dev);
int winusb_hcd_setup(struct winusb_hcd_dev *dev, unsigned int index,
		     struct winusb_hcd_setup *setup);
int winusb_hcd_find_setup(struct winusb_hcd_dev *dev, u8 request_type,
			  u8 request, struct winusb_hcd_setup *setup);

/* Waiting: 0, or -ETIMEDOUT after WINUSB_HCD_WAIT_MS */
int winusb_hcd_wait_enumerated(struct winusb_hcd_dev *dev);
int winusb_hcd_wait_gone(struct winusb_hcd_dev *dev);
int winusb_hcd_wait_suspended(struct winusb_hcd_dev *dev, bool suspended);
int winusb_hcd_wait_in_flight(struct winusb_hcd_dev *dev, u8 address,
			      unsigned int nr);
int winusb_hcd_wait_submitted(struct winusb_hcd_dev *dev, u8 address,
			      unsigned int nr);
int winusb_hcd_wait_setup(struct winusb_hcd_dev *dev, u8 request_type,
			  u8 request);

#endif
