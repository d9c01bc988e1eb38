// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: make the Nth call of one function fail that vfio_dfl_mdev makes in
 * one task. The function is not entered, its caller gets the value given.
 *
 * Debugfs file vdfl_fail: write "SYMBOL VALUE N" to arm for the writing task,
 * "off" to disarm. What is read is the number of calls still to come before the
 * one that fails; 0 when it has failed.
 */
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define CALLER	"[vfio_dfl_mdev]"

static DEFINE_MUTEX(lock);
static struct dentry *file;
static struct kprobe probe;
static char symbol[64];
static struct task_struct *task;
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

	if (current != task || !left || !called_by_us(*top) || --left)
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

static void disarm(void)
{
	if (task)
		unregister_kprobe(&probe);
	task = NULL;
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
	if (!err)
		task = current;
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

static const struct file_operations fail_ops = {
	.owner	= THIS_MODULE,
	.write	= fail_write,
	.read	= fail_read,
};

static int __init fail_init(void)
{
	file = debugfs_create_file("vdfl_fail", 0600, NULL, NULL, &fail_ops);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit fail_exit(void)
{
	debugfs_remove(file);
	disarm();
}

module_init(fail_init);
module_exit(fail_exit);

MODULE_DESCRIPTION("Makes calls of vfio_dfl_mdev fail");
MODULE_LICENSE("GPL");
