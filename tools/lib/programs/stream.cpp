// SPDX-License-Identifier: MIT
/*
 * A C++ program: handles that close themselves, exceptions for errors, std::thread beside Windows'
 * events, wide strings. It streams through the FX2's loopback with several reads and writes in
 * flight, and reports what Windows' texts say of an error that it provokes.
 */
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <winusb.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

// {573e8c73-0cb4-4471-a1bf-fab26c31d384}
DEFINE_GUID(GUID_DEVINTERFACE_OSRUSBFX2,
	    0x573e8c73, 0x0cb4, 0x4471, 0xa1, 0xbf, 0xfa, 0xb2, 0x6c, 0x31, 0xd3, 0x84);

namespace {

class Error : public std::runtime_error {
public:
	explicit Error(const char *what, DWORD code = GetLastError())
		: std::runtime_error(std::string(what) + ": " + Text(code)), code_(code) {}
	DWORD Code() const { return code_; }

private:
	static std::string Text(DWORD code)
	{
		LPSTR buffer = nullptr;
		DWORD length =
			FormatMessageA(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
					      FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, code, 0,
					      reinterpret_cast<LPSTR>(&buffer), 0, nullptr);
		std::string text(buffer, length);

		LocalFree(buffer);
		text.erase(std::find_if(text.begin(), text.end(),
					[](char c) { return c == '\r' || c == '\n'; }),
			   text.end());
		return text + " (" + std::to_string(code) + ")";
	}
	DWORD code_;
};

struct HandleCloser {
	typedef HANDLE pointer;
	void operator()(HANDLE handle) const { CloseHandle(handle); }
};
typedef std::unique_ptr<void, HandleCloser> Handle;

std::wstring FindPath(const GUID &guid)
{
	struct Set {
		HDEVINFO info;
		~Set() { SetupDiDestroyDeviceInfoList(info); }
	} set = { SetupDiGetClassDevsW(&guid, nullptr, nullptr,
				       DIGCF_PRESENT | DIGCF_DEVICEINTERFACE) };
	SP_DEVICE_INTERFACE_DATA data = {};
	DWORD size = 0;

	data.cbSize = sizeof(data);
	if (set.info == INVALID_HANDLE_VALUE || !SetupDiEnumDeviceInterfaces(set.info, nullptr, &guid, 0, &data))
		throw Error("no device");
	SetupDiGetDeviceInterfaceDetailW(set.info, &data, nullptr, 0, &size, nullptr);
	std::vector<BYTE> buffer(size);
	auto detail = reinterpret_cast<PSP_DEVICE_INTERFACE_DETAIL_DATA_W>(buffer.data());
	detail->cbSize = sizeof(*detail);
	if (!SetupDiGetDeviceInterfaceDetailW(set.info, &data, detail, size, nullptr, nullptr))
		throw Error("SetupDiGetDeviceInterfaceDetailW");
	return detail->DevicePath;
}

class Device {
public:
	explicit Device(const std::wstring &path)
		: file_(CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE,
				    FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_EXISTING,
				    FILE_FLAG_OVERLAPPED, nullptr))
	{
		if (file_.get() == INVALID_HANDLE_VALUE) {
			file_.release();
			throw Error("CreateFileW");
		}
		if (!WinUsb_Initialize(file_.get(), &usb_))
			throw Error("WinUsb_Initialize");
	}
	~Device() { WinUsb_Free(usb_); }
	Device(const Device &) = delete;
	Device &operator=(const Device &) = delete;

	WINUSB_INTERFACE_HANDLE Usb() const { return usb_; }
	UCHAR Request(UCHAR request)
	{
		WINUSB_SETUP_PACKET setup = { 0xc0, request, 0, 0, 1 };
		UCHAR value = 0;
		ULONG moved = 0;

		if (!WinUsb_ControlTransfer(usb_, setup, &value, 1, &moved, nullptr))
			throw Error("WinUsb_ControlTransfer");
		return value;
	}

private:
	Handle file_;
	WINUSB_INTERFACE_HANDLE usb_ = nullptr;
};

// One transfer that can be started again and again.
class Transfer {
public:
	Transfer(Device &device, UCHAR pipe, size_t size)
		: device_(device), pipe_(pipe), data_(size), event_(CreateEventW(nullptr, TRUE, FALSE, nullptr))
	{
		overlapped_.hEvent = event_.get();
	}
	void Start()
	{
		BOOL done = pipe_ & 0x80 ?
			WinUsb_ReadPipe(device_.Usb(), pipe_, data_.data(), ULONG(data_.size()),
					nullptr,
					&overlapped_) :
			WinUsb_WritePipe(device_.Usb(), pipe_, data_.data(), ULONG(data_.size()),
					 nullptr,
					 &overlapped_);

		if (!done && GetLastError() != ERROR_IO_PENDING)
			throw Error("a transfer");
	}
	DWORD Finish()
	{
		DWORD moved = 0;

		if (!WinUsb_GetOverlappedResult(device_.Usb(), &overlapped_, &moved, TRUE))
			throw Error("a transfer");
		return moved;
	}
	std::vector<UCHAR> &Data() { return data_; }

private:
	Device &device_;
	UCHAR pipe_;
	std::vector<UCHAR> data_;
	Handle event_;
	OVERLAPPED overlapped_ = {};
};

void Stream(Device &device, size_t rounds)
{
	std::vector<std::unique_ptr<Transfer>> reads, writes;
	size_t moved = 0;

	for (int i = 0; i < 4; i++) {
		reads.emplace_back(new Transfer(device, 0x88, 1024));
		writes.emplace_back(new Transfer(device, 0x06, 1024));
		reads.back()->Start();
	}
	for (size_t round = 0; round < rounds; round++) {
		Transfer &write =
			*writes[round % writes.size()], &read = *reads[round % reads.size()];

		std::iota(write.Data().begin(), write.Data().end(), UCHAR(round));
		write.Start();
		moved += read.Finish();
		if (read.Data() != write.Data())
			throw std::runtime_error("other data came back");
		write.Finish();
		read.Start();
	}
	if (!WinUsb_AbortPipe(device.Usb(), 0x88))
		throw Error("WinUsb_AbortPipe");
	for (auto &read : reads) {
		try {
			read->Finish();
			throw std::runtime_error("an aborted read succeeded");
		} catch (const Error &error) {
			if (error.Code() != ERROR_OPERATION_ABORTED)
				throw;
		}
	}
	std::cout << "Streamed " << moved << " bytes\n";
}

} // namespace

int main()
{
	try {
		const std::wstring path = FindPath(GUID_DEVINTERFACE_OSRUSBFX2);
		Device device(path);

		std::cout << "Path of " << path.size() << " characters, ends with }: " << (path.back() == L'}')
			  << "\n";
		Stream(device, 200);
		std::cout << "High speed: " << int(device.Request(0xd9)) << "\n";
		try {
			Device second(path);
			std::cerr << "It opens twice.\n";
			return 1;
		} catch (const Error &error) {
			std::cout << "A second time: " << error.what() << "\n";
			if (error.Code() != ERROR_ACCESS_DENIED)
				return 1;
		}
		try {
			device.Request(0x01);
			return 1;
		} catch (const Error &error) {
			std::cout << "An unknown request: " << error.what() << "\n";
			return error.Code() == ERROR_GEN_FAILURE ? 0 : 1;
		}
	} catch (const std::exception &error) {
		std::cerr << error.what() << "\n";
		return 1;
	}
}
