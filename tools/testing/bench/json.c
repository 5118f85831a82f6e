// SPDX-License-Identifier: MIT
/*
 * The same as JSON, for programs: everything, down to the rounds.
 */
#include <math.h>
#include <string.h>

#include "bench.h"

static void print_string(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

void json_key(const char *key, const char *text, FILE *out)
{
	fprintf(out, "\"%s\": ", key);
	print_string(text, out);
}

void json_number(double value, FILE *out)
{
	if (isfinite(value))
		fprintf(out, "%.6g", value);
	else
		fprintf(out, "null");
}

void json_figure(const char *key, const struct figure *s, FILE *out)
{
	fprintf(out, ", \"%s\": {\"median\": ", key);
	json_number(s->median, out);
	fprintf(out, ", \"q1\": ");
	json_number(s->q1, out);
	fprintf(out, ", \"q3\": ");
	json_number(s->q3, out);
	fprintf(out, "}");
}

static void print_rounds(const char *key, const double *values, unsigned int nr, FILE *out)
{
	unsigned int i;

	fprintf(out, ", \"%s\": [", key);
	for (i = 0; i < nr; i++) {
		fprintf(out, i ? ", " : "");
		json_number(values[i], out);
	}
	fprintf(out, "]");
}

static void print_result(const struct result *r, const struct method *m, const struct cell *c,
			 FILE *out)
{
	fprintf(out, "      {");
	json_key("method", m->name, out);
	if (!r->measured) {
		fprintf(out, ", ");
		json_key("left_out", r->why, out);
		fprintf(out, "}");
		return;
	}
	fprintf(out, ", \"operations_per_round\": %llu", (unsigned long long)r->count);
	json_figure("operations_per_second", &r->rate, out);
	fprintf(out, ", \"mb_per_second\": ");
	json_number(r->rate.median * c->size / 1e6, out);
	json_figure("cpu_ns_per_operation", &r->cpu_ns, out);
	fprintf(out, ", \"process_ns_per_operation\": ");
	json_number(r->user_ns, out);
	fprintf(out, ", \"cpu_us_per_mib\": ");
	json_number(r->cpu_ns.median / 1e3 * MIB / c->size, out);
	if (!m->library) {
		fprintf(out, ", \"calls_per_operation\": ");
		json_number(r->calls, out);
	}
	if (r->cpu_ratio.median > 0) {
		fprintf(out, ", ");
		json_key("counterpart", m->counterpart, out);
		json_figure("cpu_ratio", &r->cpu_ratio, out);
		json_figure("rate_ratio", &r->rate_ratio, out);
	}
	if (r->floor_share.median > 0)
		json_figure("share_of_kernel_loop", &r->floor_share, out);
	print_rounds("round_ns", r->ns, r->rounds, out);
	print_rounds("round_cpu_ns", r->cpu, r->rounds, out);
	fprintf(out, "}");
}

static void print_cells(const struct report *report, FILE *out)
{
	unsigned int i, m;

	fprintf(out, "  \"cells\": [");
	for (i = 0; i < report->nr_cells; i++) {
		const struct cell_result *r = &report->cells[i];

		fprintf(out, "%s\n    {\"direction\": \"%s\", \"size\": %u, \"depth\": %u, \"pipe\": %u, "
			"\"results\": [\n", i ? "," : "", r->cell.in ? "in" : "out", r->cell.size,
			r->cell.depth, r->cell.pipe.address);
		for (m = 0; m < MAX_METHODS; m++) {
			print_result(&r->results[m], methods[m], &r->cell, out);
			fprintf(out, m + 1 < MAX_METHODS ? ",\n" : "\n    ]}");
		}
	}
	fprintf(out, "\n  ],\n");
}

void json_print(const struct report *report, FILE *out)
{
	const struct options *o = report->options;
	unsigned int i;

	fprintf(out, "{\n  \"format\": 1,\n  ");
	json_key("target", report->target->name, out);
	fprintf(out, ",\n  ");
	json_key("title", report->target->title, out);
	fprintf(out, ",\n  ");
	json_key("kernel", report->kernel, out);
	fprintf(out, ",\n  ");
	json_key("machine", o->machine ? o->machine : "", out);
	fprintf(out, ",\n  ");
	json_key("qualified", report->qualified, out);
	fprintf(out, ",\n  ");
	json_key("device_data", o->bare || o->isoch ? "bare" : "stamped", out);
	fprintf(out, ",\n  \"rounds\": %u,\n  \"round_ms\": ", o->rounds);
	json_number(o->ms, out);
	fprintf(out, ",\n  \"cpu_of_all\": %s,\n", report->idle_known ? "true" : "false");
	if (o->isoch) {
		isoch_json(o, out);
		fprintf(out, "}\n");
		return;
	}
	print_cells(report, out);
	fprintf(out, "  \"cancel\": {\"transfers\": %u, \"unlink_us\": %u, \"results\": [", o->cancel,
		o->unlink_us);
	for (i = 0; i < report->nr_cancels; i++) {
		const struct cancel_result *r = &report->cancels[i];

		fprintf(out, "%s\n    {", i ? "," : "");
		json_key("way", r->name, out);
		if (r->measured) {
			json_figure("ns", &r->time, out);
			json_figure("times_as_fast", &r->ratio, out);
		} else {
			fprintf(out, ", ");
			json_key("left_out", r->why, out);
		}
		fprintf(out, "}");
	}
	fprintf(out, "\n  ]}\n}\n");
}
