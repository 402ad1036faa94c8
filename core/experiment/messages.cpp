#include "messages.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "dynkit/error.hpp"

namespace dynkit {
namespace {

using nlohmann::json;

json texts_json(const std::vector<NamedText>& texts) {
  json list = json::array();
  for (const NamedText& text : texts) list.push_back({text.name, text.value});
  return list;
}

std::vector<NamedText> texts_from(const json& list) {
  std::vector<NamedText> texts;
  for (const json& text : list) texts.push_back({text.at(0), text.at(1)});
  return texts;
}

json stage_json(const StageOutline& stage) {
  return {stage.name,         stage.component,           stage.version,
          stage.summary_line, texts_json(stage.plugins), texts_json(stage.settings)};
}

StageOutline stage_from(const json& item) {
  return {item.at(0),
          item.at(1),
          item.at(2),
          item.at(3),
          texts_from(item.at(4)),
          texts_from(item.at(5))};
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
    Message message{
        static_cast<Message::Kind>(item.at(0).get<int>()), item.at(1), item.at(2), item.at(3), {}};
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
