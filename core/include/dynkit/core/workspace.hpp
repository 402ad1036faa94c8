#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace dynkit {

/// Memory that grows and is used again, 64-byte aligned. One for each thread and purpose.
class Workspace {
 public:
  Workspace() = default;
  ~Workspace() { ::operator delete(data_, kAlignment); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// At least `bytes`; what an earlier call returned is no longer valid.
  void* bytes(std::size_t bytes) {
    if (bytes > size_) {
      ::operator delete(data_, kAlignment);
      data_ = nullptr;
      size_ = 0;
      data_ = ::operator new(bytes, kAlignment);
      size_ = bytes;
    }
    return data_;
  }

  double* doubles(std::int64_t count) {
    return static_cast<double*>(bytes(static_cast<std::size_t>(count) * sizeof(double)));
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace dynkit
