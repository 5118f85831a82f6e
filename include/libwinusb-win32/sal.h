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

/*
 * The older spelling, except for __in, __out and __reserved, which headers of Linux have fields
 * and parameters named.
 */
#define __in_opt
#define __in_z
#define __in_z_opt
#define __in_ecount(size)
#define __in_ecount_opt(size)
#define __in_bcount(size)
#define __in_bcount_opt(size)
#define __inout
#define __inout_opt
#define __inout_ecount(size)
#define __inout_bcount(size)
#define __out_opt
#define __out_ecount(size)
#define __out_ecount_opt(size)
#define __out_bcount(size)
#define __out_bcount_opt(size)
#define __out_ecount_part(size, length)
#define __out_bcount_part(size, length)
#define __deref_out
#define __deref_out_opt
#define __deref_opt_out
#define __checkReturn
#define __success(condition)

#endif /* _LIBWINUSB_WIN32_SAL_H */
