#include "linearization.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "spectrum.hpp"

namespace dynkit::linearization {
namespace {

using Complex = std::complex<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::size_t to_size(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

TimeMap read_map(std::string_view name) {
  if (name == "euler") return TimeMap::euler;
  return name == "expm" ? TimeMap::expm : TimeMap::none;
}

// Chunks of about two million operations: long beside the cost of a task, many beside the threads.
std::int64_t grain_of(std::int64_t n) {
  return std::clamp<std::int64_t>(2000000 / (35 * n * n * n), 4, 512);
}

// input_drive = L^H B and its cosine; left [n,n] and B [n,m] row-major.
void project_input(std::int64_t n, std::int64_t m, const Complex* left, const double* B,
                   Complex* drive, double* overlap) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < m; ++j) {
      Complex sum = 0.0;
      double left_square = 0.0, input_square = 0.0;
      for (std::int64_t row = 0; row < n; ++row) {
        const Complex l = left[row * n + i];
        const double b = B[row * m + j];
        sum += std::conj(l) * b;
        left_square += std::norm(l);
        input_square += b * b;
      }
      drive[i * m + j] = sum;
      const double sizes = std::sqrt(left_square) * std::sqrt(input_square);
      overlap[i * m + j] = sizes == 0.0 ? 0.0 : std::abs(sum) / sizes;
    }
  }
}

}  // namespace

// Buffers of one thread, for a chunk of points.
struct Linearization::Worker {
  Worker(const Results& results, std::int64_t grain)
      : solver(results.n, results.kind == TimeKind::map ? Order::by_modulus : Order::by_real_part),
        u(to_size(grain * results.m)),
        t(to_size(grain)),
        J(to_size(grain * results.n * results.n)),
        B(to_size(grain * results.n * results.m)),
        right(to_size(results.n * results.n)),
        left(to_size(results.n * results.n)) {}

  SpectrumSolver solver;
  std::vector<double> u, t, J, B;
  std::vector<Complex> right, left;
};

Linearization::Linearization(const dk_host&, const Settings& settings)
    : points_(settings.array("points")),
      input_(settings.finite_array("input")),
      input_index_(settings.array("input_index")),
      time_(settings.number("time")),
      tolerance_(settings.number("tolerance")),
      dt_(settings.given("dt") ? settings.number("dt") : 0.0),
      map_(read_map(settings.text("map"))),
      with_matrices_(settings.boolean("matrices")) {
  if (points_.shape.empty() || points_.shape.size() > 2) {
    throw Error(DK_SETTINGS, "setting 'points' has shape " + shape_text(points_.shape) +
                                 ", [P,n] or [n] is needed");
  }
  if (input_index_.given && !input_.given) {
    throw Error(DK_SETTINGS, "setting 'input_index' is given without 'input', whose rows it names");
  }
  if (map_ != TimeMap::none && !(dt_ > 0.0)) {
    throw Error(DK_SETTINGS, "setting 'map' needs a 'dt' > 0, the time step of the map");
  }
}

void Linearization::check_input(const dk_model_info& info) const {
  if (!input_.given) return;
  const bool has_rows = input_.shape.size() == 2;
  if (input_.shape.empty() || input_.shape.size() > 2 || input_.shape.back() != info.m) {
    throw Error(DK_SETTINGS, "setting 'input' has shape " + shape_text(input_.shape) +
                                 ", the model's input has " + std::to_string(info.m) + " elements");
  }
  const std::int64_t rows = has_rows ? input_.shape[0] : 1;
  if (!input_index_.given) {
    if (rows == 1 || rows == row_count()) return;
    throw Error(DK_SETTINGS, "setting 'input' has " + std::to_string(rows) + " rows for " +
                                 std::to_string(row_count()) +
                                 " points, without 'input_index' to tell which is whose");
  }
  if (static_cast<std::int64_t>(input_index_.values.size()) != row_count()) {
    throw Error(DK_SETTINGS, "setting 'input_index' has " +
                                 std::to_string(input_index_.values.size()) + " elements for " +
                                 std::to_string(row_count()) + " points");
  }
  for (const double index : input_index_.values) {
    if (!(index >= 0.0 && index < static_cast<double>(rows)) || index != std::floor(index)) {
      throw Error(DK_SETTINGS, "setting 'input_index': " + std::to_string(index) +
                                   " is not a row of 'input', which has " + std::to_string(rows));
    }
  }
}

void Linearization::accepts(const dk_job& job) const {
  if (job.system_count < 1) throw Error(DK_UNSUPPORTED, "needs a model");
  const dk_model_info& info = *job.systems[0]->info;
  if (points_.shape.back() != info.n) {
    throw Error(DK_SETTINGS, "setting 'points' has shape " + shape_text(points_.shape) +
                                 ", the model's state has " + std::to_string(info.n) + " elements");
  }
  if (map_ != TimeMap::none && info.time_kind == DK_MAP) {
    throw Error(DK_SETTINGS, "setting 'map' is for flows, this model is a map itself");
  }
  check_input(info);
}

std::span<const double> Linearization::input_of(std::int64_t point, std::int64_t m) const {
  const bool is_shared = input_.shape.size() == 1 || input_.shape[0] == 1;
  std::int64_t row = is_shared ? 0 : point;
  if (input_index_.given) row = static_cast<std::int64_t>(input_index_.values[to_size(point)]);
  return {input_.values.data() + row * m, to_size(m)};
}

// J and B of `count` points from `first`, in the chunk that starts at `begin`.
void Linearization::differentiate_once(const dk_system& system, std::int64_t begin,
                                       std::int64_t first, std::int64_t count,
                                       Worker& worker) const {
  const std::int64_t n = system.info->n, m = system.info->m, offset = first - begin;
  dk_points points{};
  points.count = count;
  points.t = {worker.t.data(), 1};
  points.x = {points_.values.data() + first * n, n};
  if (input_.given) points.u = {worker.u.data() + offset * m, m};
  const dk_matrices J{worker.J.data() + offset * n * n, n * n, n};
  call(system.jacobian, &system, &points, std::int32_t{DK_WRT_STATE}, &J);
  if (m == 0) return;
  const dk_matrices B{worker.B.data() + offset * n * m, n * m, m};
  call(system.jacobian, &system, &points, std::int32_t{DK_WRT_INPUT}, &B);
}

// A chunk at once; where the model refuses it, point by point, with NaN where it refuses again.
void Linearization::differentiate(const dk_system& system, std::int64_t begin, std::int64_t end,
                                  Worker& worker) const {
  const std::int64_t n = system.info->n, m = system.info->m;
  std::fill(worker.t.begin(), worker.t.end(), time_);
  for (std::int64_t p = begin; input_.given && p < end; ++p) {
    const std::span<const double> u = input_of(p, m);
    std::copy(u.begin(), u.end(), worker.u.begin() + (p - begin) * m);
  }
  const auto is_defined = [&](std::int64_t first, std::int64_t count) {
    try {
      differentiate_once(system, begin, first, count, worker);
      return true;
    } catch (const Error& error) {
      if (error.status() < 0) throw;
      return false;
    }
  };
  if (is_defined(begin, end - begin)) return;
  for (std::int64_t p = begin; p < end; ++p) {
    if (is_defined(p, 1)) continue;
    std::fill_n(worker.J.begin() + (p - begin) * n * n, n * n, kNan);
    std::fill_n(worker.B.begin() + (p - begin) * n * m, n * m, kNan);
  }
}

void Linearization::linearize(std::int64_t begin, std::int64_t end, Worker& worker,
                              Results& results) const {
  const std::int64_t n = results.n, m = results.m;
  for (std::int64_t p = begin; p < end; ++p) {
    const double* J = worker.J.data() + (p - begin) * n * n;
    const double* B = worker.B.data() + (p - begin) * n * m;
    Complex* right = with_matrices_ ? results.right.data() + p * n * n : worker.right.data();
    Complex* left = with_matrices_ ? results.left.data() + p * n * n : worker.left.data();
    const SpectrumOutput output{results.eigenvalues.data() + p * n, right, left,
                                results.eigenvalue_condition.data() + p * n,
                                results.residual.data() + p * n};
    SpectrumNumbers numbers;
    const bool is_solved = worker.solver.solve(J, output, numbers);
    results.departure[to_size(p)] = numbers.departure;
    results.frobenius[to_size(p)] = numbers.frobenius;
    results.condition[to_size(p)] = numbers.condition;
    if (with_matrices_) std::copy_n(J, n * n, results.jacobian.begin() + p * n * n);
    std::copy_n(B, n * m, results.input_jacobian.begin() + p * n * m);
    if (!is_solved) continue;
    project_input(n, m, left, B, results.input_drive.data() + p * n * m,
                  results.input_overlap.data() + p * n * m);
    results.interpret(p, tolerance_, dt_);
    if (map_ != TimeMap::none && with_matrices_) {
      make_time_map(map_, dt_, n, J, results.map_jacobian.data() + p * n * n);
    }
  }
}

void Linearization::run_points(const dk_job& job, const dk_system& system, Results& results) const {
  const dk_host& host = *job.host;
  const std::int64_t grain = grain_of(results.n);
  std::vector<std::unique_ptr<Worker>> workers(static_cast<std::size_t>(host.worker_count(&host)));
  std::atomic<std::int64_t> done = 0;
  parallel_for(host, results.P, grain,
               [&](std::int64_t begin, std::int64_t end, std::int32_t index) {
                 if (host.cancelled(&host) != 0) throw Error(DK_CANCELLED, "cancelled");
                 auto& worker = workers[static_cast<std::size_t>(index)];
                 if (worker == nullptr) worker = std::make_unique<Worker>(results, grain);
                 differentiate(system, begin, end, *worker);
                 linearize(begin, end, *worker, results);
                 done += end - begin;
                 host.progress(&host, static_cast<double>(done) / static_cast<double>(results.P),
                               "linearizing");
               });
}

void Linearization::run(const dk_job& job) const {
  accepts(job);
  const dk_system& system = *job.systems[0];
  Results results(row_count(), *system.info, map_, with_matrices_);
  for (const double row : input_index_.values) {
    results.input_index.push_back(static_cast<std::int64_t>(row));
  }
  try {
    run_points(job, system, results);
  } catch (const Error& error) {
    if (error.status() == DK_CANCELLED) put_results(results, system, *job.sink);
    throw;
  }
  put_results(results, system, *job.sink);
}

}  // namespace dynkit::linearization
