// The roots found so far.
//
// A point y is looked up by its projection a.y on a fixed random direction a of unit length: since
// |a.(y - x)| <= |y - x|_2 <= sqrt(n) max|y_i - x_i|, only the roots in a short interval of the
// sorted projections can be near it.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace dynkit::fixed_points {

/// A root of r, J = dr/dx, as a start left it. Distances are in the max-norm.
struct Root {
  std::vector<double> x;      // [n]
  double residual = -1;       // max |r_i|
  int sign = 0;               // of det(-J); 0: J is singular to working precision, or jumps
  bool kink = false;          // J jumps
  double merge_radius = 0;    // what ends this near is the same root
  double capture_radius = 0;  // from this near Newton's iteration leads to this root
  bool inside = true;         // within the box, if there is one
  std::int64_t hits = 1;      // starts that reached it
};

class Registry {
 public:
  /// `direction` [n], any vector that is not zero; random, so that lattices are told apart.
  explicit Registry(std::vector<double> direction);

  std::int64_t size() const { return static_cast<std::int64_t>(roots_.size()); }
  const std::vector<Root>& roots() const { return roots_; }

  /// The nearest root whose capture radius holds y, or -1.
  std::int64_t find_capturing(std::span<const double> y) const;

  /// The nearest root that is the same as a point y of accuracy `radius`, or -1.
  std::int64_t find_same(std::span<const double> y, double radius) const;

  void add(Root root);
  void count_hit(std::int64_t root) { ++roots_[static_cast<std::size_t>(root)].hits; }

 private:
  template <class Radius>
  std::int64_t find(std::span<const double> y, double widest, Radius radius) const;

  std::vector<double> direction_;
  std::vector<Root> roots_;
  std::vector<std::pair<double, std::int64_t>> projections_;  // sorted; root index
  double widest_capture_ = 0;
  double widest_merge_ = 0;
};

}  // namespace dynkit::fixed_points
