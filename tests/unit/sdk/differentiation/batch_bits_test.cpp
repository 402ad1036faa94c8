// A sample has the same bits in any batch, in rows and in columns.
#include <gtest/gtest.h>

#include <cmath>

#include "dynkit/differentiable_model.hpp"
#include "support/model_under_test.hpp"
#include "toy_models.hpp"

namespace dynkit {
namespace {

using testing::Batch;
using testing::ModelUnderTest;
using testing::Numbers;

// What compilers like to change: constant powers, products to be fused, a quotient.
struct Folded {
  static constexpr bool kBranchFree = true;
  static constexpr StateVariable kStates[] = {{"x", -1, 1}, {"y", -1, 1}, {"z", -1, 1}};
  static constexpr Parameter kParameters[] = {{"a", 0.7, "first"}, {"b", 1.3, "second"}};

  template <class S>
  void dynamics(const S* x, const S* theta, S* dx) const {
    using namespace math;
    const S a = 2 + x[0], b = 2 + x[1], c = 2 + x[2];  // positive
    dx[0] = pow(a, 2) + pow(b, -1) * theta[0] - c * b;
    dx[1] = pow(b, 3) * a - pow(2, c) + pow(a, 0.5) * theta[1];
    dx[2] = a * b - theta[1] * c / (1 + a * a) + pow(c, theta[0]);
  }
};

constexpr std::int64_t kSamples = 301;  // whole vectors and a rest at every level

class Bits : public ::testing::TestWithParam<const dk_component*> {
 protected:
  ModelUnderTest model_{*GetParam()};
  Batch batch_ = model_.random_batch(kSamples, 5);
};

const dk_component kFolded = differentiable_component<Folded>({"a.b.g", "1.0.0", "folded"});

std::string name_of(const ::testing::TestParamInfo<const dk_component*>& one) {
  const char* names[] = {"Folded", "PackedToy", "SizedToy"};
  return names[one.index];
}

INSTANTIATE_TEST_SUITE_P(Batch, Bits,
                         ::testing::Values(&kFolded, &testing::kPackedToy, &testing::kSizedToy),
                         name_of);

dk_points sample(const dk_points& points, std::int64_t s) {
  dk_points one = points;
  one.count = 1;
  for (dk_input* input : {&one.t, &one.x, &one.u, &one.theta}) {
    if (input->data != nullptr) input->data += s * input->stride;
  }
  return one;
}

TEST_P(Bits, OfValuesAreThoseOfTheSampleAlone) {
  const dk_points points = model_.points(batch_);
  Numbers whole(kSamples * 3), alone(kSamples * 3);
  model_.eval(points, {whole.data(), 3});
  for (std::int64_t s = 0; s < kSamples; ++s) {
    model_.eval(sample(points, s), {alone.data() + s * 3, 3});
  }
  EXPECT_EQ(whole, alone);
}

TEST_P(Bits, OfJacobiansAreThoseOfTheSampleAlone) {
  const dk_points points = model_.points(batch_);
  Numbers whole(kSamples * 9), alone(kSamples * 9);
  model_.jacobian(points, DK_WRT_STATE, {whole.data(), 9, 3});
  for (std::int64_t s = 0; s < kSamples; ++s) {
    model_.jacobian(sample(points, s), DK_WRT_STATE, {alone.data() + s * 9, 9, 3});
  }
  EXPECT_EQ(whole, alone);
}

}  // namespace
}  // namespace dynkit
