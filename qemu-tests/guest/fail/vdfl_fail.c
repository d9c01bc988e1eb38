// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: make the Nth call of a function by vfio_dfl_mdev fail, in one
 * task. The function is not entered, its caller gets the given value.
 *
 * Debugfs file vdfl_fail: write "SYMBOL VALUE N" to arm, "off" to disarm. A
 * read returns the number of calls left before the one that fails; 0 after it
 * failed.
 *
 * The task is the one that opened the file last, until it is closed. Work that
 * the module does for the task in another one counts as well, also for failures
 * set in /proc/self/fail-nth.
 */
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#define CALLER	"[vfio_dfl_mdev]"
#define HELPER	"work_call_fn"	/* runs work for other tasks */

static DEFINE_MUTEX(lock);
static struct dentry *file;
static struct kprobe probe;
static char symbol[64];
static struct task_struct *task;
static struct task_struct *helper;
static struct tracepoint *work_starts, *work_ends;
static bool armed;
static unsigned long value;
static unsigned int left;

static bool called_by_us(unsigned long address)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, address);
	return strstr(name, CALLER);
}

/* Half of this function cannot fail, and its caller relies on that. */
static void do_what_never_fails(struct pt_regs *regs)
{
	if (!strcmp(symbol, "kobject_init_and_add"))
		kobject_init((struct kobject *)regs->di,
			     (const struct kobj_type *)regs->si);
}

/* At the function's first instruction the stack's top is where it returns to. */
static int fail_pre(struct kprobe *p, struct pt_regs *regs)
{
	unsigned long *top = (unsigned long *)regs->sp;

	if ((current != task && current != helper) || !left ||
	    !called_by_us(*top) || --left)
		return 0;
	do_what_never_fails(regs);
	regs->ax = value;
	regs->ip = *top;
	regs->sp += sizeof(*top);
	return 1;
}

/* With this the probe stays a breakpoint: a jump could not be returned from. */
static void fail_post(struct kprobe *p, struct pt_regs *regs,
		      unsigned long flags)
{
}

/* --- work for the task in another one -------------------------------------- */

static bool is_help(unsigned long function)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, function);
	return strstr(name, HELPER) == name && strstr(name, CALLER);
}

/* The task waits for it, so that its count stands still meanwhile. */
static void help_starts(void *data, struct work_struct *work)
{
	if (!task || !is_help((unsigned long)work->func))
		return;
	helper = current;
	helper->fail_nth = task->fail_nth;
	task->fail_nth = 0;
}

static void help_ends(void *data, struct work_struct *work,
		      work_func_t function)
{
	if (!task || current != helper)
		return;
	task->fail_nth = helper->fail_nth;
	helper->fail_nth = 0;
	helper = NULL;
}

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "workqueue_execute_start"))
		work_starts = tp;
	if (!strcmp(tp->name, "workqueue_execute_end"))
		work_ends = tp;
}

static void help_unwatch(void)
{
	tracepoint_probe_unregister(work_starts, help_starts, NULL);
	tracepoint_probe_unregister(work_ends, help_ends, NULL);
	tracepoint_synchronize_unregister();
}

static int help_watch(void)
{
	int ret;

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!work_starts || !work_ends)
		return -ENOENT;
	ret = tracepoint_probe_register(work_starts, help_starts, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(work_ends, help_ends, NULL);
	if (ret)
		tracepoint_probe_unregister(work_starts, help_starts, NULL);
	return ret;
}

/* --- the file ---------------------------------------------------------------- */

static void disarm(void)
{
	if (armed)
		unregister_kprobe(&probe);
	armed = false;
}

static int arm(const char *words)
{
	long ret;
	int err;

	if (sscanf(words, "%63s %ld %u", symbol, &ret, &left) != 3)
		return -EINVAL;
	value = ret;
	memset(&probe, 0, sizeof(probe));
	probe.symbol_name = symbol;
	probe.pre_handler = fail_pre;
	probe.post_handler = fail_post;
	err = register_kprobe(&probe);
	armed = !err;
	return err;
}

static ssize_t fail_write(struct file *filp, const char __user *buf,
			  size_t count, loff_t *pos)
{
	char *words = memdup_user_nul(buf, count);
	int ret = 0;

	if (IS_ERR(words))
		return PTR_ERR(words);
	mutex_lock(&lock);
	disarm();
	if (strcmp(words, "off"))
		ret = arm(words);
	mutex_unlock(&lock);
	kfree(words);
	return ret ?: count;
}

static ssize_t fail_read(struct file *filp, char __user *buf, size_t count,
			 loff_t *pos)
{
	char text[16];
	int len = scnprintf(text, sizeof(text), "%u\n", READ_ONCE(left));

	return simple_read_from_buffer(buf, count, pos, text, len);
}

static int fail_open(struct inode *inode, struct file *filp)
{
	WRITE_ONCE(task, current);
	return 0;
}

static int fail_release(struct inode *inode, struct file *filp)
{
	WRITE_ONCE(task, NULL);
	return 0;
}

static const struct file_operations fail_ops = {
	.owner		= THIS_MODULE,
	.open		= fail_open,
	.release	= fail_release,
	.write		= fail_write,
	.read		= fail_read,
};

static int __init fail_init(void)
{
	int ret = help_watch();

	if (ret)
		return ret;
	file = debugfs_create_file("vdfl_fail", 0600, NULL, NULL, &fail_ops);
	if (IS_ERR(file))
		help_unwatch();
	return PTR_ERR_OR_ZERO(file);
}

static void __exit fail_exit(void)
{
	debugfs_remove(file);
	disarm();
	help_unwatch();
}

module_init(fail_init);
module_exit(fail_exit);

MODULE_DESCRIPTION("Makes calls of vfio_dfl_mdev fail");
MODULE_LICENSE("GPL");
