#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "stage.hpp"

namespace dynkit {

/// What a worker says to its supervisor: one JSON object a line.
struct Message {
  enum class Kind { progress, log, error, ended, outline };

  Kind kind = Kind::log;
  double fraction = -1.0;            // progress
  int level = 0;                     // log: DK_LOG_...; error: the dk_status
  std::string text;                  // progress, log, error; ended: the stage's status
  std::vector<StageOutline> stages;  // outline
};

std::string to_line(const Message& message);

/// Throws Error (DK_INTERNAL) for a line that is no message.
Message parse_message(const std::string& line);

/// Sends messages to a file descriptor; from any thread.
class MessageWriter {
 public:
  explicit MessageWriter(int descriptor) : descriptor_(descriptor) {}
  void send(const Message& message);

 private:
  int descriptor_;
  std::mutex mutex_;
};

}  // namespace dynkit
