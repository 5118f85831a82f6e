/* SPDX-License-Identifier: MIT */
/*
 * What libstdc++.so has for wchar_t of 32 bits and a program cannot make for itself: using it is an
 * error of the compiler. The names are declared before the C++ library does, in the same way.
 */
#ifndef _LIBWINUSB_WIN32_STREAMS_H
#define _LIBWINUSB_WIN32_STREAMS_H

#if defined(__cplusplus) && defined(__GLIBCXX__)

#if __has_attribute(__unavailable__)
#define _WINUSB_W32_NOT_WIDE \
	__attribute__((__unavailable__("the C++ library has it for wchar_t of 32 bits only")))
#else
#define _WINUSB_W32_NOT_WIDE \
	__attribute__((__deprecated__("the C++ library has it for wchar_t of 32 bits only")))
#endif

extern "C++" {
namespace std _GLIBCXX_VISIBILITY(default)
{
_GLIBCXX_BEGIN_NAMESPACE_VERSION
template<typename> class allocator;
template<typename> struct char_traits;
template<typename, typename> class basic_istream;
template<typename, typename> class basic_ostream;
template<typename, typename> class basic_filebuf;
template<typename, typename> class basic_ifstream;
template<typename, typename> class basic_ofstream;
template<typename, typename> class basic_fstream;
_GLIBCXX_BEGIN_NAMESPACE_CXX11
template<typename, typename, typename> class basic_stringbuf;
template<typename, typename, typename> class basic_istringstream;
template<typename, typename, typename> class basic_ostringstream;
template<typename, typename, typename> class basic_stringstream;
_GLIBCXX_END_NAMESPACE_CXX11

#define _WINUSB_W32_FILE(name, kind) \
	typedef kind<wchar_t, char_traits<wchar_t> > name _WINUSB_W32_NOT_WIDE;
#define _WINUSB_W32_STRING(name, kind) \
	typedef kind<wchar_t, char_traits<wchar_t>, allocator<wchar_t> > name _WINUSB_W32_NOT_WIDE;
_WINUSB_W32_FILE(wfilebuf, basic_filebuf)
_WINUSB_W32_FILE(wifstream, basic_ifstream)
_WINUSB_W32_FILE(wofstream, basic_ofstream)
_WINUSB_W32_FILE(wfstream, basic_fstream)
_WINUSB_W32_STRING(wstringbuf, basic_stringbuf)
_WINUSB_W32_STRING(wistringstream, basic_istringstream)
_WINUSB_W32_STRING(wostringstream, basic_ostringstream)
_WINUSB_W32_STRING(wstringstream, basic_stringstream)
#undef _WINUSB_W32_FILE
#undef _WINUSB_W32_STRING

extern basic_istream<wchar_t, char_traits<wchar_t> > wcin _WINUSB_W32_NOT_WIDE;
extern basic_ostream<wchar_t, char_traits<wchar_t> > wcout _WINUSB_W32_NOT_WIDE;
extern basic_ostream<wchar_t, char_traits<wchar_t> > wcerr _WINUSB_W32_NOT_WIDE;
extern basic_ostream<wchar_t, char_traits<wchar_t> > wclog _WINUSB_W32_NOT_WIDE;

#if __cplusplus >= 201103L
_GLIBCXX_BEGIN_NAMESPACE_CXX11
template<typename> class regex_traits;
template<typename, typename> class basic_regex;
typedef basic_regex<wchar_t, regex_traits<wchar_t> > wregex _WINUSB_W32_NOT_WIDE;
/* Converts from and to wstring; never defined. */
template<typename, typename, typename, typename> class wstring_convert;
template<typename Codecvt, typename Wide, typename Bytes>
class wstring_convert<Codecvt, wchar_t, Wide, Bytes>;
_GLIBCXX_END_NAMESPACE_CXX11
#endif
_GLIBCXX_END_NAMESPACE_VERSION
}
}

#undef _WINUSB_W32_NOT_WIDE

#endif

#endif /* _LIBWINUSB_WIN32_STREAMS_H */
