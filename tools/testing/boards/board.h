/* SPDX-License-Identifier: MIT */
/*
 * What a board is: descriptors and callbacks (struct board_type), how it is
 * told to behave (struct behaviour) and its state while it runs
 * (struct board). A board file needs this header and desc.h, nothing else.
 *
 * Words: a board is *plugged* while a host has it attached. Endpoints are
 * named by their address (0x81) in every interface to people, and by a slot
 * (ep_slot()) inside.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "loop.h"

#define BOARD_SLOTS	32
#define BOARD_VALUES	20
#define BOARD_TEXT	512
#define BOARD_SEEN	64
#define BOARD_JOURNAL	128
#define BOARD_STRINGS	16
#define CONFIG_ROOM	4096
#define CONTROL_ROOM	65536
#define ALWAYS		UINT64_MAX

/* A control callback may return these instead of a length. */
#define CONTROL_NAK	(-4096)		/* never answer */
#define CONTROL_GONE	(-4097)		/* the board dropped off the bus */

/* A packet callback may return this instead of a status: the stream hangs. */
#define PACKET_NEVER	1

enum speed { SPEED_FULL = 2, SPEED_HIGH = 3 };

enum rule_kind { RULE_STALL, RULE_ERROR, RULE_SILENT, RULES };

/**
 * struct rule - something that goes wrong at an endpoint
 * @count: how many transfers it hits; 0 is off, ALWAYS has no end
 * @after: bytes that still move before it strikes
 * @status: RULE_ERROR: the negative errno the transfer ends with
 */
struct rule {
	uint64_t count;
	uint64_t after;
	int status;
};

enum mode { MODE_BOARD, MODE_SOURCE, MODE_SINK };

/**
 * struct ep_behaviour - options of one endpoint
 * @rule: armed when the board is plugged in and when the option is set
 * @mode: what the board does with the data
 * @delay: microseconds before a transfer is served, -1: the board's
 * @limit: most bytes an IN transfer is answered with, -1: the board's
 */
struct ep_behaviour {
	struct rule rule[RULES];
	enum mode mode;
	int64_t delay;
	int64_t limit;
};

#define REQUEST_NONE	(-1)
#define REQUEST_ANY	256

/**
 * struct standard_rule - standard requests that are not served
 * @request: bmRequestType in the high byte, bRequest in the low one
 * @count: how many of them; 0 is off, ALWAYS has no end
 */
struct standard_rule {
	unsigned int request;
	uint64_t count;
};

/**
 * struct behaviour - every option of a board
 * @speed: taken when the board is plugged in
 * @delay: microseconds before an answer; standard requests are not delayed
 * @limit: most bytes an IN transfer is answered with, -1: no limit
 * @control_limit: the same for class and vendor requests
 * @extra: bytes added to every short IN packet, up to a full packet
 * @fifo: packets that a loopback holds before its OUT endpoint NAKs
 * @vanish: bytes on data endpoints after which the board is gone, 0: never
 * @lie: bytes that the answer to an IN transfer claims and does not have
 * @stall_request: class or vendor request that is stalled
 * @silent_request: class or vendor request that is never answered
 * @vanish_request: class or vendor request at which the board is gone
 * @stall_standard: standard request that is stalled
 * @silent_standard: standard request that is never answered
 * @wake: bmAttributes says remote wake, -1: as the board has it; taken when
 *	the board is plugged in
 * @hidden: refuses to be attached
 * @serial: serial number string
 * @ep: by slot
 * @value: the board's own options, in the order of board_type.options
 * @text: of those that are a text
 */
struct behaviour {
	enum speed speed;
	int64_t delay;
	int64_t limit;
	int64_t control_limit;
	unsigned int extra;
	unsigned int fifo;
	uint64_t vanish;
	uint32_t lie;
	int stall_request;
	int silent_request;
	int vanish_request;
	struct standard_rule stall_standard;
	struct standard_rule silent_standard;
	int wake;
	bool hidden;
	char serial[64];
	struct ep_behaviour ep[BOARD_SLOTS];
	long value[BOARD_VALUES];
	char text[BOARD_VALUES][BOARD_TEXT];
};

/* The low bits of the host's transfer flags that matter to a device. */
#define URB_SHORT_NOT_OK	0x0001
#define URB_ZERO_PACKET		0x0040

struct iso_packet {
	uint32_t offset;
	uint32_t length;
	uint32_t actual;
	int32_t status;
};

/**
 * struct urb - one transfer that the host submitted
 * @link: in its endpoint's queue
 * @seqnum: the host's name for it
 * @address: endpoint address with direction bit; 0 and 0x80 are endpoint 0
 * @flags: URB_*
 * @length: bytes asked or given
 * @actual: bytes moved so far
 * @status: 0 or a negative errno, when it is done
 * @setup: control only
 * @data: OUT: what the host sent; IN: allocated when the first byte moves.
 *	Isochronous IN: packets one after the other, without gaps
 * @iso: @iso_count packets; @iso_served of them had their time
 * @start_frame: of the first one, as the host counts frames
 * @slot: when the service interval of the next one begins
 * @period: microseconds from one to the next
 * @began: reached the head of the queue and @ready was set
 * @served: at least one packet (or one attempt on an empty one) moved
 * @ready: not served before this time
 */
struct urb {
	TAILQ_ENTRY(urb) link;
	uint32_t seqnum;
	uint8_t address;
	uint32_t flags;
	uint32_t length;
	uint32_t actual;
	int32_t status;
	uint8_t setup[8];
	uint8_t *data;
	struct iso_packet *iso;
	unsigned int iso_count;
	unsigned int iso_served;
	uint32_t start_frame;
	int64_t slot;
	unsigned int period;
	bool began;
	bool served;
	int64_t ready;
};

/**
 * struct packet - one packet that waits for an IN transfer
 */
struct packet {
	TAILQ_ENTRY(packet) link;
	unsigned int off;
	unsigned int len;
	uint8_t data[];
};

/**
 * struct counters - of one endpoint
 * @starts: isochronous: how often the stream began, because nothing was queued
 * @late: transfers that were completed more than a millisecond after their time
 * @max_late: microseconds, the most of them
 */
struct counters {
	uint64_t urbs;
	uint64_t done;
	uint64_t errors;
	uint64_t unlinked;
	uint64_t bytes;
	uint64_t packets;
	uint64_t zlp;
	uint64_t bad;
	uint64_t max_pending;
	uint64_t clears;
	uint64_t starts;
	uint64_t late;
	uint64_t max_late;
};

/**
 * struct endpoint - state of one slot
 * @address: endpoint address; endpoint 0 uses slot 0 for both directions
 * @active: exists in the current configuration and alternate settings
 * @type: XFER_*
 * @interface: interface number that it belongs to now
 * @mps: bytes a packet, without the high-bandwidth multiplier
 * @burst: @mps times packets a microframe
 * @period: isochronous: microseconds of a service interval
 * @halted: sticks until CLEAR_FEATURE or a new setting
 * @peer: OUT in MODE_BOARD: the IN endpoint that gets the packets
 * @rule: the armed copies of the behaviour's rules
 * @position: of the source's or the sink's counting pattern
 * @iso_next: begin of the first service interval that nothing is queued for
 */
struct endpoint {
	struct board *board;
	uint8_t address;
	bool active;
	uint8_t type;
	uint8_t interface;
	unsigned int mps;
	unsigned int burst;
	unsigned int period;
	bool halted;
	struct endpoint *peer;
	struct rule rule[RULES];
	uint64_t position;
	int64_t iso_next;
	unsigned int pending;
	TAILQ_HEAD(, urb) queue;
	TAILQ_HEAD(, packet) packets;
	unsigned int packet_count;
	struct timer timer;
	struct counters count;
};

/**
 * struct descriptors - what a board shows at one speed
 * @config: the whole block; its total length is filled in by the core if 0
 * @strings: by index from 1; index 3 is replaced by the serial option
 */
struct descriptors {
	uint8_t device[18];
	uint8_t config[CONFIG_ROOM];
	size_t config_len;
	uint8_t bos[256];
	size_t bos_len;
	const char *strings[BOARD_STRINGS];
};

/* A control request as the device saw it. */
struct seen {
	uint8_t setup[8];
	int result;
};

enum event_kind { EVENT_URB, EVENT_UNLINK, EVENT_REQUEST, EVENT_LATE };

/*
 * One thing that the host did: @value is the length, or what had moved. Or
 * what the server did late: @value is in microseconds.
 */
struct event {
	enum event_kind kind;
	uint8_t address;
	uint32_t value;
	uint8_t setup[8];
};

struct board_option {
	const char *name;
	const char *help;
	long preset;
	/* Returns 0 and the value, or -EINVAL. */
	int (*parse)(const char *text, long *value);
	/* Instead of the two above; returns 0 when @text is good. */
	const char *preset_text;
	int (*check)(const char *text);
};

struct board;

/**
 * struct host - the other end of the cable, as the board sees it
 * @complete: a transfer is done; the callee does not keep the urb
 * @unplug: the board left the bus; the host learns it as soon as it can
 */
struct host {
	void (*complete)(struct host *host, struct urb *urb);
	void (*unplug)(struct host *host);
};

/**
 * struct board_type - one kind of board: what a board file exports
 * @options: ends with an entry without name; values in behaviour.value[]
 * @describe: fills in what is shown at this speed
 * @descriptor: GET_DESCRIPTOR before the core looks; -ENOENT: core's turn
 * @control: class and vendor requests, and standard ones that the core does
 *	not know. @data has room for wLength bytes (OUT: holds them). Returns
 *	the number of bytes, or -EPIPE, CONTROL_NAK, CONTROL_GONE
 * @delay: microseconds before this request is answered, whatever the options
 *	say, standard requests too; -1: as the options say
 * @packet: an isochronous packet of the frame; OUT: @data has @len bytes. IN:
 *	@data has room for the endpoint's largest packet, and @len says how many
 *	bytes it got. Returns the packet's status, or PACKET_NEVER. Absent: as
 *	with any endpoint, loopback or source and sink
 * @setting: endpoints of the interface are fresh, -1: all of them
 * @plugged: fresh state for a new connection
 * @changed: an own option was set while running
 * @peer: the IN address that loops an OUT address back; absent: same number
 * @report: own state as " key=value ..." for the control channel
 * @list: prints what the list of boards says beyond the options
 * @faults: prints the faults for tests that try them all, one a line
 */
struct board_type {
	const char *name;
	const char *summary;
	uint16_t vid;
	uint16_t pid;
	size_t state_size;
	const struct board_option *options;
	void (*describe)(const struct board *b, bool high, struct descriptors *d);
	int (*descriptor)(struct board *b, const uint8_t *setup, uint8_t *data);
	int (*control)(struct board *b, const uint8_t *setup, uint8_t *data);
	int64_t (*delay)(const struct board *b, const uint8_t *setup);
	int (*packet)(struct board *b, struct endpoint *ep, uint32_t frame,
		      uint8_t *data, unsigned int *len);
	void (*setting)(struct board *b, int interface);
	void (*plugged)(struct board *b);
	void (*changed)(struct board *b, unsigned int option);
	uint8_t (*peer)(const struct board *b, uint8_t out);
	int (*report)(const struct board *b, char *text, size_t size);
	void (*list)(void);
	void (*faults)(void);
};

/**
 * struct board - one board of this server
 * @first: behaviour from the command line
 * @now: behaviour in force
 * @state: board_type.state_size bytes, cleared at each plug
 * @alt: current alternate setting by interface number
 * @moved: bytes on data endpoints since plugged
 * @seen: ring of control requests; @seen_count counts all
 * @journal: ring of what the host did; @journal_count counts all
 * @settings: SET_INTERFACE requests, served or not
 * @statuses: the same of GET_STATUS of the device, one for each resume
 * @control: room for the data stage of one request
 * @replug: unplug as soon as the request in progress is answered
 * @local: plugged in by attach_local(), which can do it again
 * @port: of vhci_hcd, when @local; @gone: when it left
 * @again: plugs a local board in again after @replug
 * @running: inside endpoint_run_all(); @progress: something moved there
 */
struct board {
	const struct board_type *type;
	unsigned int index;
	char busid[16];
	struct behaviour first;
	struct behaviour now;
	struct host *host;
	void *state;
	enum speed speed;
	struct descriptors desc;
	uint8_t config;
	bool remote_wakeup;
	uint8_t alt[256];
	struct endpoint ep[BOARD_SLOTS];
	uint64_t moved;
	uint64_t plugs;
	struct seen seen[BOARD_SEEN];
	uint64_t seen_count;
	struct event journal[BOARD_JOURNAL];
	uint64_t journal_count;
	uint64_t settings;
	uint64_t statuses;
	uint64_t unlinked_late;	/* unlinks that came when the answer had gone */
	uint8_t *control;
	bool replug;
	bool local;
	int port;
	int64_t gone;
	struct timer again;
	bool running;
	bool progress;
};

extern const struct board_type fx2_board;
extern const struct board_type composite_board;
extern const struct board_type broken_board;
extern const struct board_type msos_board;
extern const struct board_type iso_board;

static inline unsigned int ep_slot(uint8_t address)
{
	unsigned int number = address & 0x0f;

	return number && (address & 0x80) ? number | 16 : number;
}

/* board.c: life of a board */
extern struct board *boards[];
extern unsigned int board_count;
const struct board_type *board_find_type(const char *name);
extern const struct board_type *const board_types[];
struct board *board_create(const char *spec, char *error, size_t size);
void board_destroy(struct board *b);
void board_plug(struct board *b, struct host *host);
void board_unplug(struct board *b);
void board_replug(struct board *b);
void board_detached(struct board *b);
void board_set_config(struct board *b, uint8_t value);
int board_set_interface(struct board *b, uint8_t number, uint8_t alt);
void board_describe(const struct board *b, bool high, struct descriptors *d);
void board_arm(struct board *b, unsigned int slot, enum rule_kind kind);
void board_clear_counters(struct board *b);

/* endpoint.c: queues and data */
void endpoint_submit(struct board *b, struct urb *urb);
int endpoint_unlink(struct board *b, uint32_t seqnum);
void endpoint_run_all(struct board *b);
void endpoint_flush(struct endpoint *ep);
void endpoint_forget(struct endpoint *ep);
void endpoint_halt(struct endpoint *ep, bool halted);
int endpoint_push(struct endpoint *ep, const uint8_t *data, size_t len);
void urb_free(struct urb *urb);
uint32_t urb_lie(const struct board *b, const struct urb *urb);

/* journal.c: what the host did, in its order */
void journal_add(struct board *b, enum event_kind kind, const struct urb *urb);
void journal_late(struct board *b, const struct urb *urb, int64_t late);
int journal_print(const struct board *b, unsigned int most, char *text, size_t size);

/* ep0.c: requests */
int ep0_serve(struct board *b, struct urb *urb);

/* option.c: behaviour from text */
void behaviour_init(struct behaviour *bh, const struct board_type *type);
int behaviour_set(struct board *b, const char *text, char *error, size_t size);
int parse_number(const char *text, long max, long *value);
int parse_slot(const char *text);
int parse_status(const char *text, int *status);
void options_list(void);

#endif
