// Errors as C++ sees them, on both sides of the boundary.
//
// Inside, a broken contract is thrown as Error. `guard` turns what leaves a plugin's function into
// a status and a message; `check` turns a status that comes back into an Error again.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "dynkit/abi.h"

namespace dynkit {

/// What a caller broke or the world refused, in one sentence that names the thing, the value and
/// the rule. How a computation ended is never an Error but data.
class Error : public std::runtime_error {
 public:
  Error(dk_status status, const std::string& message)
      : std::runtime_error(message), status_(status) {}

  dk_status status() const { return status_; }

 private:
  dk_status status_;
};

/// Writes status and message (cut to fit) where an error is wanted; returns the status.
inline dk_status set_error(dk_error* error, dk_status status, std::string_view message) noexcept {
  if (error != nullptr) {
    error->status = status;
    const std::size_t length = std::min(message.size(), sizeof(error->message) - 1);
    std::memcpy(error->message, message.data(), length);
    error->message[length] = '\0';
  }
  return status;
}

/// Runs `body` and returns DK_OK, or the status of what it threw. Every function in a plugin's
/// table is one call of this. `body` returns void, or a dk_status to pass on.
template <class Body>
dk_status guard(dk_error* error, Body&& body) noexcept {
  try {
    if constexpr (std::is_same_v<decltype(body()), dk_status>) {
      return body();
    } else {
      body();
      return DK_OK;
    }
  } catch (const Error& e) {
    return set_error(error, e.status(), e.what());
  } catch (const std::bad_alloc&) {
    return set_error(error, DK_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return set_error(error, DK_INTERNAL, e.what());
  } catch (...) {
    return set_error(error, DK_INTERNAL, "an exception of unknown type");
  }
}

/// Throws what a call across the boundary reported, unless it went well.
inline void check(dk_status status, const dk_error& error) {
  if (status != DK_OK) {
    throw Error(status, error.message[0] != '\0' ? error.message : "failed without a message");
  }
}

/// Calls `function(arguments..., &error)` and throws what it reports.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
  dk_error error{};
  check(function(arguments..., &error), error);
}

}  // namespace dynkit
