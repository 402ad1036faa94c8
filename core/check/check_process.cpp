#include "check_process.hpp"

#include <fmt/format.h>

#include "dynkit/core/child_process.hpp"

namespace dynkit::conformance {

Report run_in_child(const CheckOptions& options, const std::string& component,
                    const std::string& name) {
  // A program and not a copy of this process: sanitizers look for leaks at the end of a program,
  // and memory checks want a heap that nobody has used.
  std::string reply;
  const ChildEnd end =
      run_program({options.program, "check-worker", options.file, name, "--component", component,
                   "--seed", std::to_string(options.seed)},
                  [&](ReplyReader& reader) { reply = reader.read_rest(); },
                  {options.time_limit, options.cancelled, 0});
  switch (end.kind) {
    case ChildEnd::Kind::timed_out:
      return {CheckVerdict::timed_out,
              fmt::format("does not end within {} s{}", options.time_limit, end.last_words),
              {}};
    case ChildEnd::Kind::crashed:
      return {CheckVerdict::crashed, end.how + end.last_words, {}};
    case ChildEnd::Kind::done:
      break;
  }
  const auto line_end = reply.find('\n');
  if (line_end == std::string::npos) {
    return {CheckVerdict::crashed, "ends the process with code 0" + end.last_words, {}};
  }
  return parse_report(reply.substr(0, line_end));
}

}  // namespace dynkit::conformance
