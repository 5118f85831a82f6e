// SPDX-License-Identifier: GPL-2.0-only
/*
 * winusb_bench: isochronous endpoints in real time.
 *
 * Each device has an IN and an OUT endpoint in alternate setting 1, with three
 * packets of 1024 bytes in each microframe. What moves in a microframe begins
 * with a number of 32 bits, little-endian. IN it is that of the microframe, so
 * that it jumps where the program had no URB queued, and each byte after it is
 * its lowest one. OUT it is the program's, and should go up by one. With "bare"
 * in the file data only the number is touched, as if hardware moved the rest;
 * with "checked" each byte after it is compared, OUT, too.
 *
 * The file isoch has a line for each device; writing anything resets it:
 *
 *	in		packets sent to the program
 *	good		packets with a number above the one before
 *	missing		numbers left out between those
 *	bad		packets with another number, with none, or with other
 *			bytes
 *	in_gaps, out_gaps	microframes without a URB between the first and
 *			the last one
 *	in_ns, out_ns	when the microframe of the first packet began,
 *			CLOCK_MONOTONIC; 0 without one
 */

#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "bench.h"
#include "winusb_hcd.h"

#define WINUSB_ISOCH_DEVICES	2

/* Changed under the controller's lock; what is shown may be between two. */
struct winusb_isoch {
	struct winusb_hcd_dev *dev;
	const char *role;
	u64 in;
	u64 good;
	u64 missing;
	u64 bad;
	u64 first_in;		/* microframe of the first packet, or U64_MAX */
	u64 first_out;
	u32 next;		/* number that is due */
	bool begun;		/* @next is valid */
};

static struct winusb_isoch winusb_isochs[WINUSB_ISOCH_DEVICES];
static unsigned int winusb_nr_isochs;
static struct winusb_hcd *winusb_isoch_hc;

static u32 winusb_isoch_in(void *context, u64 slot, void *data, u32 length)
{
	struct winusb_isoch *isoch = context;
	__le32 number = cpu_to_le32((u32)slot);
	u32 n = min_t(u32, length, sizeof(number));

	memcpy(data, &number, n);
	if (winusb_bench_data != WINUSB_BENCH_BARE)
		memset(data + n, (u8)slot, length - n);
	isoch->first_in = min(isoch->first_in, slot);
	isoch->in++;
	return length;
}

static bool winusb_isoch_is_right(const u8 *data, u32 length)
{
	return winusb_bench_data != WINUSB_BENCH_CHECKED ||
	       !memchr_inv(data + sizeof(__le32), *data,
			   length - sizeof(__le32));
}

static u32 winusb_isoch_out(void *context, u64 slot, void *data, u32 length)
{
	struct winusb_isoch *isoch = context;
	__le32 raw;
	u32 number;

	isoch->first_out = min(isoch->first_out, slot);
	if (length < sizeof(raw) || !winusb_isoch_is_right(data, length)) {
		isoch->bad++;
		return length;
	}
	memcpy(&raw, data, sizeof(raw));
	number = le32_to_cpu(raw);
	if (isoch->begun && (s32)(number - isoch->next) < 0) {
		isoch->bad++;
		return length;
	}
	if (isoch->begun)
		isoch->missing += number - isoch->next;
	isoch->good++;
	isoch->next = number + 1;
	isoch->begun = true;
	return length;
}

void winusb_isoch_add(struct winusb_hcd_dev *dev, const char *role)
{
	struct winusb_isoch *isoch;

	if (WARN_ON(winusb_nr_isochs == WINUSB_ISOCH_DEVICES))
		return;
	isoch = &winusb_isochs[winusb_nr_isochs++];
	isoch->dev = dev;
	isoch->role = role;
	isoch->first_in = U64_MAX;
	isoch->first_out = U64_MAX;
	winusb_hcd_serve_packets(dev, WINUSB_ISOCH_IN, winusb_isoch_in, isoch);
	winusb_hcd_serve_packets(dev, WINUSB_ISOCH_OUT, winusb_isoch_out,
				 isoch);
}

static u64 winusb_isoch_ns(u64 microframe)
{
	return microframe == U64_MAX ? 0 :
	       winusb_hcd_begins(winusb_isoch_hc, microframe);
}

static int winusb_isoch_show(struct seq_file *file, void *unused)
{
	struct winusb_hcd_stats in, out;
	const struct winusb_isoch *isoch;
	unsigned int i;

	for (i = 0; i < winusb_nr_isochs; i++) {
		isoch = &winusb_isochs[i];
		winusb_hcd_stats(isoch->dev, WINUSB_ISOCH_IN, &in);
		winusb_hcd_stats(isoch->dev, WINUSB_ISOCH_OUT, &out);
		seq_printf(file, "%s in=%llu good=%llu missing=%llu bad=%llu in_gaps=%llu out_gaps=%llu in_ns=%llu out_ns=%llu\n",
			   isoch->role, isoch->in, isoch->good, isoch->missing,
			   isoch->bad, in.gaps, out.gaps,
			   winusb_isoch_ns(isoch->first_in),
			   winusb_isoch_ns(isoch->first_out));
	}
	return 0;
}

static ssize_t winusb_isoch_write(struct file *file, const char __user *text,
				  size_t length, loff_t *position)
{
	struct winusb_isoch *isoch;
	unsigned int i;

	for (i = 0; i < winusb_nr_isochs; i++) {
		isoch = &winusb_isochs[i];
		winusb_hcd_stats_reset(isoch->dev);
		isoch->in = 0;
		isoch->good = 0;
		isoch->missing = 0;
		isoch->bad = 0;
		isoch->first_in = U64_MAX;
		isoch->first_out = U64_MAX;
		isoch->begun = false;
	}
	return length;
}

static int winusb_isoch_open(struct inode *inode, struct file *file)
{
	return single_open(file, winusb_isoch_show, NULL);
}

static const struct file_operations winusb_isoch_fops = {
	.owner = THIS_MODULE,
	.open = winusb_isoch_open,
	.read = seq_read,
	.write = winusb_isoch_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void winusb_isoch_init(struct winusb_hcd *hc, struct dentry *folder)
{
	winusb_isoch_hc = hc;
	debugfs_create_file("isoch", 0600, folder, NULL, &winusb_isoch_fops);
}
