/* SPDX-License-Identifier: MIT */
/*
 * The least that a unit test needs: TEST(name) { CHECK(...); }, and TAP on standard output. A test
 * goes on after a failed CHECK. tap.c has main().
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap_test {
	const char *name;
	void (*run)(void);
	struct tap_test *next;
};

void tap_register(struct tap_test *test);
void tap_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Returns when that thread sleeps, or is gone: at three looks in a row, as a mutex is short. */
void tap_await_asleep(int tid);
/* The rest of the test is not done, and the reason is printed. */
void tap_skip(const char *reason);

#define TEST(test_name)								\
	static void test_##test_name(void);					\
	__attribute__((constructor)) static void register_##test_name(void)	\
	{									\
		static struct tap_test test = { #test_name, test_##test_name, NULL };	\
										\
		tap_register(&test);						\
	}									\
	static void test_##test_name(void)

#define CHECK(condition)							\
	((condition) ? true :							\
	 (tap_fail(__FILE__, __LINE__, "expected %s", #condition), false))

#define CHECK_EQ(actual, expected)						\
	__extension__ ({							\
		long long got_ = (long long)(actual), want_ = (long long)(expected);	\
										\
		if (got_ != want_)						\
			tap_fail(__FILE__, __LINE__, "%s: expected %lld (%#llx), got %lld (%#llx)", \
				 #actual, want_, want_, got_, got_);		\
		got_ == want_;							\
	})

#define CHECK_STR(actual, expected)						\
	__extension__ ({							\
		const char *got_ = (actual), *want_ = (expected);		\
		bool same_ = got_ && want_ && !strcmp(got_, want_);		\
										\
		if (!same_)							\
			tap_fail(__FILE__, __LINE__, "%s: expected \"%s\", got \"%s\"", #actual,	\
				 want_ ? want_ : "NULL", got_ ? got_ : "NULL");	\
		same_;								\
	})

#endif
