// Memory between two pages that nobody may touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dynkit::conformance {

/// A buffer whose end is the end of a page, as far as its alignment allows; the pages before and
/// behind it cannot be read or written, and what is left of its own pages holds a pattern. So every
/// stray write is found, and every stray read that leaves the pages.
class GuardedMemory {
 public:
  /// `name` is for messages: "the state x", "scratch". `alignment` is a power of two, that of
  /// what the buffer holds.
  GuardedMemory(std::string name, std::int64_t bytes, std::size_t alignment);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  /// Never NULL. Of an empty buffer: the address of the page behind it.
  void* data() const { return data_; }
  double* numbers() const { return reinterpret_cast<double*>(data_); }
  std::size_t bytes() const { return bytes_; }

  /// Makes the buffer read-only, and writable again.
  void freeze() const;
  void thaw() const;

  /// Throws CheckFailure if the pattern beside the buffer has changed.
  void check_margins() const;

 private:
  friend void describe_fault(const void* address, bool is_write, char* text, std::size_t size);

  std::string name_;
  std::size_t bytes_;
  unsigned char* map_ = nullptr;  // guard page, pages, guard page
  std::size_t map_bytes_ = 0;
  unsigned char* data_ = nullptr;
  std::size_t slot_;  // in the list that the fault handler reads
};

/// From now on a touch of a guard page or a write to a frozen buffer ends the process with a line
/// on the file descriptor that says what was touched: a failed check. Other faults stay crashes.
void report_faults(int descriptor);

}  // namespace dynkit::conformance
