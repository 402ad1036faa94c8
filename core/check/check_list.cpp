#include <algorithm>
#include <vector>

#include "checks.hpp"
#include "dynkit/analysis.h"
#include "dynkit/core/config.hpp"
#include "dynkit/dataset.h"
#include "dynkit/error.hpp"
#include "dynkit/model.h"
#include "dynkit/readout.h"

namespace dynkit {
namespace conformance {
namespace {

std::vector<Check> collect() {
  std::vector<Check> checks;
  for (const auto family :
       {descriptor_checks(), lifecycle_checks(), memory_checks(), evaluation_checks(),
        not_finite_checks(), derivative_checks(), initial_checks(), noise_checks(),
        second_order_checks(), domain_checks(), f32_checks(), balance_checks(), thread_checks(),
        job_checks()}) {
    checks.insert(checks.end(), family.begin(), family.end());
  }
  // Gates first, in their order.
  std::stable_partition(checks.begin(), checks.end(), [](const Check& one) { return one.is_gate; });
  return checks;
}

const char* to_text(Scope scope) {
  switch (scope) {
    case Scope::library:
      return "the library";
    case Scope::component:
      return "every component";
    case Scope::numeric:
      return "models and readouts";
    case Scope::model:
      return "models";
    default:
      return "datasets and analyses";
  }
}

}  // namespace

std::span<const Check> all_checks() {
  static const std::vector<Check> checks = collect();
  return checks;
}

const Check& find_check(const std::string& name) {
  std::vector<std::string> names;
  for (const Check& one : all_checks()) {
    if (name == one.name) return one;
    names.emplace_back(one.name);
  }
  throw Error(DK_SETTINGS,
              fmt::format("there is no check '{}'{}", printable(name), suggest(name, names)));
}

bool applies(const Check& one, std::string_view id) {
  switch (one.scope) {
    case Scope::library:
      return false;
    case Scope::component:
      return true;
    case Scope::numeric:
      return id == DK_MODEL_V1 || id == DK_READOUT_V1;
    case Scope::model:
      return id == DK_MODEL_V1;
    default:
      return id == DK_DATASET_V1 || id == DK_ANALYSIS_V1;
  }
}

}  // namespace conformance

const char* to_text(CheckVerdict verdict) {
  constexpr const char* kTexts[] = {"pass", "FAIL", "skipped", "CRASHED", "TIMED OUT"};
  return kTexts[static_cast<std::size_t>(verdict)];
}

std::vector<CheckDescription> list_checks() {
  std::vector<CheckDescription> list;
  for (const conformance::Check& one : conformance::all_checks()) {
    list.push_back({one.name, conformance::to_text(one.scope), one.description});
  }
  return list;
}

bool CheckReport::passed() const {
  return refused.empty() && std::all_of(results.begin(), results.end(), [](const CheckResult& one) {
           return one.verdict == CheckVerdict::pass || one.verdict == CheckVerdict::skipped;
         });
}

}  // namespace dynkit
