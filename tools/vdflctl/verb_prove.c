// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl prove: find out whether a card honours bus master off */

#include <getopt.h>
#include <string.h>

#include "engine.h"

#define EXIT_NOT_HONOURED	3

#define VFIO_PCI	"vfio-pci"
#define NO_DRIVER	"none"	/* as driver_override: no driver has this name */

/**
 * struct request - command line
 * @bdf: the card
 * @json: print JSON
 * @unsafe: measure also without an IOMMU
 */
struct request {
	char bdf[BDF_LEN];
	bool json;
	bool unsafe;
};

/* Find the first AFU with an engine */
static bool find_engine(struct trial *trial, const struct card *card)
{
	const struct block *block;
	size_t i;

	for (i = 0; i < card->nr_blocks; i++) {
		block = &card->blocks[i];
		trial->engine = strcmp(block->kind, "afu") ? NULL :
				engine_find(block->guid);
		if (!trial->engine)
			continue;
		trial->afu = block;
		trial->port = card_block(card, block->parent);
		return true;
	}
	return false;
}

static int check_card(const struct card *card, struct fault *fault)
{
	if (!model_card_bound(card->address))
		return fault_set(fault, "%s is being unbound", card->address);
	if (card->nr_instances) {
		fault_set(fault, "%s has %zu instance%s", card->address,
			  card->nr_instances, card->nr_instances > 1 ? "s" : "");
		return fault_remedy(fault, "remove the instances first: vdflctl remove --all %s",
				    card->address);
	}
	if (card->busmaster_acknowledged)
		return 0;
	fault_set(fault, "%s has a violation that is not acknowledged; measuring would discard it",
		  card->address);
	return fault_remedy(fault, "after finding the cause: vdflctl acknowledge %s",
			    card->address);
}

static const char *try_engine(struct trial *trial, const char *bdf, bool iommu,
			      struct fault *why)
{
	const char *verdict = PROOF_NOT_PROVABLE;
	struct function fn;

	trial->fn = &fn;
	if (!function_open(&fn, bdf, iommu, why))
		verdict = engine_measure(trial, why);
	/* An engine that may still run is worse than no verdict */
	return function_close(&fn, why) ? PROOF_NOT_PROVABLE : verdict;
}

/* Give the card back to its former driver */
static int give_back(const char *bdf, const struct binding *former, bool iommu,
		     struct fault *fault)
{
	int ret;

	if (iommu)
		sysfs_write(bdf, "bus/pci/drivers/" VFIO_PCI "/unbind");
	ret = binding_restore(former, bdf);
	return ret ? fault_kernel(fault, -ret, "%s cannot be bound to %s again",
				  bdf, former->driver) : 0;
}

/* Set the verdict; return -1 if the card cannot be taken or given back */
static int measure_unbound(struct proof *proof, struct trial *trial,
			   const char *bdf, bool iommu, struct fault *fault)
{
	const char *driver = iommu ? VFIO_PCI : NO_DRIVER, *verdict;
	struct binding former;
	struct fault why = { 0 };
	bool moved;
	int ret;

	binding_load(&former, bdf);
	ret = binding_move(bdf, &former, driver, &moved);
	if (!moved)
		return fault_kernel(fault, -ret, "cannot unbind %s", bdf);
	verdict = try_engine(trial, bdf, iommu, &why);
	text_set(proof->verdict, sizeof(proof->verdict), "%s", verdict);
	text_set(proof->fence, sizeof(proof->fence), "%s",
		 iommu ? "iommu" : "none");
	if (!proof_measured(proof))
		text_set(proof->reason, sizeof(proof->reason), "%s", why.problem);
	return give_back(bdf, &former, iommu, fault);
}

/* A signal waits until the card is back; that takes some seconds at most */
static int measure(struct proof *proof, struct trial *trial, const char *bdf,
		   bool iommu, struct fault *fault)
{
	sigset_t former;
	int ret;

	signals_block(&former);
	ret = measure_unbound(proof, trial, bdf, iommu, fault);
	signals_restore(&former);
	return ret;
}

static void set_verdict(struct proof *proof, const char *verdict,
			const char *reason)
{
	text_set(proof->verdict, sizeof(proof->verdict), "%s", verdict);
	text_set(proof->reason, sizeof(proof->reason), "%s", reason);
}

static int prove(struct proof *proof, const struct card *card, bool unsafe,
		 struct fault *fault)
{
	bool iommu = sysfs_exists("bus/pci/devices/%s/iommu_group",
				  card->address);
	struct trial trial;

	proof_start(proof, card);
	if (!find_engine(&trial, card)) {
		set_verdict(proof, PROOF_NO_ENGINE,
			    "no AFU has a known DMA engine");
		return 0;
	}
	text_set(proof->engine, sizeof(proof->engine), "%s",
		 engine_name(trial.engine));
	if (!iommu && !unsafe) {
		set_verdict(proof, PROOF_NOT_PROVABLE,
			    "no IOMMU; see --unsafe-no-iommu");
		return 0;
	}
	if (iommu && !sysfs_exists("bus/pci/drivers/" VFIO_PCI)) {
		fault_set(fault, "driver " VFIO_PCI " is not loaded");
		return fault_remedy(fault, "as root: modprobe " VFIO_PCI);
	}
	return measure(proof, &trial, card->address, iommu, fault);
}

static int print_proof(const struct request *req, const struct proof *proof)
{
	int status = strcmp(proof->verdict, PROOF_HONOURS) ? EXIT_NOT_HONOURED :
							     EXIT_SUCCESS;

	if (req->json) {
		if (print_json(proof_json(proof)))
			return EXIT_FAILURE;
	} else if (proof_measured(proof)) {
		printf("%s %s bus master off, measured with %s\n", req->bdf,
		       proof->verdict, proof->engine);
	} else {
		printf("%s: %s: %s\n", req->bdf, proof->verdict, proof->reason);
	}
	return status;
}

static int prove_card(const struct request *req)
{
	struct fault fault;
	struct proof proof;
	struct card card;
	int ret;

	if (model_card_need(req->bdf, &fault))
		return fault_report(&fault);
	model_card_load(&card, req->bdf);
	ret = check_card(&card, &fault) ||
	      prove(&proof, &card, req->unsafe, &fault) ||
	      proof_save(&proof, &card, &fault);
	model_card_free(&card);
	return ret ? fault_report(&fault) : print_proof(req, &proof);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "unsafe-no-iommu", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct request req = { 0 };
	int opt;

	while ((opt = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (opt == 'h')
			return command_help(cmd);
		if (opt == '?')
			return command_misuse(NULL);
		if (opt == 'j')
			req.json = true;
		else
			req.unsafe = true;
	}
	if (command_only_bdf(argc, argv, req.bdf))
		return EXIT_USAGE;
	return prove_card(&req);
}

const struct command verb_prove = {
	.name = "prove",
	.arguments = "[--json] [--unsafe-no-iommu] BDF",
	.summary = "Measure whether a card honours bus master off",
	.details =
"  -j, --json   print the verdict as JSON\n"
"      --unsafe-no-iommu\n"
"               measure also without an IOMMU: an engine that writes to\n"
"               another address damages memory of the host\n"
"  -h, --help   display this help and exit\n"
"\n"
"Unbinds the card for some seconds, resets it, and programs a known DMA engine\n"
"(HE-LB, NLB) to write to a page of this program, with bus master on and off.\n"
"The verdict is stored, and shown by 'vdflctl list':\n"
"  honours             no write arrives with bus master off\n"
"  ignores             a write arrives with bus master off\n"
"  no engine           no AFU of the card has a known engine\n"
"  not provable here   the engine cannot be tried, or does not write at all\n"
"Remove all instances of the card first. Its settings, such as the interrupt\n"
"source, return to their defaults. The exit status is 0 for 'honours', 3 for\n"
"another verdict. Needs root.\n",
	.run = run,
};
