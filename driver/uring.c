// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of io_uring. A command is a request whose completion goes to the ring. The SQE is memory
 * that user space may change at any time: each field is read once.
 *
 * A request can be done before the thread that starts it has told io_uring that it will be. Who of
 * the two completes the command is settled in &winusb_request.uring: the first one leaves its mark,
 * the second one does it.
 */
#include "uring.h"

#ifdef WINUSB_HAVE_URING
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <uapi/linux/winusb.h>

#include "buffer.h"
#include "call.h"
#include "control.h"
#include "file.h"
#include "handle.h"
#include "interface.h"
#include "isoch.h"
#include "request.h"
#include "transfer.h"

static_assert(sizeof(struct winusb_uring_cmd) == 16);	/* part of the contract */

enum winusb_uring_state {
	WINUSB_URING_ISSUING,	/* neither */
	WINUSB_URING_PENDING,	/* io_uring was told to wait; the completion goes by task work */
	WINUSB_URING_DONE,	/* it was done first; the thread that started it completes it */
};

/* What is kept in the command. */
struct winusb_uring_pdu {
	struct winusb_request *req;
};

static struct winusb_uring_pdu *winusb_uring_pdu(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct winusb_uring_pdu) > sizeof(cmd->pdu));
	return (struct winusb_uring_pdu *)cmd->pdu;
}

/* An SQE, read once. */
struct winusb_uring_sqe {
	u64 address;
	u32 length;
	u64 cookie;
	struct winusb_uring_cmd cmd;
};

static void winusb_uring_read(const struct io_uring_sqe *sqe, struct winusb_uring_sqe *copy)
{
	const struct winusb_uring_cmd *cmd = (const void *)sqe->cmd;
	unsigned int i;

	copy->address = READ_ONCE(sqe->addr);
	copy->length = READ_ONCE(sqe->len);
	copy->cookie = READ_ONCE(sqe->user_data);
	copy->cmd.handle = READ_ONCE(cmd->handle);
	copy->cmd.pipe_id = READ_ONCE(cmd->pipe_id);
	for (i = 0; i < sizeof(cmd->__reserved); i++)
		copy->cmd.__reserved[i] = READ_ONCE(cmd->__reserved[i]);
	for (i = 0; i < sizeof(cmd->setup); i++)
		copy->cmd.setup[i] = READ_ONCE(cmd->setup[i]);
}

/* The second half of a long SQE is not used yet. */
static bool winusb_uring_is_clean(const struct winusb_uring_sqe *sqe,
				  const struct io_uring_sqe *user, unsigned int issue_flags)
{
	if (memchr_inv(sqe->cmd.__reserved, 0, sizeof(sqe->cmd.__reserved)))
		return false;
	return !(issue_flags & IO_URING_F_SQE128) || !memchr_inv(user + 1, 0, sizeof(*user));
}

static void winusb_uring_complete(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct winusb_request *req = winusb_uring_pdu(cmd)->req;
	struct winusb_interface *wi = req->wh->wi;
	u64 extra;
	int ret;

	/* A ring that is being ended finds the request, and its pipe, until it is told. */
	winusb_interface_get(wi);
	winusb_request_collect_data(req);
	ret = req->status ? req->status : (int)req->moved;
	extra = req->moved;
	if (req->status == -ECONNRESET)
		extra |= (u64)WINUSB_COMPLETION_RESET << 32;
	if (req->isoch)
		extra = req->isoch->next_frame | (u64)req->isoch->errors << 32;
	winusb_uring_done(cmd, ret, extra, req->wide, issue_flags);
	winusb_request_discard(req);
	winusb_interface_put(wi);
}

WINUSB_URING_TASK_WORK(winusb_uring_task_work, winusb_uring_complete)

/**
 * winusb_uring_finished - A request of a ring is done
 * @req: The request. May be gone afterwards.
 */
void winusb_uring_finished(struct winusb_request *req)
{
	struct io_uring_cmd *cmd = req->cmd;

	if (atomic_xchg(&req->uring, WINUSB_URING_DONE) == WINUSB_URING_PENDING)
		io_uring_cmd_complete_in_task(cmd, winusb_uring_task_work);
}

static int winusb_uring_iter(struct io_uring_cmd *cmd, const struct winusb_uring_sqe *sqe, bool in,
			     struct iov_iter *iter, unsigned int issue_flags)
{
	if (sqe->length > INT_MAX)
		return -EINVAL;
	if (sqe->length && (cmd->flags & IORING_URING_CMD_FIXED))
		return winusb_uring_import(cmd, sqe->address, sqe->length, in ? READ : WRITE,
					   iter, issue_flags);
	return winusb_buffer_iter(iter, in, sqe->address, sqe->length);
}

static struct winusb_request *winusb_uring_create(struct winusb_handle *wh,
						  struct io_uring_cmd *cmd,
						  const struct winusb_uring_sqe *sqe,
						  unsigned int issue_flags)
{
	bool nonblock = issue_flags & IO_URING_F_NONBLOCK;
	struct usb_ctrlrequest setup;
	struct iov_iter iter;
	bool in;
	int ret;

	memcpy(&setup, sqe->cmd.setup, sizeof(setup));
	in = (sqe->cmd.pipe_id ? sqe->cmd.pipe_id : setup.bRequestType) & USB_DIR_IN;
	if (sqe->cmd.pipe_id && memchr_inv(sqe->cmd.setup, 0, sizeof(sqe->cmd.setup)))
		return ERR_PTR(-EOPNOTSUPP);
	ret = winusb_uring_iter(cmd, sqe, in, &iter, issue_flags);
	if (ret)
		return ERR_PTR(ret);
	if (sqe->cmd.pipe_id)
		return winusb_request_create(wh, WINUSB_DOOR_URING, sqe->cmd.pipe_id, &iter,
					     nonblock);
	return winusb_control_create(wh, WINUSB_DOOR_URING, &setup, &iter, nonblock);
}

/* Start the request, and tell io_uring how it stands. */
static int winusb_uring_start(struct winusb_request *req, struct io_uring_cmd *cmd,
			      const struct winusb_uring_sqe *sqe, unsigned int issue_flags,
			      bool nonblock)
{
	int ret;

	req->cookie = sqe->cookie;
	req->cmd = cmd;
	req->wide = issue_flags & IO_URING_F_CQE32;
	atomic_set(&req->uring, WINUSB_URING_ISSUING);
	winusb_uring_pdu(cmd)->req = req;

	ret = winusb_request_start(req, nonblock);
	if (ret) {
		winusb_request_discard(req);
		return ret;
	}
	/* The request is ours until the mark is left. */
	if (atomic_read(&req->uring) == WINUSB_URING_ISSUING)
		io_uring_cmd_mark_cancelable(cmd, issue_flags);
	if (atomic_cmpxchg(&req->uring, WINUSB_URING_ISSUING, WINUSB_URING_PENDING) !=
	    WINUSB_URING_ISSUING)
		winusb_uring_complete(cmd, issue_flags);
	return -EIOCBQUEUED;
}

/* A whole transfer in memory: read once, and never again if the command is issued anew. */
static int winusb_uring_copy(struct winusb_transfer *transfer, const struct winusb_uring_sqe *sqe)
{
	u32 size = sqe->length;
	int ret;

	if (size < WINUSB_TRANSFER_SHORTEST)
		return -EINVAL;
	if (size > WINUSB_ARGUMENT_MAX)
		return -E2BIG;
	if (sqe->address != (unsigned long)sqe->address)
		return -EFAULT;
	ret = copy_struct_from_user(transfer, sizeof(*transfer), u64_to_user_ptr(sqe->address),
				    size);
	if (ret)
		return ret;
	if (transfer->size != size)
		return -EINVAL;
	return !transfer->isoch_buffer || transfer->flags & WINUSB_TRANSFER_ASYNC ||
	       transfer->cookie || !winusb_transfer_is_clean(transfer) ? -EOPNOTSUPP : 0;
}

/*
 * Not to be issued anew: the program may use its memory for something else by then. A thread that
 * submits waits for a reset, as in a blocking call.
 */
static int winusb_uring_isoch(struct winusb_file *wf, struct io_uring_cmd *cmd,
			      unsigned int issue_flags)
{
	struct winusb_transfer transfer;
	struct winusb_uring_sqe sqe;
	struct winusb_request *req;
	struct winusb_handle *wh;
	int ret;

	winusb_uring_read(cmd->sqe, &sqe);
	if (cmd->flags & IORING_URING_CMD_MASK || sqe.cmd.handle || sqe.cmd.pipe_id ||
	    memchr_inv(sqe.cmd.setup, 0, sizeof(sqe.cmd.setup)) ||
	    !winusb_uring_is_clean(&sqe, cmd->sqe, issue_flags))
		return -EOPNOTSUPP;
	ret = winusb_uring_copy(&transfer, &sqe);
	if (ret)
		return ret;
	wh = winusb_handle_get(wf, transfer.handle);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	req = winusb_isoch_create(wh, WINUSB_DOOR_URING, &transfer);
	ret = IS_ERR(req) ? PTR_ERR(req) :
	      winusb_uring_start(req, cmd, &sqe, issue_flags, false);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_uring_transfer(struct winusb_file *wf, struct io_uring_cmd *cmd,
				 unsigned int issue_flags)
{
	struct winusb_uring_sqe sqe;
	struct winusb_request *req;
	struct winusb_handle *wh;
	int ret;

	winusb_uring_read(cmd->sqe, &sqe);
	if (cmd->flags & IORING_URING_CMD_MASK & ~IORING_URING_CMD_FIXED ||
	    !winusb_uring_is_clean(&sqe, cmd->sqe, issue_flags))
		return -EOPNOTSUPP;
	wh = winusb_handle_get(wf, sqe.cmd.handle);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	req = winusb_uring_create(wh, cmd, &sqe, issue_flags);
	ret = IS_ERR(req) ? PTR_ERR(req) :
	      winusb_uring_start(req, cmd, &sqe, issue_flags, issue_flags & IO_URING_F_NONBLOCK);
	winusb_handle_put(wh);
	return ret;
}

static int winusb_uring_cancel(struct winusb_file *wf, struct io_uring_cmd *cmd,
			       unsigned int issue_flags)
{
	struct winusb_uring_sqe sqe;
	unsigned int count;

	winusb_uring_read(cmd->sqe, &sqe);
	if (cmd->flags & IORING_URING_CMD_MASK || sqe.length || sqe.cmd.handle || sqe.cmd.pipe_id ||
	    memchr_inv(sqe.cmd.setup, 0, sizeof(sqe.cmd.setup)) ||
	    !winusb_uring_is_clean(&sqe, cmd->sqe, issue_flags))
		return -EOPNOTSUPP;
	count = winusb_file_cancel_cookie(wf, sqe.address);
	return count ? count : -ENOENT;
}

/**
 * winusb_uring_cmd - Issue a command, or cancel it because its ring ends
 * @cmd: The command.
 * @issue_flags: IO_URING_F_ bits.
 *
 * Return: The result, -EIOCBQUEUED, or -EAGAIN to be called again where it can wait.
 */
int winusb_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct winusb_file *wf = cmd->file->private_data;

	if (issue_flags & IO_URING_F_CANCEL) {
		winusb_request_cancel(winusb_uring_pdu(cmd)->req, -ECANCELED);
		return 0;
	}
	if (wf->listener)
		return -EBADF;
	switch (cmd->cmd_op) {
	case WINUSB_URING_TRANSFER:
		return winusb_uring_transfer(wf, cmd, issue_flags);
	case WINUSB_URING_ISOCH:
		return winusb_uring_isoch(wf, cmd, issue_flags);
	case WINUSB_URING_CANCEL:
		return winusb_uring_cancel(wf, cmd, issue_flags);
	default:
		return -ENOTTY;
	}
}
#endif /* WINUSB_HAVE_URING */
