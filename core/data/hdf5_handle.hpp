#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

namespace dynkit {

/// An HDF5 id that closes itself.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle() = default;
  Hdf5Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() { reset(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept { *this = std::move(other); }
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }

  hid_t get() const { return id_; }

  void reset() {
    if (close_ != nullptr && id_ >= 0) close_(id_);
    id_ = H5I_INVALID_HID;
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// While it lives: HDF5 prints nothing, and no other thread is inside the library, which is not
/// safe for threads in every build.
class Hdf5Session {
 public:
  Hdf5Session();
  ~Hdf5Session();
  Hdf5Session(const Hdf5Session&) = delete;
  Hdf5Session& operator=(const Hdf5Session&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

/// Throws Error (DK_IO) with HDF5's own account of what went wrong.
[[noreturn]] void throw_hdf5_error();

/// The id or value that an HDF5 function returned, unless it is negative: then as above.
template <class Result>
Result check_hdf5(Result result) {
  if (result < 0) throw_hdf5_error();
  return result;
}

inline Hdf5Handle own_hdf5(hid_t id, Hdf5Handle::Close close) {
  return Hdf5Handle(check_hdf5(id), close);
}

/// Compound of r and i, as h5py has it, in the layout of std::complex<double>; UTF-8 text of any
/// length.
Hdf5Handle make_complex_type(const char* real = "r", const char* imaginary = "i");
Hdf5Handle make_text_type();

}  // namespace dynkit
