#include "residuals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dynkit/error.hpp"
#include "dynkit/job.hpp"
#include "model_operations.hpp"
#include "residual_part.hpp"

namespace dynkit::training {

void check_least_squares(const Fit& fit) {
  const auto refuse = [](const std::string& what) {
    throw Error(
        DK_UNSUPPORTED,
        fmt::format("levenberg_marquardt needs least squares: {}; choose another optimizer", what));
  };
  for (const ObjectiveTerm& term : fit.terms) {
    if (term.kind != LossKind::squared) {
      refuse(fmt::format("objective '{}' is no sum of squares", loss_name(term.kind)));
    }
  }
  if (fit.shooting.interval > 0) refuse("multiple shooting has no sensitivities here");
  if (fit.jacobian_penalty > 0.0) refuse("'jacobian_penalty' has no residuals here");
  if (is_continuous(fit)) refuse("adams and bdf have no sensitivities here");
}

Residuals::Residuals(const Fit& fit, const VariableMap& map, const Variables& variables,
                     const std::vector<std::int64_t>& trials, std::int64_t T, const dk_host& host)
    : fit_(fit),
      map_(map),
      trials_(trials),
      T_(T),
      host_(host),
      model_(double_operations(fit.system)),
      columns_(variables.values.size(), -1),
      workers_(static_cast<std::size_t>(host.worker_count(&host))),
      theta_(static_cast<std::size_t>(model_->sizes().p)) {
  check_least_squares(fit);
  if (fit.readout != nullptr) {
    readout_ = double_operations(*fit.readout);
    readout_theta_.resize(static_cast<std::size_t>(readout_->sizes().p));
  }
  for (const VariableBlock& block : variables.blocks()) {
    if (block.penalty > 0.0) penalized_ += block.size;
    for (std::int64_t i = block.offset; block.trainable && i < block.offset + block.size; ++i) {
      columns_[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(free_.size());
      free_.push_back(i);
    }
  }
  for (const std::int64_t variable : free_) {
    const std::int64_t parameter = variable - map_.model;
    if (parameter >= 0 && parameter < model_->sizes().p) parameters_.push_back(parameter);
  }
  const auto all = static_cast<std::int64_t>(trials_.size());
  const auto elements = [&](const ObjectiveTerm& term, std::int64_t first, std::int64_t size) {
    return compared_elements(term, fit_.data, trials_.data() + first, size, T_);
  };
  for (const ObjectiveTerm& term : fit_.terms) {
    const std::int64_t count = elements(term, 0, all);
    scales_.push_back(count > 0 ? term.weight / static_cast<double>(count) : 0.0);
  }
  for (std::int64_t first = 0; first < all; first += fit_.part_rows) {
    const std::int64_t size = std::min(fit_.part_rows, all - first);
    spans_.push_back({first, size, compared_});
    for (const ObjectiveTerm& term : fit_.terms) compared_ += elements(term, first, size);
  }
}

Residuals::~Residuals() = default;

std::int64_t Residuals::count() const {
  return compared_ + penalized_;
}

void Residuals::evaluate(const Variables& variables, double* r, double* J) {
  const double* values = variables.values.data();
  prepare_at(values + map_.model, theta_, *model_);
  if (readout_) prepare_at(values + map_.readout, readout_theta_, *readout_);
  const auto width = static_cast<std::int64_t>(free_.size());
  const ResidualPart::Batch batch{variables, map_, columns_, width, scales_, T_};
  parallel_for(host_, static_cast<std::int64_t>(spans_.size()), 1,
               [&](std::int64_t begin, std::int64_t end, std::int32_t worker) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const Span& span = spans_[static_cast<std::size_t>(i)];
                   auto& part = workers_[static_cast<std::size_t>(worker)][span.size];
                   if (!part) {
                     part = std::make_unique<ResidualPart>(fit_, *model_, readout_.get(),
                                                           parameters_, span.size);
                   }
                   part->evaluate(batch, trials_.data() + span.first, r + span.row,
                                  J != nullptr ? J + span.row * width : nullptr);
                 }
               });
  evaluate_penalties(variables, r + compared_, J != nullptr ? J + compared_ * width : nullptr);
}

void Residuals::evaluate_penalties(const Variables& variables, double* r, double* J) const {
  const auto width = static_cast<std::int64_t>(free_.size());
  for (const VariableBlock& block : variables.blocks()) {
    if (!(block.penalty > 0.0)) continue;
    const double weight = std::sqrt(block.penalty);
    for (std::int64_t i = block.offset; i < block.offset + block.size; ++i) {
      const auto at = static_cast<std::size_t>(i);
      *r++ = weight * variables.values[at];
      if (J == nullptr) continue;
      std::fill_n(J, width, 0.0);
      if (columns_[at] >= 0) J[columns_[at]] = weight;
      J += width;
    }
  }
}

}  // namespace dynkit::training
