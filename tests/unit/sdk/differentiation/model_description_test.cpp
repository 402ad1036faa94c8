// What a model made of one formula says of itself: sizes, names, parameters, extensions.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "dynkit/differentiable_model.hpp"
#include "support/model_under_test.hpp"
#include "toy_models.hpp"

namespace dynkit {
namespace {

using testing::Batch;
using testing::ModelUnderTest;
using testing::Numbers;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(FixedToy, DescribesItselfAsDeclared) {
  const ModelUnderTest toy(testing::kFixedToy);
  const dk_model_info& info = toy.info();
  EXPECT_EQ(info.time_kind, DK_FLOW);
  EXPECT_EQ(info.flags,
            std::uint64_t{DK_USES_TIME | DK_NOT_SMOOTH | DK_BATCH_EXACT | DK_HAS_COLUMNS});
  EXPECT_EQ(info.n, 3);
  EXPECT_EQ(info.m, 2);
  EXPECT_EQ(info.p, 5);
  EXPECT_TRUE(std::isnan(info.step));
  EXPECT_STREQ(info.state_names[1], "b");
  EXPECT_STREQ(info.input_names[1], "right");
  EXPECT_EQ(info.state_scale[2], 4);
  EXPECT_EQ(info.block_count, 5);
  const dk_block& block = info.blocks[3];
  EXPECT_STREQ(block.name, "p3");
  EXPECT_STREQ(block.help, "fourth");
  EXPECT_EQ(block.offset, 3);
  EXPECT_EQ(block.rank, 0);
  EXPECT_EQ(block.trainable, 0);
  EXPECT_EQ(info.blocks[0].trainable, 1);
  EXPECT_EQ(info.blocks[0].lower, -2);
}

TEST(SizedToy, GivesItsBlocksOffsetsAndShapes) {
  const ModelUnderTest toy(testing::kSizedToy, {{"copies", 3}});
  const dk_block& tail = toy.info().blocks[1];
  EXPECT_EQ(toy.info().p, 5);
  EXPECT_EQ(tail.offset, 1);
  EXPECT_EQ(tail.rank, 2);
  EXPECT_EQ(tail.shape[0] * 10 + tail.shape[1], 22);
  EXPECT_STREQ(toy.info().state_names[2], "x2");
  EXPECT_STREQ(toy.info().input_names[1], "u1");
}

TEST(TinyToy, NeedsNeitherParametersNorInputsNorTime) {
  const ModelUnderTest toy(testing::kTinyToy);
  EXPECT_EQ(toy.info().time_kind, DK_MAP);
  EXPECT_EQ(toy.info().flags & DK_USES_TIME, 0u);
  dk_points points{};
  const double x[] = {3, 4};
  double out[2], x_bar[2];
  points.count = 2;
  points.x = {x, 1};
  toy.eval(points, {out, 1});
  EXPECT_EQ(out[1], 8);
  toy.vjp(points, {1, {x, 1}, {x_bar, 1}, {}, {}});
  EXPECT_EQ(x_bar[1], 8);
  EXPECT_EQ(toy.extension<void>(DK_NOISE_V1), nullptr);
  EXPECT_EQ(toy.extension<void>(DK_DOMAIN_V1), nullptr);
}

TEST(FixedToy, StartsFromTheDeclaredParameters) {
  const ModelUnderTest toy(testing::kFixedToy);
  EXPECT_EQ(toy.initial_theta(), (Numbers{0.5, 1.5, -0.7, 0.2, 1.1}));
}

TEST(FixedToy, DrawsItsTypicalStatesFromTheStream) {
  const ModelUnderTest toy(testing::kFixedToy);
  const auto* initial = toy.extension<dk_initial_v1>(DK_INITIAL_V1);
  dk_stream stream = testing::FakeHost::stream(5);
  double first[3], second[3];
  for (double* x : {first, second}) {
    initial->state(toy.handle(), &toy.host(), &stream, nullptr, x, nullptr);
    EXPECT_TRUE(x[0] > -1 && x[0] < 3 && x[1] > 0 && x[1] < 2 && x[2] > -4 && x[2] < -2);
  }
  for (int i = 0; i < 3; ++i) EXPECT_NE(first[i], second[i]);
}

TEST(FixedToy, OffersItsNoiseWithEveryArgument) {
  const ModelUnderTest toy(testing::kFixedToy);
  const Batch batch = toy.random_batch(4, 8);
  const auto* noise = toy.extension<dk_noise_v1>(DK_NOISE_V1);
  ASSERT_NE(noise, nullptr);
  EXPECT_EQ(noise->info(toy.handle())->w, 2);
  Numbers G(4 * 7, kNaN);
  const dk_output output{G.data(), 7};
  const dk_points points = toy.points(batch);
  ASSERT_EQ(noise->amplitude(toy.handle(), &points, &output, nullptr), DK_OK);
  // Sample 2, component 1, process 0.
  EXPECT_EQ(G[2 * 7 + 2],
            batch.t[2] + 10 * batch.x[2 * 3 + 1] + 100 * batch.u[2 * 2] + batch.theta[2 * 5] * 2);
  EXPECT_TRUE(std::isnan(G[2 * 7 + 6]));
}

TEST(FixedToy, OffersItsBox) {
  const ModelUnderTest toy(testing::kFixedToy);
  const auto* domain = toy.extension<dk_domain_v1>(DK_DOMAIN_V1);
  ASSERT_NE(domain, nullptr);
  const double theta[] = {1, 2, 3, 4, 5};
  double lower[3], upper[3];
  ASSERT_EQ(domain->box(toy.handle(), theta, lower, upper, nullptr), DK_OK);
  EXPECT_EQ(lower[2], -4);
  EXPECT_EQ(upper[1], 3);
}

}  // namespace
}  // namespace dynkit
