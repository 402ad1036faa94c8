// The stages of one step, for all lanes of a batch.
#pragma once

#include <array>

#include "batch.hpp"
#include "explicit/tableau.hpp"
#include "poll.hpp"

namespace dynkit {

/// Pointers to the stages that a sparse row names, as the kernels take them.
class StageTerms {
 public:
  StageTerms(const SparseRow& row, double* const* stages) {
    for (int j = 0; j < row.count; ++j) {
      const auto at = static_cast<std::size_t>(j);
      k_[at] = stages[row.stage[at]];
    }
    terms_ = {row.count, row.weight.data(), k_.data()};
  }
  StageTerms(const StageTerms&) = delete;
  StageTerms& operator=(const StageTerms&) = delete;

  const Terms& terms() const { return terms_; }

 private:
  std::array<const double*, kMaxTerms> k_;  // the first ones
  Terms terms_;
};

/// Fills stages first..last-1 of the lanes at times t with steps h, x and the earlier stages given.
/// `argument` is scratch. False: stopped on the way.
[[nodiscard]] bool fill_stages(Batch& batch, VectorField& field, const Tableau& tableau, int first,
                               int last, std::int64_t active, const double* t, const double* h,
                               const double* x, double* const* stages, double* argument,
                               Poll& poll);

}  // namespace dynkit
