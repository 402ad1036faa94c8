#pragma once

#include <atomic>
#include <string>

#include "messages.hpp"

namespace dynkit {

/// A "stage" that checks the whole experiment and sends its outline.
inline constexpr const char* kOutlineStage = ":outline";

/// The work of a worker process, without its error handling.
void work(const std::string& folder, const std::string& stage, MessageWriter& writer,
          std::atomic<bool>& cancelled);

}  // namespace dynkit
