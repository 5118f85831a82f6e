/* SPDX-License-Identifier: MIT */
/* Annotations of parameters: they say something to Microsoft's compiler and nothing here. */
#ifndef _LIBWINUSB_WIN32_SAL_H
#define _LIBWINUSB_WIN32_SAL_H

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_range_(low, high)
#define _In_reads_(size)
#define _In_reads_opt_(size)
#define _In_reads_bytes_(size)
#define _In_reads_bytes_opt_(size)
#define _In_reads_or_z_(size)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(size)
#define _Inout_updates_opt_(size)
#define _Inout_updates_bytes_(size)
#define _Inout_updates_bytes_opt_(size)
#define _Inout_updates_z_(size)
#define _Out_
#define _Out_opt_
#define _Out_writes_(size)
#define _Out_writes_opt_(size)
#define _Out_writes_z_(size)
#define _Out_writes_opt_z_(size)
#define _Out_writes_all_(size)
#define _Out_writes_all_opt_(size)
#define _Out_writes_bytes_(size)
#define _Out_writes_bytes_opt_(size)
#define _Out_writes_bytes_all_(size)
#define _Out_writes_bytes_all_opt_(size)
#define _Out_writes_to_(size, count)
#define _Out_writes_to_opt_(size, count)
#define _Out_writes_bytes_to_(size, count)
#define _Out_writes_bytes_to_opt_(size, count)
#define _Out_range_(low, high)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_result_buffer_(size)
#define _Outptr_result_bytebuffer_(size)
#define _COM_Outptr_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_out_range_(low, high)
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_valid_
#define _Pre_writable_byte_size_(size)
#define _Pre_satisfies_(condition)
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Post_satisfies_(condition)
#define _Post_writable_byte_size_(size)
#define _Ret_z_
#define _Ret_maybenull_
#define _Ret_maybenull_z_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_writes_(size)
#define _Ret_writes_bytes_(size)
#define _Ret_writes_maybenull_(size)
#define _Ret_range_(low, high)
#define _Field_size_(size)
#define _Field_size_opt_(size)
#define _Field_size_bytes_(size)
#define _Field_size_bytes_opt_(size)
#define _Field_range_(low, high)
#define _Field_z_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Reserved_
#define _Const_
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(condition)
#define _Return_type_success_(condition)
#define _On_failure_(annotation)
#define _Always_(annotation)
#define _When_(condition, annotation)
#define _At_(target, annotation)
#define _At_buffer_(target, index, size, annotation)
#define _Use_decl_annotations_
#define _Notnull_
#define _Maybenull_
#define _Points_to_data_
#define _Printf_format_string_
#define _Scanf_format_string_
#define _Function_class_(name)
#define _Acquires_lock_(lock)
#define _Releases_lock_(lock)
#define _Requires_lock_held_(lock)
#define _Requires_lock_not_held_(lock)
#define _Acquires_exclusive_lock_(lock)
#define _Releases_exclusive_lock_(lock)
#define _Guarded_by_(lock)
#define _Interlocked_operand_
#define _Analysis_assume_(condition)
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _In_reads_z_(size)
#define _In_reads_to_ptr_(end)
#define _In_defensive_(annotation)
#define _Inout_updates_all_(size)
#define _Inout_updates_to_(size, count)
#define _Inout_updates_bytes_all_(size)
#define _Inout_updates_bytes_to_(size, count)
#define _Outptr_result_z_
#define _Outptr_opt_result_maybenull_
#define _Outptr_opt_result_z_
#define _Outref_
#define _Outref_result_maybenull_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Pre_
#define _Pre_z_
#define _Pre_null_
#define _Pre_invalid_
#define _Pre_opt_valid_
#define _Pre_readable_size_(size)
#define _Pre_readable_byte_size_(size)
#define _Pre_writable_size_(size)
#define _Post_
#define _Post_z_
#define _Post_valid_
#define _Post_notnull_
#define _Post_maybenull_
#define _Post_equal_to_(value)
#define _Post_readable_size_(size)
#define _Post_readable_byte_size_(size)
#define _Post_writable_size_(size)
#define _Deref_out_z_
#define _Deref_out_opt_z_
#define _Deref_pre_maybenull_
#define _Deref_post_z_
#define _Deref_post_maybenull_
#define _Deref_inout_
#define _Literal_
#define _Notliteral_
#define _Maybevalid_
#define _Valid_
#define _Readable_bytes_(size)
#define _Readable_elements_(size)
#define _Writable_bytes_(size)
#define _Writable_elements_(size)
#define _Strict_type_match_

/* What these were before, as the samples of WinUSB have them still */
#define _In_count_(size)
#define _In_opt_count_(size)
#define _In_bytecount_(size)
#define _In_opt_bytecount_(size)
#define _In_count_c_(size)
#define _In_bytecount_c_(size)
#define _In_z_count_(size)
#define _In_opt_z_count_(size)
#define _Inout_cap_(size)
#define _Inout_opt_cap_(size)
#define _Inout_bytecap_(size)
#define _Inout_opt_bytecap_(size)
#define _Inout_count_(size)
#define _Inout_bytecount_(size)
#define _Inout_z_cap_(size)
#define _Inout_z_bytecap_(size)
#define _Out_cap_(size)
#define _Out_opt_cap_(size)
#define _Out_bytecap_(size)
#define _Out_opt_bytecap_(size)
#define _Out_cap_c_(size)
#define _Out_bytecap_c_(size)
#define _Out_z_cap_(size)
#define _Out_opt_z_cap_(size)
#define _Out_z_bytecap_(size)
#define _Out_opt_z_bytecap_(size)
#define _Out_cap_post_count_(size, count)
#define _Out_opt_cap_post_count_(size, count)
#define _Out_bytecap_post_bytecount_(size, count)
#define _Out_opt_bytecap_post_bytecount_(size, count)
#define _Out_z_cap_post_count_(size, count)
#define _Ret_count_(size)
#define _Ret_bytecount_(size)
#define _Ret_opt_
#define _Ret_opt_z_
#define _Ret_

/*
 * The older spelling, except for __in, __out and __reserved, which headers of Linux have fields
 * and parameters named. A C program that needs these two defines WINUSB_W32_OLD_SAL, and includes
 * the headers of Linux first.
 */
#ifdef WINUSB_W32_OLD_SAL
#define __in
#define __out
#endif
#define __in_opt
#define __in_z
#define __in_ecount_z(size)
#define __in_z_opt
#define __in_ecount(size)
#define __in_ecount_opt(size)
#define __in_bcount(size)
#define __in_bcount_opt(size)
#define __inout
#define __inout_opt
#define __inout_ecount(size)
#define __inout_ecount_opt(size)
#define __inout_bcount(size)
#define __inout_bcount_opt(size)
#define __out_opt
#define __out_ecount(size)
#define __out_ecount_z(size)
#define __out_ecount_full(size)
#define __out_ecount_opt(size)
#define __out_bcount(size)
#define __out_bcount_full(size)
#define __out_bcount_opt(size)
#define __out_ecount_part(size, length)
#define __out_bcount_part(size, length)
#define __deref_out
#define __deref_out_opt
#define __deref_out_ecount(size)
#define __deref_out_bcount(size)
#define __deref_inout
#define __deref_inout_opt
#define __deref_opt_out
#define __checkReturn
#define __success(condition)
#define __format_string
#define __nullterminated

#endif /* _LIBWINUSB_WIN32_SAL_H */
