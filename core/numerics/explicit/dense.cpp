#include "explicit/dense.hpp"

#include <algorithm>
#include <numeric>

#include "explicit/stages.hpp"

namespace dynkit {
namespace {

// Stages of the step that have a weight in the interpolant or in the stages that only it needs.
std::vector<int> used_stages(const Tableau& tableau) {
  std::array<bool, kMaxStages> used{};
  const auto mark = [&used](const SparseRow& row) {
    for (std::size_t j = 0; j < static_cast<std::size_t>(row.count); ++j) {
      used[static_cast<std::size_t>(row.stage[j])] = true;
    }
  };
  for (const SparseRow& row : tableau.dense) mark(row);
  for (int i = tableau.step_stages + 1; i < tableau.all_stages; ++i) {
    mark(tableau.a[static_cast<std::size_t>(i)]);
  }
  std::vector<int> stages;
  for (int j = 0; j <= tableau.step_stages; ++j) {
    if (used[static_cast<std::size_t>(j)]) stages.push_back(j);
  }
  return stages;
}

}  // namespace

DenseOutput::DenseOutput(const FieldInfo& info, bool columns, const Tableau& tableau,
                         std::int64_t lanes)
    : tableau_(tableau),
      n_(info.n),
      batch_(info, columns, lanes, tableau.all_stages + tableau.dense_terms + 2),
      used_(used_stages(tableau)),
      t_(static_cast<std::size_t>(batch_.width(lanes))),
      h_(t_.size()) {
  std::int64_t next = 0;
  for (int j = 0; j < tableau.all_stages; ++j) {
    own_stages_[static_cast<std::size_t>(j)] = batch_.array(next++);
  }
  for (int i = 0; i < tableau.dense_terms; ++i) {
    q_[static_cast<std::size_t>(i)] = batch_.array(next++);
  }
  own_x_ = batch_.array(next++);
  argument_ = batch_.array(next++);
}

bool DenseOutput::prepare(VectorField& field, Batch& from, std::int64_t active,
                          const std::vector<std::int64_t>& wanted, const BatchStep& step,
                          Poll& poll) {
  if (wanted.empty()) return true;

  // Where most lanes are wanted, all of them are taken as they stand, else the wanted ones are
  // brought together, so that the interpolant's own stages are not computed for the others.
  const auto count = static_cast<std::int64_t>(wanted.size());
  const bool all = 2 * count >= active;
  std::array<double*, kMaxStages> stages = own_stages_;
  if (all) {
    std::copy_n(step.stages, tableau_.step_stages + 1, stages.begin());
    place_ = wanted;
  } else {
    gather(from, wanted, step);
  }
  x_ = all ? step.x : own_x_;
  steps_ = all ? step.h : h_.data();
  Batch& batch = all ? from : batch_;
  const std::int64_t lanes = all ? active : count;
  if (!fill_stages(batch, field, tableau_, tableau_.step_stages + 1, tableau_.all_stages, lanes,
                   all ? step.t : t_.data(), steps_, x_, stages.data(), argument_, poll)) {
    return false;
  }
  for (int i = 0; i < tableau_.dense_terms; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const StageTerms row(tableau_.dense[at], stages.data());
    kernels().combine(batch.shape(lanes), nullptr, nullptr, row.terms(), q_[at]);
  }
  return true;
}

void DenseOutput::gather(const Batch& from, const std::vector<std::int64_t>& wanted,
                         const BatchStep& step) {
  place_.resize(wanted.size());
  std::iota(place_.begin(), place_.end(), std::int64_t{0});
  for (std::size_t place = 0; place < wanted.size(); ++place) {
    const std::int64_t lane = wanted[place];
    const auto to = static_cast<std::int64_t>(place);
    t_[place] = step.t[lane];
    h_[place] = step.h[lane];
    batch_.take(from, lane, step.x, to, own_x_);
    batch_.take_input(from, lane, to);
    for (const int j : used_) {
      batch_.take(from, lane, step.stages[j], to, own_stages_[static_cast<std::size_t>(j)]);
    }
  }
}

void DenseOutput::interpolate(std::int64_t index, double theta, double* row) const {
  const std::int64_t place = place_[static_cast<std::size_t>(index)];
  const double odd = tableau_.dense_alternates ? 1.0 - theta : theta;
  for (std::int64_t i = 0; i < n_; ++i) {
    double sum = 0.0;
    for (int term = tableau_.dense_terms - 1; term >= 0; --term) {
      const double q = batch_.at(q_[static_cast<std::size_t>(term)], place, i);
      sum = (term % 2 == 1 ? odd : theta) * (q + sum);
    }
    row[i] = batch_.at(x_, place, i) + steps_[place] * sum;
  }
}

}  // namespace dynkit
