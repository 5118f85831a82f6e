// SPDX-License-Identifier: MIT
/*
 * Requests for Microsoft OS descriptors: what is asked for, and the answer
 * when nothing is wrong with it.
 */
#include <errno.h>
#include <string.h>

#include "desc.h"
#include "msos.h"

/* Is this request one for OS descriptors, and for which? */
enum msos_what msos_what(const struct msos *m, const uint8_t *setup)
{
	unsigned int value = get_le16(setup + 2), index = get_le16(setup + 4);
	bool ours = setup[1] == MSOS_CODE_1 || setup[1] == MSOS_CODE_2 ||
		    setup[1] == m->code1 || setup[1] == m->code2;

	if (setup[0] == 0x80 && setup[1] == 6 && value == 0x03ee)
		return ASK_STRING;
	if ((setup[0] & 0x60) != 0x40 || !ours)
		return ASK_NOTHING;
	if (setup[1] == m->code2 && m->plan.os & OS_2) {
		if (setup[0] == 0xc0 && index == MSOS_SET && !value)
			return ASK_SET;
		if (setup[0] == 0x40 && index == MSOS_ALTERNATE && m->plan.alt &&
		    value == m->plan.alt << 8)
			return ASK_ALTERNATE;
	}
	if (setup[1] == m->code1 && m->plan.os & OS_1) {
		if (setup[0] == 0xc0 && index == MSOS_IDS && !value)
			return ASK_IDS;
		if ((setup[0] == 0xc0 || setup[0] == 0xc1) &&
		    index == MSOS_PROPERTIES && !(value & 0xff) &&
		    value >> 8 < m->plan.layout->interfaces)
			return ASK_PROPERTIES;
	}
	return ASK_WRONG;
}

static int msos_give(uint8_t *data, const struct block *block)
{
	memcpy(data, block->data, block->len);
	return (int)block->len;
}

/* -EPIPE: stalled. */
int msos_reply(struct msos *m, enum msos_what what, const uint8_t *setup,
	       uint8_t *data)
{
	switch (what) {
	case ASK_STRING:
		return m->plan.os & OS_1 ? msos_give(data, &m->string) : -EPIPE;
	case ASK_SET:
		return msos_give(data, &m->set);
	case ASK_IDS:
		return msos_give(data, &m->ids);
	case ASK_PROPERTIES:
		return msos_give(data, &m->properties[setup[3]]);
	case ASK_ALTERNATE:
		return 0;
	default:
		return -EPIPE;
	}
}
