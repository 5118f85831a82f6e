// SPDX-License-Identifier: MIT
/*
 * LoadLibrary and GetProcAddress: the libraries of Windows whose functions are here. All of them
 * are this one library, but each answers for its own functions only, as there. Nothing else is
 * loaded.
 */
#include <dlfcn.h>
#include <stdbool.h>

#include "wide.h"

struct module {
	const char *name;		/* without ".dll"; a * at the end stands for any rest */
	const char *functions[6];	/* how they begin; none: all that is in no other's list */
	const char *symbols;		/* what symbols of others that it has, too, have in front */
};

#define COM { "CLSIDFrom", "IIDFrom", "StringFrom", "CoTaskMem" }

static struct module modules[] = {
	{ .name = "winusb", .functions = { "WinUsb_" } },
	{ .name = "setupapi", .functions = { "SetupDi", "CM_" } },
	{ .name = "cfgmgr32", .functions = { "CM_" } },
	{ .name = "api-ms-win-devices-config-*", .functions = { "CM_" } },
	{ .name = "advapi32", .functions = { "Reg" } },
	{ .name = "ole32", .functions = COM },
	{ .name = "combase", .functions = COM },
	{ .name = "msvcrt", .functions = { "_" }, .symbols = "winusb_w32_" },
	{ .name = "ucrtbase", .functions = { "_" }, .symbols = "winusb_w32_" },
	{ .name = "kernel32" },
	{ .name = "kernelbase" },
	{ .name = "api-ms-win-core-*" },
};

/* The program itself */
static struct module program = { .name = "" };

static bool name_matches(const char *pattern, const char *name, size_t length)
{
	size_t known = strlen(pattern);

	if (pattern[known - 1] == '*')
		return length >= known - 1 && !_strnicmp(pattern, name, known - 1);
	return length == known && !_strnicmp(pattern, name, known);
}

static struct module *module_find(const char *path)
{
	const char *name = path;
	size_t length;

	for (const char *at = path; *at; at++)
		if (*at == '\\' || *at == '/')
			name = at + 1;
	length = strlen(name);
	if (length > 4 && !_stricmp(name + length - 4, ".dll"))
		length -= 4;
	for (size_t i = 0; i < ARRAYSIZE(modules); i++)
		if (name_matches(modules[i].name, name, length))
			return &modules[i];
	SetLastError(ERROR_MOD_NOT_FOUND);
	return NULL;
}

static struct module *module_check(HMODULE handle)
{
	struct module *module = (struct module *)handle;

	if (module == &program)
		return module;
	for (size_t i = 0; i < ARRAYSIZE(modules); i++)
		if (module == &modules[i])
			return module;
	return NULL;
}

static HMODULE load(const char *path)
{
	if (!path || !*path) {
		SetLastError(path ? ERROR_MOD_NOT_FOUND : ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return (HMODULE)module_find(path);
}

HMODULE WINAPI LoadLibraryA(LPCSTR lpLibFileName)
{
	return load(lpLibFileName);
}

HMODULE WINAPI LoadLibraryExA(LPCSTR lpLibFileName, HANDLE hFile, DWORD dwFlags)
{
	(void)hFile;
	(void)dwFlags;
	return load(lpLibFileName);
}

HMODULE WINAPI GetModuleHandleA(LPCSTR lpModuleName)
{
	return lpModuleName ? (HMODULE)module_find(lpModuleName) : (HMODULE)&program;
}

static HMODULE with_narrow(LPCWSTR name, HMODULE (*function)(LPCSTR))
{
	char *narrow = name ? utf8_of_wide(name) : NULL;
	HMODULE module;

	if (name && !narrow) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	module = function(narrow);
	free(narrow);
	return module;
}

HMODULE WINAPI LoadLibraryW(LPCWSTR lpLibFileName)
{
	return with_narrow(lpLibFileName, LoadLibraryA);
}

HMODULE WINAPI LoadLibraryExW(LPCWSTR lpLibFileName, HANDLE hFile, DWORD dwFlags)
{
	(void)hFile;
	(void)dwFlags;
	return with_narrow(lpLibFileName, LoadLibraryA);
}

HMODULE WINAPI GetModuleHandleW(LPCWSTR lpModuleName)
{
	return with_narrow(lpModuleName, GetModuleHandleA);
}

/* They are part of the program: freeing one has no effect. */
BOOL WINAPI FreeLibrary(HMODULE hLibModule)
{
	if (module_check(hLibModule))
		return TRUE;
	SetLastError(ERROR_INVALID_HANDLE);
	return FALSE;
}

static bool listed(const struct module *module, const char *name)
{
	for (size_t i = 0; i < ARRAYSIZE(module->functions) && module->functions[i]; i++)
		if (!strncmp(name, module->functions[i], strlen(module->functions[i])))
			return true;
	return false;
}

static bool module_has(const struct module *module, const char *name)
{
	if (module->functions[0])
		return listed(module, name);
	for (size_t i = 0; i < ARRAYSIZE(modules); i++)
		if (!modules[i].symbols && listed(&modules[i], name))
			return false;
	/* On Windows these are in headers and archives. */
	return strncmp(name, "winusb_", 7) && strncmp(name, "StringC", 7) &&
	       strncmp(name, "GUID_", 5) && name[0] != '_';
}

/* This library, or the program that it is linked into. */
static void *own_library(void)
{
	static void *library;
	void *found = __atomic_load_n(&library, __ATOMIC_ACQUIRE);
	Dl_info info;

	if (found)
		return found;
	if (dladdr((void *)&modules, &info) && info.dli_fname)
		found = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (!found)
		found = dlopen(NULL, RTLD_LAZY);
	__atomic_store_n(&library, found, __ATOMIC_RELEASE);
	return found;
}

/* A symbol of this library itself: dlsym() would go on to those that it needs. */
static void *own_symbol(const char *name)
{
	void *library = own_library(), *symbol = library ? dlsym(library, name) : NULL;
	Dl_info own, other;

	if (!symbol || !dladdr((void *)&modules, &own) || !dladdr(symbol, &other))
		return NULL;
	return own.dli_fbase == other.dli_fbase ? symbol : NULL;
}

static void *find(const struct module *module, const char *name)
{
	char symbol[80];
	void *found;

	if (module == &program)
		return dlsym(RTLD_DEFAULT, name);
	if (strlen(name) > 60)
		return NULL;
	if (module->symbols) {
		strcpy(stpcpy(symbol, module->symbols), name);
		found = own_symbol(symbol);
		if (found)
			return found;
	}
	return module_has(module, name) ? own_symbol(name) : NULL;
}

FARPROC WINAPI GetProcAddress(HMODULE hModule, LPCSTR lpProcName)
{
	struct module *module = hModule ? module_check(hModule) : &program;
	void *found = NULL;

	if (!module) {
		SetLastError(ERROR_MOD_NOT_FOUND);
		return NULL;
	}
	/* Small numbers are ordinals: nobody knows those of Windows. */
	if ((uintptr_t)lpProcName >> 16)
		found = find(module, lpProcName);
	if (!found)
		SetLastError(ERROR_PROC_NOT_FOUND);
	return (FARPROC)found;
}
