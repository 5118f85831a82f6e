/* SPDX-License-Identifier: MIT */
/*
 * winusb-bench: what its files share.
 *
 * A *method* is a way of a program, or of the kernel, to move data over a pipe. A *cell* is a
 * direction, a size and a depth; all methods that can do it are measured in it, in turn, round by
 * round. A *target* is two devices of one kind: one for winusb, one for usbfs and the kernel's loop.
 */
#ifndef WINUSB_BENCH_H
#define WINUSB_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_ROUNDS 101
#define MAX_DEPTH 512
#define MAX_PIPES 16
#define MIB 1048576.0

#define DEBUGFS "/sys/kernel/debug/winusb_bench/"

/*
 * Ids of devices that are made for the purpose. That for usbfs has those of the kernel's own source
 * and sink, "gadget zero", so that usbtest takes it.
 */
#define WINUSB_VENDOR 0x1209
#define WINUSB_PRODUCT 0xbe01
#define USBFS_VENDOR 0x0525
#define USBFS_PRODUCT 0xa4a0

struct pipe_info {
	uint8_t address;
	bool interrupt;
	uint16_t packet;
};

struct device {
	char name[48];			/* in sysfs: "1-1" */
	unsigned int bus, number;
	struct pipe_info pipes[MAX_PIPES];	/* of interface 0, setting 0 */
	unsigned int nr_pipes;
};

struct cell;

struct target {
	const char *name;
	const char *title;
	bool counters;			/* winusb_bench counts what arrives, and data are stamped */
	uint8_t quiet_pipe;		/* IN endpoint that never answers, for cancelling; 0: none */
	bool waits;			/* transfers take time, so that idle time has to be soaked up */
	bool usbtest;			/* can be qualified */
	const char *usbtest_pattern;
	uint64_t segment;		/* most bytes between begin and end; 0: no limit */
	int (*plug)(struct target *t);
	void (*unplug)(struct target *t);
	/* Around each stretch of transfers, outside of what is measured; may be NULL. */
	int (*begin)(const struct cell *cell, bool winusb, uint64_t bytes);
	int (*end)(const struct cell *cell, bool winusb);
	struct device winusb, usbfs;
};

struct cell {
	struct target *target;
	bool in;
	uint32_t size;
	unsigned int depth;
	struct pipe_info pipe;		/* the same on both devices */
};

/* A method in a cell, between open and close. */
struct run {
	const struct cell *cell;
	uint8_t **buffers;		/* depth of them, shared by all methods but those with their own */
	uint8_t **own;
	bool verify;			/* compare each byte, not only stamps */
	uint64_t stamp;			/* OUT: of the next transfer */
	/* Since the last run_reset() */
	uint64_t ops, calls, stamps, bytes;
	uint64_t ns;			/* floor: measured by the kernel */
	void *state;
};

struct method {
	const char *name;		/* on the command line and in JSON */
	const char *title;
	const char *counterpart;	/* the method that it is compared with, or NULL */
	bool winusb;
	bool library;			/* compared with the driver's commands; its calls are not counted */
	bool one;			/* depth 1 only */
	/* 0, or a reason in @why that leaves the method out of this cell. */
	int (*open)(struct run *run, char *why, size_t why_size);
	/* Moves count transfers; a negative error number. */
	int (*go)(struct run *run, uint64_t count);
	void (*close)(struct run *run);
};

struct figure {
	double median, q1, q3;
};

struct result {
	bool measured;
	char why[160];			/* if not measured */
	unsigned int rounds;
	uint64_t count;			/* transfers of a round */
	double ns[MAX_ROUNDS];		/* per transfer */
	double cpu[MAX_ROUNDS];		/* ns of all CPUs per transfer */
	double user[MAX_ROUNDS];	/* ns of this process (getrusage) per transfer */
	double calls;			/* per transfer */
	struct figure rate;		/* transfers per second */
	struct figure cpu_ns;
	double user_ns;
	/* Round by round against the counterpart; above 1 is better than that. */
	struct figure rate_ratio, cpu_ratio;
	struct figure floor_share;	/* rate, as part of the kernel's loop */
};

#define MAX_METHODS 14

struct cell_result {
	struct cell cell;
	struct result results[MAX_METHODS];
};

struct cancel_result {
	const char *name;
	const char *title;
	bool measured;
	char why[160];
	unsigned int rounds;
	double ns[MAX_ROUNDS];
	struct figure time;		/* ns */
	struct figure ratio;		/* how many times faster than usbfs */
};

#define MAX_CANCELS 5

struct options {
	const char *target;
	uint32_t sizes[16];
	unsigned int nr_sizes;
	unsigned int depths[16];
	unsigned int nr_depths;
	bool in, out;
	const char *pipe;		/* "auto", "bulk" or "interrupt" */
	bool methods[MAX_METHODS];
	unsigned int rounds;
	double ms;			/* of a round of one method */
	unsigned int cancel;		/* transfers to cancel; 0: not measured */
	unsigned int unlink_us;
	bool bare;
	bool qualify;
	bool isoch;			/* streams instead of cells */
	uint32_t paces[4];		/* how many times as fast as real time they go */
	unsigned int nr_paces;
	bool quick;
	bool progress;
	const char *modules;
	const char *json, *svg, *machine;
};

struct report {
	const struct options *options;
	struct target *target;
	char kernel[128];
	char qualified[256];
	bool idle_known;
	struct cell_result *cells;
	unsigned int nr_cells;
	struct cancel_result cancels[MAX_CANCELS];
	unsigned int nr_cancels;
};

extern const struct method *const methods[MAX_METHODS];
extern const struct method floor_method, usbfs_blocking, usbfs_async, usbfs_mmap, winusb_blocking,
	winusb_single, winusb_records, winusb_uring, winusb_fixed, library_blocking, library_result,
	library_event, library_port, library_port_ex;

/* main.c */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* file.c: small files of sysfs and debugfs, modules */
int file_read(const char *path, char *text, size_t size);
int file_write(const char *path, const char *text);
bool wait_for(const char *path, bool there, unsigned int ms);
void module_load(const char *folder, const char *name, const char *arguments);
void module_probe(const char *name);
void module_unload(const char *name);
bool module_loaded(const char *name);

/* device.c: devices, drivers, descriptors */
void device_read(struct device *device);
bool device_find(struct device *device, unsigned int vendor, unsigned int product,
		 const struct device *but);
bool device_pipe(const struct device *device, bool in, uint32_t size, bool interrupt,
		 struct pipe_info *pipe, char *why, size_t why_size);
void winusb_bind(const struct device *device, unsigned int vendor, unsigned int product);

/* target.c, gadget.c, storage.c */
struct target *target_find(const char *name);
void target_list(FILE *out);
void target_open(struct target *t, const struct options *o);
void target_close(struct target *t);
int gadget_plug(struct target *t);
void gadget_unplug(struct target *t);
int storage_plug(struct target *t);
void storage_unplug(struct target *t);
int storage_begin(const struct cell *cell, bool winusb, uint64_t bytes);
int storage_end(const struct cell *cell, bool winusb);

/* qualify.c */
void qualify(struct target *t, char *text, size_t size, bool quick);

/* winusb.c, uring.c, usbfs.c: one open file each for all methods */
void winusb_open(const struct target *t);
void winusb_close(void);
int winusb_fd(void);
/* Of the descriptor; kept until somebody wants it otherwise. */
void winusb_nonblock(bool nonblock);
uint32_t winusb_handle(void);
uint64_t winusb_capabilities(void);
int winusb_policy(uint8_t pipe, uint32_t policy, uint32_t value);
int winusb_transfer(uint8_t pipe, void *data, uint32_t length, uint32_t *moved);
int winusb_raw_io(const struct cell *cell, char *why, size_t why_size);
/* library.c: the node, opened by libwinusb */
int library_open(const char *path);
void library_close(void);
void usbfs_open(const struct target *t);
void usbfs_close(void);
int usbfs_fd(void);
int usbfs_transfer(uint8_t pipe, void *data, uint32_t length, uint32_t *moved);

/* run.c: buffers, stamps, counters */
uint8_t **buffers_new(const struct cell *cell);
void buffers_free(const struct cell *cell, uint8_t **buffers);
void buffer_fill(const struct cell *cell, uint8_t *buffer);
void run_prepare(struct run *run, unsigned int slot);
int run_finish(struct run *run, unsigned int slot, uint32_t length);
void run_reset(struct run *run);
int run_check(const struct run *run, uint64_t count, char *why, size_t why_size);

/* measure.c */
bool idle_ns(uint64_t *ns);
bool idle_known(void);
void soak(bool on);
uint64_t now_ns(void);
void measure_cell(struct cell_result *r, const struct options *o);
void figure_of(struct figure *figure, const double *values, unsigned int nr);

/* cancel.c */
unsigned int cancel_measure(struct cancel_result *results, struct target *t,
			    const struct options *o);

/* isoch.c, isoch_way.c */
void isoch_measure(const struct target *t, const struct options *o);
void isoch_print(const struct options *o);
void isoch_json(const struct options *o, FILE *out);

/* table.c, json.c */
void table_print(const struct report *report, FILE *out);
void json_print(const struct report *report, FILE *out);
void json_key(const char *key, const char *text, FILE *out);
void json_number(double value, FILE *out);
void json_figure(const char *key, const struct figure *s, FILE *out);
const struct result *result_of(const struct cell_result *r, const char *method);

#endif
