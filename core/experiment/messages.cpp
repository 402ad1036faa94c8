#include "messages.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

using nlohmann::json;

json stage_json(const StageOutline& stage) {
  json settings = json::array();
  for (const NamedText& setting : stage.settings) {
    settings.push_back({setting.name, setting.value});
  }
  return {stage.name, stage.component, stage.version, stage.summary_line, stage.library,
          settings};
}

StageOutline stage_from(const json& item) {
  StageOutline stage{item.at(0), item.at(1), item.at(2), item.at(3), item.at(4), {}};
  for (const json& setting : item.at(5)) stage.settings.push_back({setting.at(0), setting.at(1)});
  return stage;
}

}  // namespace

std::string to_line(const Message& message) {
  json stages = json::array();
  for (const StageOutline& stage : message.stages) stages.push_back(stage_json(stage));
  const json line = {static_cast<int>(message.kind), message.fraction, message.level, message.text,
                     stages};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Message parse_message(const std::string& line) {
  try {
    const json item = json::parse(line);
    Message message{static_cast<Message::Kind>(item.at(0).get<int>()), item.at(1), item.at(2),
                    item.at(3), {}};
    for (const json& stage : item.at(4)) message.stages.push_back(stage_from(stage));
    return message;
  } catch (const json::exception&) {
    throw Error(DK_INTERNAL, "a worker sent a line that is no message");
  }
}

void MessageWriter::send(const Message& message) {
  const std::string line = to_line(message);
  const std::lock_guard lock(mutex_);
  std::size_t sent = 0;
  while (sent < line.size()) {
    const auto count = write(descriptor_, line.data() + sent, line.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the supervisor is gone; the kernel ends this process soon
    sent += static_cast<std::size_t>(count);
  }
}

}  // namespace dynkit
