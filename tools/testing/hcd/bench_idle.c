// SPDX-License-Identifier: GPL-2.0-only
/*
 * winusb_bench: how long the CPUs had nothing to do.
 *
 * The file idle_us sums it up over all CPUs. The kernel knows it exactly where
 * the tick stops in idle. It does not where waits are shorter than a tick, as on
 * dummy_hcd: then it samples. For that there are soakers: write 1 to the file
 * soak, and a thread on each CPU takes all the time that is left and notes how
 * much it was. It is to run below everything else: read the threads' numbers
 * from soak and make them SCHED_IDLE, which a module cannot. Write 0 to end
 * them.
 */

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kernel_stat.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/tick.h>
#include <linux/uaccess.h>

#include "bench.h"

#define WINUSB_IDLE_CPUS	16
#define WINUSB_IDLE_PROBES	1000

/**
 * struct winusb_soaker - a thread that takes the time nobody wants
 * @task: the thread
 * @ns: what it had; written by the thread only
 */
struct winusb_soaker {
	struct task_struct *task;
	u64 ns;
};

static DEFINE_MUTEX(winusb_idle_lock);	/* guards who the soakers are */
static struct winusb_soaker winusb_soakers[WINUSB_IDLE_CPUS];
static bool winusb_soaking;

/*
 * Longer between two looks at the clock, and something else ran. From an
 * average, because some clocks advance in steps.
 */
static u64 winusb_idle_gap(void)
{
	u64 start = ktime_get_ns();
	unsigned int i;

	for (i = 0; i < WINUSB_IDLE_PROBES; i++)
		ktime_get_ns();
	return div_u64(ktime_get_ns() - start, WINUSB_IDLE_PROBES) * 8 + 1000;
}

static int winusb_idle_soak(void *data)
{
	struct winusb_soaker *soaker = data;
	u64 gap = winusb_idle_gap();
	u64 now, last = ktime_get_ns();

	while (!kthread_should_stop()) {
		now = ktime_get_ns();
		if (now - last <= gap)
			WRITE_ONCE(soaker->ns, soaker->ns + now - last);
		last = now;
		cond_resched();
	}
	return 0;
}

static void winusb_idle_stop(void)
{
	unsigned int i;

	lockdep_assert_held(&winusb_idle_lock);
	for (i = 0; i < WINUSB_IDLE_CPUS; i++) {
		if (winusb_soakers[i].task)
			kthread_stop(winusb_soakers[i].task);
		winusb_soakers[i].task = NULL;
	}
	winusb_soaking = false;
}

static int winusb_idle_start(void)
{
	struct task_struct *task;
	unsigned int cpu, nr = 0;

	lockdep_assert_held(&winusb_idle_lock);
	if (winusb_soaking)
		return 0;
	if (num_online_cpus() > WINUSB_IDLE_CPUS)
		return -E2BIG;
	for_each_online_cpu(cpu) {
		winusb_soakers[nr].ns = 0;
		task = kthread_create(winusb_idle_soak, &winusb_soakers[nr],
				      "winusb_soak/%u", cpu);
		if (IS_ERR(task)) {
			winusb_idle_stop();
			return PTR_ERR(task);
		}
		kthread_bind(task, cpu);
		set_user_nice(task, MAX_NICE);
		winusb_soakers[nr++].task = task;
		wake_up_process(task);
	}
	winusb_soaking = true;
	return 0;
}

static int winusb_idle_soak_show(struct seq_file *file, void *unused)
{
	unsigned int i;

	mutex_lock(&winusb_idle_lock);
	for (i = 0; i < WINUSB_IDLE_CPUS && winusb_soakers[i].task; i++)
		seq_printf(file, "%d\n", task_pid_nr(winusb_soakers[i].task));
	mutex_unlock(&winusb_idle_lock);
	return 0;
}

static ssize_t winusb_idle_soak_write(struct file *file,
				      const char __user *text, size_t length,
				      loff_t *position)
{
	bool on;
	int ret = kstrtobool_from_user(text, length, &on);

	if (ret)
		return ret;
	mutex_lock(&winusb_idle_lock);
	if (on)
		ret = winusb_idle_start();
	else
		winusb_idle_stop();
	mutex_unlock(&winusb_idle_lock);
	return ret ? : length;
}

static int winusb_idle_soak_open(struct inode *inode, struct file *file)
{
	return single_open(file, winusb_idle_soak_show, NULL);
}

static const struct file_operations winusb_idle_soak_fops = {
	.owner = THIS_MODULE,
	.open = winusb_idle_soak_open,
	.read = seq_read,
	.write = winusb_idle_soak_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int winusb_idle_soaked(u64 *us)
{
	u64 ns = 0;
	unsigned int i;

	for (i = 0; i < WINUSB_IDLE_CPUS && winusb_soakers[i].task; i++)
		ns += READ_ONCE(winusb_soakers[i].ns);
	*us = div_u64(ns, NSEC_PER_USEC);
	return 0;
}

/* Who waits in io_uring makes a CPU wait for I/O, which is idle, too. */
static int winusb_idle_known(u64 *us)
{
	u64 idle, iowait;
	unsigned int cpu;

	*us = 0;
	for_each_online_cpu(cpu) {
		idle = get_cpu_idle_time_us(cpu, NULL);
		iowait = get_cpu_iowait_time_us(cpu, NULL);
		if (idle == U64_MAX || iowait == U64_MAX)
			return -EOPNOTSUPP;
		*us += idle + iowait;
	}
	return 0;
}

/* How long the CPUs were idle, in microseconds; or a negative error number. */
int winusb_idle_get(u64 *us)
{
	int ret;

	mutex_lock(&winusb_idle_lock);
	ret = winusb_soaking ? winusb_idle_soaked(us) : winusb_idle_known(us);
	mutex_unlock(&winusb_idle_lock);
	return ret;
}

static int winusb_idle_show(void *unused, u64 *us)
{
	return winusb_idle_get(us);
}
DEFINE_DEBUGFS_ATTRIBUTE(winusb_idle_fops, winusb_idle_show, NULL, "%llu\n");

void winusb_idle_init(struct dentry *folder)
{
	debugfs_create_file_unsafe("idle_us", 0400, folder, NULL,
				   &winusb_idle_fops);
	debugfs_create_file("soak", 0600, folder, NULL, &winusb_idle_soak_fops);
}

void winusb_idle_exit(void)
{
	mutex_lock(&winusb_idle_lock);
	winusb_idle_stop();
	mutex_unlock(&winusb_idle_lock);
}
