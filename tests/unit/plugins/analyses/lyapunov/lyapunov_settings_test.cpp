#include <gtest/gtest.h>

#include "systems.hpp"

namespace dynkit::lyapunov {
namespace {

using testing::FakeSink;
using testing::FakeSystem;
using testing::FakeValues;
using testing::make_lorenz;
using testing::make_values;

// The message that the settings are refused with, or "".
std::string refusal(const FakeValues& values) {
  const FakeSystem system(make_lorenz());
  FakeSink sink;
  try {
    testing::run(values, system, sink);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), DK_SETTINGS);
    return error.what();
  }
  return "";
}

TEST(LyapunovSettings, RefuseMoreExponentsThanStates) {
  EXPECT_EQ(refusal(make_values().integer("exponents", 4)),
            "setting 'exponents': 4 is more than the model's 3 states");
}

TEST(LyapunovSettings, RefuseAStateOfAnotherSize) {
  EXPECT_EQ(refusal(make_values().array("initial", {2}, {1, 2})),
            "setting 'initial' has 2 elements, the model's state has 3");
}

TEST(LyapunovSettings, RefuseAnInputOfAnotherSize) {
  EXPECT_EQ(refusal(make_values().array("input", {2}, {1, 2})),
            "setting 'input' has 2 elements, the model's input has 0");
}

TEST(LyapunovSettings, RefuseAStateThatIsNotFinite) {
  EXPECT_EQ(refusal(make_values().array("initial", {3}, {1, HUGE_VAL, 2})),
            "setting 'initial': element 1 is inf, not a finite number");
}

TEST(LyapunovSettings, RefuseAMaximumBelowTheLength) {
  EXPECT_EQ(refusal(make_values().number("max_length", 10)),
            "setting 'max_length': 10 is less than 'length', 1000");
}

}  // namespace
}  // namespace dynkit::lyapunov
