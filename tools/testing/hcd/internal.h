/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scripted host controller: what its files share.
 *
 * One spinlock per controller, @lock, guards its ports, its devices, their
 * scripts and every URB it holds. It is taken with interrupts off and dropped
 * around each give-back. Functions ending in _locked expect it.
 */
#ifndef _WINUSB_HCD_INTERNAL_H
#define _WINUSB_HCD_INTERNAL_H

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/notifier.h>
#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/usb/hcd.h>

#include "winusb_hcd.h"

#define WINUSB_HCD_EPS		32	/* OUT 0-15, IN 16-31; 0 is the default pipe */

/* A rule in a script. A control rule is for one kind of request only. */
struct winusb_hcd_step {
	struct list_head node;
	struct winusb_hcd_rule rule;
	size_t done;		/* bytes of this use moved */
	bool control;
	u8 request_type;
	u8 request;
	u8 data[];		/* rule.data points here, or is NULL */
};

/* A URB between urb_enqueue() and give-back. */
struct winusb_hcd_xfer {
	struct list_head node;	/* in ep->queue or hc->done */
	struct urb *urb;
	struct winusb_hcd_ep *ep;
	u32 moved;
	int status;
	bool recorded;		/* default pipe: its setup packet is in the log */
	bool unlinked;		/* asked back, but kept for a while */
	ktime_t due;		/* unlinked: when it is given back */
	bool finished;		/* in hc->done */
	bool won;		/* finished in spite of an unlink */
	u64 slot;		/* isochronous: microframe of its first packet */
	int packet;		/* isochronous: the next one to move */
	bool begun;		/* isochronous: @whole is decided */
	bool whole;		/* isochronous: a rule is for all its packets */
	bool held;		/* isochronous: it does not wait for the clock */
};

struct winusb_hcd_ep {
	struct winusb_hcd_dev *dev;
	u8 address;
	enum winusb_hcd_mode mode;
	u8 peer;
	winusb_hcd_serve_fn serve;
	winusb_hcd_packet_fn serve_packet;
	void *context;		/* of serve and serve_packet */
	bool halted;
	bool isoc;		/* the URBs are isochronous */
	unsigned int isoc_bytes; /* bandwidth while there are URBs */
	bool finish_first;
	bool finish_unlinked;
	struct list_head script;
	struct list_head queue;
	u64 stream;		/* position in the pattern of a source */
	u64 next_slot;		/* isochronous: the microframe after the last URB */
	u64 starts[WINUSB_HCD_LOG];
	struct winusb_hcd_stats stats;
	int lengths[WINUSB_HCD_LOG];
	u8 *capture;
	size_t capture_size;
	size_t captured;
};

struct winusb_hcd_dev {
	struct list_head node;	/* hc->devs */
	struct winusb_hcd *hc;
	enum usb_device_speed speed;
	struct usb_device_descriptor device;
	u8 *config;
	size_t config_length;
	u8 *bos;
	size_t bos_length;
	char **strings;
	unsigned int nr_strings;
	int (*control)(void *context, const struct usb_ctrlrequest *setup,
		       void *buf, size_t size);
	void *context;

	unsigned int port;	/* 0: not plugged in */
	unsigned int last_port;	/* where it is or was last */
	bool enumerated;
	u8 address;
	u8 configuration;
	u8 alternate[256];
	bool remote_wake;
	bool u1_enabled;
	bool u2_enabled;
	unsigned int resets;
	struct winusb_hcd_ep eps[WINUSB_HCD_EPS];
	unsigned int nr_setups;
	struct winusb_hcd_setup setups[WINUSB_HCD_LOG];
};

struct winusb_hcd_port {
	u32 status;		/* wPortStatus, and wPortChange in the upper half */
	struct winusb_hcd_dev *dev;
};

struct winusb_hcd {
	spinlock_t lock;	/* see the top of this file */
	struct platform_device *pdev;
	struct usb_hcd *hcd;
	struct notifier_block notifier;
	enum usb_device_speed speed;
	unsigned int flags;
	unsigned int sg_tablesize;
	unsigned int nr_ports;
	struct winusb_hcd_port ports[WINUSB_HCD_MAX_PORTS];
	struct list_head devs;
	struct list_head done;
	bool giving_back;
	bool slow_unlink;
	unsigned int unlink_us;	/* winusb_hcd_unlink_delay() */
	struct work_struct unlink_work;
	bool port_changed;	/* the tasklet has to tell the hub driver */
	struct tasklet_struct tasklet;
	wait_queue_head_t wait;	/* woken by whatever somebody may wait for */

	/* The clock and isochronous URBs: clock.c, isoc.c */
	enum winusb_hcd_clock clock;
	u64 base;		/* manual: the counter; else added to real time */
	unsigned int pace;	/* real: microframes in 125 us */
	struct hrtimer timer;	/* real: runs while an isochronous URB is to end */
	u64 armed;		/* when it is to fire, or U64_MAX */
	bool ticked;		/* it has fired, and the tasklet has to look */
	unsigned int frame_bits;
	atomic_t frame_asked;
	atomic_t isoc_preemptible;
	enum winusb_hcd_kind kind;
	unsigned int latency;
	unsigned int horizon;	/* microframes; 0: no limit */
	unsigned int bandwidth;	/* bytes a microframe; 0: no limit */
	int reserved;		/* of it, by settings; hcd->bandwidth_mutex */
	int wanted;		/* added to that if there is room; the same */
	const struct usb_host_endpoint *completing; /* whose URB is given back */
};

static inline struct winusb_hcd *winusb_hcd_of(struct usb_hcd *hcd)
{
	return *(struct winusb_hcd **)hcd->hcd_priv;
}

static inline struct winusb_hcd_ep *
winusb_hcd_ep(struct winusb_hcd_dev *dev, u8 address)
{
	unsigned int nr = address & USB_ENDPOINT_NUMBER_MASK;

	if (nr && (address & USB_DIR_IN))
		nr += 16;
	return &dev->eps[nr];
}

/* urb.c: the life of a URB */
int winusb_hcd_urb_enqueue(struct usb_hcd *hcd, struct urb *urb, gfp_t flags);
int winusb_hcd_urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status);
void winusb_hcd_finish_locked(struct winusb_hcd *hc,
			      struct winusb_hcd_xfer *xfer, int status);
void winusb_hcd_fail_all_locked(struct winusb_hcd_dev *dev, int status);
void winusb_hcd_go_on_locked(struct winusb_hcd_ep *ep);
void winusb_hcd_unlink_work(struct work_struct *work);
void winusb_hcd_tasklet(struct tasklet_struct *tasklet);
void winusb_hcd_kick(struct winusb_hcd *hc);

/* transfer.c: scripts applied to bulk and interrupt URBs */
enum winusb_hcd_progress {
	WINUSB_HCD_WAIT,	/* nothing more can happen now */
	WINUSB_HCD_AGAIN,	/* a rule was used up, look at the next one */
	WINUSB_HCD_FINISHED,	/* the URB is in hc->done */
};

enum winusb_hcd_progress
winusb_hcd_transfer_locked(struct winusb_hcd_ep *ep,
			   struct winusb_hcd_xfer *xfer);
enum winusb_hcd_progress
winusb_hcd_done(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		int status);
enum winusb_hcd_progress
winusb_hcd_vanish(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		  struct winusb_hcd_step *step);
void winusb_hcd_take(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		     size_t n);
void winusb_hcd_put_bytes(struct winusb_hcd_xfer *xfer, const void *data,
			  size_t n);
void winusb_hcd_put_pattern(struct winusb_hcd_xfer *xfer, u64 position,
			    size_t n);
void winusb_hcd_get_bytes(struct winusb_hcd_xfer *xfer, void *data, size_t n);

/* clock.c: microframes */
u64 winusb_hcd_now_locked(struct winusb_hcd *hc);
int winusb_hcd_frame_number(struct usb_hcd *hcd);
void winusb_hcd_clock_init(struct winusb_hcd *hc);
void winusb_hcd_clock_exit(struct winusb_hcd *hc);
void winusb_hcd_arm_locked(struct winusb_hcd *hc);
void winusb_hcd_tick_locked(struct winusb_hcd *hc);

/* isoc.c: the schedule of isochronous URBs, and scripts applied to them */
int winusb_hcd_isoc_check(const struct urb *urb);
int winusb_hcd_isoc_refuse_locked(struct winusb_hcd_ep *ep,
				  const struct urb *urb);
void winusb_hcd_isoc_queued_locked(struct winusb_hcd_ep *ep,
				   struct winusb_hcd_xfer *xfer);
enum winusb_hcd_progress
winusb_hcd_isoc_locked(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer);
void winusb_hcd_isoc_run_locked(struct winusb_hcd *hc);
u64 winusb_hcd_isoc_due_locked(struct winusb_hcd *hc);

/* bandwidth.c: who may use how much of the bus */
int winusb_hcd_add_endpoint(struct usb_hcd *hcd, struct usb_device *udev,
			    struct usb_host_endpoint *host_ep);
int winusb_hcd_drop_endpoint(struct usb_hcd *hcd, struct usb_device *udev,
			     struct usb_host_endpoint *host_ep);
int winusb_hcd_check_bandwidth(struct usb_hcd *hcd, struct usb_device *udev);
void winusb_hcd_reset_bandwidth(struct usb_hcd *hcd, struct usb_device *udev);
int winusb_hcd_reserve_locked(struct winusb_hcd_ep *ep, const struct urb *urb);

/* control.c: the default pipe */
enum winusb_hcd_progress
winusb_hcd_control_locked(struct winusb_hcd_ep *ep,
			  struct winusb_hcd_xfer *xfer);
void winusb_hcd_dev_reset_locked(struct winusb_hcd_dev *dev);

/* script.c: rules */
struct winusb_hcd_step *
winusb_hcd_step_first_locked(struct winusb_hcd_ep *ep);
struct winusb_hcd_step *
winusb_hcd_step_control_locked(struct winusb_hcd_ep *ep,
			       const struct usb_ctrlrequest *setup);
void winusb_hcd_step_used_locked(struct winusb_hcd_step *step);
struct winusb_hcd_step *winusb_hcd_step_new(const struct winusb_hcd_rule *rule,
					    gfp_t flags);
void winusb_hcd_script_clear_locked(struct winusb_hcd_ep *ep);

/* roothub.c: ports */
void winusb_hcd_port_connect_locked(struct winusb_hcd *hc, unsigned int port);
void winusb_hcd_vanish_locked(struct winusb_hcd_dev *dev, int status);
int winusb_hcd_hub_status_data(struct usb_hcd *hcd, char *buf);
int winusb_hcd_hub_control(struct usb_hcd *hcd, u16 request, u16 value,
			   u16 index, char *buf, u16 length);
int winusb_hcd_bus_suspend(struct usb_hcd *hcd);
int winusb_hcd_bus_resume(struct usb_hcd *hcd);

/* device.c: what usbcore tells */
int winusb_hcd_notify(struct notifier_block *nb, unsigned long action,
		      void *data);

#endif
