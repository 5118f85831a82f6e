// SPDX-License-Identifier: MIT
/* winusb.md 1.7 and 7.3: isochronous buffers and transfers. Frames are in frames.c. */
#include "stream.h"

UCHAR memory[RING * SLICE_BYTES];
struct slice ring[RING];

static USBD_ISO_PACKET_DESCRIPTOR packets[2048];

WINUSB_ISOCH_BUFFER_HANDLE stream_begin(UCHAR setting, UCHAR pipe)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = NULL;

	begin(iso);
	OK(WinUsb_SetCurrentAlternateSetting(usb, setting));
	OK(WinUsb_RegisterIsochBuffer(usb, pipe, memory, sizeof(memory), &isoch));
	CHECK(isoch);
	return isoch;
}

void stream_end(WINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	OK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
}

BOOL slice_read(WINUSB_ISOCH_BUFFER_HANDLE isoch, unsigned int n, BOOL go_on)
{
	return WinUsb_ReadIsochPipeAsap(isoch, n * SLICE_BYTES, SLICE_BYTES, go_on, SLICE,
					ring[n].packets, &ring[n].overlapped);
}

BOOL slice_write(WINUSB_ISOCH_BUFFER_HANDLE isoch, unsigned int n, BOOL go_on)
{
	return WinUsb_WriteIsochPipeAsap(isoch, n * SLICE_BYTES, SLICE_BYTES, go_on,
					 &ring[n].overlapped);
}

void slice_fill(unsigned int n, uint32_t counter)
{
	unsigned int i;

	for (i = 0; i < SLICE; i++)
		iso_fill(memory + n * SLICE_BYTES + i * MS_PACKET, MS_PACKET, counter + i, 0);
}

/* One packet, wherever it is; which has this counter. */
static void check_packet(const USBD_ISO_PACKET_DESCRIPTOR *packet, const UCHAR *base, ULONG length,
			 uint32_t counter)
{
	struct iso_header header;

	CHECK_EQ((ULONG)packet->Status, USBD_STATUS_SUCCESS);
	CHECK_EQ(packet->Length, length);
	if (!iso_check(base + packet->Offset, length, &header))
		FAIL("the packet at %u is spoilt", packet->Offset);
	CHECK_EQ(header.counter, counter);
}

void slice_check(unsigned int n, uint32_t counter)
{
	unsigned int i;

	for (i = 0; i < SLICE; i++) {
		CHECK_EQ(ring[n].packets[i].Offset, i * MS_PACKET);
		check_packet(&ring[n].packets[i], memory + n * SLICE_BYTES, MS_PACKET, counter + i);
	}
}

uint32_t slice_counter(unsigned int n)
{
	struct iso_header header;

	CHECK(iso_check(memory + n * SLICE_BYTES, MS_PACKET, &header));
	return header.counter;
}

TEST_OF(1_7, a_buffer_is_for_an_isochronous_pipe_of_the_setting)
{
	static const UCHAR wrong[] = { 0, 0x80, 0x01, 0x03, ISO_BULK_IN, ISO_BULK_OUT, 0xff };
	WINUSB_ISOCH_BUFFER_HANDLE isoch = NULL;
	unsigned int i;

	begin(iso);
	FAILS(WinUsb_RegisterIsochBuffer(usb, ISO_IN, memory, 512, &isoch),
	      ERROR_INVALID_PARAMETER);
	OK(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_MIXED));
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		FAILS(WinUsb_RegisterIsochBuffer(usb, wrong[i], memory, 512, &isoch),
		      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_RegisterIsochBuffer(NULL, ISO_IN, memory, 512, &isoch), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_RegisterIsochBuffer(usb, ISO_IN, memory, 0, &isoch), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_RegisterIsochBuffer(usb, ISO_IN, NULL, 512, &isoch), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_RegisterIsochBuffer(usb, ISO_IN, memory, 512, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_RegisterIsochBuffer(usb, ISO_IN, (PUCHAR)16, 512, &isoch), ERROR_NOACCESS);
	CHECK(!isoch);
	OK(WinUsb_RegisterIsochBuffer(usb, ISO_IN, memory, 512, &isoch));
	OK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
}

TEST_OF(1_7, a_handle_of_no_buffer_is_INVALID_HANDLE)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	HANDLE event = event_create(true);
	void *wrong[] = { NULL, INVALID_HANDLE_VALUE, event, file, usb, memory, isoch };
	OVERLAPPED overlapped = { 0 };
	ULONG frame = 0;
	unsigned int i;

	OK(WinUsb_UnregisterIsochBuffer(isoch));
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		FAILS(WinUsb_UnregisterIsochBuffer(wrong[i]), ERROR_INVALID_HANDLE);
		FAILS(WinUsb_ReadIsochPipe(wrong[i], 0, 512, &frame, 1, packets, &overlapped),
		      ERROR_INVALID_HANDLE);
		FAILS(WinUsb_WriteIsochPipe(wrong[i], 0, 512, &frame, &overlapped),
		      ERROR_INVALID_HANDLE);
		FAILS(WinUsb_ReadIsochPipeAsap(wrong[i], 0, 512, FALSE, 1, packets, &overlapped),
		      ERROR_INVALID_HANDLE);
		FAILS(WinUsb_WriteIsochPipeAsap(wrong[i], 0, 512, FALSE, &overlapped),
		      ERROR_INVALID_HANDLE);
	}
	end();
}

TEST_OF(1_7, a_read_has_a_packet_for_each_interval)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);

	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, SLICE, ring[0].packets, NULL));
	slice_check(0, 0);
	OK(WinUsb_ReadIsochPipeAsap(isoch, 2 * SLICE_BYTES, SLICE_BYTES, FALSE, SLICE,
				    ring[2].packets, NULL));
	slice_check(2, SLICE);
	slice_check(0, 0);
	CHECK_EQ(memory[SLICE_BYTES], 0);
	stream_end(isoch);
}

TEST_OF(1_7, intervals_of_a_microframe)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_SMALL, ISO_IN);
	unsigned int i;

	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, 80 * 192, FALSE, 80, packets, NULL));
	for (i = 0; i < 80; i++) {
		CHECK_EQ(packets[i].Offset, i * 192);
		check_packet(&packets[i], memory, 192, i);
	}
	stream_end(isoch);
}

/* A packet of three transactions (winusb.md 8, row 28) */
TEST_OF(1_7, intervals_of_a_high_bandwidth_pipe)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_LARGE, ISO_IN);
	WINUSB_PIPE_INFORMATION_EX pipe;
	unsigned int i;

	OK(WinUsb_QueryPipeEx(usb, ISO_ALT_LARGE, 0, &pipe));
	CHECK_EQ(pipe.PipeType, UsbdPipeTypeIsochronous);
	CHECK_EQ(pipe.MaximumBytesPerInterval, 3072);
	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, 8 * 3072, FALSE, 8, packets, NULL));
	for (i = 0; i < 8; i++)
		check_packet(&packets[i], memory, 3072, i);
	stream_end(isoch);
}

TEST_OF(1_7, a_short_packet_leaves_the_place_of_the_others)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	unsigned int i;

	board_set(iso, "short-every=2");
	memset(memory, 0xcc, SLICE_BYTES);
	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, SLICE, packets, NULL));
	for (i = 0; i < SLICE; i++) {
		CHECK_EQ(packets[i].Offset, i * MS_PACKET);
		check_packet(&packets[i], memory, i % 2 ? MS_PACKET / 2 : MS_PACKET, i);
		if (i % 2)
			CHECK_EQ(memory[i * MS_PACKET + MS_PACKET / 2], 0xcc);
	}
	stream_end(isoch);
}

TEST_OF(1_7, a_write_fills_each_interval)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_OUT);

	slice_fill(0, 100);
	slice_fill(3, 110);
	OK(WinUsb_WriteIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, NULL));
	OK(WinUsb_WriteIsochPipeAsap(isoch, 3 * SLICE_BYTES, SLICE_BYTES, FALSE, NULL));
	CHECK_EQ(board_value(iso, "good"), 2 * SLICE);
	CHECK_EQ(board_value(iso, "bad"), 0);
	CHECK_EQ(board_value(iso, "gaps"), 0);
	CHECK_EQ(board_value(iso, "next"), 120);
	stream_end(isoch);
}

TEST_OF(1_7, an_overlapped_transfer_counts_no_bytes)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	ULONG sum = 0, bytes = 77;
	unsigned int i;

	PENDING(slice_read(isoch, 0, FALSE));
	OK(WinUsb_GetOverlappedResult(usb, &ring[0].overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 0);
	CHECK_EQ(ring[0].overlapped.InternalHigh, 0);
	for (i = 0; i < SLICE; i++)
		sum += ring[0].packets[i].Length;
	CHECK_EQ(sum, SLICE_BYTES);
	stream_end(isoch);
}

TEST_OF(1_7, an_OVERLAPPED_that_is_not_zero_is_refused)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	OVERLAPPED overlapped;

	memset(&overlapped, 0x5a, sizeof(overlapped));
	overlapped.hEvent = NULL;
	FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, SLICE, packets, &overlapped),
	      ERROR_INVALID_PARAMETER);
	CHECK_EQ(board_counter(iso, ISO_IN, "urbs"), 0);
	stream_end(isoch);
}

/* How programs do it: each read is started again when it is done; one buffer has all of them. */
TEST_OF_LIMIT(1_7, a_ring_of_reads_is_one_stream, 60)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	HANDLE events[RING];
	uint32_t counter = 0;
	unsigned int i, n;

	for (i = 0; i < RING; i++) {
		events[i] = ring[i].overlapped.hEvent = event_create(true);
		PENDING(slice_read(isoch, i, FALSE));
	}
	for (i = 0; i < 50; i++) {
		n = WaitForMultipleObjects(RING, events, FALSE, 10000) - WAIT_OBJECT_0;
		/* Several may be done; the lowest index is told, not the oldest. */
		CHECK(n < RING);
		n = i % RING;
		DONE(&ring[n].overlapped, 0);
		slice_check(n, counter);
		counter += SLICE;
		PENDING(slice_read(isoch, n, FALSE));
	}
	OK(WinUsb_AbortPipe(usb, ISO_IN));
	stream_end(isoch);
}

TEST_OF_LIMIT(1_7, a_ring_of_writes_is_one_stream, 60)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_OUT);
	unsigned int i, n;

	for (i = 0; i < 50; i++) {
		n = i % RING;
		if (i >= RING)
			DONE(&ring[n].overlapped, 0);
		else
			ring[n].overlapped.hEvent = event_create(true);
		slice_fill(n, i * SLICE);
		PENDING(slice_write(isoch, n, FALSE));
	}
	for (i = 0; i < RING; i++)
		DONE(&ring[i].overlapped, 0);
	CHECK_EQ(board_value(iso, "good"), 50 * SLICE);
	CHECK_EQ(board_value(iso, "gaps") + board_value(iso, "bad"), 0);
	stream_end(isoch);
}

TEST_OF(1_7, a_completion_port_has_them_in_order)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	HANDLE port = CreateIoCompletionPort(file, NULL, 5, 0);
	OVERLAPPED *overlapped;
	ULONG_PTR key;
	unsigned int i;
	DWORD bytes;

	CHECK(port);
	for (i = 0; i < RING; i++)
		PENDING(slice_read(isoch, i, FALSE));
	for (i = 0; i < 3 * RING; i++) {
		bytes = 77;
		OK(GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, 10000));
		CHECK(overlapped == &ring[i % RING].overlapped);
		CHECK_EQ(bytes, 0);
		CHECK_EQ(key, 5);
		slice_check(i % RING, i * SLICE);
		PENDING(slice_read(isoch, i % RING, FALSE));
	}
	OK(WinUsb_AbortPipe(usb, ISO_IN));
	stream_end(isoch);
}

TEST_OF(1_7, ContinueStream_needs_something_to_follow)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	unsigned int i;

	FAILS(slice_read(isoch, 0, TRUE), ERROR_INVALID_PARAMETER);
	/* What was refused is tried again in another way, with the same OVERLAPPED. */
	board_set(iso, "delay=5000");	/* the first one is pending until the others are */
	PENDING(slice_read(isoch, 0, FALSE));
	for (i = 1; i < RING; i++)
		PENDING(slice_read(isoch, i, TRUE));
	board_set(iso, "delay=0");
	for (i = 0; i < RING; i++) {
		DONE(&ring[i].overlapped, 0);
		slice_check(i, i * SLICE);
	}
	FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, TRUE, SLICE, packets, NULL),
	      ERROR_INVALID_PARAMETER);
	stream_end(isoch);
}

TEST_OF(1_7, lengths_are_whole_packets_that_lie_in_the_buffer)
{
	static const struct {
		ULONG offset, length, count;
	} wrong[] = {
		{ 0, 0, 0 }, { 0, 511, 1 }, { 0, 513, 1 }, { 0, 512, 0 }, { 0, 512, 2 },
		{ 0, 1024, 1 }, { sizeof(memory), 512, 1 }, { sizeof(memory) - 511, 512, 1 },
		{ 0xffffffff, 512, 1 }, { 0xfffffe00, 1024, 2 }, { 512, sizeof(memory), 80 },
	};
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	OVERLAPPED overlapped = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		FAILS(WinUsb_ReadIsochPipeAsap(isoch, wrong[i].offset, wrong[i].length, FALSE,
					       wrong[i].count, packets, NULL),
		      ERROR_INVALID_PARAMETER);
		FAILS(WinUsb_ReadIsochPipeAsap(isoch, wrong[i].offset, wrong[i].length, FALSE,
					       wrong[i].count, packets, &overlapped),
		      ERROR_INVALID_PARAMETER);
	}
	FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, 512, FALSE, 1, NULL, NULL),
	      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_WriteIsochPipeAsap(isoch, 0, 512, FALSE, NULL), ERROR_INVALID_PARAMETER);
	CHECK_EQ(board_counter(iso, ISO_IN, "urbs"), 0);
	OK(WinUsb_ReadIsochPipeAsap(isoch, sizeof(memory) - 512, 512, FALSE, 1, packets, NULL));
	stream_end(isoch);
}

TEST_OF(7_3, a_transfer_ends_with_a_frame)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_SMALL, ISO_IN);
	unsigned int i;

	for (i = 1; i < 8; i++)
		FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, i * 192, FALSE, i, packets, NULL),
		      ERROR_INVALID_PARAMETER);
	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, 8 * 192, FALSE, 8, packets, NULL));
	stream_end(isoch);
}

static void packets_at_most(struct board *board, ULONG most, ULONG step, ULONG bytes)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	UCHAR *large = malloc((most + step) * bytes);

	CHECK(large);
	begin(board);
	OK(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_SMALL));
	OK(WinUsb_RegisterIsochBuffer(usb, ISO_IN, large, (most + step) * bytes, &isoch));
	FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, (most + step) * bytes, FALSE, most + step, packets,
				       NULL), ERROR_INVALID_PARAMETER);
	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, most * bytes, FALSE, most, packets, NULL));
	check_packet(&packets[most - 1], large, bytes, most - 1);
	stream_end(isoch);
	free(large);
}

TEST_OF(7_3, at_most_1024_packets_at_high_speed)
{
	packets_at_most(iso, 1024, 8, 192);
}

TEST_OF(7_3, at_most_255_packets_at_full_speed)
{
	board_plug(slow_iso);
	packets_at_most(slow_iso, 255, 1, 192);
}

TEST_OF(1_7, packets_in_error_are_told_one_by_one)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	unsigned int i;

	board_set(iso, "fail=EPROTO:5");
	board_set(iso, "late=7");
	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, SLICE, packets, NULL));
	for (i = 0; i < SLICE; i++) {
		if (i == 6)
			CHECK_EQ((ULONG)packets[i].Status, (ULONG)USBD_STATUS_ISO_NOT_ACCESSED_LATE);
		else if (i == 4 || i == 9)
			CHECK(USBD_ERROR(packets[i].Status));
		else
			check_packet(&packets[i], memory, MS_PACKET, i < 6 ? i : i - 1);
		if (i == 4 || i == 6 || i == 9)
			CHECK_EQ(packets[i].Length, 0);
	}
	stream_end(isoch);
}

TEST_OF(1_7, a_transfer_without_a_good_packet_is_GEN_FAILURE)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);

	board_set(iso, "fail=EPROTO:1");
	FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, SLICE, packets, NULL),
	      ERROR_GEN_FAILURE);
	PENDING(slice_read(isoch, 0, FALSE));
	DONE_FAILS(&ring[0].overlapped, ERROR_GEN_FAILURE, 0);
	CHECK(USBD_ERROR(ring[0].packets[9].Status));
	board_set(iso, "fail=0");
	PENDING(slice_read(isoch, 0, FALSE));
	DONE(&ring[0].overlapped, 0);
	stream_end(isoch);
}

TEST_OF(1_7, an_aborted_stream_ends)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	unsigned int i;

	board_set(iso, "stop-after=5");
	for (i = 0; i < RING; i++)
		PENDING(slice_read(isoch, i, FALSE));
	board_wait_pending(iso, ISO_IN, RING);
	OK(WinUsb_AbortPipe(usb, ISO_IN));
	for (i = 0; i < RING; i++) {
		CHECK(HasOverlappedIoCompleted(&ring[i].overlapped));
		DONE_FAILS(&ring[i].overlapped, ERROR_OPERATION_ABORTED, 0);
		CHECK_EQ((ULONG)ring[i].packets[9].Status, (ULONG)USBD_STATUS_CANCELED);
		CHECK_EQ(ring[i].packets[9].Length, 0);
	}
	/* And the pipe goes on. */
	board_set(iso, "stop-after=0");
	PENDING(slice_read(isoch, 0, FALSE));
	DONE(&ring[0].overlapped, 0);
	stream_end(isoch);
}

static DWORD WINAPI unregister(LPVOID isoch)
{
	return WinUsb_UnregisterIsochBuffer(isoch) ? 0 : GetLastError();
}

TEST_OF(1_7, UnregisterIsochBuffer_waits_for_what_is_pending)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	HANDLE thread;
	DWORD error;

	board_set(iso, "stop-after=1");
	PENDING(slice_read(isoch, 0, FALSE));
	PENDING(slice_read(isoch, 1, FALSE));
	thread = CreateThread(NULL, 0, unregister, isoch, 0, NULL);
	/* No transfer has no packets, but that is not looked at without a buffer. */
	while (!WinUsb_ReadIsochPipeAsap(isoch, 0, 0, FALSE, 0, packets, NULL) &&
	       GetLastError() == ERROR_INVALID_PARAMETER)
		CHECK_EQ(WaitForSingleObject(thread, 1), WAIT_TIMEOUT);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK_EQ(WaitForSingleObject(thread, 100), WAIT_TIMEOUT);
	FAILS(slice_read(isoch, 2, FALSE), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_UnregisterIsochBuffer(isoch), ERROR_INVALID_HANDLE);
	CHECK_EQ(internal(&ring[0].overlapped), 0x103);
	OK(WinUsb_AbortPipe(usb, ISO_IN));
	CHECK_EQ(WaitForSingleObject(thread, 10000 * test_scale()), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(thread, &error) && !error);
	CHECK(internal(&ring[0].overlapped) != 0x103 && internal(&ring[1].overlapped) != 0x103);
	CloseHandle(thread);
	end();
}

/* It may be given back to the system at once, whoever collects what came. */
TEST_OF(1_7, the_memory_is_the_programs_after_UnregisterIsochBuffer)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = NULL;
	unsigned int i;
	UCHAR *own;

	begin(iso);
	OK(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_MS));
	for (i = 0; i < 20; i++) {
		own = malloc(SLICE_BYTES);
		CHECK(own);
		OK(WinUsb_RegisterIsochBuffer(usb, ISO_IN, own, SLICE_BYTES, &isoch));
		PENDING(slice_read(isoch, 0, FALSE));
		OK(WinUsb_UnregisterIsochBuffer(isoch));
		CHECK_EQ(internal(&ring[0].overlapped), 0);
		memset(own, 0xcc, SLICE_BYTES);
		Sleep(1);
		CHECK_EQ(own[0], 0xcc);
		CHECK_EQ(own[SLICE_BYTES - 1], 0xcc);
		free(own);
	}
	end();
}

TEST_OF(1_7, the_file_may_be_closed_before_its_buffers)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);

	board_set(iso, "stop-after=1");
	PENDING(slice_read(isoch, 0, FALSE));
	OK(CloseHandle(file));
	CHECK_EQ((DWORD)internal(&ring[0].overlapped), 0xc0000120);
	FAILS(slice_read(isoch, 1, FALSE), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_UnregisterIsochBuffer(isoch), ERROR_INVALID_HANDLE);
	OK(WinUsb_Free(usb));
	/* The device is free. */
	board_set(iso, "stop-after=0");
	isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	PENDING(slice_read(isoch, 2, FALSE));
	DONE(&ring[2].overlapped, 0);
	stream_end(isoch);
}

TEST_OF(1_7, a_buffer_is_for_the_setting_it_was_registered_in)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);

	board_set(iso, "stop-after=1");
	PENDING(slice_read(isoch, 0, FALSE));
	FAILS(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_SMALL), ERROR_BUSY);
	OK(WinUsb_AbortPipe(usb, ISO_IN));
	board_set(iso, "stop-after=0");
	OK(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_NONE));
	FAILS(slice_read(isoch, 1, FALSE), ERROR_INVALID_PARAMETER);
	OK(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_MS));
	PENDING(slice_read(isoch, 1, FALSE));
	DONE(&ring[1].overlapped, 0);
	stream_end(isoch);
}

TEST_OF(1_7, a_device_that_leaves_ends_its_streams)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	WINUSB_ISOCH_BUFFER_HANDLE other;

	board_set(iso, "stop-after=1");
	PENDING(slice_read(isoch, 0, FALSE));
	PENDING(slice_read(isoch, 1, FALSE));
	board_wait_pending(iso, ISO_IN, 2);
	board_unplug(iso);
	DONE_FAILS(&ring[0].overlapped, ERROR_DEVICE_NOT_CONNECTED, 0);
	DONE_FAILS(&ring[1].overlapped, ERROR_DEVICE_NOT_CONNECTED, 0);
	CHECK_EQ((ULONG)ring[1].packets[0].Status, (ULONG)USBD_STATUS_DEVICE_GONE);
	FAILS(slice_read(isoch, 2, FALSE), ERROR_BAD_COMMAND);
	FAILS(WinUsb_RegisterIsochBuffer(usb, ISO_IN, memory, 512, &other), ERROR_BAD_COMMAND);
	stream_end(isoch);
}

/* winusb.md 2.1: no policy applies, and none is in the way */
TEST_OF(2_1, no_policy_applies_to_an_isochronous_pipe)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);

	OK(set_policy(ISO_IN, RAW_IO, 1));
	OK(set_policy(ISO_IN, ALLOW_PARTIAL_READS, 0));
	OK(set_policy(ISO_IN, PIPE_TRANSFER_TIMEOUT, 1));
	PENDING(slice_read(isoch, 0, FALSE));
	DONE(&ring[0].overlapped, 0);
	slice_check(0, 0);
	stream_end(isoch);
}

TEST_OF(1_7, other_transfers_of_an_isochronous_pipe_are_refused)
{
	begin(iso);
	OK(WinUsb_SetCurrentAlternateSetting(usb, ISO_ALT_MS));
	FAILS(WinUsb_ReadPipe(usb, ISO_IN, memory, 512, &moved, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_WritePipe(usb, ISO_OUT, memory, 512, &moved, NULL), ERROR_INVALID_PARAMETER);
	end();
}
