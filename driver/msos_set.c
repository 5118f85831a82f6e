// SPDX-License-Identifier: GPL-2.0-only
/*
 * Microsoft OS 2.0 descriptors (winusb.md 4.4, 4.5): which set the BOS offers, and what is in it.
 * See msos.c for what all parsers have in common. Where lengths and bytes of a set disagree:
 *
 * - Of lengths that should be equal the smallest counts. Windows may refuse such a set as a whole;
 *   what is inside the smallest is the same for all of them, and nobody is harmed by it.
 * - Subsets are ranges, and there is one level of each kind. The header of another one inside a
 *   range ends that range: its length was too large, and what follows is the other's.
 * - A descriptor with an impossible length ends the innermost range: the walk goes on behind it.
 * - A feature that reaches past its range is taken if its own lengths agree with each other: then
 *   it is the range that is too short. (Firmware exists that left the 8 bytes of the subset's
 *   header out.) Else it is the descriptor that lies, and it ends the range.
 */
#ifdef __KERNEL__
#include <linux/string.h>

#include "compat.h"
#endif

#include "msos.h"

/* 4.4 */
#define WINUSB_MSOS_BOS			0x0f
#define WINUSB_MSOS_CAPABILITY		0x10
#define WINUSB_MSOS_PLATFORM		0x05
#define WINUSB_MSOS_NEWEST_WINDOWS	0x0affffff	/* 10 and 11 */

/* 4.5 */
#define WINUSB_MSOS_SET_HEADER		0x00
#define WINUSB_MSOS_CONFIGURATION	0x01
#define WINUSB_MSOS_FUNCTION		0x02
#define WINUSB_MSOS_COMPATIBLE_ID	0x03
#define WINUSB_MSOS_REG_PROPERTY	0x04
#define WINUSB_MSOS_MIN_RESUME_TIME	0x05
#define WINUSB_MSOS_MODEL_ID		0x06
#define WINUSB_MSOS_CCGP		0x07
#define WINUSB_MSOS_VENDOR_REVISION	0x08

/* How long each of them is, a property without name and data. */
static const u8 winusb_msos_sizes[] = { 10, 8, 8, 20, 10, 6, 20, 4, 6 };

#define WINUSB_MSOS_HEAD		4	/* wLength, wDescriptorType */

static const u8 winusb_msos_uuid[16] = {
	0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c,
	0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f,
};

/* The sets that one capability descriptor offers. */
static bool winusb_msos_find_in_capability(const u8 *capability, u8 length, bool found,
					   struct winusb_msos_set *set)
{
	struct winusb_msos_set offer;
	const u8 *info;

	if (length < 20 || capability[2] != WINUSB_MSOS_PLATFORM ||
	    memcmp(capability + 4, winusb_msos_uuid, sizeof(winusb_msos_uuid)))
		return found;

	for (info = capability + 20; capability + length - info >= 8; info += 8) {
		offer.windows_version = winusb_msos_u32(info);
		offer.length = winusb_msos_u16(info + 4);
		offer.vendor_code = info[6];
		offer.alt_enum_code = info[7];
		if (offer.windows_version > WINUSB_MSOS_NEWEST_WINDOWS ||
		    offer.length < winusb_msos_sizes[WINUSB_MSOS_SET_HEADER])
			continue;
		if (!found || offer.windows_version > set->windows_version)
			*set = offer;
		found = true;
	}
	return found;
}

/**
 * winusb_msos_find_set - Which OS 2.0 descriptor set does the BOS offer?
 * @bos: The BOS descriptor, with its capabilities.
 * @length: How many bytes of it there are.
 * @set: Where the answer goes; of several sets the one for the newest Windows up to 10 and 11.
 *
 * Capabilities are counted as usbcore counts them: as many as the BOS says, and none after one
 * that is too short or too long.
 *
 * Return: whether there is one.
 */
bool winusb_msos_find_set(const u8 *bos, size_t length, struct winusb_msos_set *set)
{
	unsigned int left;
	bool found = false;
	size_t pos, end;

	if (length < 5 || bos[0] < 5 || bos[1] != WINUSB_MSOS_BOS)
		return false;
	end = winusb_msos_u16(bos + 2);
	if (end > length)
		end = length;

	pos = bos[0];
	for (left = bos[4]; left && pos < end && end - pos >= 3; left--) {
		u8 size = bos[pos];

		if (size < 3 || size > end - pos)
			break;
		if (bos[pos + 1] == WINUSB_MSOS_CAPABILITY)
			found = winusb_msos_find_in_capability(bos + pos, size, found, set);
		pos += size;
	}
	return found;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_find_set);

/* Where the walk through a descriptor set is. A range whose end is 0 is not open. */
struct winusb_msos_walk {
	struct winusb_msos *msos;
	const u8 *data;
	size_t pos;
	size_t end;			/* of the set */
	size_t configuration_end;	/* of the configuration subset */
	size_t function_end;		/* of the function subset, not past configuration_end */
	u8 configuration;		/* the index that is wanted */
	u8 function;			/* index of the function, or WINUSB_MSOS_DEVICE */
	bool other_configuration;	/* nothing in this configuration subset counts */
	bool other_function;		/* nothing in this function subset counts */
	bool found;			/* a subset of the configuration that is wanted */
	bool found_next;		/* a subset of the one after it */
};

static void winusb_msos_close_function(struct winusb_msos_walk *walk)
{
	walk->function_end = 0;
	walk->function = WINUSB_MSOS_DEVICE;
	walk->other_function = false;
}

static void winusb_msos_close_configuration(struct winusb_msos_walk *walk)
{
	winusb_msos_close_function(walk);
	walk->configuration_end = 0;
	walk->other_configuration = false;
}

static size_t winusb_msos_range_end(const struct winusb_msos_walk *walk)
{
	if (walk->function_end)
		return walk->function_end;
	return walk->configuration_end ? walk->configuration_end : walk->end;
}

static void winusb_msos_give_up_range(struct winusb_msos_walk *walk, const char *text)
{
	winusb_msos_fault(walk->msos, text);
	walk->pos = winusb_msos_range_end(walk);
}

/* @length: of the subset from @pos on. Clipped to what it is in. */
static size_t winusb_msos_subset_end(struct winusb_msos_walk *walk, u16 length, size_t limit)
{
	if (length <= limit - walk->pos)
		return walk->pos + length;
	winusb_msos_fault(walk->msos, "a subset that is longer than what it is in");
	return limit;
}

static void winusb_msos_open_configuration(struct winusb_msos_walk *walk, const u8 *descriptor)
{
	u16 length = winusb_msos_u16(descriptor);
	u16 total = winusb_msos_u16(descriptor + 6);

	if (total < length) {
		winusb_msos_give_up_range(walk, "a subset that is shorter than its header");
		return;
	}
	if (walk->configuration_end || walk->function_end)
		winusb_msos_fault(walk->msos, "a configuration subset inside another subset");
	winusb_msos_close_configuration(walk);
	walk->configuration_end = winusb_msos_subset_end(walk, total, walk->end);
	/*
	 * 4.5: bConfigurationValue is an index, whatever its name. Firmware that has the value
	 * there is not served by Windows either.
	 */
	walk->other_configuration = descriptor[4] != walk->configuration;
	if (!walk->other_configuration)
		walk->found = true;
	else if (descriptor[4] == walk->configuration + 1)
		walk->found_next = true;
	walk->pos += length;
}

/* Directly in the set, a function subset counts for every configuration: many devices do that. */
static void winusb_msos_open_function(struct winusb_msos_walk *walk, const u8 *descriptor)
{
	u16 length = winusb_msos_u16(descriptor);
	u16 total = winusb_msos_u16(descriptor + 6);
	struct winusb_msos_function *function;

	if (total < length) {
		winusb_msos_give_up_range(walk, "a subset that is shorter than its header");
		return;
	}
	if (walk->function_end)
		winusb_msos_fault(walk->msos, "a function subset inside another one");
	winusb_msos_close_function(walk);
	walk->function_end = winusb_msos_subset_end(walk, total, winusb_msos_range_end(walk));
	if (!walk->other_configuration) {
		function = winusb_msos_add_function(walk->msos, descriptor[4]);
		if (function)
			walk->function = function - walk->msos->functions;
		else
			walk->other_function = true;
	}
	walk->pos += length;
}

static void winusb_msos_resume_time(struct winusb_msos *msos, const u8 *descriptor)
{
	u8 recovery = descriptor[4], signaling = descriptor[5];

	if (recovery > 10 || signaling < 1 || signaling > 20) {
		winusb_msos_fault(msos, "a resume time that is out of range");
	} else if (msos->resume_signaling_ms) {
		winusb_msos_fault(msos, "a second resume time");
	} else {
		msos->resume_recovery_ms = recovery;
		msos->resume_signaling_ms = signaling;
	}
}

static void winusb_msos_model_id(struct winusb_msos *msos, const u8 *descriptor)
{
	if (msos->has_model_id) {
		winusb_msos_fault(msos, "a second model ID");
		return;
	}
	memcpy(msos->model_id, descriptor + 4, sizeof(msos->model_id));
	msos->has_model_id = true;
}

static void winusb_msos_revision(struct winusb_msos *msos, const u8 *descriptor, u16 *revision)
{
	u16 value = winusb_msos_u16(descriptor + 4);

	if (!value)
		winusb_msos_fault(msos, "a vendor revision of 0");
	else if (*revision)
		winusb_msos_fault(msos, "a second vendor revision");
	else
		*revision = value;
}

static void winusb_msos_registry(struct winusb_msos *msos, u8 function, const u8 *descriptor,
				 u16 length)
{
	u16 name_length = winusb_msos_u16(descriptor + 6);
	u16 data_length;

	if (name_length > length - 10) {
		winusb_msos_fault(msos, "a property whose name is longer than itself");
		return;
	}
	data_length = winusb_msos_u16(descriptor + 8 + name_length);
	if (data_length > length - 10 - name_length) {
		winusb_msos_fault(msos, "a property whose data are longer than itself");
		return;
	}
	winusb_msos_add_property(msos, function, winusb_msos_u16(descriptor + 4), descriptor + 8,
				 name_length, descriptor + 10 + name_length, data_length);
}

/* A whole descriptor of a known type that is not too short for it. */
static void winusb_msos_feature(struct winusb_msos *msos, u8 index, const u8 *descriptor,
				u16 length, u16 type)
{
	struct winusb_msos_function *function =
		index == WINUSB_MSOS_DEVICE ? NULL : &msos->functions[index];

	if (function && type >= WINUSB_MSOS_MIN_RESUME_TIME && type <= WINUSB_MSOS_CCGP) {
		winusb_msos_fault(msos, "a feature of the device inside a function subset");
		return;
	}
	switch (type) {
	case WINUSB_MSOS_SET_HEADER:
		winusb_msos_fault(msos, "a second set header");
		break;
	case WINUSB_MSOS_COMPATIBLE_ID:
		winusb_msos_set_ids(msos, descriptor + 4,
				    function ? function->compatible_id : msos->compatible_id,
				    function ? function->sub_compatible_id :
					       msos->sub_compatible_id);
		break;
	case WINUSB_MSOS_REG_PROPERTY:
		winusb_msos_registry(msos, index, descriptor, length);
		break;
	case WINUSB_MSOS_MIN_RESUME_TIME:
		winusb_msos_resume_time(msos, descriptor);
		break;
	case WINUSB_MSOS_MODEL_ID:
		winusb_msos_model_id(msos, descriptor);
		break;
	case WINUSB_MSOS_CCGP:
		msos->ccgp = true;
		break;
	case WINUSB_MSOS_VENDOR_REVISION:
		winusb_msos_revision(msos, descriptor,
				     function ? &function->vendor_revision :
						&msos->vendor_revision);
		break;
	}
}

/*
 * Do all lengths inside a feature say the same? Not asked about headers: whatever they open would
 * be outside, too.
 */
static bool winusb_msos_is_exact(const u8 *descriptor, u16 length, u16 type)
{
	u16 name_length;

	if (type < WINUSB_MSOS_COMPATIBLE_ID || type >= sizeof(winusb_msos_sizes) ||
	    length < winusb_msos_sizes[type])
		return false;
	if (type != WINUSB_MSOS_REG_PROPERTY)
		return length == winusb_msos_sizes[type];
	name_length = winusb_msos_u16(descriptor + 6);
	return name_length <= length - 10 &&
	       winusb_msos_u16(descriptor + 8 + name_length) == length - 10 - name_length;
}

/* One descriptor. @pos grows with each call. */
static void winusb_msos_step(struct winusb_msos_walk *walk)
{
	const u8 *descriptor = walk->data + walk->pos;
	size_t left = walk->end - walk->pos;
	u16 length, type;

	if (left < WINUSB_MSOS_HEAD) {
		winusb_msos_give_up_range(walk, "bytes after the last descriptor");
		return;
	}
	length = winusb_msos_u16(descriptor);
	type = winusb_msos_u16(descriptor + 2);
	if (length < WINUSB_MSOS_HEAD) {
		winusb_msos_give_up_range(walk, "a descriptor that is shorter than its head");
		return;
	}
	if (length > left) {
		winusb_msos_give_up_range(walk,
					  "a descriptor that reaches past the end of the set");
		return;
	}
	if (length > winusb_msos_range_end(walk) - walk->pos) {
		if (!winusb_msos_is_exact(descriptor, length, type)) {
			winusb_msos_give_up_range(walk,
						  "a descriptor that reaches past its subset");
			return;
		}
		winusb_msos_fault(walk->msos, "a subset that ends inside a descriptor");
	}

	if (type == WINUSB_MSOS_CONFIGURATION && length >= 8) {
		winusb_msos_open_configuration(walk, descriptor);
	} else if (type == WINUSB_MSOS_FUNCTION && length >= 8) {
		winusb_msos_open_function(walk, descriptor);
	} else if (type == WINUSB_MSOS_CONFIGURATION || type == WINUSB_MSOS_FUNCTION) {
		winusb_msos_give_up_range(walk, "a subset header that is too short");
	} else {
		/* Types that are not known are of the future. */
		if (type < sizeof(winusb_msos_sizes) && !walk->other_configuration &&
		    !walk->other_function) {
			if (length >= winusb_msos_sizes[type])
				winusb_msos_feature(walk->msos, walk->function, descriptor,
						    length, type);
			else
				winusb_msos_fault(walk->msos, "a feature that is too short");
		}
		walk->pos += length;
	}
}

/**
 * winusb_msos_parse_set - Read an OS 2.0 descriptor set
 * @data: The set, as the device sent it.
 * @length: How many bytes came.
 * @set: What winusb_msos_find_set() said.
 * @configuration: Index of the configuration that is active, 0 for the first.
 * @msos: Cleared first, then filled in. Its properties point into @data.
 *
 * A set that does not begin with its header is none. See the top of the file for everything else
 * that may be wrong.
 */
void winusb_msos_parse_set(const u8 *data, size_t length, const struct winusb_msos_set *set,
			   u8 configuration, struct winusb_msos *msos)
{
	struct winusb_msos_walk walk = {
		.msos = msos,
		.data = data,
		.configuration = configuration,
		.function = WINUSB_MSOS_DEVICE,
	};
	u16 total;

	memset(msos, 0, sizeof(*msos));
	if (length < 10 || winusb_msos_u16(data) < 10 ||
	    winusb_msos_u16(data + 2) != WINUSB_MSOS_SET_HEADER ||
	    winusb_msos_u16(data + 8) < winusb_msos_u16(data)) {
		winusb_msos_fault(msos, "no set header at the beginning");
		return;
	}
	msos->version = 0x0200;

	total = winusb_msos_u16(data + 8);
	if (total != set->length) {
		winusb_msos_fault(msos, "two different lengths of the set");
		if (total > set->length)
			total = set->length;
	}
	if (length < total)
		winusb_msos_fault(msos, "fewer bytes than the set should have");
	walk.end = length < total ? length : total;

	walk.pos = winusb_msos_u16(data);
	while (walk.pos < walk.end) {
		if (walk.function_end && walk.pos >= walk.function_end)
			winusb_msos_close_function(&walk);
		if (walk.configuration_end && walk.pos >= walk.configuration_end)
			winusb_msos_close_configuration(&walk);
		winusb_msos_step(&walk);
	}
	if (walk.found_next && !walk.found)
		winusb_msos_fault(msos,
				  "a configuration subset for the value, where Windows has the index");
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_parse_set);
