// How a child process of a test ended, and whether it is there any more.
#pragma once

#include <unistd.h>

#include <string>

#include "dynkit/core/child_process.hpp"
#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"

namespace dynkit::testing {

inline constexpr double kLong = 100.0;  // seconds: a test that gets there has failed

struct Outcome {
  ChildEnd end;
  std::string reply;
};

// Whether no process of this id runs; waits a moment for whoever reaps it.
inline bool is_gone(pid_t process) {
  for (int i = 0; i < 2000; ++i) {
    std::string stat;
    try {
      stat = std::string(as_text(read_file("/proc/" + std::to_string(process) + "/stat")));
    } catch (const Error&) {
      return true;
    }
    if (stat.find(") Z ") != std::string::npos) return true;
    usleep(5000);
  }
  return false;
}

}  // namespace dynkit::testing
