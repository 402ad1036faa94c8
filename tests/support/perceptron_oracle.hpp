// A multilayer perceptron element by element in long double: the slow oracle for what is made of
// one.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace dynkit::testing {

using LongNumbers = std::vector<long double>;

constexpr const char* kPerceptronActivations[] = {"tanh", "relu", "sigmoid", "softplus",
                                                  "gelu", "sin",  "identity"};

inline long double phi_by_name(const std::string& name, long double a) {
  if (name == "tanh") return std::tanh(a);
  if (name == "relu") return a > 0.0L ? a : 0.0L;
  if (name == "sigmoid") return 1.0L / (1.0L + std::exp(-a));
  if (name == "softplus") return a > 0.0L ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a));
  if (name == "gelu") return 0.5L * a * std::erfc(-a / std::sqrt(2.0L));
  if (name == "sin") return std::sin(a);
  if (name == "identity") return a;
  throw std::invalid_argument(name);
}

/// h_0 = z, h_l = phi_l(W_l h_{l-1} + b_l), with parameters W_1, b_1, W_2, ... one after the other.
struct PerceptronOracle {
  std::vector<std::int64_t> widths;  // w_0 .. w_L
  std::string hidden, last;

  std::int64_t parameters() const {
    std::int64_t count = 0;
    for (std::size_t l = 1; l < widths.size(); ++l) count += (widths[l - 1] + 1) * widths[l];
    return count;
  }

  LongNumbers operator()(const double* theta, LongNumbers h) const {
    for (std::size_t l = 1; l < widths.size(); ++l) {
      const double* W = theta;
      const double* b = W + widths[l] * widths[l - 1];
      LongNumbers next;
      for (std::int64_t i = 0; i < widths[l]; ++i) {
        long double a = b[i];
        for (const long double input : h) a += *W++ * input;
        next.push_back(phi_by_name(l + 1 < widths.size() ? hidden : last, a));
      }
      h = next;
      theta = b + widths[l];
    }
    return h;
  }
};

/// "[7, 6]" as in a setting.
inline std::string list_text(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers)
    text += (text.empty() ? "" : ", ") + std::to_string(number);
  return "[" + text + "]";
}

}  // namespace dynkit::testing
