// SPDX-License-Identifier: MIT
/* What the tests of Plug and Play share. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boards.h"
#include "node.h"
#include "pnp.h"
#include "test.h"

struct board *pnp_board(unsigned int n)
{
	struct board *board;
	char spec[64];

	snprintf(spec, sizeof(spec), "msos,pid=%04x", n);
	board = board_add(spec);
	board_spread(board);
	return board;
}

unsigned int slack(unsigned int ms)
{
	return test_scale() > 1 ? 12 * ms : ms;
}

static void write_or_fail(const char *path, const char *text)
{
	int result = file_write(path, text);

	if (result)
		FAIL("write %s to %s: %s", text, path, test_errno(result));
}

void autobind(const char *mode)
{
	write_or_fail(PARAMETERS "/autobind", mode);
}

void configure(struct board *board, const char *options)
{
	char copy[512], *rest = copy, *option;

	snprintf(copy, sizeof(copy), "%s", options);
	while ((option = strsep(&rest, ",")))
		if (*option)
			board_set(board, option);
}

void plug_in(struct board *const *boards, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		board_attach(boards[i]);
	/* What says this is read with the device locked, as it is while drivers are asked. */
	for (i = 0; i < count; i++)
		board_wait_configured(boards[i]);
}

unsigned int bound(struct board *board)
{
	unsigned int i, mask = 0;
	char driver[32];

	for (i = 0; i < board_interfaces(board); i++) {
		interface_driver(board_node(board, i), driver, sizeof(driver));
		/* The node comes a little later. */
		if (!strcmp(driver, "winusb") && !access(node_path(board_node(board, i)), F_OK))
			mask |= 1u << i;
	}
	return mask;
}

void wait_bound(struct board *board, unsigned int mask)
{
	uint64_t end = test_now_ms() + 5000 * test_scale();
	unsigned int now;

	while ((now = bound(board)) != mask) {
		if (test_now_ms() > end)
			FAIL("interfaces 0x%x of %s are bound, expected 0x%x", now,
			     board_name(board), mask);
		test_sleep_ms(2 * test_scale());
	}
}

static void function_id(struct board *board, unsigned int interface, char *id, size_t size)
{
	snprintf(id, size, "%s %02x", board_id(board), interface);
}

void name_function(struct board *board, unsigned int interface)
{
	char id[32];
	int result;

	function_id(board, interface, id, sizeof(id));
	result = file_write(DRIVER "/function_id", id);
	if (result && result != -EEXIST)
		FAIL("write %s to function_id: %s", id, test_errno(result));
}

void forget_function(struct board *board, unsigned int interface)
{
	char id[32];

	function_id(board, interface, id, sizeof(id));
	write_or_fail(DRIVER "/remove_function_id", id);
}

void name_device(struct board *board)
{
	write_or_fail(DRIVER "/new_id", board_id(board));
}

/* Each interface says by itself that all is there that the descriptors say of it. */
void wait_read(struct board *board, unsigned int mask)
{
	uint64_t end = test_now_ms() + 5000 * test_scale();
	unsigned int i;

	for (i = 0; i < board_interfaces(board); i++) {
		while (mask & 1u << i && !strcmp(attribute(board, i, "os_descriptors"), "pending")) {
			if (test_now_ms() > end)
				FAIL("the descriptors of %s are still being read",
				     board_node(board, i));
			test_sleep_ms(2 * test_scale());
		}
	}
}

void wait_known(struct board *board)
{
	unsigned int i, n = board_interfaces(board), mask = n < 32 ? (1u << n) - 1 : ~0u;

	for (i = 0; i < n; i++)
		name_function(board, i);
	wait_bound(board, mask);
	wait_read(board, mask);
}

static const char *attribute_path(struct board *board, unsigned int interface, const char *name)
{
	static __thread char path[256];

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/%s", board_node(board, interface), name);
	return path;
}

const char *attribute(struct board *board, unsigned int interface, const char *name)
{
	static __thread char text[2][4097];
	static __thread unsigned int turn;
	const char *path = attribute_path(board, interface, name);
	char *out = text[turn++ & 1];
	int n = file_read(path, out, sizeof(text[0]));

	if (n < 0)
		FAIL("%s: %s", path, test_errno(n));
	if (n && out[n - 1] == '\n')
		out[n - 1] = 0;
	return out;
}

int set_attribute(struct board *board, unsigned int interface, const char *name,
		  const char *value)
{
	return file_write(attribute_path(board, interface, name), value);
}

void check_text(const char *file, int line, const char *what, const char *text,
		const char *expected)
{
	if (strcmp(text, expected))
		test_fail(file, line, "%s: expected \"%s\", got \"%s\"", what, expected, text);
}

void check_attribute(const char *file, int line, struct board *board, unsigned int interface,
		     const char *name, const char *value)
{
	char what[128];

	snprintf(what, sizeof(what), "%s of %s", name, board_node(board, interface));
	check_text(file, line, what, attribute(board, interface, name), value);
}

/* Interface n loops back from its pipe n + 1 OUT to n + 1 IN. */
bool node_works(struct board *board, unsigned int interface)
{
	int fd = node_open(board_node(board, interface), O_RDWR);
	uint32_t handle, moved = 0;
	char in[64] = "";
	bool works;

	if (fd < 0) {
		test_note("open %s: %s", board_node(board, interface), test_errno(fd));
		return false;
	}
	works = !node_initialize(fd, &handle) &&
		!node_transfer(fd, handle, interface + 1, (char *)"works", 5, &moved) &&
		!node_transfer(fd, handle, 0x81 + interface, in, sizeof(in), &moved) &&
		moved == 5 && !memcmp(in, "works", 5);
	close(fd);
	return works;
}

/* Takes back what stands in one of the driver's files, by lines of WORDS words to another. */
static void take_back(const char *file, const char *remove, unsigned int words, const char *tail)
{
	char text[4097], line[64], word[3][16], *rest, *p;
	int n;

	/* They show a page at a time. */
	while (file_read(file, text, sizeof(text)) > 0) {
		for (rest = text; (p = strsep(&rest, "\n")) && *p; ) {
			word[2][0] = 0;
			n = sscanf(p, "%15s %15s %15s", word[0], word[1], word[2]);
			if (n < (int)words)
				test_bail("%s has the line: %s", file, p);
			snprintf(line, sizeof(line), "%s %s %s%s", word[0], word[1],
				 words > 2 ? word[2] : "", tail);
			n = file_write(remove, line);
			/* One line of several may have removed them all. */
			if (n && n != -ENODEV)
				test_bail("write %s to %s: %s", line, remove, test_errno(n));
		}
	}
}

void board_cleanup(void)
{
	/* The module may have been unloaded, which forgets all of it. */
	if (access(DRIVER, F_OK))
		return;
	autobind("listed");
	file_write(PARAMETERS "/no_os_string", "\n");
	take_back(DRIVER "/function_id", DRIVER "/remove_function_id", 3, "");
	take_back(DRIVER "/function_property", DRIVER "/remove_function_property", 3, " *");
	take_back(DRIVER "/new_id", DRIVER "/remove_id", 2, "");
}
