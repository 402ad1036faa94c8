#include "all_operations.hpp"

#include <algorithm>

namespace dynkit::conformance {
namespace {

Numbers rows(const Numbers& all, std::int64_t width, std::int64_t begin, std::int64_t end) {
  if (all.empty()) return {};
  return {all.begin() + begin * width, all.begin() + end * width};
}

}  // namespace

Task Task::part(const Facts& facts, std::int64_t begin, std::int64_t end) const {
  const std::int64_t k = K();
  Task part{batch.part(begin, end), {}, rows(out_bar, k * facts.q, begin, end), wanted};
  part.directions.K = k;
  part.directions.one_theta = directions.one_theta;
  part.directions.x = rows(directions.x, k * facts.n, begin, end);
  part.directions.u = rows(directions.u, k * facts.m, begin, end);
  part.directions.theta =
      directions.one_theta ? directions.theta : rows(directions.theta, k * facts.p, begin, end);
  return part;
}

Task make_task(const Subject& subject, std::int64_t S, std::int64_t K, std::string_view name,
               bool one_theta) {
  const Facts& facts = subject.facts();
  if (K > 1) K = distinct_count(facts, K);
  const std::string directions = fmt::format("{}: directions", name);
  dk_stream stream = subject.context().stream(fmt::format("{}: cotangents", name));
  Task task{draw_points(subject, S, name, one_theta),
            draw_directions(subject, S, K, directions),
            draw_numbers(stream, S * K * facts.q),
            {}};
  if (one_theta) {
    task.directions.one_theta = true;
    task.directions.theta.resize(static_cast<std::size_t>(K * facts.p), 0.5);
    task.wanted.sum_theta = true;
  }
  return task;
}

AllResults run_all(const Subject& subject, const Task& task, const Form& form) {
  const Facts& facts = subject.facts();
  const Operations& operations = subject.operations();
  const std::int64_t K = task.K();
  Caller caller(subject, task.batch, form);
  AllResults results;
  const auto keep = [&](const char* name, Numbers numbers, std::int64_t width,
                        bool is_sum = false) {
    results.all.push_back({name, std::move(numbers), width, is_sum, caller.answered()});
  };
  keep("the result of eval", caller.eval(), facts.q);
  if (operations.jacobian) {
    keep("the state Jacobian", caller.jacobian(DK_WRT_STATE), facts.q * facts.n);
    keep("the input Jacobian", caller.jacobian(DK_WRT_INPUT), facts.q * facts.m);
    keep("the parameter Jacobian", caller.jacobian(DK_WRT_PARAMETERS), facts.q * facts.p);
  }
  if (operations.jvp) keep("the result of jvp", caller.jvp(task.directions), K * facts.q);
  if (operations.vjp) {
    Pullback pullback = caller.vjp(K, task.out_bar, task.wanted);
    keep("x_bar of vjp", std::move(pullback.x), K * facts.n);
    keep("u_bar of vjp", std::move(pullback.u), K * facts.m);
    keep("theta_bar of vjp", std::move(pullback.theta), K * facts.p, task.wanted.sum_theta);
  }
  return results;
}

AllResults run_in_parts(const Subject& subject, const Task& task, std::int64_t size) {
  AllResults whole;
  for (std::int64_t begin = 0; begin < task.batch.S; begin += size) {
    const std::int64_t end = std::min(begin + size, task.batch.S);
    AllResults part = run_all(subject, task.part(subject.facts(), begin, end));
    if (begin == 0) {
      whole = std::move(part);
      continue;
    }
    for (std::size_t i = 0; i < whole.all.size(); ++i) {
      Numbers& into = whole.all[i].numbers;
      const Numbers& more = part.all[i].numbers;
      if (!whole.all[i].is_sum) {
        into.insert(into.end(), more.begin(), more.end());
        continue;
      }
      for (std::size_t k = 0; k < into.size(); ++k) into[k] += more[k];
    }
  }
  return whole;
}

}  // namespace dynkit::conformance
