#include "hidden_markov.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace dynkit::tasks {
namespace {

std::size_t index(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

// Probabilities [rows,columns] that a user gave. Throws Error (DK_SETTINGS, DK_SHAPE_MISMATCH).
std::vector<double> probabilities(const NumberArray& given, const char* name,
                                  const std::vector<std::int64_t>& shape) {
  if (given.shape != shape || given.values.empty()) {
    throw Error(DK_SHAPE_MISMATCH, std::string("setting '") + name + "': shape " +
                                       shape_text(given.shape) + " is not " + shape_text(shape));
  }
  const std::int64_t columns = shape.back();
  std::vector<double> rows = given.values;
  for (std::size_t first = 0; first < rows.size(); first += index(columns)) {
    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(first);
    const double sum = std::accumulate(row, row + columns, 0.0);
    const bool signs = std::all_of(row, row + columns, [](double p) { return p >= 0.0; });
    if (!signs || !(std::abs(sum - 1.0) <= 1e-6)) {
      throw Error(DK_SETTINGS, std::string("setting '") + name + "': row " +
                                   std::to_string(first / index(columns)) +
                                   " is no distribution: its sum is " + std::to_string(sum));
    }
    std::for_each(row, row + columns, [&](double& p) { p /= sum; });
  }
  return rows;
}

bool are_neighbors(std::string_view neighbors, std::int64_t i, std::int64_t j, std::int64_t K) {
  if (i == j) return false;
  const std::int64_t apart = std::abs(i - j);
  return neighbors == "all" || apart == 1 || (neighbors == "ring" && apart == K - 1);
}

std::vector<double> make_transition(std::string_view neighbors, double stay, std::int64_t K) {
  std::vector<double> A(index(K * K));
  for (std::int64_t i = 0; i < K; ++i) {
    double count = 0.0;
    for (std::int64_t j = 0; j < K; ++j) count += are_neighbors(neighbors, i, j, K) ? 1.0 : 0.0;
    for (std::int64_t j = 0; j < K; ++j) {
      if (are_neighbors(neighbors, i, j, K)) A[index(i * K + j)] = (1.0 - stay) / count;
    }
    A[index(i * K + i)] = K == 1 ? 1.0 : stay;
  }
  return A;
}

// (2)
std::vector<double> make_emission(std::int64_t K) {
  std::vector<double> B;
  for (std::int64_t i = 0; i < K; ++i) {
    const double a = K == 1 ? 0.0 : static_cast<double>(i) / static_cast<double>(K - 1);
    B.insert(B.end(), {0.99 * (1.0 - a), 0.01, 0.99 * a});
  }
  return B;
}

// A number drawn from probabilities p [count].
std::int64_t draw(Random& random, const double* p, std::int64_t count) {
  double rest = random.uniform();
  std::int64_t last = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (p[i] == 0.0) continue;
    last = i;  // what rounding leaves over goes to the last that is possible
    if (rest < p[i]) return i;
    rest -= p[i];
  }
  return last;
}

// Rows of one-hot codes [count,width].
std::vector<double> one_hot(const std::vector<std::int64_t>& numbers, std::int64_t width) {
  std::vector<double> codes(numbers.size() * index(width));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    codes[i * index(width) + index(numbers[i])] = 1.0;
  }
  return codes;
}

MarkovModel make_model(const Settings& settings) {
  const NumberArray initial = settings.finite_array("initial");
  const NumberArray transition = settings.finite_array("transition");
  const NumberArray emission = settings.finite_array("emission");
  MarkovModel model;
  model.K = 3;
  for (const NumberArray* one : {&initial, &emission, &transition}) {
    if (!one->values.empty() && !one->shape.empty()) model.K = one->shape[0];
  }
  if (settings.given("states")) model.K = settings.integer("states");
  const std::int64_t K = model.K;
  model.O = emission.given && emission.shape.size() == 2 ? emission.shape[1] : 3;
  model.transition = transition.given
                         ? probabilities(transition, "transition", {K, K})
                         : make_transition(settings.text("neighbors"), settings.number("stay"), K);
  model.emission =
      emission.given ? probabilities(emission, "emission", {K, model.O}) : make_emission(K);
  model.initial = initial.given ? probabilities(initial, "initial", {K})
                                : std::vector<double>(index(K), 1.0 / static_cast<double>(K));
  return model;
}

}  // namespace

double surprise(const MarkovModel& model, const std::vector<std::int64_t>& y) {
  const std::int64_t K = model.K;
  std::vector<double> belief = model.initial, next(index(K));  // p(z_k | y_0 .. y_{k-1})
  double sum = 0.0;
  for (const std::int64_t output : y) {
    double total = 0.0;
    for (std::int64_t i = 0; i < K; ++i) {
      belief[index(i)] *= model.emission[index(i * model.O + output)];
      total += belief[index(i)];
    }
    sum -= std::log(total);
    std::fill(next.begin(), next.end(), 0.0);
    for (std::int64_t i = 0; i < K; ++i) {
      for (std::int64_t j = 0; j < K; ++j) {
        next[index(j)] += belief[index(i)] / total * model.transition[index(i * K + j)];
      }
    }
    belief.swap(next);
  }
  return sum;
}

HiddenMarkov::HiddenMarkov(const dk_host&, const Settings& settings)
    : trials_(settings),
      bins_(settings.integer("bins")),
      noise_inputs_(settings.integer("noise_inputs")),
      model_(make_model(settings)) {
  static_cast<void>(array_size(trials_.S, bins_, std::max({model_.K, model_.O, noise_inputs_}),
                               "'trials', 'bins', 'states' and 'noise_inputs'"));
}

void HiddenMarkov::generate(const dk_job& job) const {
  const std::int64_t S = trials_.S, T = bins_, K = model_.K, O = model_.O, m = noise_inputs_;
  std::vector<std::int64_t> z(index(S * T)), y(index(S * T));
  std::vector<double> noise(array_size(S, T, m)), surprises(index(S));
  for_each_trial(job, S, [&](dk_stream& stream, std::int64_t s) {
    Random random(*job.host, stream);
    const double* p = model_.initial.data();
    for (std::int64_t i = s * T; i < (s + 1) * T; ++i) {
      z[index(i)] = draw(random, p, K);
      y[index(i)] = draw(random, &model_.emission[index(z[index(i)] * O)], O);
      p = &model_.transition[index(z[index(i)] * K)];
    }
    surprises[index(s)] = surprise(model_, {y.begin() + s * T, y.begin() + (s + 1) * T});
    if (m > 0) job.host->normal(job.host, &stream, T * m, &noise[index(s * T * m)]);
  });
  const double mean = std::accumulate(surprises.begin(), surprises.end(), 0.0);

  const Sink sink(*job.sink);
  sink.value("cross_entropy", mean / static_cast<double>(S * T),
             "of an emission given those before it, by the true model", "nats");
  put_time(sink, T, 1.0, nullptr);
  sink.array("states", {S, T, K}, one_hot(z, K),
             {{"trial", "time", "state"}, nullptr, "hidden state, one-hot"});
  sink.array("targets", {S, T, O}, one_hot(y, O),
             {{"trial", "time", "output"}, nullptr, "emission of that state, one-hot"});
  if (m > 0) {
    sink.array("inputs", {S, T, m}, noise,
               {{"trial", "time", "input"}, nullptr, "standard normal noise"});
  }
  sink.array("transition", {K, K}, model_.transition,
             {{"state", "next_state"}, nullptr, "A, probabilities of the next state"});
  sink.array("emission", {K, O}, model_.emission,
             {{"state", "output"}, nullptr, "B, probabilities of the outputs"});
  sink.array("initial", {K}, model_.initial,
             {{"state"}, nullptr, "pi, probabilities of the first state"});
  put_split(sink, trials_);
}

}  // namespace dynkit::tasks
