#include "dynkit/tape.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "dynkit/dual.hpp"

namespace dynkit {
namespace {

template <class Number>
struct Formula {
  std::string name;
  std::function<Number(const Number&, const Number&)> apply;
};

// Every operation, in formulas of two variables.
template <class Number>
std::vector<Formula<Number>> formulas() {
  std::vector<Formula<Number>> all;
#define DYNKIT_CASE(expression) \
  all.push_back({#expression, [](const Number& a, const Number& b) { return expression; }});
#define DYNKIT_UNARY_CASE(function) DYNKIT_CASE(function(a* b) + b)
  DYNKIT_UNARY_FUNCTIONS(DYNKIT_UNARY_CASE)
  DYNKIT_CASE(a + b - a * b / (a - b))
  DYNKIT_CASE(-a + +b)
  DYNKIT_CASE(3 + (2 - (5 * (7 / a))) * b)
  DYNKIT_CASE((((a + 3) - 2) * 5) / 7 - b)
  DYNKIT_CASE(atan2(a, b))
  DYNKIT_CASE(pow(a, b))
  DYNKIT_CASE(pow(a, 3.0) * pow(2.0 * b, 0.5))
  DYNKIT_CASE(min(a, b) * max(2 * a, b))
  DYNKIT_CASE(a < b ? a * a : b)
#undef DYNKIT_UNARY_CASE
#undef DYNKIT_CASE
  return all;
}

TEST(Tape, AgreesWithForwardDifferentiation) {
  const auto taped = formulas<Taped>();
  const auto forward = formulas<Dual<2>>();
  Tape tape;
  for (std::size_t i = 0; i < taped.size(); ++i) {
    tape.clear();
    const Taped a = tape.input(0.7), b = tape.input(1.1);
    const Taped y = taped[i].apply(a, b);
    tape.reset();
    tape.seed(y, 2);
    tape.sweep();

    Dual<2> da(0.7), db(1.1);
    da.tangent[0] = db.tangent[1] = 1;
    const Dual<2> dy = forward[i].apply(da, db);
    EXPECT_EQ(y.value(), dy.value) << taped[i].name;
    // Both are exact; they add the same products in another order.
    EXPECT_DOUBLE_EQ(tape.adjoint(a), 2 * dy.tangent[0]) << taped[i].name;
    EXPECT_DOUBLE_EQ(tape.adjoint(b), 2 * dy.tangent[1]) << taped[i].name;
  }
}

TEST(Tape, GivesTheGradientOfAProductOfMany) {
  Tape tape;
  std::vector<Taped> x;
  for (int i = 1; i <= 9; ++i) x.push_back(tape.input(i));
  Taped product = 1;
  for (const Taped& one : x) product *= one;
  tape.reset();
  tape.seed(product, 1);
  tape.sweep();
  for (int i = 1; i <= 9; ++i) {
    EXPECT_DOUBLE_EQ(tape.adjoint(x[static_cast<std::size_t>(i - 1)]), 362880.0 / i);  // 9! / i
  }
}

TEST(Tape, SweepsOneRecordingSeveralTimes) {
  Tape tape;
  const Taped x = tape.input(3), y = tape.input(5);
  const Taped sum = x + y, product = x * y;
  for (const double bar : {1.0, -4.0}) {
    tape.reset();
    tape.seed(sum, bar);
    tape.seed(product, 10);
    tape.sweep();
    EXPECT_EQ(tape.adjoint(x), bar + 50);
    EXPECT_EQ(tape.adjoint(y), bar + 30);
  }
}

TEST(Tape, TakesConstantsAndInputsAsOutputs) {
  Tape tape;
  const Taped x = tape.input(3), constant = Taped(2) * 7 + 1;
  EXPECT_EQ(tape.size(), 1);  // constants cost no node
  tape.reset();
  tape.seed(constant, 5);
  tape.seed(x, 6);
  tape.sweep();
  EXPECT_EQ(constant.value(), 15);
  EXPECT_EQ(tape.adjoint(x), 6);
  EXPECT_EQ(tape.adjoint(constant), 0);
}

TEST(Tape, LeavesInfiniteSlopesAloneWhereNothingArrives) {
  Tape tape;
  const Taped x = tape.input(0);
  const Taped root = sqrt(x), other = 2 * x;
  tape.reset();
  tape.seed(root, 0);
  tape.seed(other, 1);
  tape.sweep();
  EXPECT_EQ(tape.adjoint(x), 2);
}

TEST(Tape, RecordsAgainInTheSameMemory) {
  Tape tape;
  const auto record = [&] {
    tape.clear();
    const Taped x = tape.input(1);
    Taped y = x;
    for (int i = 0; i < 1000; ++i) y = y * x + sin(y);
    EXPECT_EQ(tape.size(), 3001);
  };
  record();
  const std::int64_t capacity = tape.capacity();
  EXPECT_GE(capacity, 3001);
  for (int repeat = 0; repeat < 10; ++repeat) record();
  EXPECT_EQ(tape.capacity(), capacity);
}

}  // namespace
}  // namespace dynkit
