// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl irq: interrupt source of a card */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "holders.h"
#include "vdflctl.h"

static void show_source(const char *bdf)
{
	struct card card;

	model_card_load(&card, bdf);
	printf("source: %s\nusable: %s\n",
	       card.irq_source[0] ? card.irq_source : "?",
	       card.irq_sources[0] ? card.irq_sources : "?");
	model_card_free(&card);
}

static int set_failed(int error, const char *bdf, const char *source,
		      struct fault *fault)
{
	fault_set(fault, "cannot set the interrupt source of %s to %s: %s",
		  bdf, source, strerror(error));
	if (fault_denied(fault, error))
		return -1;
	switch (error) {
	case EBUSY:
		return fault_remedy(fault, "close the instances first");
	case EINVAL:
		return fault_remedy(fault, "no such interrupt source");
	case EOPNOTSUPP:
		return fault_remedy(fault, "vdflctl irq %s shows the usable sources",
				    bdf);
	default:
		return -1;
	}
}

/* List open instances, as far as permissions allow to detect them */
static void list_open(const char *bdf)
{
	struct holder holder;
	struct card card;
	size_t i;

	model_card_load(&card, bdf);
	for (i = 0; i < card.nr_instances; i++) {
		const struct instance *inst = &card.instances[i];

		if (holders_any(inst, &holder) > 0)
			fprintf(stderr,
				"vdflctl: %s instance: %s, block %s; users: vdflctl info %s\n",
				holder.certain ? "open" : "possibly open",
				inst->uuid, inst->block, inst->uuid);
	}
	model_card_free(&card);
}

static int set_source(const char *bdf, const char *source)
{
	struct fault fault;
	int ret = sysfs_write(source, "bus/pci/devices/%s/dfl/irq_source", bdf);

	if (!ret)
		return EXIT_SUCCESS;
	set_failed(-ret, bdf, source, &fault);
	fault_report(&fault);
	if (ret == -EBUSY)
		list_open(bdf);
	return EXIT_FAILURE;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	int status = command_options(cmd, argc, argv, NULL, NULL);
	char bdf[BDF_LEN], *source = NULL;
	struct fault fault;

	if (status >= 0)
		return status;
	if (argc - optind == 2)
		source = argv[--argc];
	if (command_only_bdf(argc, argv, bdf))
		return EXIT_USAGE;
	if (source && !text_is_word(source))
		return command_misuse("invalid interrupt source: '%s'",
				      source);
	if (model_card_need(bdf, &fault))
		return fault_report(&fault);
	status = source ? set_source(bdf, source) : EXIT_SUCCESS;
	if (status == EXIT_SUCCESS)
		show_source(bdf);
	return status;
}

const struct command verb_irq = {
	.name = "irq",
	.arguments = "BDF [SOURCE]",
	.summary = "Show or set the interrupt source of a card",
	.details =
"  -h, --help   display this help and exit\n"
"\n"
"SOURCE is one of\n"
"  intx   the interrupt pin\n"
"  poll   pending bits, which the driver reads at intervals\n"
"  msix   messages; bus mastering is on while a vector is armed; needs an IOMMU\n"
"  none   no interrupts\n"
"  auto   chosen by the driver\n"
"Close all instances of the card first. The source lasts until the card is\n"
"unbound. Setting it needs root.\n",
	.run = run,
};
