// Calls of a field from SUNDIALS' callbacks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>

#include "sundials/handles.hpp"

namespace dynkit::sundials {

// What callbacks return.
inline constexpr int kTrySmallerStep = 1;
inline constexpr int kGiveUp = -1;

// NULL: nothing was asked for.
inline bool all_finite(const double* values, std::int64_t count) {
  return values == nullptr ||
         std::all_of(values, values + count, [](double v) { return std::isfinite(v); });
}

// Runs a call of the field unless the user wants to stop. What it throws must not unwind through C.
template <class Call>
int ask(Problem& problem, Call call) {
  if (problem.poll.stops()) {
    problem.stopped = true;
    return kGiveUp;
  }
  try {
    dk_error error{};
    const dk_status status = call(&error);
    if (status < 0) check(status, error);
    return status == DK_OK ? 0 : kTrySmallerStep;
  } catch (...) {
    problem.thrown = std::current_exception();
    return kGiveUp;
  }
}

}  // namespace dynkit::sundials
