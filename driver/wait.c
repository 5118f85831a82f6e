// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a thread waits for its request. The wait holds nothing. A signal ends it. A sleep of the
 * system does not: the thread is frozen where it waits, and does not know.
 */
#include <linux/completion.h>
#include <linux/freezer.h>
#include <linux/sched/jobctl.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "isoch.h"
#include "request.h"

/*
 * Is there a signal? The freezer pretends one, and leaves it behind where it gives up; that of
 * cgroups sets a trap on the way to user space, which is as task work. With @back the call is about
 * to be made again: that needs the flag, whatever it was set for. Nobody may send a signal
 * meanwhile.
 */
static bool winusb_wait_recalc(bool back)
{
	/* Our own stays while we run. */
	struct sighand_struct *sighand = rcu_dereference_protected(current->sighand, true);
	bool signalled;

	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	signalled = task_sigpending(current) && !(READ_ONCE(current->jobctl) & JOBCTL_TRAP_FREEZE);
	if (back && !signal_pending(current))
		set_thread_flag(TIF_SIGPENDING);
	spin_unlock_irq(&sighand->siglock);
	return signalled;
}

/* Was it only the sleep of the system that ended the wait? Then this sleeps through that. */
static bool winusb_wait_froze(void)
{
	bool froze = try_to_freeze();

	winusb_wait_recalc(false);
	return froze || !signal_pending(current);
}

/**
 * winusb_interrupted - Why did an interruptible wait end?
 *
 * The caller holds no lock.
 *
 * Return: -EINTR for a signal. For task work, or a sleep of the system, -ERESTARTNOHAND: the call
 * is made again, unless a signal is handled on the way, which gives -EINTR then.
 */
int winusb_interrupted(void)
{
	try_to_freeze();
	return winusb_wait_recalc(true) ? -EINTR : -ERESTARTNOHAND;
}

/* Has this thread been told to come back to user space by a signal, or by whoever ends it? */
static bool winusb_request_is_signalled(void)
{
	/* io_uring ends its workers by what is only task work for others. */
	return winusb_wait_recalc(false) ||
	       (current->flags & PF_IO_WORKER && signal_pending(current));
}

/* Is the thread to be frozen by its control group, on its way to user space? */
static bool winusb_wait_is_trapped(void)
{
	return READ_ONCE(current->jobctl) & JOBCTL_TRAP_FREEZE;
}

/*
 * A control transfer can't be begun again: the device may have acted. So what io_uring wants of
 * this thread waits, and so does its control group; a signal does not. Nor can an isochronous one,
 * whose time would be over. Nor can a write, but that may have no end, so for io_uring it is given
 * just a moment. Gives whether the request is done.
 */
static bool winusb_request_wait_on(struct winusb_request *req)
{
	long left = 0;

	do {
		try_to_freeze();
		if (winusb_request_is_signalled())
			break;
		left = wait_for_completion_killable_timeout(&req->complete, HZ / 10);
	} while (!left && (!req->address || req->isoch || winusb_wait_is_trapped()));
	return left > 0;
}

static bool winusb_request_wait_interruptible(struct winusb_request *req)
{
	bool trapped;

	if (req->finished)
		return true;
	for (;;) {
		if (!wait_for_completion_state(&req->complete, TASK_INTERRUPTIBLE | TASK_FREEZABLE))
			return true;
		if (winusb_wait_froze())
			continue;
		if (req->address && req->in && !req->isoch)
			return false;
		trapped = winusb_wait_is_trapped();
		if (winusb_request_wait_on(req))
			return true;
		if (!trapped || winusb_request_is_signalled())
			return false;
	}
}

/**
 * winusb_request_wait - Wait for a blocking request and collect it
 * @req: The request; started. Is gone afterwards.
 * @moved: Where the number of bytes moved goes, also on failure.
 *
 * A signal ends the request, and then the wait is for its URB, as long as the host controller
 * needs. What io_uring has for the thread to do ends it too: that may be what the transfer waits
 * for. Then a read is made again by itself, unless something has moved. A write is not: not every
 * host controller says what had gone out. Nor is an isochronous one, whose time is over.
 *
 * Return: 0, an error of the contract, or -ERESTARTNOHAND.
 */
int winusb_request_wait(struct winusb_request *req, size_t *moved)
{
	int ret;

	if (!winusb_request_wait_interruptible(req)) {
		winusb_request_cancel(req, -EINTR);	/* does nothing to one that is done */
		if (!req->finished)
			wait_for_completion(&req->complete);
	}
	winusb_request_collect(req);
	*moved = req->moved;
	if (req->next_frame)
		*req->next_frame = req->isoch->next_frame;	/* as it was, not as planned */
	ret = req->status;
	if (ret == -EINTR && !req->moved && req->address && req->in && !req->isoch)
		ret = winusb_interrupted();
	winusb_request_put(req);
	return ret;
}
