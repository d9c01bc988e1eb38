// SPDX-License-Identifier: GPL-2.0-only
/*
 * Temperature and power of the FME as a hwmon device below the PCI function,
 * with the attributes that dfl-fme has. Thresholds cannot be changed, since some
 * of them throttle the card for all users.
 *
 * Readable by root only: both are a side channel between users of the card, and
 * each read accesses the card.
 *
 * Copyright (C) 2026 The vfio_dfl_mdev authors
 */
#include <linux/bitfield.h>
#include <linux/hwmon.h>
#include <linux/units.h>

#include "card/card_priv.h"

/**
 * struct sensor - one attribute of the hwmon device
 * @type: hwmon_temp or hwmon_power
 * @attr: attribute of this type
 * @reg: byte offset of its register in the feature
 * @mask: bits of the register
 * @scale: units of hwmon (millidegree Celsius, microwatt) per unit of the
 *	register; 1 for alarms
 */
struct sensor {
	enum hwmon_sensor_types type;
	u32 attr;
	u64 reg;
	u64 mask;
	long scale;
};

static const struct sensor sensors[] = {
	{ hwmon_temp, hwmon_temp_input, DFL_THERM_SENSOR,
	  DFL_THERM_SENSOR_TEMP, MILLI },
	{ hwmon_temp, hwmon_temp_max, DFL_THERM_THRESHOLD,
	  DFL_THERM_THRESHOLD_1, MILLI },
	{ hwmon_temp, hwmon_temp_crit, DFL_THERM_THRESHOLD,
	  DFL_THERM_THRESHOLD_2, MILLI },
	{ hwmon_temp, hwmon_temp_emergency, DFL_THERM_THRESHOLD,
	  DFL_THERM_THRESHOLD_TRIP, MILLI },
	{ hwmon_temp, hwmon_temp_max_alarm, DFL_THERM_THRESHOLD,
	  DFL_THERM_THRESHOLD_1_ALARM, 1 },
	{ hwmon_temp, hwmon_temp_crit_alarm, DFL_THERM_THRESHOLD,
	  DFL_THERM_THRESHOLD_2_ALARM, 1 },
	{ hwmon_power, hwmon_power_input, DFL_POWER_STATUS,
	  DFL_POWER_STATUS_WATTS, MICRO },
	{ hwmon_power, hwmon_power_max, DFL_POWER_THRESHOLD,
	  DFL_POWER_THRESHOLD_1, MICRO },
	{ hwmon_power, hwmon_power_crit, DFL_POWER_THRESHOLD,
	  DFL_POWER_THRESHOLD_2, MICRO },
	{ hwmon_power, hwmon_power_max_alarm, DFL_POWER_THRESHOLD,
	  DFL_POWER_THRESHOLD_1_ALARM, 1 },
	{ hwmon_power, hwmon_power_crit_alarm, DFL_POWER_THRESHOLD,
	  DFL_POWER_THRESHOLD_2_ALARM, 1 },
};

static const struct vdfl_block *sensor_block(const struct vdfl_card *card,
					     enum hwmon_sensor_types type)
{
	if (type == hwmon_temp)
		return vdfl_monitor_fme_feature(card, DFL_FME_THERMAL,
						DFL_THERM_CAP);
	return vdfl_monitor_fme_feature(card, DFL_FME_POWER,
					DFL_POWER_THRESHOLD);
}

/* No register is read here: binding a card reads each word of it only once. */
static umode_t card_hwmon_is_visible(const void *drvdata,
				     enum hwmon_sensor_types type, u32 attr,
				     int channel)
{
	return sensor_block(drvdata, type) ? 0400 : 0;
}

/* A card that does not throttle by temperature has no thresholds. */
static int check_thresholds(const struct vdfl_block *block)
{
	u64 cap;
	int ret = vdfl_monitor_read(block, DFL_THERM_CAP, &cap);

	if (ret)
		return ret;
	return cap & DFL_THERM_CAP_NO_THROTTLE ? -ENODATA : 0;
}

static int sensor_read(const struct vdfl_card *card, const struct sensor *s,
		       long *val)
{
	const struct vdfl_block *block = sensor_block(card, s->type);
	u64 value;
	int ret = 0;

	if (s->type == hwmon_temp && s->attr != hwmon_temp_input)
		ret = check_thresholds(block);
	if (!ret)
		ret = vdfl_monitor_read(block, s->reg, &value);
	if (ret)
		return ret;
	/* OFS shells have the register, but no sensor: it reads 0 */
	if (s->type == hwmon_temp && s->attr == hwmon_temp_input && !value)
		return -ENODATA;
	*val = ((value & s->mask) >> __ffs64(s->mask)) * s->scale;
	return 0;
}

static int card_hwmon_read(struct device *dev, enum hwmon_sensor_types type,
			   u32 attr, int channel, long *val)
{
	const struct vdfl_card *card = dev_get_drvdata(dev);
	const struct sensor *s;

	for (s = sensors; s < sensors + ARRAY_SIZE(sensors); s++)
		if (s->type == type && s->attr == attr)
			return sensor_read(card, s, val);
	return -EOPNOTSUPP;
}

static const struct hwmon_ops card_hwmon_ops = {
	.is_visible	= card_hwmon_is_visible,
	.read		= card_hwmon_read,
};

static const struct hwmon_channel_info *card_hwmon_info[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_MAX |
			   HWMON_T_MAX_ALARM | HWMON_T_CRIT |
			   HWMON_T_CRIT_ALARM | HWMON_T_EMERGENCY),
	HWMON_CHANNEL_INFO(power, HWMON_P_INPUT | HWMON_P_MAX |
			   HWMON_P_MAX_ALARM | HWMON_P_CRIT |
			   HWMON_P_CRIT_ALARM),
	NULL
};

static const struct hwmon_chip_info card_hwmon_chip = {
	.ops	= &card_hwmon_ops,
	.info	= card_hwmon_info,
};

/**
 * vdfl_hwmon_add() - register the sensors of a card, if it has any
 * @card: card that is being probed, after vdfl_blocks_init()
 *
 * An error is logged; the card is used without sensors then. Undone by
 * vdfl_hwmon_remove(). May sleep.
 */
void vdfl_hwmon_add(struct vdfl_card *card)
{
	struct device *hwmon;

	if (!IS_REACHABLE(CONFIG_HWMON) ||
	    (!sensor_block(card, hwmon_temp) &&
	     !sensor_block(card, hwmon_power)))
		return;
	hwmon = hwmon_device_register_with_info(&card->pdev->dev, VDFL_NAME,
						card, &card_hwmon_chip, NULL);
	if (IS_ERR(hwmon))
		pci_notice(card->pdev, "sensors are not available (%pe)\n",
			   hwmon);
	else
		card->hwmon = hwmon;
}

/**
 * vdfl_hwmon_remove() - undo vdfl_hwmon_add()
 * @card: card that is being removed
 *
 * Waits for attribute functions that are running. May sleep.
 */
void vdfl_hwmon_remove(struct vdfl_card *card)
{
	if (IS_REACHABLE(CONFIG_HWMON) && card->hwmon)
		hwmon_device_unregister(card->hwmon);
	card->hwmon = NULL;
}
