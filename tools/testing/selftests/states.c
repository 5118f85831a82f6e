// SPDX-License-Identifier: MIT
/*
 * Interfaces that are disabled (winusb.md 6.1): by the file that has the function, and by the
 * administrator.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"
#include "uevent.h"

/* Interfaces of the composite board; the whole device is one function. */
enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK, INTERFACES };

static struct board *fx2, *composite;
static int fd;
static uint32_t handle;

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

static void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static int listen_to(struct board *board, unsigned int interface)
{
	int listener = node_open(board_node(board, interface), O_RDONLY | O_NONBLOCK);

	CHECK_OK(listener);
	return listener;
}

static void disable(void)
{
	CHECK_OK(node_set_enabled(fd, handle, 0));
}

static void enable(void)
{
	CHECK_OK(node_set_enabled(fd, handle, 1));
}

static const char *attribute(struct board *board, unsigned int interface)
{
	static __thread char path[128];

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/interface_enabled",
		 board_node(board, interface));
	return path;
}

static void administrate(struct board *board, unsigned int interface, const char *value)
{
	CHECK_OK(file_write(attribute(board, interface), value));
}

static void expect_attribute(struct board *board, unsigned int interface, const char *value)
{
	char text[16];

	CHECK_EQ(file_read(attribute(board, interface), text, sizeof(text)), 2);
	CHECK_EQ(text[0], value[0]);
	CHECK_EQ(text[1], '\n');
}

/* Neither kind of open works, and it is ENOENT also for who would be told EBUSY otherwise. */
static void refuses_opens(struct board *board, unsigned int interface)
{
	CHECK_ERR(node_open(board_node(board, interface), O_RDWR), ENOENT);
	CHECK_ERR(node_open(board_node(board, interface), O_RDONLY), ENOENT);
	expect_attribute(board, interface, "0");
}

static void lets_listeners_in(struct board *board, unsigned int interface)
{
	close(listen_to(board, interface));
	expect_attribute(board, interface, "1");
}

static void is_free(struct board *board, unsigned int interface)
{
	lets_listeners_in(board, interface);
	open_node(board, interface);
	close(fd);
}

static void expect_event(int listener, uint32_t type, uint32_t value)
{
	struct winusb_event event;

	CHECK_EQ(read(listener, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.type, type);
	CHECK_EQ(event.value, value);
}

static void expect_no_event(int listener)
{
	struct winusb_event event;

	CHECK_EQ(read(listener, &event, sizeof(event)), -1);
	CHECK_EQ(errno, EAGAIN);
}

static void pipe_works(uint32_t on, uint8_t out, uint8_t in_pipe)
{
	uint32_t moved;
	char in[64];

	CHECK_OK(node_transfer(fd, on, out, "works", 5, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(node_transfer(fd, on, in_pipe, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

/* By the file */

TEST(disabled_6_1_new_opens_of_all_its_nodes_are_ENOENT)
{
	unsigned int i;

	open_node(composite, JOINED_DATA);
	disable();
	for (i = 0; i < INTERFACES; i++)
		refuses_opens(composite, i);
}

TEST(disabled_6_1_existing_handles_go_on)
{
	int listener = listen_to(composite, SETTINGS);
	struct winusb_query query;
	uint32_t before, after;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &before));
	disable();
	CHECK_OK(node_set_setting(fd, before, 1));
	pipe_works(before, 0x04, 0x84);
	pipe_works(handle, 0x01, 0x81);
	/* More of them can be had. */
	CHECK_OK(node_associated(fd, handle, 2, &after));
	pipe_works(after, 0x07, 0x87);
	CHECK_OK(node_initialize(fd, &after));
	CHECK_OK(node_query(listener, &query));
	expect_event(listener, WINUSB_EVENT_STATE, 0);
	expect_event(listener, WINUSB_EVENT_SETTING, 1);
}

TEST(enabled_6_1_again_it_lets_new_opens_in)
{
	unsigned int i;

	open_node(composite, JOINED_DATA);
	disable();
	enable();
	for (i = 0; i < INTERFACES; i++) {
		lets_listeners_in(composite, i);
		CHECK_ERR(node_open(board_node(composite, i), O_RDWR), EBUSY);
	}
}

TEST(any_handle_of_the_file_will_do)
{
	uint32_t other;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &other));
	CHECK_OK(node_set_enabled(fd, other, 0));
	refuses_opens(composite, JOINED_DATA);
	enable();
	lets_listeners_in(composite, JOINED_DATA);
}

TEST(the_state_ends_with_the_close_of_the_file)
{
	unsigned int i;

	open_node(composite, JOINED_DATA);
	disable();
	close(fd);
	for (i = 0; i < INTERFACES; i++)
		is_free(composite, i);
}

TEST(the_state_stays_while_a_copy_of_the_descriptor_is_open)
{
	int copy;

	open_node(fx2, 0);
	disable();
	copy = dup(fd);
	close(fd);
	refuses_opens(fx2, 0);
	close(copy);
	is_free(fx2, 0);
}

TEST(the_state_ends_with_a_process_that_is_killed)
{
	int ready[2], status;
	pid_t child;
	char byte;

	CHECK_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		open_node(fx2, 0);
		disable();
		CHECK_EQ(write(ready[1], "", 1), 1);
		pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	refuses_opens(fx2, 0);
	kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, &status, 0), child);
	is_free(fx2, 0);
}

/* The file is an empty shell then, and its siblings are on their own. */
TEST(the_state_ends_when_the_default_interface_leaves)
{
	int listener = listen_to(composite, SETTINGS);
	unsigned int i;

	open_node(composite, JOINED_DATA);
	disable();
	expect_event(listener, WINUSB_EVENT_STATE, 0);
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	expect_event(listener, WINUSB_EVENT_STATE, 1);
	CHECK_ERR(node_set_enabled(fd, handle, 0), ENODEV);
	for (i = 1; i < INTERFACES; i++)
		lets_listeners_in(composite, i);
	CHECK_OK(interface_bind(board_node(composite, JOINED_DATA), "winusb"));
	close(fd);
	expect_no_event(listener);
	for (i = 0; i < INTERFACES; i++)
		is_free(composite, i);
}

TEST(a_sibling_that_leaves_changes_nothing)
{
	open_node(composite, JOINED_DATA);
	disable();
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	refuses_opens(composite, JOINED_DATA);
	CHECK_OK(interface_bind(board_node(composite, LOOPBACK), "winusb"));
	/* It joins the function as it is. */
	refuses_opens(composite, LOOPBACK);
	enable();
	lets_listeners_in(composite, LOOPBACK);
}

TEST(a_file_that_does_not_have_the_function_may_not_and_gets_EACCES)
{
	open_node(composite, SETTINGS);
	CHECK_ERR(node_set_enabled(fd, handle, 0), EACCES);
	CHECK_ERR(node_set_enabled(fd, handle, 1), EACCES);
	lets_listeners_in(composite, SETTINGS);
}

TEST(a_state_that_is_neither_is_EINVAL)
{
	open_node(fx2, 0);
	CHECK_ERR(node_set_enabled(fd, handle, 2), EINVAL);
	CHECK_ERR(node_set_enabled(fd, handle, UINT32_MAX), EINVAL);
	lets_listeners_in(fx2, 0);
}

TEST(a_state_after_removal_is_ENODEV)
{
	open_node(fx2, 0);
	board_unplug(fx2);
	CHECK_ERR(node_set_enabled(fd, handle, 0), ENODEV);
}

TEST(other_functions_of_the_device_are_not_touched)
{
	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	open_node(composite, JOINED_DATA);
	disable();
	refuses_opens(composite, JOINED_EVENTS);
	lets_listeners_in(composite, SETTINGS);
	lets_listeners_in(composite, LOOPBACK);
}

/* By the administrator */

TEST(what_the_administrator_disables_stays_so_whatever_files_do)
{
	administrate(composite, JOINED_DATA, "0");
	refuses_opens(composite, JOINED_DATA);
	refuses_opens(composite, LOOPBACK);
	administrate(composite, JOINED_DATA, "1");
	open_node(composite, JOINED_DATA);
	administrate(composite, JOINED_DATA, "0");
	enable();
	refuses_opens(composite, JOINED_DATA);
	close(fd);
	refuses_opens(composite, JOINED_DATA);
	administrate(composite, JOINED_DATA, "1");
	is_free(composite, JOINED_DATA);
}

TEST(the_administrator_does_not_enable_what_the_file_disabled)
{
	open_node(fx2, 0);
	disable();
	administrate(fx2, 0, "0");
	administrate(fx2, 0, "1");
	refuses_opens(fx2, 0);
	enable();
	lets_listeners_in(fx2, 0);
}

TEST(the_attribute_of_every_node_is_that_of_the_function)
{
	unsigned int i;

	for (i = 0; i < INTERFACES; i++) {
		administrate(composite, i, "0\n");
		refuses_opens(composite, (i + 1) % INTERFACES);
		administrate(composite, (i + 2) % INTERFACES, "1\n");
		lets_listeners_in(composite, i);
	}
}

TEST(the_administrators_word_ends_when_the_function_is_unbound)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", board_node(fx2, 0));
	administrate(fx2, 0, "0");
	refuses_opens(fx2, 0);
	CHECK_OK(interface_unbind(name));
	CHECK_OK(interface_bind(name, "winusb"));
	is_free(fx2, 0);
}

TEST(other_text_in_the_attribute_is_EINVAL)
{
	CHECK_ERR(file_write(attribute(fx2, 0), "2"), EINVAL);
	CHECK_ERR(file_write(attribute(fx2, 0), "disabled"), EINVAL);
	CHECK_ERR(file_write(attribute(fx2, 0), "-1"), EINVAL);
	CHECK_ERR(file_write(attribute(fx2, 0), "\n"), EINVAL);
	is_free(fx2, 0);
}

/* Who hears of it */

TEST(listeners_of_all_nodes_hear_a_change_and_only_a_change)
{
	int listeners[INTERFACES], i;

	open_node(composite, JOINED_DATA);
	for (i = 0; i < INTERFACES; i++)
		listeners[i] = listen_to(composite, i);
	enable();
	disable();
	disable();
	administrate(composite, SETTINGS, "0");
	enable();
	administrate(composite, SETTINGS, "1");
	for (i = 0; i < INTERFACES; i++) {
		expect_event(listeners[i], WINUSB_EVENT_STATE, 0);
		expect_event(listeners[i], WINUSB_EVENT_STATE, 1);
		expect_no_event(listeners[i]);
	}
}

TEST(close_is_heard_before_the_state_that_it_ends)
{
	int listener;

	open_node(fx2, 0);
	listener = listen_to(fx2, 0);
	disable();
	close(fd);
	expect_event(listener, WINUSB_EVENT_STATE, 0);
	expect_event(listener, WINUSB_EVENT_CLOSED, 0);
	expect_event(listener, WINUSB_EVENT_STATE, 1);
	expect_no_event(listener);
}

/* The next uevent of this node; false if there is none in time. */
static bool next_uevent(int s, const char *name, struct uevent *event, unsigned int ms)
{
	do {
		if (!uevent_next(s, event, ms))
			return false;
	} while (!uevent_is(event, "winusb", NULL) || strcmp(uevent_name(event), name));
	return true;
}

/* The next uevent of this node is ACTION. */
static void expect_uevent(int s, const char *action, const char *name)
{
	struct uevent event;

	if (!next_uevent(s, name, &event, 10000 * test_scale()))
		FAIL("no uevent '%s' of %s", action, name);
	if (!uevent_is(&event, "winusb", action))
		FAIL("%s instead of %s of %s", event.text, action, name);
}

TEST(each_change_is_a_uevent)
{
	char name[64];
	int s;

	snprintf(name, sizeof(name), "%s", board_node(composite, JOINED_DATA));
	open_node(composite, JOINED_DATA);
	s = uevent_open();
	disable();
	expect_uevent(s, "change", name);
	administrate(composite, SETTINGS, "0");
	enable();
	administrate(composite, SETTINGS, "1");
	expect_uevent(s, "change", name);
	disable();
	expect_uevent(s, "change", name);
	close(fd);
	expect_uevent(s, "change", name);
	/* No more than these. */
	CHECK_OK(interface_unbind(name));
	expect_uevent(s, "remove", name);
}

/* Whoever has the node open can change the state, and everybody in the system hears the uevents. */
TEST(many_changes_are_few_uevents_and_the_last_tells_the_end)
{
	unsigned int changes = 0, toggles = 0;
	struct uevent event, last = { 0 };
	char name[64];
	uint64_t began;
	int s;

	snprintf(name, sizeof(name), "%s", board_node(fx2, 0));
	open_node(fx2, 0);
	s = uevent_open();
	began = test_now_ms();
	while (test_now_ms() < began + 1000 || toggles <= 20) {
		disable();
		enable();
		toggles++;
	}
	while (next_uevent(s, name, &event, 1000 * test_scale())) {
		last = event;
		changes++;
	}
	test_note("%u changes, %u uevents", 2 * toggles, changes);
	CHECK(changes >= 1 && changes <= 15);
	CHECK(!strcmp(uevent_text(&last, "WINUSB_ENABLED"), "1"));
}

/* Many at once */

static bool going;

static void *administrate_main(void *path)
{
	while (__atomic_load_n(&going, __ATOMIC_RELAXED)) {
		/* It may have left. */
		file_write(path, "0");
		file_write(path, "1");
	}
	return NULL;
}

static void *open_main(void *name)
{
	uint32_t own;
	int file;

	while (__atomic_load_n(&going, __ATOMIC_RELAXED)) {
		file = node_open(name, O_RDWR);
		if (file < 0)
			continue;
		if (!node_initialize(file, &own))
			node_set_enabled(file, own, 0);
		close(file);
	}
	return NULL;
}

TEST(states_that_change_while_files_come_and_interfaces_leave)
{
	unsigned int i, n = test_debug_kernel() ? 3 : 60;
	pthread_t administrator, opener;
	char name[64], path[128];

	snprintf(name, sizeof(name), "%s", board_node(composite, JOINED_DATA));
	snprintf(path, sizeof(path), "%s", attribute(composite, LOOPBACK));
	going = true;
	CHECK_EQ(pthread_create(&administrator, NULL, administrate_main, path), 0);
	CHECK_EQ(pthread_create(&opener, NULL, open_main, name), 0);
	for (i = 0; i < n; i++) {
		test_sleep_ms(i % 8);
		CHECK_OK(interface_unbind(name));
		test_sleep_ms(i % 2);
		CHECK_OK(interface_bind(name, "winusb"));
	}
	__atomic_store_n(&going, false, __ATOMIC_RELAXED);
	pthread_join(administrator, NULL);
	pthread_join(opener, NULL);
	for (i = 0; i < INTERFACES; i++)
		is_free(composite, i);
}
