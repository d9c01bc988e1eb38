// SPDX-License-Identifier: GPL-2.0-only
/* vdflctl metrics: state and activity in the text format of Prometheus */

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "statistics.h"

/**
 * struct view - a card and its activity
 * @card: the card
 * @stats: activity of the card
 * @instance: activity of each instance of @card
 * @denied: the activity is not readable
 */
struct view {
	struct card card;
	struct statistics stats;
	struct statistics *instance;
	bool denied;
};

/**
 * struct gauge - a metric of a card that is a number in the model
 * @name: name of the metric
 * @type: "counter" or "gauge"
 * @help: meaning
 * @offset: of the number in struct card
 */
struct gauge {
	const char *name;
	const char *type;
	const char *help;
	size_t offset;
};

static const struct gauge gauges[] = {
	{ "vdfl_card_busmaster_violations_total", "counter",
	  "Times that bus mastering was found enabled",
	  offsetof(struct card, busmaster_violations) },
	{ "vdfl_card_busmaster_acknowledged", "gauge",
	  "1 if an administrator has acknowledged all violations",
	  offsetof(struct card, busmaster_acknowledged) },
	{ "vdfl_card_siblings_started_total", "counter",
	  "Times that another function started to master the bus",
	  offsetof(struct card, siblings_started) },
	{ "vdfl_card_recoveries_total", "counter",
	  "Resets and recoveries of the card",
	  offsetof(struct card, generation) },
	{ "vdfl_card_lost", "gauge", "1 if the card is lost",
	  offsetof(struct card, gone) },
};

static void family(FILE *out, const char *name, const char *type,
		   const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Print the value of a label; others than the kernel may write some texts */
static void label(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%s=\"", name);
	for (; *text; text++)
		fputc(*text < ' ' || *text > '~' || *text == '"' ||
		      *text == '\\' ? '?' : *text, out);
	fputc('"', out);
}

static void card_labels(FILE *out, const char *name, const struct card *card)
{
	fprintf(out, "%s{", name);
	label(out, "card", card->address);
}

static void card_value(FILE *out, const char *name, const struct card *card,
		       __u64 value)
{
	card_labels(out, name, card);
	fprintf(out, "} %llu\n", value);
}

static void instance_labels(FILE *out, const char *name,
			    const struct instance *inst)
{
	fprintf(out, "%s{", name);
	label(out, "card", inst->card);
	fputc(',', out);
	label(out, "block", inst->block);
	fputc(',', out);
	label(out, "instance", inst->uuid);
	fputc(',', out);
	label(out, "type", inst->type);
}

static void instance_value(FILE *out, const char *name,
			   const struct instance *inst, __u64 value)
{
	instance_labels(out, name, inst);
	fprintf(out, "} %llu\n", value);
}

static void print_gauges(FILE *out, const struct view *view, size_t count)
{
	const __u64 *value;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(gauges); i++) {
		family(out, gauges[i].name, gauges[i].type, gauges[i].help);
		for (j = 0; j < count; j++) {
			value = (const __u64 *)((const char *)&view[j].card +
						gauges[i].offset);
			if (*value != ABSENT)
				card_value(out, gauges[i].name, &view[j].card,
					   *value);
		}
	}
}

static void print_fence(FILE *out, const struct card *card, const char *fence,
			const char *state)
{
	card_labels(out, "vdfl_card_fence", card);
	fputc(',', out);
	label(out, "fence", fence);
	fprintf(out, "} %d\n", !strcmp(state, "in force"));
}

static void print_states(FILE *out, const struct view *view, size_t count)
{
	size_t i;

	family(out, "vdfl_card_fence", "gauge",
	       "1 if the fence against DMA is in force");
	for (i = 0; i < count; i++) {
		print_fence(out, &view[i].card, "command",
			    view[i].card.fence_command);
		print_fence(out, &view[i].card, "iommu",
			    view[i].card.fence_iommu);
		print_fence(out, &view[i].card, "port",
			    view[i].card.fence_port);
	}
	family(out, "vdfl_card_state", "gauge",
	       "1 for the state of the card");
	for (i = 0; i < count; i++) {
		card_labels(out, "vdfl_card_state", &view[i].card);
		fputc(',', out);
		label(out, "state", view[i].card.state);
		fputs("} 1\n", out);
	}
	family(out, "vdfl_card_instances", "gauge", "Instances of the card");
	for (i = 0; i < count; i++)
		card_value(out, "vdfl_card_instances", &view[i].card,
			   view[i].card.nr_instances);
}

static void print_count(FILE *out, const struct view *view, size_t count,
			enum stat stat)
{
	char name[NAME_LEN];
	size_t i, j;

	text_set(name, sizeof(name), "vdfl_card_%s_total",
		 statistics_name(stat));
	family(out, name, "counter", statistics_help(stat));
	for (i = 0; i < count; i++)
		if (!view[i].denied)
			card_value(out, name, &view[i].card,
				   view[i].stats.count[stat]);
	text_set(name, sizeof(name), "vdfl_instance_%s_total",
		 statistics_name(stat));
	family(out, name, "counter", statistics_help(stat));
	for (i = 0; i < count; i++)
		for (j = 0; !view[i].denied && j < view[i].card.nr_instances; j++)
			instance_value(out, name, &view[i].card.instances[j],
				       view[i].instance[j].count[stat]);
}

static void print_vectors_of(FILE *out, const char *name,
			     const struct instance *inst,
			     const struct statistics *stats, enum stat stat)
{
	size_t i;

	for (i = 0; i < stats->nr_vectors; i++) {
		instance_labels(out, name, inst);
		fprintf(out, ",vector=\"%llu\"} %llu\n",
			stats->vector[i].vector,
			stats->vector[i].count[stat - STAT_RAISED]);
	}
}

/* @stat: from STAT_RAISED on */
static void print_vectors(FILE *out, const struct view *view, size_t count,
			  enum stat stat)
{
	char name[NAME_LEN];
	size_t i, j;

	text_set(name, sizeof(name), "vdfl_vector_%s_total",
		 statistics_name(stat));
	family(out, name, "counter", statistics_help(stat));
	for (i = 0; i < count; i++)
		for (j = 0; !view[i].denied && j < view[i].card.nr_instances; j++)
			print_vectors_of(out, name, &view[i].card.instances[j],
					 &view[i].instance[j], stat);
}

static void print_ages(FILE *out, const struct view *view, size_t count)
{
	const char *name = "vdfl_instance_age_seconds";
	__u64 age;
	size_t i, j;

	family(out, name, "gauge", "Time since the instance was created");
	for (i = 0; i < count; i++) {
		for (j = 0; j < view[i].card.nr_instances; j++) {
			age = view[i].instance[j].age_ms;
			if (!age)	/* never opened */
				continue;
			instance_labels(out, name, &view[i].card.instances[j]);
			fprintf(out, "} %llu.%03llu\n", age / 1000, age % 1000);
		}
	}
}

static void view_load(struct view *view, const char *bdf)
{
	struct card *card = &view->card;
	size_t i;

	model_card_load(card, bdf);
	view->denied = statistics_load_card(&view->stats, bdf);
	view->instance = calloc(card->nr_instances + 1,
				sizeof(*view->instance));
	if (!view->instance)
		err(EXIT_FAILURE, "metrics");
	for (i = 0; i < card->nr_instances; i++)
		if (statistics_load(&view->instance[i], &card->instances[i]))
			view->denied = true;
}

static void print_all(FILE *out)
{
	bool denied = false;
	struct names cards;
	struct view *view;
	size_t i;

	model_cards(&cards);
	view = calloc(cards.count + 1, sizeof(*view));
	if (!view)
		err(EXIT_FAILURE, "metrics");
	for (i = 0; i < cards.count; i++) {
		view_load(&view[i], cards.name[i]);
		denied |= view[i].denied;
	}
	print_gauges(out, view, cards.count);
	print_states(out, view, cards.count);
	for (i = 0; i < STAT_NR; i++)
		print_count(out, view, cards.count, i);
	for (i = STAT_RAISED; i < STAT_NR; i++)
		print_vectors(out, view, cards.count, i);
	print_ages(out, view, cards.count);
	for (i = 0; i < cards.count; i++) {
		free(view[i].instance);
		model_card_free(&view[i].card);
	}
	free(view);
	names_free(&cards);
	if (denied)
		fprintf(out, "# activity is omitted: root privilege is required\n");
}

/* The directory of Debian's node exporter, or VDFL_METRICS in tests */
static int write_file(const char *text)
{
	const char *dir = secure_getenv("VDFL_METRICS");
	char path[PATH_LEN];
	struct fault fault;
	int ret;

	text_set(path, sizeof(path), "%s/vdfl.prom",
		 dir ? dir : "/var/lib/prometheus/node-exporter");
	ret = file_replace(path, text);
	if (!ret)
		return EXIT_SUCCESS;
	fault_error(&fault, -ret, "cannot write %s", path);
	return fault_report(&fault);
}

static int show(bool to_file)
{
	int status = EXIT_SUCCESS;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		err(EXIT_FAILURE, "metrics");
	print_all(out);
	if (fclose(out))
		err(EXIT_FAILURE, "metrics");
	if (to_file)
		status = write_file(text);
	else
		fputs(text, stdout);
	free(text);
	return status;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	bool to_file = false;
	int status = command_options(cmd, argc, argv, "write", &to_file);

	if (status >= 0)
		return status;
	if (command_operands(argc, argv, 0))
		return EXIT_USAGE;
	return show(to_file);
}

const struct command verb_metrics = {
	.name = "metrics",
	.arguments = "[--write]",
	.summary = "Print state and activity of all cards for Prometheus",
	.details =
"  -w, --write   replace vdfl.prom in the directory of the node exporter,\n"
"                /var/lib/prometheus/node-exporter\n"
"  -h, --help    display this help and exit\n"
"\n"
"Activity needs root; without it, only the state is printed.\n",
	.run = run,
};
