#include <algorithm>
#include <chrono>

#include "check_process.hpp"
#include "checks.hpp"
#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace conformance {
namespace {

class Runner {
 public:
  Runner(const CheckOptions& options, const std::function<void(const CheckResult&)>& observer)
      : options_(options), observer_(observer) {}

  CheckReport run() {
    for (const std::string& name : options_.only) find_check(name);
    const Report outline = run_one("", kOutline);
    if (outline.verdict != CheckVerdict::pass) {
      report_.refused = outline.message;
      return report_;
    }
    for (const Check& one : all_checks()) {
      if (one.scope == Scope::library && is_wanted(one)) record("", one, run_timed("", one));
    }
    for (const OutlineEntry& entry : outline.components) run_component(entry);
    return report_;
  }

 private:
  void run_component(const OutlineEntry& entry) {
    std::string closed_by;  // the gate that was not passed
    for (const Check& one : all_checks()) {
      if (!applies(one, entry.interface_id) || !is_wanted(one)) continue;
      if (!closed_by.empty()) {
        record(entry.id, one,
               {"", "", CheckVerdict::skipped, fmt::format("'{}' did not pass", closed_by), 0.0});
        continue;
      }
      const CheckResult result = run_timed(entry.id, one);
      record(entry.id, one, result);
      if (one.is_gate && result.verdict != CheckVerdict::pass) closed_by = one.name;
    }
  }

  bool is_wanted(const Check& one) const {
    return options_.only.empty() ||
           std::find(options_.only.begin(), options_.only.end(), one.name) != options_.only.end();
  }

  Report run_one(const std::string& component, const std::string& name) const {
    if (!options_.in_process) return run_in_child(options_, component, name);
    return run_check(options_.file, component, name, options_.seed, options_.figure_check);
  }

  CheckResult run_timed(const std::string& component, const Check& one) const {
    const auto start = std::chrono::steady_clock::now();
    const Report report = run_one(component, one.name);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    return {component, one.name, report.verdict, printable(report.message), elapsed.count()};
  }

  void record(const std::string& component, const Check& one, CheckResult result) {
    result.component = component;
    result.check = one.name;
    report_.results.push_back(std::move(result));
    if (observer_) observer_(report_.results.back());
  }

  const CheckOptions& options_;
  const std::function<void(const CheckResult&)>& observer_;
  CheckReport report_;
};

}  // namespace
}  // namespace conformance

CheckReport check_plugin(const CheckOptions& options,
                         const std::function<void(const CheckResult&)>& observer) {
  return conformance::Runner(options, observer).run();
}

}  // namespace dynkit
