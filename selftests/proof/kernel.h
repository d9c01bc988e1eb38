/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the kernel that the proved files need, in user space. cbmc-run
 * replaces all other kernel headers by empty files. Locks do nothing, as a proof has
 * one task; user memory has any contents, and any access to it may fail.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#ifndef _VDFL_PROOF_KERNEL_H
#define _VDFL_PROOF_KERNEL_H

#include <sys/types.h>

#include "proof.h"

#define _VDFL_TRACE_H		/* no tracepoints */
#define __user
#define __iomem
#define noinline_for_stack
#undef __always_inline
#define __always_inline		inline
#define likely(condition)	(condition)
#define unlikely(condition)	(condition)
#define READ_ONCE(value)	(value)
#define WRITE_ONCE(place, value) ((place) = (value))
#define guard(kind)		guard_##kind
#define current			0
#define offset_of(type, ...)	__builtin_offsetof(type, __VA_ARGS__)
#define container_of(at, type, ...) \
	((type *)((char *)(at) - offset_of(type, __VA_ARGS__)))
/* Bytes of a capability, which the proofs do not use */
#define struct_size(at, ...)	sizeof(*(at))

#define PAGE_SIZE		4096UL
#define IS_ALIGNED(value, to)	(!((value) & ((typeof(value))(to) - 1)))
#define ALIGN_DOWN(value, to)	((value) & ~((typeof(value))(to) - 1))
#define DIV_ROUND_UP(value, by)	(((value) + (by) - 1) / (by))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define is_power_of_2(value)	power_of_two(value)

typedef __s32 s32;
typedef __s64 s64;

#define phys_addr_t		u64
#define ktime_t			s64
#define pci_ers_result_t	unsigned int
#define pci_channel_state_t	unsigned int

/* Members that the proofs do not use */
struct list_head { int any; };
struct work_struct { int any; };
struct delayed_work { int any; };
struct mutex { int any; };
struct rw_semaphore { int any; };
struct vdfl_mapping { int any; };
struct mdev_type { int any; };
struct vfio_info_cap { int any; };
struct any { int any; };
#define spinlock_t		struct any
#define wait_queue_head_t	struct any
#define kuid_t			struct any
#define atomic_t		struct any
#define atomic64_t		struct any

struct device;

struct vfio_device {
	struct device *dev;
};

struct vfio_info_cap_header;
int vfio_info_add_capability(struct vfio_info_cap *caps,
			     struct vfio_info_cap_header *cap, size_t size);

static inline u64 array_index_nospec(u64 index, u64 size)
{
	(void)size;
	return index;
}

static inline void guard_mutex(struct mutex *lock)
{
	(void)lock;
}

static inline int any_error(void)
{
	int any;

	ASSUME(any <= 0 && any >= -4095);
	return any;
}

static inline bool fatal_signal_pending(int task)
{
	bool any;

	(void)task;
	return any;
}

/* User memory */
#define get_user(value, at) ({			\
	typeof(*(at)) _any;			\
	(value) = _any;				\
	(void)(at);				\
	any_error();				\
})
#define put_user(value, at)	((void)(value), (void)(at), any_error())

static inline unsigned long copy_from_user(void *to, const void *from, size_t len)
{
	unsigned long any;

	(void)from;
	PROVE(__CPROVER_w_ok(to, len), "only the buffer is copied");
	return any;
}

static inline unsigned long copy_to_user(void *to, const void *from, size_t len)
{
	unsigned long any;

	(void)to;
	PROVE(__CPROVER_r_ok(from, len), "only the buffer is copied");
	return any;
}

static inline void atomic64_add(s64 nr, atomic64_t *count)
{
	(void)nr;
	(void)count;
}

#endif /* _VDFL_PROOF_KERNEL_H */
