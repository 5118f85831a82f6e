// SPDX-License-Identifier: MIT
/*
 * What can be wrong with the descriptors of the msos board.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "desc.h"
#include "msos.h"

/* Parts of the descriptors that a poke names. */
enum place {
	NOWHERE, SET, CONFIG, FUNCTION, FUNCTION3, COMPAT, GUID, CAPABILITY,
	BOS, STRING, IDS, PROPERTIES,
};

/* @size bytes of @value at @offset in @place. */
struct poke {
	enum place place;
	unsigned int offset;
	unsigned int size;
	uint32_t value;
};

#define PUT8(place, offset, value)	{ place, offset, 1, value }
#define PUT16(place, offset, value)	{ place, offset, 2, value }
#define PUT32(place, offset, value)	{ place, offset, 4, value }

/**
 * struct fault - one thing that is wrong
 * @name: of the option "fault"
 * @os: versions that the board has, unless the option says otherwise
 * @binds: the interfaces that still belong to a WINUSB function, one bit each
 * @guids: interface GUIDs that the first function then has
 * @poke: bytes that are changed
 * @cut: the answer that has this place ends @at bytes behind its beginning
 * @edit: changes more than bytes, before the pokes
 * @answer: what is answered instead; -ENOENT: as usual
 * @delay: milliseconds before the answer to @late, and to whatever comes after
 */
struct fault {
	const char *name;
	const char *help;
	uint8_t os;
	uint8_t layout;
	uint8_t binds;
	uint8_t guids;
	uint16_t usb;
	struct poke poke[3];
	enum place cut;
	unsigned int at;
	void (*edit)(struct msos *m);
	int (*answer)(struct msos *m, enum msos_what what, const uint8_t *setup,
		      uint8_t *data);
	unsigned int delay;
};

static const struct fault faults[] = {
	{ .name = "none", .help = "sound descriptors, to compare with",
	  .os = OS_2, .binds = 0x01, .guids = 1 },
};

#define FAULTS ((long)ARRAY_SIZE(faults))

int msos_fault_parse(const char *text, long *value)
{
	long i;

	for (i = 0; i < FAULTS; i++) {
		if (!strcmp(faults[i].name, text)) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

unsigned int msos_fault_os(long fault)
{
	return faults[fault].os;
}

enum layout msos_fault_layout(long fault)
{
	return faults[fault].layout;
}

unsigned int msos_fault_usb(long fault)
{
	return faults[fault].usb;
}

/* The block that has @place, and where there; NULL: these options lack it. */
static struct block *place_find(struct msos *m, enum place place, size_t *at)
{
	struct block *block = &m->set;

	*at = 0;
	switch (place) {
	case NOWHERE:
		return NULL;
	case SET:
		break;
	case CONFIG:
		*at = m->at.config;
		break;
	case FUNCTION:
		*at = m->at.function[0];
		break;
	case FUNCTION3:
		*at = m->at.function[2];
		break;
	case COMPAT:
		*at = m->at.compat[0];
		break;
	case GUID:
		*at = m->at.guid[0];
		break;
	case CAPABILITY:
		*at = 12;
		return m->plan.os & OS_2 ? &m->bos : NULL;
	case BOS:
		return &m->bos;
	case STRING:
		return m->plan.os & OS_1 ? &m->string : NULL;
	case IDS:
		return m->plan.os & OS_1 ? &m->ids : NULL;
	case PROPERTIES:
		return m->plan.os & OS_1 ? &m->properties[0] : NULL;
	}
	return m->plan.os & OS_2 && (*at || place == SET) ? block : NULL;
}

static void poke_apply(struct msos *m, const struct poke *poke)
{
	struct block *block;
	unsigned int i;
	size_t at;

	block = place_find(m, poke->place, &at);
	for (i = 0; block && i < poke->size; i++)
		if (at + poke->offset + i < block->len)
			block->data[at + poke->offset + i] = poke->value >> 8 * i;
}

/* The last step of building: the fault, and the BOS. */
void msos_fault_apply(long fault, struct msos *m)
{
	const struct fault *f = &faults[fault];
	struct block *block;
	unsigned int i;
	size_t at;

	if (f->edit)
		f->edit(m);
	msos_build_bos(m);
	for (i = 0; i < ARRAY_SIZE(f->poke); i++)
		poke_apply(m, &f->poke[i]);
	block = place_find(m, f->cut, &at);
	if (block && at + f->at < block->len)
		block->len = at + f->at;
}

int msos_fault_answer(long fault, struct msos *m, enum msos_what what,
		      const uint8_t *setup, uint8_t *data)
{
	const struct fault *f = &faults[fault];

	return f->answer ? f->answer(m, what, setup, data) : -ENOENT;
}

unsigned int msos_fault_delay(long fault, const struct msos *m,
			      enum msos_what what)
{
	(void)m;
	(void)what;
	return faults[fault].delay;
}

/* "NAME binds=MASK guids=N" */
int msos_fault_outcome(long fault, char *text, size_t size)
{
	const struct fault *f = &faults[fault];

	return snprintf(text, size, "%s binds=0x%02x guids=%u", f->name,
			f->binds, f->guids);
}

/* For people. */
void msos_fault_help(void)
{
	long i, j;

	for (i = 0; i < FAULTS; i++) {
		const struct fault *f = &faults[i];
		char who[16] = "";

		for (j = 0; j < MSOS_INTERFACES; j++)
			if (f->binds & 1 << j)
				sprintf(who + strlen(who), "%s%ld", *who ? "," : "", j);
		printf("      %-24s %-6s %u  %s\n", f->name, *who ? who : "-",
		       f->guids, f->help);
	}
}

/* For tests that try them all. */
void msos_fault_names(void)
{
	char text[128];
	long i;

	for (i = 0; i < FAULTS; i++) {
		msos_fault_outcome(i, text, sizeof(text));
		puts(text);
	}
}
