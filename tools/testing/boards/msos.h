/* SPDX-License-Identifier: MIT */
/*
 * The parts of the msos board: its options and requests (msos.c), its
 * descriptors when they are sound (msos-set.c), and what can be wrong with
 * them (msos-fault.c).
 */
#ifndef MSOS_H
#define MSOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

struct board;

/* Bits of the option "os". */
enum { OS_NONE = 0, OS_1 = 1, OS_2 = 2, OS_BOTH = 3 };

enum layout {
	LAYOUT_SINGLE, LAYOUT_COMPOSITE, LAYOUT_WHOLE, LAYOUT_CCGP,
	LAYOUT_CCGP_MANY, LAYOUTS,
};

/* bRequest of the two versions; both stall what they do not know. */
enum { MSOS_CODE_1 = 0x21, MSOS_CODE_2 = 0x20 };

enum { MSOS_IDS = 4, MSOS_PROPERTIES = 5, MSOS_SET = 7, MSOS_ALTERNATE = 8 };

enum {
	MSOS_SET_HEADER, MSOS_CONFIGURATION, MSOS_FUNCTION, MSOS_COMPATIBLE_ID,
	MSOS_PROPERTY, MSOS_RESUME_TIME, MSOS_MODEL_ID, MSOS_CCGP,
	MSOS_REVISION,
};

enum {
	REG_SZ = 1, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BE,
	REG_LINK, REG_MULTI_SZ,
};

#define WINDOWS_8_1	0x06030000
#define WINDOWS_10	0x0a000000

/* Bits of the option "props". */
enum {
	PROPS_GUID = 1, PROPS_SINGULAR = 2, PROPS_FULL = 4, PROPS_NASTY = 8,
};

/* What can be asked for. */
enum msos_what {
	ASK_NOTHING, ASK_STRING, ASK_SET, ASK_IDS, ASK_PROPERTIES,
	ASK_ALTERNATE, ASK_WRONG, MSOS_ASKED,
};

#define MSOS_FUNCTIONS	3
#define MSOS_INTERFACES	4

/**
 * struct msos_layout - the interfaces of the board and their functions
 * @class: of the device: class, subclass, protocol
 * @first: first interface of each function
 * @subsets: the 2.0 set has a subset for each function
 */
struct msos_layout {
	const char *name;
	uint8_t class[3];
	unsigned int interfaces;
	unsigned int functions;
	uint8_t first[MSOS_FUNCTIONS];
	bool subsets;
	bool ccgp;
};

/**
 * struct msos_plan - what the options ask for
 * @compat: of each function; empty: the function has nothing at all
 * @guid: separated by semicolons
 * @revision: 0: none
 * @idle: DefaultIdleTimeout and what lets a function sleep; -1: none of it
 */
struct msos_plan {
	unsigned int os;
	const struct msos_layout *layout;
	const char *compat[MSOS_FUNCTIONS];
	const char *subcompat;
	const char *guid[MSOS_FUNCTIONS];
	unsigned int revision;
	unsigned int alt;
	unsigned int props;
	long idle;
};

struct msos_info {
	uint32_t windows;
	uint16_t length;
	uint8_t code;
	uint8_t alt;
};

struct block {
	size_t len;
	uint8_t *data;
	size_t room;
};

/**
 * struct msos_marks - where the parts of the 2.0 set are; 0: not there
 * @guid: the property descriptor with the interface GUIDs, by function
 */
struct msos_marks {
	size_t config;
	size_t function[MSOS_FUNCTIONS];
	size_t compat[MSOS_FUNCTIONS];
	size_t guid[MSOS_FUNCTIONS];
};

/**
 * struct msos - what the board has to answer with
 * @set: the 2.0 descriptor set
 * @infos: what the platform capability says of it
 * @string: string 0xEE
 * @ids: 1.0 extended compat IDs
 * @properties: 1.0 extended properties, by interface
 * @code1: bRequest that the 1.0 descriptors are answered at; @code2: the set
 * @asked: how often each of the descriptors was asked for
 */
struct msos {
	struct msos_plan plan;
	struct block set;
	struct msos_marks at;
	struct msos_info infos[4];
	unsigned int info_count;
	struct block bos;
	struct block string;
	struct block ids;
	struct block properties[MSOS_INTERFACES];
	uint8_t code1;
	uint8_t code2;
	unsigned int asked[MSOS_ASKED];
	uint8_t set_room[65536];
	uint8_t bos_room[256];
	uint8_t string_room[256];
	uint8_t ids_room[4096];
	uint8_t properties_room[MSOS_INTERFACES][16384];
};

extern const struct msos_layout msos_layouts[LAYOUTS];

void msos_build(struct msos *m, const struct msos_plan *plan);
void msos_build_bos(struct msos *m);

/* msos-ask.c: requests for these descriptors, and their answers when sound */
enum msos_what msos_what(const struct msos *m, const uint8_t *setup);
int msos_reply(struct msos *m, enum msos_what what, const uint8_t *setup,
	       uint8_t *data);

/* msos-fault.c */
int msos_fault_parse(const char *text, long *value);
unsigned int msos_fault_os(long fault);
enum layout msos_fault_layout(long fault);
unsigned int msos_fault_usb(long fault);
void msos_fault_plan(long fault, struct msos_plan *plan);
void msos_fault_apply(long fault, struct msos *m);
int msos_fault_answer(long fault, struct msos *m, enum msos_what what,
		      const uint8_t *setup, uint8_t *data);
unsigned int msos_fault_delay(long fault, enum msos_what what);
int msos_fault_outcome(long fault, char *text, size_t size);
void msos_fault_help(void);
void msos_fault_names(void);

void block_add(struct block *block, const void *data, size_t len);
void block_add16(struct block *block, unsigned int value);
void block_add32(struct block *block, uint32_t value);
void put_le32(uint8_t *p, uint32_t v);
uint32_t get_le32(const uint8_t *p);

#endif
