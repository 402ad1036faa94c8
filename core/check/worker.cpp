#include "worker.hpp"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "checks.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"
#include "guarded_memory.hpp"

namespace dynkit {
namespace conformance {
namespace {

const dk_component* find_component(const dk_library& table, const std::string& id) {
  if (id.empty()) return nullptr;
  for (std::int64_t i = 0; i < table.component_count; ++i) {
    if (id == table.components[i].id) return &table.components[i];
  }
  throw Error(DK_SETTINGS, fmt::format("the library has no component '{}'", printable(id)));
}

Report outline(const dk_library& table) {
  Report report;
  for (std::int64_t i = 0; i < table.component_count; ++i) {
    const dk_component& component = table.components[i];
    report.components.push_back(
        {component.id, component.interface_id != nullptr ? component.interface_id : ""});
  }
  return report;
}

}  // namespace

std::string to_line(const Report& report) {
  nlohmann::json line = {{"verdict", static_cast<int>(report.verdict)},
                         {"message", report.message}};
  for (const OutlineEntry& entry : report.components) {
    line["components"].push_back({entry.id, entry.interface_id});
  }
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Report parse_report(const std::string& line) {
  try {
    const auto item = nlohmann::json::parse(line);
    Report report;
    const int verdict = item.at("verdict");
    if (verdict < 0 || verdict > static_cast<int>(CheckVerdict::timed_out)) {
      throw Error(DK_INTERNAL, "a check sent a verdict that is none");
    }
    report.verdict = static_cast<CheckVerdict>(verdict);
    report.message = item.at("message");
    if (item.contains("components")) {
      for (const auto& entry : item.at("components")) {
        report.components.push_back({entry.at(0), entry.at(1)});
      }
    }
    return report;
  } catch (const nlohmann::json::exception&) {
    throw Error(DK_INTERNAL, "a check sent a line that is no report");
  }
}

Report run_check(const std::string& file, const std::string& component, const std::string& name,
                 std::uint64_t seed, const FigureCheck& figure_check) {
  try {
    const Library library = load_library(file);
    if (name == kOutline) return outline(*library.table);
    const CheckContext context{library, find_component(*library.table, component), seed,
                               figure_check};
    find_check(name).run(context);
    return {};
  } catch (const CheckSkipped& e) {
    return {CheckVerdict::skipped, printable(e.what()), {}};
  } catch (const std::bad_alloc&) {
    return {CheckVerdict::fail, "out of memory", {}};
  } catch (const std::exception& e) {
    return {CheckVerdict::fail, printable(e.what()), {}};
  }
}

}  // namespace conformance

int run_check_worker(const std::string& file, const std::string& component, const std::string& name,
                     std::uint64_t seed, int descriptor, const FigureCheck& figure_check) {
  conformance::report_faults(descriptor);
  const std::string line =
      to_line(conformance::run_check(file, component, name, seed, figure_check));
  std::size_t sent = 0;
  while (sent < line.size()) {
    const auto count = write(descriptor, line.data() + sent, line.size() - sent);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return 1;
    sent += static_cast<std::size_t>(count);
  }
  return 0;
}

}  // namespace dynkit
