#include "two_precisions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "checks.hpp"
#include "extension_checks.hpp"
#include "single_precision.hpp"

namespace dynkit::conformance {
namespace {

constexpr double kRounding = 0x1p-24;  // largest relative error of a number rounded to float

// What is allowed of a result: some roundings of the row's largest element, since results are sums
// of a few products of functions that are right to a few units in the last place; and a multiple of
// how far the same row moves when every argument moves by a rounding, which is what cancellation
// and steep functions make of errors that no program can avoid.
constexpr double kOfRow = 1e-5;  // 168 roundings
constexpr double kOfMoves = 50.0;
constexpr int kMoves = 4;  // that a row stays put by chance in all of them is out of the question

// Leaves out of the operations in double one that is not there in single precision.
template <class Function>
void keep_shared(const char* name, Function& in_double, const Function& in_float) {
  if (in_float && !in_double) {
    fail("offers {} in single precision and not in double: what it offers are its operations",
         name);
  }
  if (!in_float) in_double = nullptr;
}

template <class Change>
Task changed(Task task, Change change) {
  for (Numbers* numbers : {&task.batch.x, &task.batch.u, &task.batch.theta, &task.directions.x,
                           &task.directions.u, &task.directions.theta, &task.out_bar}) {
    for (double& value : *numbers) value = change(value);
  }
  return task;
}

std::size_t width_of(const AllResults::One& one) {
  return one.is_sum ? std::max<std::size_t>(one.numbers.size(), 1)
                    : static_cast<std::size_t>(std::max<std::int64_t>(one.width, 1));
}

// The largest of |a[i] - b[i]| in each row; b empty: of |a[i]|.
Numbers row_maxima(const AllResults::One& one, const Numbers& b) {
  const std::size_t width = width_of(one);
  Numbers maxima((one.numbers.size() + width - 1) / width);
  for (std::size_t i = 0; i < one.numbers.size(); ++i) {
    const double size = std::abs(one.numbers[i] - (b.empty() ? 0.0 : b[i]));
    if (std::isfinite(size)) maxima[i / width] = std::max(maxima[i / width], size);
  }
  return maxima;
}

// Adds what moves of every argument by a rounding do to each row.
void add_moves(const TwoPrecisions& both, const Task& task, const Form& form,
               Reference& reference) {
  dk_stream stream = both.doubles().context().stream("f32: moves");
  std::vector<Numbers> moves(reference.allowed.size());
  for (int move = 0; move < kMoves; ++move) {
    const Task moved = changed(task, [&](double value) {
      double r[2];
      draw_uniform(stream, r);
      return value * (1.0 + (r[0] < 0.5 ? -kRounding : kRounding));
    });
    const AllResults there = run_all(both.doubles(), moved, form);
    for (std::size_t k = 0; k < there.all.size(); ++k) {
      const Numbers sizes = row_maxima(there.all[k], reference.values.all[k].numbers);
      moves[k].resize(sizes.size());
      for (std::size_t row = 0; row < sizes.size(); ++row) {
        moves[k][row] = std::max(moves[k][row], sizes[row]);
      }
    }
  }
  for (std::size_t k = 0; k < moves.size(); ++k) {
    for (std::size_t row = 0; row < moves[k].size(); ++row) {
      reference.allowed[k][row] += kOfMoves * moves[k][row];
    }
  }
}

}  // namespace

TwoPrecisions::TwoPrecisions(const CheckContext& context) : doubles_(context), floats_(context) {
  const auto& table = offered<dk_f32_v1>(floats_, DK_F32_V1);
  if (table.eval == nullptr) fail("its eval is NULL");
  floats_.replace(single_precision(floats_, table));
  Operations shared = doubles_.operations();
  keep_shared("jacobian", shared.jacobian, floats_.operations().jacobian);
  keep_shared("jvp", shared.jvp, floats_.operations().jvp);
  keep_shared("vjp", shared.vjp, floats_.operations().vjp);
  doubles_.replace(std::move(shared));
}

Task TwoPrecisions::rounded_task(std::int64_t S, std::int64_t K, bool one_theta) const {
  return changed(make_task(doubles_, S, K, fmt::format("f32 {}", S), one_theta),
                 [](double value) { return static_cast<double>(static_cast<float>(value)); });
}

Reference reference_of(const TwoPrecisions& both, const Task& task, const Form& form) {
  Reference reference{run_all(both.doubles(), task, form), {}};
  for (const AllResults::One& one : reference.values.all) {
    Numbers allowed = row_maxima(one, {});
    // Below the smallest normal float there are fewer digits.
    for (double& of_row : allowed) {
      of_row = kOfRow * of_row + double{std::numeric_limits<float>::min()};
    }
    reference.allowed.push_back(std::move(allowed));
  }
  add_moves(both, task, form, reference);
  return reference;
}

void expect_agreement(const std::string& what, const AllResults& found,
                      const Reference& reference) {
  for (std::size_t k = 0; k < found.all.size(); ++k) {
    const Numbers& floats = found.all[k].numbers;
    const Numbers& doubles = reference.values.all[k].numbers;
    const std::size_t width = width_of(found.all[k]);
    for (std::size_t i = 0; i < floats.size(); ++i) {
      if (floats[i] == doubles[i] || (std::isnan(floats[i]) && std::isnan(doubles[i]))) continue;
      const double allowed = reference.allowed[k][i / width];
      const double difference = std::abs(floats[i] - doubles[i]);
      if (difference <= allowed) continue;
      fail(
          "{} {}: element {} of row {} is {:.9g} in single precision and {:.9g} in double: they "
          "differ by {:.3g}, {:.3g} is allowed",
          found.all[k].name, what, i % width, i / width, floats[i], doubles[i], difference,
          allowed);
    }
  }
}

}  // namespace dynkit::conformance
