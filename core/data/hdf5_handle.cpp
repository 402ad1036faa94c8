#include "hdf5_handle.hpp"

#include <fmt/format.h>

#include "dynkit/error.hpp"
#include "names.hpp"

namespace dynkit {
namespace {

std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Files are closed one by one. What the library would flush at exit is left of a file that could
// not be written, on a full disk, and there it crashes.
void forgo_exit_handler() {
  static const herr_t done = H5dont_atexit();
  static_cast<void>(done);
}

struct Account {
  std::string outer, inner;  // what was asked for, and why it failed
};

// Called by HDF5, so it may not throw.
herr_t collect(unsigned depth, const H5E_error2_t* record, void* account_pointer) noexcept {
  try {
    auto& account = *static_cast<Account*>(account_pointer);
    const std::string text = record->desc != nullptr ? record->desc : "";
    if (depth == 0) account.outer = text;
    account.inner = text;
    return 0;
  } catch (...) {
    return -1;
  }
}

}  // namespace

Hdf5Session::Hdf5Session() : lock_(library_mutex()) {
  forgo_exit_handler();
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Session::~Hdf5Session() {
  H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
}

void throw_hdf5_error() {
  Account account;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, collect, &account);
  if (account.outer.empty()) throw Error(DK_IO, "HDF5 failed without a message");
  const std::string reason =
      account.inner == account.outer ? "" : fmt::format(" ({})", printable(account.inner));
  throw Error(DK_IO, fmt::format("HDF5: {}{}", printable(account.outer), reason));
}

Hdf5Handle make_complex_type(const char* real, const char* imaginary) {
  Hdf5Handle type = own_hdf5(H5Tcreate(H5T_COMPOUND, 2 * sizeof(double)), H5Tclose);
  check_hdf5(H5Tinsert(type.get(), real, 0, H5T_NATIVE_DOUBLE));
  check_hdf5(H5Tinsert(type.get(), imaginary, sizeof(double), H5T_NATIVE_DOUBLE));
  return type;
}

Hdf5Handle make_text_type() {
  Hdf5Handle type = own_hdf5(H5Tcopy(H5T_C_S1), H5Tclose);
  check_hdf5(H5Tset_size(type.get(), H5T_VARIABLE));
  check_hdf5(H5Tset_cset(type.get(), H5T_CSET_UTF8));
  return type;
}

}  // namespace dynkit
