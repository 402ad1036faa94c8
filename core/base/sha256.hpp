#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace dynkit {

/// SHA-256 of bytes that come in pieces. Throws Error (DK_INTERNAL) where OpenSSL does not offer
/// it.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::span<const std::byte> bytes);

  /// 64 hexadecimal digits. The object is used up.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dynkit
