#include "explicit/tangent_stages.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "dynkit/core/workspace.hpp"
#include "explicit/stages.hpp"

namespace dynkit {
namespace {

// A tableau's combinations of given stages, made once.
class TableauTerms {
 public:
  TableauTerms(const Tableau& tableau, double* const* stages) {
    for (int i = 0; i <= tableau.step_stages; ++i) {
      add(tableau.a[static_cast<std::size_t>(i)], stages, rows_);
    }
    add(tableau.error, stages, errors_);
    add(tableau.error2, stages, errors_);
  }

  const std::vector<Terms>& rows() const { return rows_; }      // [s+1]
  const std::vector<Terms>& errors() const { return errors_; }  // [2]

 private:
  void add(const SparseRow& row, double* const* stages, std::vector<Terms>& terms) {
    terms.push_back(owned_.emplace_back(row, stages).terms());
  }

  std::deque<StageTerms> owned_;
  std::vector<Terms> rows_, errors_;
};

using Stages = std::array<double*, kMaxStages>;

// s + 1 arrays of `size` zeros.
Stages cut_stages(double* memory, int s, std::int64_t size) {
  std::fill(memory, memory + (s + 1) * size, 0.0);
  Stages stages{};
  for (int i = 0; i <= s; ++i) stages[static_cast<std::size_t>(i)] = memory + i * size;
  return stages;
}

// Up to kPack components and directions: arrays are [n, kPack] with the directions as lanes, the
// Jacobians of a step come in one call, and one kernel makes all its stages.
class SmallTangents : public TangentStages {
 public:
  SmallTangents(TangentField& field, const Tableau& tableau)
      : field_(field),
        n_(field.n()),
        s_(tableau.step_stages),
        size_(n_ * kPack),
        k_(cut_stages(memory_.doubles((s_ + 3) * size_), s_, size_)),
        terms_(tableau, k_.data()),
        V_(k_[0] + (s_ + 1) * size_),
        V_new_(V_ + size_),
        J_(static_cast<std::size_t>((s_ + 1) * n_ * n_)) {
    std::fill(V_, V_ + 2 * size_, 0.0);
  }

  void load(const double* V) override {
    for (std::int64_t k = 0; k < field_.K(); ++k) {
      for (std::int64_t i = 0; i < n_; ++i) V_[i * kPack + k] = V[k * n_ + i];
    }
  }

  void store(double* V) const override {
    for (std::int64_t k = 0; k < field_.K(); ++k) {
      for (std::int64_t i = 0; i < n_; ++i) V[k * n_ + i] = V_[i * kPack + k];
    }
  }

  void start(const StagePoints& at) override {
    field_.jacobians(1, at.t, at.x, at.stride, J_.data());
  }

  void step(double h, const StagePoints& at) override {
    field_.jacobians(s_, at.t + 1, at.x + at.stride, at.stride, J_.data() + n_ * n_);
    const TangentStep step{n_,        s_, J_.data(), terms_.rows().data(), terms_.errors().data(),
                           k_.data(), V_, V_new_};
    kernels().tangent_step(step, h, errors_.data());
  }

  double error_square(int estimate) const override {
    return errors_[static_cast<std::size_t>(estimate)];
  }

  void accept() override {
    std::swap(V_, V_new_);
    std::copy_n(J_.end() - n_ * n_, n_ * n_, J_.begin());
  }

 private:
  TangentField& field_;
  const std::int64_t n_;
  const int s_;
  const std::int64_t size_;
  Workspace memory_;
  const Stages k_;
  const TableauTerms terms_;
  double* V_;
  double* V_new_;
  std::vector<double> J_;  // [s+1,n,n]
  std::array<double, 2> errors_{};
};

// Arrays are [K,n], padded to whole vectors at their ends.
class WideTangents : public TangentStages {
 public:
  WideTangents(TangentField& field, const Tableau& tableau)
      : field_(field),
        n_(field.n()),
        K_(field.K()),
        s_(tableau.step_stages),
        size_(round_up(K_ * n_)),
        k_(cut_stages(memory_.doubles((s_ + 4) * size_), s_, size_)),
        terms_(tableau, k_.data()),
        V_(k_[0] + (s_ + 1) * size_),
        V_new_(V_ + size_),
        argument_(V_new_ + size_),
        scales_(static_cast<std::size_t>(K_)),
        squares_(scales_.size()) {
    std::fill(V_, V_ + 3 * size_, 0.0);
  }

  void load(const double* V) override { std::copy_n(V, K_ * n_, V_); }
  void store(double* V) const override { std::copy_n(V_, K_ * n_, V); }

  void start(const StagePoints& at) override {
    differentiate(0, at, V_);
    kernels().row_squares(K_, n_, V_, scales_.data());
  }

  void step(double h, const StagePoints& at) override {
    for (int i = 1; i <= s_; ++i) {
      double* V = i == s_ ? V_new_ : argument_;
      kernels().combine(shape(), &h, V_, terms_.rows()[static_cast<std::size_t>(i)], V);
      differentiate(i, at, V);
    }
  }

  double error_square(int estimate) const override {
    const Terms& terms = terms_.errors()[static_cast<std::size_t>(estimate)];
    double sum = 0.0;
    if (estimate == 0) kernels().finite(shape(), V_new_, &sum);
    if (terms.count == 0) return sum;
    kernels().combine(shape(), nullptr, nullptr, terms, argument_);
    kernels().row_squares(K_, n_, argument_, squares_.data());
    for (std::size_t k = 0; k < squares_.size(); ++k) {
      if (squares_[k] != 0.0) sum += squares_[k] / scales_[k];
    }
    return sum;
  }

  void accept() override {
    std::swap(V_, V_new_);
    std::copy_n(k_[static_cast<std::size_t>(s_)], size_, k_[0]);
    kernels().row_squares(K_, n_, V_, scales_.data());
  }

 private:
  Shape shape() const { return {1, size_, size_, false}; }

  void differentiate(int i, const StagePoints& at, const double* V) {
    field_.eval_tangents(at.t[i], at.x + i * at.stride, V, k_[static_cast<std::size_t>(i)]);
  }

  TangentField& field_;
  const std::int64_t n_, K_;
  const int s_;
  const std::int64_t size_;
  Workspace memory_;
  const Stages k_;
  const TableauTerms terms_;
  double* V_;
  double* V_new_;
  double* argument_;
  std::vector<double> scales_;           // [K] squares of the lengths of V
  mutable std::vector<double> squares_;  // [K]
};

}  // namespace

std::unique_ptr<TangentStages> make_tangent_stages(TangentField& field, const Tableau& tableau) {
  // Jacobians of more components cost more than as many tangents.
  if (field.has_jacobian() && field.n() <= kPack && field.K() <= kPack) {
    return std::make_unique<SmallTangents>(field, tableau);
  }
  return std::make_unique<WideTangents>(field, tableau);
}

}  // namespace dynkit
