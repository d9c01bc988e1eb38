// SPDX-License-Identifier: GPL-2.0-only
/*
 * Results of ioctls for valid and invalid input: the same as from vfio-pci, and
 * no byte is written outside of the structure.
 */
#include <fcntl.h>

#include "harness.h"
#include "lab_card.h"

#define POISON		0xa5
#define NONE		VFIO_IRQ_SET_DATA_NONE
#define BOOL		VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD		VFIO_IRQ_SET_DATA_EVENTFD
#define MASK		VFIO_IRQ_SET_ACTION_MASK
#define UNMASK		VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER		VFIO_IRQ_SET_ACTION_TRIGGER
#define NO_SUCH_FD	10000

FIXTURE(dev) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_VARIANT(dev) {
	const char *pos;
	u32 vectors;
	bool reset;
};

FIXTURE_VARIANT_ADD(dev, with_vectors_and_reset) {
	.pos = POS_AFU0, .vectors = AFU_VECTORS, .reset = true,
};

FIXTURE_VARIANT_ADD(dev, without) {
	.pos = POS_ETH,
};

FIXTURE_SETUP(dev)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, variant->pos);
	block_open(&self->inst, &self->dev, &self->card, variant->pos);
}

FIXTURE_TEARDOWN(dev)
{
	block_close(&self->inst, &self->dev);
}

/* Place a structure at the end of accessible memory. */
static void *poisoned(size_t len)
{
	void *buf = guarded_alloc(len);

	memset(buf, POISON, len);
	return buf;
}

static bool is_poison(const void *buf, size_t start, size_t end)
{
	const u8 *byte = buf;

	for (; start < end; start++)
		if (byte[start] != POISON)
			return false;
	return true;
}

/* --- VFIO_DEVICE_GET_INFO ------------------------------------------------ */

#define INFO_MIN	16

TEST_F(dev, info)
{
	const u32 flags = VFIO_DEVICE_FLAGS_PCI |
			       (variant->reset ? VFIO_DEVICE_FLAGS_RESET : 0);
	static const u32 argsz[] = { INFO_MIN, 17, 20, 24, 25, 64, ~0U };
	const size_t len = sizeof(struct vfio_device_info);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(argsz); i++) {
		struct vfio_device_info *info = poisoned(len);

		info->argsz = argsz[i];
		EXPECT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_INFO,
					    info));
		EXPECT_EQ(argsz[i], info->argsz);
		EXPECT_EQ(flags, info->flags);
		EXPECT_EQ(NR_REGIONS, info->num_regions);
		EXPECT_EQ(VFIO_PCI_NUM_IRQS, info->num_irqs);
		EXPECT_TRUE(argsz[i] < 20 || !info->cap_offset);
		EXPECT_TRUE(argsz[i] >= len || is_poison(info, argsz[i], len));
		guarded_free(info, len);
	}
}

TEST_F(dev, info_argsz_too_small)
{
	struct vfio_device_info *info = poisoned(sizeof(*info));
	u32 argsz;

	for (argsz = 0; argsz < INFO_MIN; argsz++) {
		info->argsz = argsz;
		EXPECT_ERR(EINVAL, try_dev_ioctl(&self->dev,
						 VFIO_DEVICE_GET_INFO, info));
		EXPECT_TRUE(is_poison(info, 4, sizeof(*info)));
	}
	guarded_free(info, sizeof(*info));
}

TEST_F(dev, info_bad_pointer)
{
	u32 *half = poisoned(8), *most = poisoned(INFO_MIN);

	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_INFO,
					 NULL));
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_INFO,
					 bad_address()));
	*half = INFO_MIN;
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_INFO,
					 half));
	*most = 20;	/* argsz is larger than the memory */
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_INFO,
					 most));
	guarded_free(half, 8);
	guarded_free(most, INFO_MIN);
}

/* --- VFIO_DEVICE_GET_REGION_INFO ----------------------------------------- */

#define REGION_MIN	sizeof(struct vfio_region_info)
#define REGION_MAX	256

static long region_info(struct dev *dev, struct vfio_region_info *info,
			u32 argsz, u32 index)
{
	info->argsz = argsz;
	info->index = index;
	return try_dev_ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, info);
}

TEST_F(dev, region_info_argsz_too_small)
{
	struct vfio_region_info *info = poisoned(sizeof(*info));
	u32 argsz;

	for (argsz = 0; argsz < REGION_MIN; argsz++) {
		EXPECT_ERR(EINVAL, region_info(&self->dev, info, argsz, 0));
		EXPECT_TRUE(is_poison(info, 4, 8));
		EXPECT_TRUE(is_poison(info, 12, sizeof(*info)));
	}
	guarded_free(info, sizeof(*info));
}

TEST_F(dev, region_info_unknown_index)
{
	static const u32 index[] = {
		VFIO_PCI_VGA_REGION_INDEX, NR_REGIONS, NR_REGIONS + 1, 64,
		0x7fffffff, 0x80000000, 0xffffffff,
	};
	struct vfio_region_info info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(index); i++)
		EXPECT_ERR(EINVAL, region_info(&self->dev, &info, sizeof(info),
					       index[i]));
}

TEST_F(dev, region_info_absent)
{
	static const u32 index[] = {
		VFIO_PCI_BAR1_REGION_INDEX, VFIO_PCI_BAR3_REGION_INDEX,
		VFIO_PCI_BAR5_REGION_INDEX, VFIO_PCI_ROM_REGION_INDEX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		struct vfio_region_info *info = poisoned(sizeof(*info));

		EXPECT_ERR(0, region_info(&self->dev, info, REGION_MIN,
					  index[i]));
		EXPECT_EQ(REGION_MIN, info->argsz);
		EXPECT_EQ(index[i], info->index);
		EXPECT_EQ(0, info->size);
		EXPECT_EQ(0, info->flags);
		EXPECT_EQ(0, info->cap_offset);
		guarded_free(info, sizeof(*info));
	}
}

/* All fields must be overwritten. */
TEST_F(dev, region_info_present)
{
	const u32 rw = VFIO_REGION_INFO_FLAG_READ |
			    VFIO_REGION_INFO_FLAG_WRITE;
	const struct {
		u32 index;
		u32 flags;
		u64 size;
	} want[] = {
		{ VFIO_PCI_BAR0_REGION_INDEX,
		  rw | VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS,
		  block_attr_u64(&self->card, variant->pos, "size") },
		{ VFIO_PCI_BAR4_REGION_INDEX, variant->vectors ? rw : 0,
		  variant->vectors ? 4096 : 0 },
		{ VFIO_PCI_CONFIG_REGION_INDEX, rw, 4096 },
		{ REGION_BLOCK,
		  VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_CAPS,
		  sizeof(struct vfio_dfl_mdev_block) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct vfio_region_info *info = poisoned(sizeof(*info));

		EXPECT_ERR(0, region_info(&self->dev, info, REGION_MIN,
					  want[i].index));
		EXPECT_EQ(want[i].flags, info->flags);
		EXPECT_EQ(want[i].size, info->size);
		EXPECT_EQ((u64)want[i].index << REGION_SHIFT, info->offset);
		EXPECT_EQ(0, info->cap_offset);
		EXPECT_EQ(!!(info->flags & VFIO_REGION_INFO_FLAG_CAPS),
			  info->argsz > REGION_MIN);
		guarded_free(info, sizeof(*info));
	}
}

/* The argsz returned by the first call is enough, one byte less is not. */
TEST_F(dev, region_info_growth)
{
	const struct vfio_region_info_cap_sparse_mmap *sparse;
	struct vfio_region_info first, *info;
	u32 need;

	ASSERT_ERR(0, region_info(&self->dev, &first, REGION_MIN, 0));
	need = first.argsz;
	ASSERT_GE(REGION_MAX, need);

	info = poisoned(need);
	EXPECT_ERR(0, region_info(&self->dev, info, need - 1, 0));
	EXPECT_EQ(need, info->argsz);
	EXPECT_EQ(0, info->cap_offset);
	EXPECT_TRUE(is_poison(info, REGION_MIN, need));

	EXPECT_ERR(0, region_info(&self->dev, info, need, 0));
	EXPECT_EQ(need, info->argsz);
	EXPECT_EQ(REGION_MIN, info->cap_offset);
	sparse = (const void *)region_cap(info,
					  VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	ASSERT_NE(NULL, sparse);
	EXPECT_EQ(1, sparse->header.version);
	EXPECT_EQ(0, sparse->header.next);
	EXPECT_EQ(1, sparse->nr_areas);
	EXPECT_EQ(0, sparse->areas[0].offset);
	EXPECT_EQ(info->size, sparse->areas[0].size);

	/* a huge argsz does not mean that more is written */
	memset(info, POISON, need);
	EXPECT_ERR(0, region_info(&self->dev, info, ~0U, 0));
	EXPECT_EQ(REGION_MIN, info->cap_offset);
	guarded_free(info, need);
}

TEST_F(dev, region_info_bad_pointer)
{
	struct vfio_region_info *info = guarded_alloc(REGION_MIN);
	u32 *half = poisoned(16);

	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev,
					 VFIO_DEVICE_GET_REGION_INFO, NULL));
	*half = REGION_MIN;
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev,
					 VFIO_DEVICE_GET_REGION_INFO, half));
	/* room for the structure, not for the capabilities */
	EXPECT_ERR(EFAULT, region_info(&self->dev, info, REGION_MAX, 0));
	guarded_free(info, REGION_MIN);
	guarded_free(half, 16);
}

/* --- VFIO_DEVICE_GET_IRQ_INFO -------------------------------------------- */

TEST_F(dev, irq_info)
{
	const u32 intx = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	const u32 single = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
	const struct {
		u32 flags;
		u32 count;
	} want[VFIO_PCI_NUM_IRQS] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = { intx, 0 },
		[VFIO_PCI_MSI_IRQ_INDEX] = { single, 0 },
		[VFIO_PCI_MSIX_IRQ_INDEX] = {
			VFIO_IRQ_INFO_EVENTFD, variant->vectors
		},
		[VFIO_PCI_ERR_IRQ_INDEX] = { single, 1 },
		[VFIO_PCI_REQ_IRQ_INDEX] = { single, 1 },
	};
	static const u32 argsz[] = { 16, 17, 4096, ~0U };
	u32 index;
	size_t i;

	for (index = 0; index < VFIO_PCI_NUM_IRQS; index++) {
		for (i = 0; i < ARRAY_SIZE(argsz); i++) {
			struct vfio_irq_info *info = poisoned(sizeof(*info));

			info->argsz = argsz[i];
			info->index = index;
			EXPECT_ERR(0, try_dev_ioctl(&self->dev,
						    VFIO_DEVICE_GET_IRQ_INFO,
						    info));
			EXPECT_EQ(argsz[i], info->argsz);
			EXPECT_EQ(index, info->index);
			EXPECT_EQ(want[index].flags, info->flags);
			EXPECT_EQ(want[index].count, info->count);
			guarded_free(info, sizeof(*info));
		}
	}
}

TEST_F(dev, irq_info_bad)
{
	static const u32 unknown[] = { 5, 6, 255, 0x80000000, ~0U };
	struct vfio_irq_info info = {};
	u32 *half = poisoned(8);
	size_t i;

	for (info.argsz = 0; info.argsz < sizeof(info); info.argsz++)
		EXPECT_ERR(EINVAL, try_dev_ioctl(&self->dev,
						 VFIO_DEVICE_GET_IRQ_INFO,
						 &info));
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		info.index = unknown[i];
		EXPECT_ERR(EINVAL, try_dev_ioctl(&self->dev,
						 VFIO_DEVICE_GET_IRQ_INFO,
						 &info));
	}
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_IRQ_INFO,
					 NULL));
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_GET_IRQ_INFO,
					 half));
	guarded_free(half, 8);
}

/* --- absent regions and ioctls ------------------------------------------- */

TEST_F(dev, unknown_ioctls)
{
	static const unsigned long unknown[] = {
		VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, VFIO_DEVICE_PCI_HOT_RESET,
		VFIO_DEVICE_QUERY_GFX_PLANE, VFIO_DEVICE_GET_GFX_DMABUF,
		VFIO_DEVICE_IOEVENTFD, VFIO_GROUP_GET_STATUS,
		_IO(VFIO_TYPE, 0xfe), _IO('?', 1), _IOWR(VFIO_TYPE, 107, int),
		0, ~0U,
	};
	u8 arg[256] = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_ERR(ENOTTY, try_dev_ioctl(&self->dev, unknown[i], arg));
		EXPECT_ERR(ENOTTY, try_dev_ioctl(&self->dev, unknown[i],
						 bad_address()));
	}
}

static long feature(struct dev *dev, u32 argsz, u32 flags)
{
	struct {
		struct vfio_device_feature head;
		u8 data[64];
	} arg = { .head = { .argsz = argsz, .flags = flags } };

	return try_dev_ioctl(dev, VFIO_DEVICE_FEATURE, &arg);
}

TEST_F(dev, features)
{
	const u32 get = VFIO_DEVICE_FEATURE_GET;
	const u32 set = VFIO_DEVICE_FEATURE_SET;
	const u32 probe = VFIO_DEVICE_FEATURE_PROBE;
	static const u32 known[] = {
		VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, VFIO_DEVICE_FEATURE_MIGRATION,
		VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
		VFIO_DEVICE_FEATURE_BUS_MASTER,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		EXPECT_ERR(ENOTTY, feature(&self->dev, 72, known[i] | get));
		EXPECT_ERR(ENOTTY, feature(&self->dev, 72, known[i] | set));
		EXPECT_ERR(ENOTTY, feature(&self->dev, 72,
					   known[i] | get | probe));
	}
	EXPECT_ERR(ENOTTY, feature(&self->dev, 8, 0x99 | get | set | probe));
	EXPECT_ERR(EINVAL, feature(&self->dev, 72, get | set));
	EXPECT_ERR(EINVAL, feature(&self->dev, 72, get | 1 << 19));
	EXPECT_ERR(EINVAL, feature(&self->dev, 7, get));
	EXPECT_ERR(EINVAL, feature(&self->dev, 0, get));
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_FEATURE,
					 NULL));
}

/* --- VFIO_DEVICE_RESET --------------------------------------------------- */

TEST_F(dev, reset)
{
	int want = variant->reset ? 0 : EINVAL;
	u64 value;

	EXPECT_ERR(want, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	/* the ioctl has no argument */
	EXPECT_ERR(want, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET,
				       bad_address()));
	dev_memory_enable(&self->dev, false);
	EXPECT_ERR(want, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0, dev_config_read(&self->dev, PCI_COMMAND, 2) &
		     PCI_COMMAND_MEMORY);
	EXPECT_ERR(EIO, try_dev_read(&self->dev, 0, 0, &value, 8));
}

/* --- SET_IRQS: checks of the header -------------------------------------- */

static long set_irqs(struct dev *dev, u32 argsz, u32 index,
		     u32 flags, u32 start, u32 count)
{
	struct {
		struct vfio_irq_set set;
		s32 fd[16];
	} arg;

	memset(&arg, 0xff, sizeof(arg));	/* every eventfd is -1 */
	arg.set.argsz = argsz;
	arg.set.index = index;
	arg.set.flags = flags;
	arg.set.start = start;
	arg.set.count = count;
	return try_dev_ioctl(dev, VFIO_DEVICE_SET_IRQS, &arg);
}

TEST_F(dev, set_irqs_header)
{
	const u32 good = NONE | TRIGGER, whole = 20 + 64;
	u32 i;

	for (i = 0; i < 20; i++)
		EXPECT_ERR(EINVAL, set_irqs(&self->dev, i, MSIX, good, 0, 1));
	for (i = VFIO_PCI_NUM_IRQS; i < VFIO_PCI_NUM_IRQS + 3; i++)
		EXPECT_ERR(EINVAL, set_irqs(&self->dev, whole, i, good, 0, 1));
	EXPECT_ERR(EINVAL, set_irqs(&self->dev, whole, ~0U, good, 0, 1));
	for (i = 6; i < 32; i++)
		EXPECT_ERR(EINVAL, set_irqs(&self->dev, whole,
					    VFIO_PCI_ERR_IRQ_INDEX,
					    good | 1U << i, 0, 1));
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_SET_IRQS,
					 NULL));
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_SET_IRQS,
					 bad_address()));
}

TEST_F(dev, set_irqs_range)
{
	static const u32 index[] = {
		VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_ERR_IRQ_INDEX,
		VFIO_PCI_REQ_IRQ_INDEX,
	};
	const u32 whole = 20 + 64;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		u32 n = index[i] == MSIX ? variant->vectors : 1;
		const struct {
			u32 start;
			u32 count;
		} bad[] = {
			{ n, 0 }, { n, 1 }, { n + 1, 0 }, { 0, n + 1 },
			{ n - 1, 2 }, { 0, ~0U }, { 0, ~0U - 1 }, { 1, ~0U },
			{ ~0U, 0 }, { ~0U, 1 }, { ~0U, ~0U },
			{ ~0U - 1, 1 }, { ~0U - 1, 2 }, { 0x80000000, 1 },
			{ 0x80000000, 0x80000000 }, { 0, 0x80000000 },
			{ 0, 0x40000000 }, { 1, 0x40000001 },
		};
		size_t j;

		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			EXPECT_ERR(EINVAL, set_irqs(&self->dev, whole, index[i],
						    NONE | TRIGGER,
						    bad[j].start,
						    bad[j].count));
			EXPECT_ERR(EINVAL, set_irqs(&self->dev, ~0U, index[i],
						    EVENTFD | TRIGGER,
						    bad[j].start,
						    bad[j].count));
		}
	}
}

/* For an index without interrupts every request is invalid. */
TEST_F(dev, set_irqs_absent_index)
{
	static const u32 data[] = { NONE, BOOL, EVENTFD };
	static const u32 action[] = { 0, MASK, UNMASK, TRIGGER,
					   MASK | UNMASK };
	u32 index, i, j;

	for (index = 0; index <= MSIX; index++) {
		if (index == MSIX && variant->vectors)
			continue;
		for (i = 0; i < ARRAY_SIZE(data); i++) {
			for (j = 0; j < ARRAY_SIZE(action); j++) {
				EXPECT_ERR(EINVAL,
					   set_irqs(&self->dev, 84, index,
						    data[i] | action[j], 0, 0));
				EXPECT_ERR(EINVAL,
					   set_irqs(&self->dev, 84, index,
						    data[i] | action[j], 0, 1));
			}
		}
	}
}

TEST_F(dev, set_irqs_data_type)
{
	static const u32 bad[] = {
		0, NONE | BOOL, NONE | EVENTFD, BOOL | EVENTFD,
		NONE | BOOL | EVENTFD,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ERR(EINVAL, set_irqs(&self->dev, 84,
					    VFIO_PCI_REQ_IRQ_INDEX,
					    bad[i] | TRIGGER, 0, 1));
}

TEST_F(dev, set_irqs_payload_too_small)
{
	const u32 index = VFIO_PCI_REQ_IRQ_INDEX;

	EXPECT_ERR(EINVAL, set_irqs(&self->dev, 20, index, BOOL | TRIGGER, 0,
				    1));
	EXPECT_ERR(EINVAL, set_irqs(&self->dev, 20, index, EVENTFD | TRIGGER,
				    0, 1));
	EXPECT_ERR(EINVAL, set_irqs(&self->dev, 23, index, EVENTFD | TRIGGER,
				    0, 1));
	EXPECT_ERR(0, set_irqs(&self->dev, 24, index, EVENTFD | TRIGGER, 0, 1));
	EXPECT_ERR(0, set_irqs(&self->dev, 21, index, BOOL | TRIGGER, 0, 1));
	/* no payload is read if the data type has none */
	EXPECT_ERR(EINVAL, set_irqs(&self->dev, 20, index, NONE | TRIGGER, 0,
				    1));
}

TEST_F(dev, set_irqs_action)
{
	static const u32 bad[] = {
		0, MASK, UNMASK, MASK | UNMASK, MASK | TRIGGER,
		UNMASK | TRIGGER, MASK | UNMASK | TRIGGER,
	};
	static const u32 index[] = {
		VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_REQ_IRQ_INDEX,
		VFIO_PCI_MSIX_IRQ_INDEX,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(index); i++) {
		if (index[i] == MSIX && !variant->vectors)
			continue;
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			EXPECT_ERR(ENOTTY, set_irqs(&self->dev, 84, index[i],
						    NONE | bad[j], 0, 1));
			EXPECT_ERR(ENOTTY, set_irqs(&self->dev, 84, index[i],
						    BOOL | bad[j], 0, 1));
			EXPECT_ERR(ENOTTY, set_irqs(&self->dev, 84, index[i],
						    EVENTFD | bad[j], 0, 1));
			EXPECT_ERR(ENOTTY, set_irqs(&self->dev, 84, index[i],
						    NONE | bad[j], 0, 0));
		}
	}
}

/*
 * The payload is read after the size checks and before the action is checked.
 */
TEST_F(dev, set_irqs_payload_unreadable)
{
	struct vfio_irq_set *set = guarded_alloc(sizeof(*set));

	*set = (struct vfio_irq_set){
		.argsz = sizeof(*set) + 4,
		.index = VFIO_PCI_REQ_IRQ_INDEX,
		.flags = EVENTFD | TRIGGER,
		.count = 1,
	};
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_SET_IRQS,
					 set));
	set->flags = EVENTFD | MASK;
	EXPECT_ERR(EFAULT, try_dev_ioctl(&self->dev, VFIO_DEVICE_SET_IRQS,
					 set));
	set->argsz = sizeof(*set);
	EXPECT_ERR(EINVAL, try_dev_ioctl(&self->dev, VFIO_DEVICE_SET_IRQS,
					 set));
	set->argsz = sizeof(*set) + 4;
	set->count = 0;
	EXPECT_ERR(ENOTTY, try_dev_ioctl(&self->dev, VFIO_DEVICE_SET_IRQS,
					 set));
	guarded_free(set, sizeof(*set));
}

/* --- SET_IRQS: MSI-X ----------------------------------------------------- */

FIXTURE(msix) {
	struct card card;
	struct instance inst;
	struct dev dev;
	s32 event[AFU_VECTORS];
	s32 fresh[AFU_VECTORS];
	s32 no_event;
};

FIXTURE_SETUP(msix)
{
	size_t i;

	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	block_open(&self->inst, &self->dev, &self->card, POS_AFU0);
	for (i = 0; i < AFU_VECTORS; i++) {
		self->event[i] = event_new();
		self->fresh[i] = event_new();
	}
	self->no_event = open("/dev/null", O_RDWR | O_CLOEXEC);
}

FIXTURE_TEARDOWN(msix)
{
	block_close(&self->inst, &self->dev);
}

/*
 * Signal all vectors; return the eventfds that were signalled, one bit for each
 */
static unsigned int heard(struct dev *dev, const s32 fd[AFU_VECTORS])
{
	unsigned int bits = 0, i;

	for (i = 0; i < AFU_VECTORS; i++)
		event_take(fd[i]);
	if (try_irq_set(dev, MSIX, NONE | TRIGGER, 0, AFU_VECTORS, NULL, 0))
		return ~0U;
	for (i = 0; i < AFU_VECTORS; i++)
		if (event_take(fd[i]))
			bits |= 1U << i;
	return bits;
}

#define MSIX_OFF	(~0U)	/* heard(): the index is not enabled */

static long arm_all(struct dev *dev, const s32 fd[AFU_VECTORS])
{
	return try_irq_fds(dev, MSIX, 0, AFU_VECTORS, fd);
}

static long arm_one(struct dev *dev, u32 vector, s32 fd)
{
	return try_irq_fds(dev, MSIX, vector, 1, &fd);
}

TEST_F(msix, inactive)
{
	const u8 all[AFU_VECTORS] = { 1, 1, 1, 1 };

	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, MSIX, NONE | TRIGGER, 0, 1,
				       NULL, 0));
	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, MSIX, NONE | TRIGGER, 0, 0,
				       NULL, 0));
	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, MSIX, BOOL | TRIGGER, 0,
				       AFU_VECTORS, all, sizeof(all)));
	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, MSIX, BOOL | TRIGGER, 0, 0,
				       NULL, 0));
	EXPECT_ERR(ERANGE, try_irq_fds(&self->dev, MSIX, 0, 0, NULL));
	EXPECT_EQ(MSIX_OFF, heard(&self->dev, self->event));
}

TEST_F(msix, enable_without_eventfd)
{
	/* no vector is enabled, but the index is */
	EXPECT_ERR(0, try_irq_fds(&self->dev, MSIX, 2, 0, NULL));
	EXPECT_EQ(0, heard(&self->dev, self->event));
	irq_disable(&self->dev, MSIX);
	EXPECT_EQ(MSIX_OFF, heard(&self->dev, self->event));

	/* as QEMU does: first vector 0, then one beyond it */
	EXPECT_ERR(0, arm_one(&self->dev, 0, -1));
	EXPECT_EQ(0, heard(&self->dev, self->event));
	EXPECT_ERR(0, try_irq_fds(&self->dev, MSIX, 3, 1, &self->event[3]));
	EXPECT_EQ(1U << 3, heard(&self->dev, self->event));
}

TEST_F(msix, set_and_clear)
{
	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	EXPECT_EQ(0xf, heard(&self->dev, self->event));
	/* count 0 changes nothing */
	EXPECT_ERR(0, try_irq_fds(&self->dev, MSIX, 0, 0, NULL));
	EXPECT_EQ(0xf, heard(&self->dev, self->event));

	EXPECT_ERR(0, arm_one(&self->dev, 1, -1));
	EXPECT_EQ(0xd, heard(&self->dev, self->event));
	/* every negative number disarms */
	EXPECT_ERR(0, arm_one(&self->dev, 2, -2));
	EXPECT_EQ(0x9, heard(&self->dev, self->event));
	EXPECT_ERR(0, arm_one(&self->dev, 3, INT_MIN));
	EXPECT_EQ(0x1, heard(&self->dev, self->event));

	EXPECT_ERR(0, try_irq_fds(&self->dev, MSIX, 0, 1, self->fresh));
	EXPECT_EQ(0, heard(&self->dev, self->event));
	EXPECT_EQ(0x1, heard(&self->dev, self->fresh));

	irq_disable(&self->dev, MSIX);
	EXPECT_EQ(MSIX_OFF, heard(&self->dev, self->event));
	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, MSIX, NONE | TRIGGER, 0, 0,
				       NULL, 0));
}

TEST_F(msix, loopback_signals_chosen_vectors)
{
	const u8 some[AFU_VECTORS] = { 0, 1, 0, 0xff };
	u64 seen[AFU_VECTORS];
	size_t i;

	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	EXPECT_ERR(0, try_irq_set(&self->dev, MSIX, BOOL | TRIGGER, 0,
				  AFU_VECTORS, some, sizeof(some)));
	for (i = 0; i < AFU_VECTORS; i++)
		seen[i] = event_take(self->event[i]);
	EXPECT_EQ(0, seen[0]);
	EXPECT_EQ(1, seen[1]);
	EXPECT_EQ(0, seen[2]);
	EXPECT_EQ(1, seen[3]);

	EXPECT_ERR(0, try_irq_set(&self->dev, MSIX, NONE | TRIGGER, 1, 2, NULL,
				  0));
	for (i = 0; i < AFU_VECTORS; i++)
		EXPECT_EQ(i == 1 || i == 2, event_take(self->event[i]));

	/*
	 * start counts from the first vector, the payload from its own
	 * beginning
	 */
	EXPECT_ERR(0, try_irq_set(&self->dev, MSIX, BOOL | TRIGGER, 2, 2, some,
				  2));
	for (i = 0; i < AFU_VECTORS; i++)
		EXPECT_EQ(i == 3, event_take(self->event[i]));
	EXPECT_ERR(0, try_irq_set(&self->dev, MSIX, BOOL | TRIGGER, 0, 0, NULL,
				  0));
}

TEST_F(msix, one_eventfd_for_all)
{
	const s32 same[AFU_VECTORS] = {
		self->event[0], self->event[0], self->event[0], self->event[0],
	};

	ASSERT_ERR(0, try_irq_fds(&self->dev, MSIX, 0, AFU_VECTORS, same));
	EXPECT_ERR(0, try_irq_set(&self->dev, MSIX, NONE | TRIGGER, 0,
				  AFU_VECTORS, NULL, 0));
	EXPECT_EQ(AFU_VECTORS, event_take(self->event[0]));
}

/* The driver keeps the eventfd, not the number of the descriptor. */
TEST_F(msix, eventfd_outlives_its_number)
{
	int copy = dup(self->event[0]);

	ASSERT_ERR(0, try_irq_fds(&self->dev, MSIX, 0, 1, &copy));
	close(copy);
	EXPECT_EQ(0x1, heard(&self->dev, self->event));
}

TEST_F(msix, failed_enable_leaves_it_off)
{
	s32 fd[AFU_VECTORS] = {
		self->event[0], self->event[1], NO_SUCH_FD, self->event[3],
	};

	EXPECT_ERR(EBADF, try_irq_fds(&self->dev, MSIX, 0, AFU_VECTORS, fd));
	EXPECT_EQ(MSIX_OFF, heard(&self->dev, self->event));
	fd[2] = self->no_event;
	EXPECT_ERR(EINVAL, try_irq_fds(&self->dev, MSIX, 0, AFU_VECTORS, fd));
	EXPECT_EQ(MSIX_OFF, heard(&self->dev, self->event));
}

TEST_F(msix, failed_range_clears_vectors_before_it)
{
	const s32 fd[] = { self->fresh[0], self->fresh[1], NO_SUCH_FD,
			       self->fresh[3] };

	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	EXPECT_ERR(EBADF, try_irq_fds(&self->dev, MSIX, 0, AFU_VECTORS, fd));
	/* vectors up to the failed one are cleared, later ones are unchanged */
	EXPECT_EQ(1U << 3, heard(&self->dev, self->event));
	EXPECT_EQ(0, heard(&self->dev, self->fresh));
}

TEST_F(msix, failed_range_in_the_middle_keeps_others)
{
	const s32 fd[] = { self->fresh[1], self->no_event };

	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	EXPECT_ERR(EINVAL, try_irq_fds(&self->dev, MSIX, 1, 2, fd));
	EXPECT_EQ(0x9, heard(&self->dev, self->event));
	EXPECT_EQ(0, heard(&self->dev, self->fresh));
}

TEST_F(msix, failed_replace_drops_the_old)
{
	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	EXPECT_ERR(EBADF, arm_one(&self->dev, 2, NO_SUCH_FD));
	EXPECT_EQ(0xb, heard(&self->dev, self->event));
	EXPECT_ERR(EINVAL, try_irq_fds(&self->dev, MSIX, 0, 1,
				       &self->no_event));
	EXPECT_EQ(0xa, heard(&self->dev, self->event));
}

TEST_F(msix, reset_keeps_eventfds)
{
	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	ASSERT_ERR(0, try_dev_ioctl(&self->dev, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(0xf, heard(&self->dev, self->event));
}

TEST_F(msix, close_drops_eventfds)
{
	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	dev_close(&self->dev);
	dev_open(&self->dev, &self->inst);
	EXPECT_EQ(MSIX_OFF, heard(&self->dev, self->event));
	EXPECT_EQ(0, event_take(self->event[0]));
}

/* Absent indices can be queried, but not set. */
TEST_F(msix, intx_while_active)
{
	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	EXPECT_ERR(EINVAL, try_irq_fds(&self->dev, VFIO_PCI_INTX_IRQ_INDEX, 0,
				       1, self->fresh));
	EXPECT_ERR(EINVAL, try_irq_fds(&self->dev, VFIO_PCI_MSI_IRQ_INDEX, 0,
				       1, self->fresh));
	EXPECT_EQ(0xf, heard(&self->dev, self->event));
}

/* --- SET_IRQS: error and device request ---------------------------------- */

FIXTURE(single) {
	struct card card;
	struct instance inst;
	struct dev dev;
	s32 event;
};

FIXTURE_VARIANT(single) {
	u32 index;
};

FIXTURE_VARIANT_ADD(single, error) {
	.index = VFIO_PCI_ERR_IRQ_INDEX,
};

FIXTURE_VARIANT_ADD(single, request) {
	.index = VFIO_PCI_REQ_IRQ_INDEX,
};

FIXTURE_SETUP(single)
{
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_ETH);
	block_open(&self->inst, &self->dev, &self->card, POS_ETH);
	self->event = event_new();
}

FIXTURE_TEARDOWN(single)
{
	block_close(&self->inst, &self->dev);
}

static long single_none(struct dev *dev, u32 index, u32 count)
{
	return try_irq_set(dev, index, NONE | TRIGGER, 0, count, NULL, 0);
}

static long single_bool(struct dev *dev, u32 index, u8 value)
{
	return try_irq_set(dev, index, BOOL | TRIGGER, 0, 1, &value, 1);
}

static long single_fd(struct dev *dev, u32 index, s32 fd)
{
	return try_irq_fds(dev, index, 0, 1, &fd);
}

TEST_F(single, nothing_set)
{
	EXPECT_ERR(EINVAL, single_none(&self->dev, variant->index, 0));
	EXPECT_ERR(EINVAL, single_none(&self->dev, variant->index, 1));
	EXPECT_ERR(0, single_bool(&self->dev, variant->index, 0));
	EXPECT_ERR(0, single_bool(&self->dev, variant->index, 1));
	EXPECT_ERR(0, single_fd(&self->dev, variant->index, -1));
	EXPECT_ERR(EINVAL, single_fd(&self->dev, variant->index, -2));
	EXPECT_ERR(EINVAL, single_fd(&self->dev, variant->index, INT_MIN));
	EXPECT_ERR(EBADF, single_fd(&self->dev, variant->index, NO_SUCH_FD));
}

TEST_F(single, set_signal_clear)
{
	ASSERT_ERR(0, single_fd(&self->dev, variant->index, self->event));
	EXPECT_ERR(0, single_none(&self->dev, variant->index, 1));
	EXPECT_EQ(1, event_take(self->event));
	EXPECT_ERR(0, single_bool(&self->dev, variant->index, 0));
	EXPECT_EQ(0, event_take(self->event));
	EXPECT_ERR(0, single_bool(&self->dev, variant->index, 1));
	EXPECT_EQ(1, event_take(self->event));

	EXPECT_ERR(0, single_fd(&self->dev, variant->index, -1));
	EXPECT_ERR(EINVAL, single_none(&self->dev, variant->index, 1));
	EXPECT_ERR(0, single_bool(&self->dev, variant->index, 1));
	EXPECT_EQ(0, event_take(self->event));

	ASSERT_ERR(0, single_fd(&self->dev, variant->index, self->event));
	EXPECT_ERR(0, single_none(&self->dev, variant->index, 0));
	EXPECT_ERR(EINVAL, single_none(&self->dev, variant->index, 0));
}

TEST_F(single, count_zero)
{
	ASSERT_ERR(0, single_fd(&self->dev, variant->index, self->event));
	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, variant->index, BOOL | TRIGGER,
				       0, 0, NULL, 0));
	EXPECT_ERR(EINVAL, try_irq_set(&self->dev, variant->index,
				       EVENTFD | TRIGGER, 0, 0, NULL, 0));
	EXPECT_ERR(0, single_none(&self->dev, variant->index, 1));
	EXPECT_EQ(1, event_take(self->event));
}

TEST_F(single, failed_replace_keeps_the_old)
{
	s32 no_event = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_ERR(0, single_fd(&self->dev, variant->index, self->event));
	EXPECT_ERR(EBADF, single_fd(&self->dev, variant->index, NO_SUCH_FD));
	EXPECT_ERR(EINVAL, single_fd(&self->dev, variant->index, no_event));
	EXPECT_ERR(EINVAL, single_fd(&self->dev, variant->index, -2));
	EXPECT_ERR(0, single_none(&self->dev, variant->index, 1));
	EXPECT_EQ(1, event_take(self->event));
}

TEST_F(single, replace)
{
	s32 fresh = event_new();

	ASSERT_ERR(0, single_fd(&self->dev, variant->index, self->event));
	ASSERT_ERR(0, single_fd(&self->dev, variant->index, fresh));
	EXPECT_ERR(0, single_none(&self->dev, variant->index, 1));
	EXPECT_EQ(0, event_take(self->event));
	EXPECT_EQ(1, event_take(fresh));
}

TEST_F(single, close_drops_the_eventfd)
{
	ASSERT_ERR(0, single_fd(&self->dev, variant->index, self->event));
	dev_close(&self->dev);
	dev_open(&self->dev, &self->inst);
	EXPECT_ERR(EINVAL, single_none(&self->dev, variant->index, 1));
	EXPECT_EQ(0, event_take(self->event));
}

/* --- opening ------------------------------------------------------------- */

FIXTURE(open) {
	struct card card;
	struct instance inst;
	struct dev dev;
};

FIXTURE_VARIANT(open) {
	enum dev_path path;
};

FIXTURE_VARIANT_ADD(open, group) {
	.path = DEV_GROUP,
};

FIXTURE_VARIANT_ADD(open, cdev) {
	.path = DEV_CDEV,
};

FIXTURE_SETUP(open)
{
	if (!dev_has_path(variant->path))
		SKIP(return, "this kernel has no such device nodes");
	card_find(&self->card);
	SKIP_UNLESS_BLOCK(return, &self->card, POS_AFU0);
	instance_create(&self->inst, &self->card, POS_AFU0);
	ASSERT_ERR(0, try_dev_open_path(&self->dev, &self->inst,
					variant->path));
}

FIXTURE_TEARDOWN(open)
{
	block_close(&self->inst, &self->dev);
}

TEST_F(open, path_opens_the_device)
{
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
}

TEST_F(open, second_open_fails)
{
	struct dev second;

	EXPECT_ERR(variant->path == DEV_GROUP ? EBUSY : EINVAL,
		   try_dev_open_path(&second, &self->inst, variant->path));
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
}

TEST_F(open, open_by_the_other_path_fails)
{
	enum dev_path other = variant->path == DEV_GROUP ? DEV_CDEV : DEV_GROUP;
	struct dev second;

	if (!dev_has_path(other))
		SKIP(return, "this kernel has one path only");
	EXPECT_ERR(EBUSY, try_dev_open_path(&second, &self->inst, other));
	EXPECT_EQ(AFU_RO_VALUE, dev_read64(&self->dev, AFU_RO));
}

/* Several descriptors of one open group share the device. */
TEST_F(msix, more_descriptors)
{
	struct dev second = self->dev;

	if (self->dev.group < 0)
		SKIP(return, "a device node has one descriptor");
	second.fd = ioctl(self->dev.group, VFIO_GROUP_GET_DEVICE_FD,
			  self->inst.uuid);
	ASSERT_LE(0, second.fd);
	ASSERT_ERR(0, arm_all(&self->dev, self->event));
	dev_write64(&self->dev, AFU_SCRATCH0, 0x77);
	EXPECT_EQ(0x77, dev_read64(&second, AFU_SCRATCH0));
	EXPECT_EQ(0xf, heard(&second, self->event));
	close(second.fd);
	EXPECT_EQ(0x77, dev_read64(&self->dev, AFU_SCRATCH0));
	EXPECT_EQ(0xf, heard(&self->dev, self->event));
}

TEST_F(msix, open_of_another_name_fails)
{
	if (self->dev.group < 0)
		SKIP(return, "a device node has no names");
	EXPECT_EQ(-1, ioctl(self->dev.group, VFIO_GROUP_GET_DEVICE_FD,
			    "00000000-0000-0000-0000-000000000000"));
	EXPECT_EQ(ENODEV, errno);
}

TEST_CARD_MAIN
