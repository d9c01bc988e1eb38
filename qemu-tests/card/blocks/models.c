// SPDX-License-Identifier: GPL-2.0-only
/* Finds a model by its name in profiles. */
#include <string.h>

#include "blocks/all.h"
#include "blocks/models.h"

static const struct model *const models[] = {
	&model_afu, &model_ethgroup, &model_fme, &model_irq_cap,
	&model_plain, &model_port, &model_port_error, &model_uart,
};

/* Return the model called @name, or NULL. */
const struct model *model_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(models[i]->name, name))
			return models[i];
	return NULL;
}
