#include "starts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace dynkit::fixed_points {

namespace {

constexpr std::int64_t kKinds = 7;

// How much wider than the neighborhood of the given states the uniform starts reach, in turn, where
// no box bounds them.
constexpr std::array kReach = {1.0, 4.0, 16.0, 64.0};

// Standard deviation of each component of given [S,n], at least a tenth of the widest; where all
// states are alike the half-width of the box, or 1.
std::vector<double> find_spread(std::size_t n, std::span<const double> given,
                                const std::optional<Box>& box) {
  std::vector<double> mean(n), spread(n);
  const std::size_t count = given.size() / n;
  for (std::size_t k = 0; k < given.size(); ++k) mean[k % n] += given[k];
  for (double& m : mean) m /= static_cast<double>(count);
  for (std::size_t k = 0; k < given.size(); ++k) {
    spread[k % n] += (given[k] - mean[k % n]) * (given[k] - mean[k % n]);
  }
  for (double& s : spread) s = std::sqrt(s / static_cast<double>(count));

  const double widest = *std::max_element(spread.begin(), spread.end());
  for (std::size_t i = 0; i < n; ++i) {
    if (widest > 0) {
      spread[i] = std::max(spread[i], 0.1 * widest);
    } else {
      spread[i] = box ? 0.5 * (box->upper[i] - box->lower[i]) : 1.0;
    }
  }
  return spread;
}

// Around the given states, twice as wide and at least one spread.
Box make_box(std::size_t n, std::span<const double> given, const std::vector<double>& spread) {
  Box box{{given.begin(), given.begin() + static_cast<std::ptrdiff_t>(n)},
          {given.begin(), given.begin() + static_cast<std::ptrdiff_t>(n)}};
  for (std::size_t k = 0; k < given.size(); ++k) {
    box.lower[k % n] = std::min(box.lower[k % n], given[k]);
    box.upper[k % n] = std::max(box.upper[k % n], given[k]);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double margin = std::max(0.5 * (box.upper[i] - box.lower[i]), spread[i]);
    box.lower[i] -= margin;
    box.upper[i] += margin;
  }
  return box;
}

}  // namespace

Starts::Starts(const dk_host& host, const dk_stream& stream, std::int64_t n,
               std::span<const double> given, const std::optional<Box>& box,
               std::vector<double> noise)
    : host_(host),
      stream_(stream),
      n_(static_cast<std::size_t>(n)),
      given_(given.begin(), given.end()),
      given_count_(static_cast<std::int64_t>(given.size()) / n),
      order_(static_cast<std::size_t>(given_count_)),
      spread_(find_spread(n_, given, box)),
      bounded_(box.has_value()),
      box_(box ? *box : make_box(n_, given, spread_)),
      noise_(std::move(noise)),
      draws_(n_) {
  std::iota(order_.begin(), order_.end(), 0);
}

Starts::Point Starts::given(std::int64_t index) const {
  return Point(given_).subspan(static_cast<std::size_t>(index) * n_, n_);
}

std::int64_t Starts::integer(std::int64_t bound) {
  std::int64_t value = 0;
  host_.integer(&host_, &stream_, bound, 1, &value);
  return value;
}

// x += scale * spread * N(0, I), the scale one of the list in turn.
void Starts::add_noise(std::span<double> x) {
  if (noise_.empty()) return;
  const double scale = noise_[static_cast<std::size_t>(made_ / kKinds) % noise_.size()];
  host_.normal(&host_, &stream_, static_cast<std::int64_t>(n_), draws_.data());
  for (std::size_t i = 0; i < n_; ++i) x[i] += scale * spread_[i] * draws_[i];
}

void Starts::uniform_in_box(std::span<double> x) {
  const double reach =
      bounded_ ? 1 : kReach[static_cast<std::size_t>(made_ / kKinds) % kReach.size()];
  host_.uniform(&host_, &stream_, static_cast<std::int64_t>(n_), draws_.data());
  for (std::size_t i = 0; i < n_; ++i) {
    const double center = 0.5 * (box_.lower[i] + box_.upper[i]);
    x[i] = center + reach * (draws_[i] - 0.5) * (box_.upper[i] - box_.lower[i]);
  }
}

std::vector<double> Starts::from_given(std::int64_t count) {
  std::vector<double> starts(static_cast<std::size_t>(count) * n_);
  for (std::int64_t s = 0; s < count; ++s, ++made_) {
    const std::span<double> x = std::span(starts).subspan(static_cast<std::size_t>(s) * n_, n_);
    if (used_ < order_.size()) {
      const auto left = static_cast<std::int64_t>(order_.size() - used_);
      std::swap(order_[used_], order_[used_ + static_cast<std::size_t>(integer(left))]);
      std::ranges::copy(given(order_[used_++]), x.begin());
    } else {
      std::ranges::copy(given(integer(given_count_)), x.begin());
      add_noise(x);
    }
  }
  return starts;
}

// One of the kinds that are made of points only, in turn with the noisy and the uniform ones.
void Starts::combine(const std::vector<Point>& points, std::span<double> x) {
  const auto pick = [&] {
    return points[static_cast<std::size_t>(integer(static_cast<std::int64_t>(points.size())))];
  };
  const std::int64_t kind = made_ % kKinds;
  const Point a = pick(), b = pick(), c = pick();
  if (kind == 1) {
    const std::int64_t count = 2 + integer(4);
    std::fill(x.begin(), x.end(), 0.0);
    for (std::int64_t k = 0; k < count; ++k) {
      const Point point = pick();
      for (std::size_t i = 0; i < n_; ++i) x[i] += point[i] / static_cast<double>(count);
    }
    return;
  }
  for (std::size_t i = 0; i < n_; ++i) {
    x[i] = kind == 0   ? 0.5 * (a[i] + b[i])
           : kind == 2 ? a[i] + b[i] - c[i]
           : kind == 3 ? 2 * a[i] - b[i]
                       : a[i];
  }
  if (kind == 4) add_noise(x);
}

std::vector<double> Starts::from_roots(std::int64_t count, const std::vector<Root>& roots) {
  std::vector<Point> points;
  for (const Root& root : roots) {
    if (root.inside) points.emplace_back(root.x);
  }
  // With one point or none there is nothing to combine: the given states stand in.
  if (points.size() < 2) {
    for (std::int64_t s = 0; s < given_count_; ++s) points.push_back(given(s));
  }
  std::vector<double> starts(static_cast<std::size_t>(count) * n_);
  for (std::int64_t s = 0; s < count; ++s, ++made_) {
    const std::span<double> x = std::span(starts).subspan(static_cast<std::size_t>(s) * n_, n_);
    switch (made_ % kKinds) {
      case 5:
        std::ranges::copy(given(integer(given_count_)), x.begin());
        add_noise(x);
        break;
      case 6:
        uniform_in_box(x);
        break;
      default:
        combine(points, x);
    }
  }
  return starts;
}

}  // namespace dynkit::fixed_points
