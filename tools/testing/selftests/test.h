/* SPDX-License-Identifier: MIT */
/*
 * A small kselftest-style harness: TAP on stdout, a process per test, a time limit for each, and no
 * dependence on a kernel tree. A test's name is a sentence that names the rule it proves.
 */
#ifndef WINUSB_SELFTEST_TEST_H
#define WINUSB_SELFTEST_TEST_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct test {
	const char *name;
	void (*run)(const void *row);
	const void *rows;	/* a table whose rows begin with a const char *label, or NULL */
	size_t count;
	size_t size;
	unsigned int seconds;	/* time limit, before scaling */
	struct test *next;
};

void test_register(struct test *test);

#define TEST_REGISTER(name_, rows_, count_, size_, seconds_)				\
	static struct test name_##_test = {						\
		.name = #name_, .run = name_##_run, .rows = rows_, .count = count_,	\
		.size = size_, .seconds = seconds_,					\
	};										\
	__attribute__((constructor)) static void name_##_register(void)		\
	{										\
		test_register(&name_##_test);						\
	}

/* A test with a time limit of its own. */
#define TEST_LIMIT(name_, seconds_)							\
	static void name_(void);							\
	static void name_##_run(const void *row)					\
	{										\
		(void)row;								\
		name_();								\
	}										\
	TEST_REGISTER(name_, NULL, 1, 0, seconds_)					\
	static void name_(void)

#define TEST(name_) TEST_LIMIT(name_, 20)

/*
 * One test per row of a table; the rows begin with a const char *label. They share a process as
 * long as they pass, because processes are what a debug kernel is slowest at.
 */
#define TEST_EACH(name_, type_, row_, table_)						\
	TEST_EACH_LIMIT(name_, type_, row_, 20, table_)

/* The same with a time limit of its own for each row. */
#define TEST_EACH_LIMIT(name_, type_, row_, seconds_, table_)				\
	static void name_(const type_ * row_);						\
	static void name_##_run(const void *row)					\
	{										\
		name_(row);								\
	}										\
	TEST_REGISTER(name_, table_, ARRAY_SIZE(table_), sizeof((table_)[0]), seconds_)	\
	static void name_(const type_ * row_)

/* Hooks of a program, called in the parent before the first and after the last test. */
void test_setup(void);
void test_teardown(void);
/* Called in the parent after each test, to clean up what the test left. */
void test_cleanup(bool failed);
/*
 * Called between the rows of a table, in their process, when the last one passed: before and after
 * its descriptors are closed.
 */
void test_row_leave(void);
void test_row_cleanup(void);
/* One descriptor that outlives a row. */
void test_keep_fd(int fd);

void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void test_skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* From test_setup(): no test of this program can run here. */
void test_skip_all(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* The environment is broken: neither pass nor fail makes sense. */
void test_bail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where a process or a thread is, for the reader of the log: FOLDER is its folder in /proc. */
void test_describe(const char *folder);

/* How much slower than a plain kernel this one is; time limits are multiplied with it. */
unsigned int test_scale(void);
bool test_debug_kernel(void);
/* One of the lab's own, whose vhci_hcd is mended and takes scatter lists of any length. */
bool test_own_kernel(void);
void test_sleep_ms(unsigned int ms);
uint64_t test_now_ms(void);
/*
 * The time as of the last timer interrupt. Timeouts are counted from that: where one was late, as
 * in a guest that did not run for a while, they end early by any other clock.
 */
uint64_t test_tick_ms(void);

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond) do {								\
	if (!(cond))									\
		FAIL("expected %s", #cond);						\
} while (0)

#define CHECK_EQ(a, b) do {								\
	long long a_ = (long long)(a), b_ = (long long)(b);				\
	if (a_ != b_)									\
		FAIL("expected %s == %s, got %lld (0x%llx) and %lld (0x%llx)",	\
		     #a, #b, a_, a_, b_, b_);						\
} while (0)

#define CHECK_MEM(a, b, n) do {								\
	if (test_difference((a), (b), (n)) >= 0)					\
		FAIL("%s and %s differ at byte %lld of %lld", #a, #b,			\
		     test_difference((a), (b), (n)), (long long)(n));			\
} while (0)

/* Calls give 0 or a negative errno; these say which one was expected. */
#define CHECK_ERR(call, error) do {							\
	int r_ = (int)(call);								\
	if (r_ != -(error))								\
		FAIL("%s: expected %s, got %s", #call, test_errno(-(error)),		\
		     test_errno(r_));							\
} while (0)

#define CHECK_OK(call) do {								\
	int r_ = (int)(call);								\
	if (r_ < 0)									\
		FAIL("%s: %s", #call, test_errno(r_));					\
} while (0)

const char *test_errno(int result);
long long test_difference(const void *a, const void *b, size_t length);

#endif
