/* SPDX-License-Identifier: MIT */
/* Threads of the C library */
#ifndef _LIBWINUSB_WIN32_PROCESS_H
#define _LIBWINUSB_WIN32_PROCESS_H

#include <stdint.h>
#include "windows.h"

_WINUSB_W32_BEGIN

typedef unsigned (__stdcall *_beginthreadex_proc_type)(void *);
typedef void (__cdecl *_beginthread_proc_type)(void *);

uintptr_t __cdecl _beginthreadex(void *security, unsigned stack_size,
				 unsigned (__stdcall *start_address)(void *), void *arglist,
				 unsigned initflag, unsigned *thrdaddr);
uintptr_t __cdecl _beginthread(void (__cdecl *start_address)(void *), unsigned stack_size,
			       void *arglist);
DECLSPEC_NORETURN void __cdecl _endthreadex(unsigned retval);
DECLSPEC_NORETURN void __cdecl _endthread(void);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_PROCESS_H */
