// What a check is, and the families of them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "dynkit/core/check.hpp"
#include "dynkit/core/library.hpp"
#include "dynkit/core/random.hpp"
#include "dynkit/plugin.h"

namespace dynkit::conformance {

/// A rule is broken: one sentence with the numbers.
class CheckFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The check does not apply: the reason.
class CheckSkipped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw CheckFailure(fmt::format(text, std::forward<Arguments>(arguments)...));
}

template <class... Arguments>
[[noreturn]] void skip(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw CheckSkipped(fmt::format(text, std::forward<Arguments>(arguments)...));
}

/// What a check works on.
struct CheckContext {
  const Library& library;
  const dk_component* component;  // nullptr: a check of the library
  std::uint64_t seed;
  const FigureCheck& figure_check;

  /// The check's own random numbers.
  dk_stream stream(std::string_view name) const { return make_stream(seed, name); }
};

enum class Scope {
  library,
  component,  // of every kind
  numeric,    // models and readouts
  model,
  job,  // datasets and analyses
};

struct Check {
  const char* name;
  Scope scope;
  bool is_gate;  // a component that does not pass it is not checked further
  const char* description;
  void (*run)(const CheckContext& context);
};

std::span<const Check> descriptor_checks();
std::span<const Check> lifecycle_checks();
std::span<const Check> memory_checks();
std::span<const Check> evaluation_checks();
std::span<const Check> not_finite_checks();
std::span<const Check> derivative_checks();
std::span<const Check> initial_checks();
std::span<const Check> noise_checks();
std::span<const Check> second_order_checks();
std::span<const Check> domain_checks();
std::span<const Check> f32_checks();
std::span<const Check> balance_checks();
std::span<const Check> thread_checks();
std::span<const Check> job_checks();

/// All of them, in the order in which they run.
std::span<const Check> all_checks();

/// The check of this name; throws Error (DK_SETTINGS) with the nearest name if there is none.
const Check& find_check(const std::string& name);

/// Whether a check is meant for components of this interface.
bool applies(const Check& check, std::string_view interface_id);

}  // namespace dynkit::conformance
