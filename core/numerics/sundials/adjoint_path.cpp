#include "sundials/adjoint_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynkit/core/steps.hpp"

namespace dynkit::sundials {

AdjointPath::AdjointPath(VectorField& field, const IntegrationOptions& options,
                         std::int64_t section_steps)
    : max_steps_(options.max_steps), section_steps_(section_steps), solver_(field, options) {
  // More than a section has, or CVODES sets a checkpoint of its own.
  require(CVodeAdjInit(solver_.get(), static_cast<long>(most_steps()), CV_POLYNOMIAL),
          "CVodeAdjInit", solver_.problem);
}

std::int32_t AdjointPath::run(const AdjointPiece& piece, const double* x0, double* states,
                              std::int64_t stride) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const std::int64_t n = solver_.problem.info.n;
  piece_ = piece;
  begins_.clear();
  first_steps_.clear();
  first_states_.assign(x0, x0 + n);
  for (std::int64_t k = 1; states != nullptr && k < piece.T; ++k) {
    std::fill_n(states + k * stride, n, kNaN);
  }
  const bool finite = std::all_of(x0, x0 + n, [](double x) { return std::isfinite(x); });
  return finite ? run_sections(states, stride) : DK_NOT_FINITE;
}

std::int32_t AdjointPath::run_sections(double* states, std::int64_t stride) {
  const std::int64_t n = solver_.problem.info.n;
  const double stop = piece_.times[piece_.T - 1];
  double t = piece_.times[0];
  std::int64_t k = 1, taken = 0;
  while (k < piece_.T) {
    if (taken == max_steps_) return DK_TOO_MANY_STEPS;
    const bool first = taken++ % section_steps_ == 0;
    if (first) {
      loaded_ = sections();
      begins_.push_back(t);
      start_section(loaded_, stop);
    }
    const std::int32_t outcome = step(stop, t);
    if (outcome != DK_REACHED_END) return outcome;
    if (first) CVodeGetActualInitStep(solver_.get(), &first_steps_.emplace_back());
    for (; k < piece_.T && piece_.times[k] <= t; ++k) {
      require(CVodeGetDky(solver_.get(), piece_.times[k], 0, solver_.x().get()), "CVodeGetDky",
              solver_.problem);
      if (states != nullptr) std::copy_n(solver_.state(), n, states + k * stride);
    }
    if (taken % section_steps_ != 0) continue;
    require(CVodeGetDky(solver_.get(), t, 0, solver_.x().get()), "CVodeGetDky", solver_.problem);
    first_states_.insert(first_states_.end(), solver_.state(), solver_.state() + n);
  }
  end_ = stop;
  return DK_REACHED_END;
}

void AdjointPath::start_section(std::int64_t section, double stop) {
  const std::int64_t n = solver_.problem.info.n;
  solver_.restart(begin(section), first_states_.data() + section * n, piece_.u);
  require(CVodeAdjReInit(solver_.get()), "CVodeAdjReInit", solver_.problem);
  require(CVodeSetStopTime(solver_.get(), stop), "CVodeSetStopTime", solver_.problem);
}

// One by one, since CVODES goes on for ever with steps that no longer move the time.
std::int32_t AdjointPath::step(double stop, double& t) {
  int checkpoints = 0;
  double reached = t, h = 0.0;
  const int flag =
      CVodeF(solver_.get(), stop, solver_.x().get(), &reached, CV_ONE_STEP, &checkpoints);
  if (flag < 0) return outcome_of(flag, "CVodeF", t);
  t = reached;
  CVodeGetLastStep(solver_.get(), &h);
  const bool moves = t >= stop || h >= smallest_step(t, stop - piece_.times[0]);
  return moves ? std::int32_t{DK_REACHED_END} : solver_.problem.stuck(t);
}

// By the same steps as before. The first one would depend on where the section ends.
std::int32_t AdjointPath::load(std::int64_t section) {
  if (section == loaded_) return DK_REACHED_END;
  loaded_ = -1;
  start_section(section, end(section));
  require(CVodeSetInitStep(solver_.get(), first_steps_[static_cast<std::size_t>(section)]),
          "CVodeSetInitStep", solver_.problem);
  double t = begin(section);
  for (std::int64_t taken = 1; t < end(section); ++taken) {
    if (taken == most_steps()) {
      throw Error(DK_INTERNAL, fmt::format("from t = {} to {} the right-hand side has other values "
                                           "when it is asked again",
                                           begin(section), end(section)));
    }
    const std::int32_t outcome = step(end(section), t);
    if (outcome != DK_REACHED_END) return outcome;
  }
  loaded_ = section;
  return DK_REACHED_END;
}

std::int32_t AdjointPath::outcome_of(int flag, const char* call, double t) {
  solver_.problem.rethrow();
  if (solver_.problem.stopped) return DK_STOPPED;
  switch (flag) {
    case CV_FIRST_RHSFUNC_ERR:
    case CV_REPTD_RHSFUNC_ERR:
    case CV_UNREC_RHSFUNC_ERR:
    case CV_FIRST_QRHSFUNC_ERR:
    case CV_REPTD_QRHSFUNC_ERR:
    case CV_UNREC_QRHSFUNC_ERR:
      return DK_NOT_FINITE;
    case CV_TOO_MUCH_WORK:
      return DK_TOO_MANY_STEPS;
    case CV_TOO_MUCH_ACC:
    case CV_TOO_CLOSE:
    case CV_ERR_FAILURE:
    case CV_CONV_FAILURE:
    case CV_LSETUP_FAIL:
      return solver_.problem.stuck(t);
    default:
      require(flag, call, solver_.problem);
  }
  return DK_NOT_FINITE;
}

}  // namespace dynkit::sundials
