/* SPDX-License-Identifier: MIT */
/*
 * Faults of the msos board: what msos-break.c does for the table of them.
 */
#ifndef MSOS_BREAK_H
#define MSOS_BREAK_H

#include "msos.h"

/* Change what was built. */
void break_header_missing(struct msos *m);
void break_header_long(struct msos *m);
void break_header_twice(struct msos *m);
void break_code_2(struct msos *m);
void break_code_1(struct msos *m);
void break_infos_many(struct msos *m);
void break_infos_none(struct msos *m);
void break_unknown(struct msos *m);
void break_compat_first(struct msos *m);
void break_compat_second(struct msos *m);
void break_compat_missing(struct msos *m);
void break_compat_last(struct msos *m);
void break_compat_short(struct msos *m);
void break_compat_long(struct msos *m);
void break_name_odd(struct msos *m);
void break_name_unterminated(struct msos *m);
void break_name_empty(struct msos *m);
void break_name_case(struct msos *m);
void break_guid_ascii(struct msos *m);
void break_data_odd(struct msos *m);
void break_data_unterminated(struct msos *m);
void break_data_double(struct msos *m);
void break_properties_after(struct msos *m);
void break_properties_before(struct msos *m);
void break_property_twice(struct msos *m);
void break_huge(struct msos *m);
void break_property_huge(struct msos *m);
void break_resume_time(struct msos *m);
void break_revision_zero(struct msos *m);
void break_function_single(struct msos *m);
void break_ccgp_in_function(struct msos *m);
void break_configuration_two(struct msos *m);
void break_configuration_nested(struct msos *m);
void break_function_nested(struct msos *m);
void break_function_first(struct msos *m);
void break_functions_bare(struct msos *m);
void break_function_twice(struct msos *m);
void break_function_absent(struct msos *m);
void break_functions_after(struct msos *m);
void break_functions_before(struct msos *m);
void break_device_on_composite(struct msos *m);
void break_ids_twice(struct msos *m);

/* Change the BOS, which is built then. */
void break_capability_other(struct msos *m);
void break_capability_odd(struct msos *m);

/* Answer a request; -ENOENT: as usual. */
int answer_set_changes(struct msos *m, enum msos_what what,
		       const uint8_t *setup, uint8_t *data);
int answer_set_is_ids(struct msos *m, enum msos_what what,
		      const uint8_t *setup, uint8_t *data);
int answer_ids_grow(struct msos *m, enum msos_what what,
		    const uint8_t *setup, uint8_t *data);
int answer_ids_shrink(struct msos *m, enum msos_what what,
		      const uint8_t *setup, uint8_t *data);
int answer_properties_device(struct msos *m, enum msos_what what,
			     const uint8_t *setup, uint8_t *data);
int answer_properties_interface(struct msos *m, enum msos_what what,
				const uint8_t *setup, uint8_t *data);

#endif
