// How dynkit/differentiable_model.hpp reads what an author wrote: sizes, signatures, arguments.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

#include "dynkit/dual.hpp"
#include "dynkit/model_layout.hpp"
#include "dynkit/pack.hpp"
#include "dynkit/strided.hpp"

namespace dynkit::detail {

template <class Author>
concept HasFixedSizes = requires {
  Author::kStates;
};

template <class Author>
constexpr std::int64_t fixed_state_count() {
  if constexpr (HasFixedSizes<Author>) return std::size(Author::kStates);
  return 0;
}

template <class Author>
constexpr std::int64_t fixed_input_count() {
  if constexpr (requires { Author::kInputs; }) return std::size(Author::kInputs);
  return 0;
}

template <class Author>
constexpr std::int64_t fixed_parameter_count() {
  if constexpr (requires { Author::kParameters; }) return std::size(Author::kParameters);
  return 0;
}

template <class Author>
ModelLayout layout_of(const Author& author) {
  if constexpr (HasFixedSizes<Author>) {
    ModelLayout layout;
    for (const StateVariable& state : Author::kStates) {
      layout.states.push_back({state.name, state.lower, state.upper});
    }
    if constexpr (requires { Author::kInputs; }) {
      layout.inputs.assign(std::begin(Author::kInputs), std::end(Author::kInputs));
    }
    if constexpr (requires { Author::kParameters; }) {
      for (const Parameter& one : Author::kParameters) {
        layout.parameters.push_back(
            {one.name, {}, {one.value}, one.help, one.lower, one.upper, one.trainable});
      }
    }
    return layout;
  } else {
    return author.layout();
  }
}

// Calls `function` with those of the five arguments that it takes.
template <class Function, class Number, class Result>
void call_with_arguments(const Function& function, const Number& t, const Number* x,
                         const Number* u, const Number* theta, Result* out) {
  if constexpr (std::invocable<Function, const Number&, const Number*, const Number*, const Number*,
                               Result*>) {
    function(t, x, u, theta, out);
  } else if constexpr (std::invocable<Function, const Number*, const Number*, const Number*,
                                      Result*>) {
    function(x, u, theta, out);
  } else {
    function(x, theta, out);
  }
}

// The author's member functions as objects that can be asked what they take.
template <class Author>
struct Dynamics {
  const Author& author;
  template <class... Arguments>
  auto operator()(Arguments&&... arguments) const
      -> decltype(author.dynamics(std::forward<Arguments>(arguments)...)) {
    return author.dynamics(std::forward<Arguments>(arguments)...);
  }
};

template <class Author>
struct Noise {
  const Author& author;
  template <class... Arguments>
  auto operator()(Arguments&&... arguments) const
      -> decltype(author.noise(std::forward<Arguments>(arguments)...)) {
    return author.noise(std::forward<Arguments>(arguments)...);
  }
};

template <class Author>
inline constexpr bool uses_time = std::invocable<Dynamics<Author>, const double&, const double*,
                                                 const double*, const double*, double*>;

// How many samples one number stands for.
template <class Number>
inline constexpr int lanes = 1;
template <>
inline constexpr int lanes<Pack> = kLanes;
template <int K>
inline constexpr int lanes<Dual<K, Pack>> = kLanes;

// Reads element i of the samples from s on, `count` of them; the other lanes repeat the last one.
[[gnu::always_inline]] inline void read(const Strided<const double>& from, std::int64_t s,
                                        std::int64_t i, int count, Pack& into) {
  if (from.sample == 0 || count == 1) {
    into = from(s, i);
  } else if (from.sample == 1 && count == kLanes) {
    into = Pack::load(&from(s, i));
  } else {
    for (int lane = 0; lane < kLanes; ++lane) {
      into.set(lane, from(s + std::min(lane, count - 1), i));
    }
  }
}

// As constants, whose tangents are zero.
template <int K>
[[gnu::always_inline]] inline void read(const Strided<const double>& from, std::int64_t s,
                                        std::int64_t i, int count, Dual<K, Pack>& into) {
  Pack values;
  read(from, s, i, count, values);
  into = values;
}

template <class Number>
[[gnu::always_inline]] inline void read(const Strided<const double>& from, std::int64_t s,
                                        std::int64_t i, int, Number& into) {
  into = Number(from(s, i));
}

inline void write(const Pack& value, std::int64_t s, std::int64_t i, int count,
                  const Strided<double>& into) {
  if (into.sample == 1 && count == kLanes) {
    value.store(&into(s, i));
  } else {
    for (int lane = 0; lane < count; ++lane) into(s + lane, i) = value[lane];
  }
}

inline void write(double value, std::int64_t s, std::int64_t i, int, const Strided<double>& into) {
  into(s, i) = value;
}

// Numbers for the arguments of one call: on the stack where the sizes are known to the compiler,
// else in the caller's scratch.
template <class Author, class Number>
class Arguments {
 public:
  Arguments(const dk_model_info& info, void* scratch) {
    if constexpr (HasFixedSizes<Author>) {
      x = reinterpret_cast<Number*>(stack_.bytes);
      u = x + kN;
      theta = u + kM;
      out = theta + kP;
      // x and theta are always read from the caller; clearing them too costs as much as a small
      // right-hand side.
      std::uninitialized_value_construct_n(u, kM);
      std::uninitialized_value_construct_n(out, kN);
    } else {
      x = static_cast<Number*>(scratch);
      std::uninitialized_value_construct_n(x, 2 * info.n + info.m + info.p);
      u = x + info.n;
      theta = u + info.m;
      out = theta + info.p;
    }
  }

  static std::int64_t scratch_size(const dk_model_info& info) {
    if constexpr (HasFixedSizes<Author>) return 0;
    return (2 * info.n + info.m + info.p) * static_cast<std::int64_t>(sizeof(Number));
  }

  Number t = 0;
  Number *x, *u, *theta, *out;

 private:
  static constexpr std::size_t kN = fixed_state_count<Author>();
  static constexpr std::size_t kM = fixed_input_count<Author>();
  static constexpr std::size_t kP = fixed_parameter_count<Author>();
  static constexpr std::size_t kStack = 2 * kN + kM + kP;
  // Bytes, so that numbers that are overwritten at once need not be cleared before.
  struct Stack {
    alignas(Number) unsigned char bytes[sizeof(Number) * std::max<std::size_t>(kStack, 1)];
  };
  struct Nothing {};
  [[no_unique_address]] std::conditional_t<HasFixedSizes<Author>, Stack, Nothing> stack_;
};

}  // namespace dynkit::detail
