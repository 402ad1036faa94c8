#include "trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <tuple>
#include <utility>

#include "dynkit/error.hpp"
#include "shuffle.hpp"

namespace dynkit::training {
namespace {

constexpr std::int64_t kBadBatches = 5;
constexpr std::int64_t kRollbacks = 3;

double seconds_now() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// "3 s", "2 min 5 s", "1 h 12 min"
std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

// Sums over the batches of an epoch.
struct Trainer::Epoch {
  double loss = 0.0, gradient_norm = 0.0, weight = 0.0, rate = 0.0;
  std::int64_t batches = 0, skipped = 0;
};

Trainer::Trainer(Engine& engine, Variables& variables, const Split& split,
                 const TrainerOptions& options, std::int64_t T, const dk_stream& stream,
                 const dk_host& host, std::function<void(const TrainerState&)> save)
    : engine_(engine),
      variables_(variables),
      split_(split),
      options_(options),
      T_(T),
      stream_(stream),
      host_(host),
      save_(std::move(save)),
      optimizer_(is_minimizer(options.optimizer.kind)
                     ? nullptr
                     : make_optimizer(options.optimizer, variables.size())),
      schedule_(options.schedule),
      decayed_(variables.values.size()) {
  variables_.project();
  state_.values = state_.best_values = variables_.values;
  if (optimizer_) state_.optimizer = optimizer_->memory;
  for (const VariableBlock& block : variables_.blocks()) {
    const auto first = decayed_.begin() + block.offset;
    std::fill(first, first + block.size, block.trainable && block.decays ? 1.0 : 0.0);
  }
}

void Trainer::resume(TrainerState state) {
  if (optimizer_ && (state.optimizer.first.size() != optimizer_->memory.first.size() ||
                     state.optimizer.second.size() != optimizer_->memory.second.size())) {
    throw Error(DK_IO, "the checkpoint of the training holds moments of another optimizer");
  }
  state_ = std::move(state);
  variables_.values = state_.values;
  if (optimizer_) optimizer_->memory = state_.optimizer;
  schedule_.memory = state_.schedule;
}

bool Trainer::stops() {
  if (ended_) return true;
  if (host_.cancelled(&host_) != 0) {
    outcome_ = {TrainingEnd::interrupted,
                fmt::format("stopped on request in epoch {}", state_.epoch + 1)};
    ended_ = true;
  } else if (options_.patience > 0 && state_.epoch - state_.best_epoch >= options_.patience) {
    outcome_ = {TrainingEnd::early_stop, fmt::format("no better loss in {} epochs since epoch {}",
                                                     options_.patience, state_.best_epoch)};
    ended_ = true;
  }
  return ended_;
}

TrainingOutcome Trainer::run() {
  outcome_ = {TrainingEnd::epochs_done, fmt::format("all {} epochs", options_.epochs)};
  while (state_.epoch < options_.epochs && !stops()) run_epoch();
  save(true);
  const bool was_asked_to_stop = outcome_.end == TrainingEnd::interrupted;
  if (!std::isfinite(state_.best_loss) && state_.epoch > 0 && !was_asked_to_stop &&
      outcome_.end != TrainingEnd::not_finite) {
    outcome_ = {TrainingEnd::not_finite,
                fmt::format("the loss was not finite after any of {} epochs", state_.epoch)};
  }
  variables_.values = unfinished_.empty() ? state_.best_values : unfinished_;
  return outcome_;
}

std::vector<std::int64_t> Trainer::shuffled_trials() const {
  std::vector<std::int64_t> order = split_.train;
  dk_stream of_epoch{};
  host_.split(&host_, &stream_, state_.epoch, &of_epoch);
  shuffle(order, of_epoch, host_);
  return order;
}

std::int64_t Trainer::window() const {
  if (options_.window <= 0 || state_.epoch >= options_.window_epochs) return T_;
  const double share =
      static_cast<double>(state_.epoch) / static_cast<double>(options_.window_epochs);
  return std::min(T_, options_.window + static_cast<std::int64_t>(
                                            share * static_cast<double>(T_ - options_.window)));
}

void Trainer::run_epoch() {
  const std::int64_t T = window();
  const double start = seconds_now();
  Epoch sums;
  engine_.begin_epoch(state_.epoch);
  if (!(minimizer_ != nullptr ? run_round(T, sums) : run_batches(T, sums))) return;
  seconds_ += seconds_now() - start;
  trials_ += static_cast<std::int64_t>(split_.train.size());
  end_epoch(sums, T);
}

// The loss of trials that are not trained on, where there are any.
double Trainer::judge(std::int64_t T) {
  return engine_.loss(variables_, split_.validation.empty() ? split_.train : split_.validation, T);
}

// False: training has ended before the epoch did.
bool Trainer::run_batches(std::int64_t T, Epoch& sums) {
  const std::vector<std::int64_t> order = shuffled_trials();
  const auto count = static_cast<std::int64_t>(order.size());
  const std::int64_t size = options_.batch > 0 ? std::min(options_.batch, count) : count;
  const auto failures = std::tuple(state_.rate_scale, state_.rollbacks, state_.bad_batches);
  for (std::int64_t first = 0; first < count; first += size) {
    if (stops()) {
      // What is saved is the state in which this epoch began.
      std::tie(state_.rate_scale, state_.rollbacks, state_.bad_batches) = failures;
      return false;
    }
    const std::int64_t last = std::min(count, first + size);
    batch_.assign(order.begin() + first, order.begin() + last);
    const double share = static_cast<double>(first) / static_cast<double>(count);
    run_batch(batch_, static_cast<double>(state_.epoch) + share, T, sums);
    if (ended_) return false;
  }
  return true;
}

bool Trainer::run_round(std::int64_t T, Epoch& sums) {
  std::vector<double> memory = state_.optimizer.first;
  round_losses_.clear();
  const MinimizerRound round = minimizer_->run(
      variables_, split_.train, T, memory,
      [this](std::int64_t iteration, double loss) { return watch(iteration, loss); });
  if (!round.is_finite) {
    outcome_ = {TrainingEnd::not_finite,
                fmt::format("the loss or its gradient is not finite where {} begins: try other "
                            "initial parameters, or a shorter window",
                            options_.optimizer.kind)};
    ended_ = true;
    return false;
  }
  if (stops()) {
    // What is saved is the state in which this epoch began, what is returned the better.
    if (T == T_ && judge(T) < state_.best_loss) unfinished_ = variables_.values;
    return false;
  }
  if (round.converged && T == T_) {
    outcome_ = {TrainingEnd::converged,
                fmt::format("{} converged in epoch {}", options_.optimizer.kind, state_.epoch + 1)};
    ended_ = true;
  }
  state_.optimizer.first = std::move(memory);
  state_.iteration_losses.insert(state_.iteration_losses.end(), round_losses_.begin(),
                                 round_losses_.end());
  sums = {round.loss, round.gradient_norm, 1.0, std::numeric_limits<double>::quiet_NaN(), 1, 0};
  return true;
}

// After an iteration of a round. False: stop there.
bool Trainer::watch(std::int64_t iteration, double loss) {
  // A later round begins where the one before ended.
  if (iteration > 0 || state_.epoch == 0) round_losses_.push_back(loss);
  const double all = static_cast<double>(options_.epochs);
  const std::string text = fmt::format("epoch {} of {}, iteration {}, loss {:.4g}",
                                       state_.epoch + 1, options_.epochs, iteration, loss);
  host_.progress(&host_, static_cast<double>(state_.epoch) / all, text.c_str());
  return host_.cancelled(&host_) == 0;
}

void Trainer::run_batch(const std::vector<std::int64_t>& trials, double epoch, std::int64_t T,
                        Epoch& sums) {
  const auto weight = static_cast<double>(engine_.compared(trials, T));
  if (weight == 0.0) return;  // nothing is known of them
  double loss = engine_.gradient(variables_, trials, T, gradient_);
  loss += variables_.regularize(gradient_);
  const double norm = norm_of(gradient_);
  sums.rate = schedule_.rate(epoch) * state_.rate_scale;
  if (!std::isfinite(loss) || !std::isfinite(norm)) return skip_batch(sums);
  if (options_.clip_values > 0.0) clip_values(options_.clip_values, gradient_);
  if (options_.clip_norm > 0.0) clip_norm(options_.clip_norm, gradient_);
  state_.bad_batches = 0;
  optimizer_->step(sums.rate, gradient_, decayed_, variables_.values);
  variables_.project();
  sums.loss += weight * loss;
  sums.weight += weight;
  sums.gradient_norm += norm;
  ++sums.batches;
}

void Trainer::skip_batch(Epoch& sums) {
  ++sums.skipped;
  if (++state_.bad_batches < kBadBatches) return;
  state_.bad_batches = 0;
  if (state_.rollbacks == kRollbacks) {
    outcome_ = {TrainingEnd::not_finite,
                fmt::format("the loss or its gradient was not finite in {} batches in a row, for "
                            "the {}th time, at learning rate {:.3g}: try a smaller one, or clip "
                            "the gradient",
                            kBadBatches, kRollbacks + 1, sums.rate)};
    ended_ = true;
    return;
  }
  ++state_.rollbacks;
  state_.rate_scale *= 0.5;
  variables_.values = state_.best_values;
  optimizer_ = make_optimizer(options_.optimizer, variables_.size());
  const std::string text = fmt::format(
      "epoch {}: the loss or its gradient was not finite in {} batches in a row: back to the best "
      "parameters, of epoch {}, with half the learning rate",
      state_.epoch + 1, kBadBatches, state_.best_epoch);
  host_.log(&host_, DK_LOG_WARNING, text.c_str());
}

void Trainer::end_epoch(const Epoch& sums, std::int64_t T) {
  const double mean =
      sums.weight > 0.0 ? sums.loss / sums.weight : std::numeric_limits<double>::quiet_NaN();
  const double validation = judge(T);
  ++state_.epoch;
  const EpochRecord record{
      mean, validation,
      sums.batches > 0 ? sums.gradient_norm / static_cast<double>(sums.batches) : 0.0, sums.rate,
      sums.skipped};
  state_.history.push_back(record);
  // Losses of a shorter window do not compare with those of the whole.
  const bool grows = T < T_;
  if (grows ? std::isfinite(validation) : validation < state_.best_loss) {
    state_.best_loss = grows ? std::numeric_limits<double>::infinity() : validation;
    state_.best_values = variables_.values;
    state_.best_epoch = state_.epoch;
  }
  if (!grows) schedule_.observe(validation);
  state_.values = variables_.values;
  if (optimizer_) state_.optimizer = optimizer_->memory;
  state_.schedule = schedule_.memory;
  save(false);
  report(record);
}

// Every second at most, since epochs may be short; the last state always.
void Trainer::save(bool is_last) {
  constexpr double kInterval = 1.0;
  const double now = seconds_now();
  if (!is_last && now - saved_at_ < kInterval) return;
  save_(state_);
  saved_at_ = now;
}

void Trainer::report(const EpochRecord& record) const {
  const double done = static_cast<double>(state_.epoch), all = static_cast<double>(options_.epochs);
  const double speed = static_cast<double>(trials_) / std::max(seconds_, 1e-9);
  const double left = (all - done) * static_cast<double>(split_.train.size()) / speed;
  std::string text =
      fmt::format("epoch {} of {}, loss {:.4g}", state_.epoch, options_.epochs, record.train_loss);
  if (!split_.validation.empty())
    text += fmt::format(" (validation {:.4g})", record.validation_loss);
  text += fmt::format(", gradient {:.3g}, {:.3g} trials/s, {} left", record.gradient_norm, speed,
                      duration_text(left));
  host_.progress(&host_, done / all, text.c_str());
}

}  // namespace dynkit::training
