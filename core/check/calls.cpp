#include "calls.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dynkit/core/config.hpp"

namespace dynkit::conformance {
namespace {

constexpr std::size_t kBufferAlignment = 64;

// Quiet NaN that no computation makes: what the elements of a result hold before the call, and what
// stands between rows. Two of them, since one that is read by mistake may come out of a sum again.
constexpr std::uint64_t kUnwritten = 0x7FFC'C0DE'5EED'0001;
constexpr std::uint64_t kGap = 0x7FFC'C0DE'5EED'0002;

Numbers slice(const Numbers& all, std::int64_t width, std::int64_t begin, std::int64_t end) {
  if (all.empty()) return {};
  return {all.begin() + begin * width, all.begin() + end * width};
}

std::int64_t width_of(const Numbers& all, std::int64_t S) {
  return S > 0 ? static_cast<std::int64_t>(all.size()) / S : 0;
}

std::uint64_t bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

Numbers first_row(const Numbers& dense, std::int64_t width, bool shared) {
  return shared ? Numbers(dense.begin(), dense.begin() + width) : dense;
}

}  // namespace

Batch Batch::part(std::int64_t begin, std::int64_t end) const {
  Batch part;
  part.S = end - begin;
  part.one_theta = one_theta;
  part.t = slice(t, width_of(t, S), begin, end);
  part.h = slice(h, width_of(h, S), begin, end);
  part.x = slice(x, width_of(x, S), begin, end);
  part.u = slice(u, width_of(u, S), begin, end);
  part.theta = one_theta ? theta : slice(theta, width_of(theta, S), begin, end);
  return part;
}

Placed Placed::rows(const std::string& name, std::int64_t S, std::int64_t width, const Form& form,
                    bool shared) {
  Placed placed;
  placed.S_ = shared ? std::min<std::int64_t>(S, 1) : S;
  placed.width_ = placed.columns_ = width;
  if (form.layout == DK_ROWS) {
    placed.by_sample_ = placed.sample_step_ = shared ? 0 : width + form.gap;
  } else if (shared) {
    placed.by_sample_ = placed.sample_step_ = 0;
  } else {
    placed.by_sample_ = 1;
    placed.by_column_ = placed.sample_step_ = S + form.gap;
  }
  placed.make(name);
  return placed;
}

Placed Placed::matrices(const std::string& name, std::int64_t S, std::int64_t rows,
                        std::int64_t columns, const Form& form) {
  Placed placed;
  placed.S_ = S;
  placed.width_ = rows * columns;
  placed.columns_ = columns;
  placed.row_step_ = columns + form.gap;
  if (form.layout == DK_ROWS) {
    placed.sample_step_ = rows * placed.row_step_ + 2 * form.gap;
    placed.by_sample_ = placed.sample_step_;
    placed.by_row_ = placed.row_step_;
  } else {
    placed.sample_step_ = S + form.gap;
    placed.by_sample_ = 1;
    placed.by_row_ = placed.row_step_ * placed.sample_step_;
    placed.by_column_ = placed.sample_step_;
  }
  placed.make(name);
  return placed;
}

std::size_t Placed::index(std::int64_t s, std::int64_t e) const {
  return static_cast<std::size_t>(s * by_sample_ + e / columns_ * by_row_ +
                                  e % columns_ * by_column_);
}

void Placed::make(const std::string& name) {
  name_ = name;
  const bool empty = S_ == 0 || width_ == 0;
  const std::size_t count = empty ? 0 : index(S_ - 1, width_ - 1) + 1;
  memory_ = std::make_unique<GuardedMemory>(name, static_cast<std::int64_t>(count * sizeof(double)),
                                            alignof(double));
  std::fill_n(data(), count, std::bit_cast<double>(kGap));
  write(Numbers(static_cast<std::size_t>(S_ * width_), std::bit_cast<double>(kUnwritten)));
}

void Placed::write(const Numbers& dense) {
  for (std::int64_t s = 0; s < S_; ++s) {
    for (std::int64_t e = 0; e < width_; ++e) {
      data()[index(s, e)] = dense[static_cast<std::size_t>(s * width_ + e)];
    }
  }
}

Numbers Placed::read() const {
  Numbers dense;
  dense.reserve(static_cast<std::size_t>(S_ * width_));
  for (std::int64_t s = 0; s < S_; ++s) {
    for (std::int64_t e = 0; e < width_; ++e) dense.push_back(data()[index(s, e)]);
  }
  return dense;
}

void Placed::check_gaps() const {
  memory_->check_margins();
  std::vector<char> own(memory_->bytes() / sizeof(double), 0);
  for (std::int64_t s = 0; s < S_; ++s) {
    for (std::int64_t e = 0; e < width_; ++e) own[index(s, e)] = 1;
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] == 0 && bits(data()[i]) != kGap) {
      fail("writes {} between the rows of {}, at element {}: the stride is {}", data()[i], name_, i,
           sample_step_);
    }
  }
}

void Placed::check_written() const {
  for (std::int64_t s = 0; s < S_; ++s) {
    for (std::int64_t e = 0; e < width_; ++e) {
      if (bits(data()[index(s, e)]) != kUnwritten) continue;
      fail("leaves element {} of sample {} of {} unwritten (S = {})", e, s, name_, S_);
    }
  }
}

Caller::Caller(const Subject& subject, const Batch& batch, const Form& form)
    : subject_(subject),
      S_(batch.S),
      one_theta_(batch.one_theta),
      form_(form),
      t_(Placed::rows("the times t", S_, 1, form, form.share_t)),
      h_(Placed::rows("the steps h", batch.h.empty() ? 0 : S_, 1, form, form.share_t)),
      x_(Placed::rows("the states x", S_, subject.facts().n, form, form.share_x)),
      u_(Placed::rows("the inputs u", S_, subject.facts().m, form, form.share_u)),
      theta_(Placed::rows("the parameters theta", one_theta_ ? 1 : S_, subject.facts().p, form,
                          one_theta_)) {
  const Facts& facts = subject.facts();
  if (S_ > 0) {
    t_.write(first_row(batch.t, 1, form.share_t));
    if (!batch.h.empty()) h_.write(first_row(batch.h, 1, form.share_t));
    x_.write(first_row(batch.x, facts.n, form.share_x));
    u_.write(first_row(batch.u, facts.m, form.share_u));
  }
  if (!batch.theta.empty()) theta_.write(batch.theta);
  points_.count = S_;
  points_.layout = form.layout;
  points_.x = x_.input();
  points_.theta = theta_.input();
  if (!form.no_t && facts.time_kind != 0) points_.t = t_.input();
  if (!batch.h.empty()) points_.h = h_.input();
  if (!form.no_u && facts.m > 0) points_.u = u_.input();
  if (form.prepared && one_theta_) make_prepared();
  if (form.tape) make_tape();
}

void Caller::make_prepared() {
  const Operations& operations = subject_.operations();
  if (!operations.prepared_size || !operations.prepare) return;
  prepared_ =
      std::make_unique<GuardedMemory>("prepared", operations.prepared_size(), kBufferAlignment);
  std::memset(prepared_->data(), form_.fill, prepared_->bytes());
  theta_.memory().freeze();
  dk_error error{};
  const dk_status status = operations.prepare(theta_.data(), prepared_->data(), &error);
  theta_.memory().thaw();
  expect_ok(status, error, "prepare");
  prepared_->check_margins();
  prepared_->freeze();
  points_.prepared = prepared_->data();
}

void Caller::make_tape() {
  if (!subject_.operations().tape_size) return;
  const std::int64_t bytes = subject_.operations().tape_size(S_);
  if (bytes == 0) return;
  tape_ = std::make_unique<GuardedMemory>("the tape", bytes, kBufferAlignment);
  std::memset(tape_->data(), form_.fill, tape_->bytes());
  points_.tape = tape_->data();
  eval();
}

std::int64_t Caller::scratch_bytes(std::int32_t operation, std::int64_t K) const {
  const auto& size = subject_.operations().scratch_size;
  return size ? size(operation, S_, K) : 0;
}

void Caller::run_call(const char* name, std::int64_t scratch_bytes,
                      const std::function<dk_status(const dk_points*, dk_error*)>& call) {
  GuardedMemory scratch(fmt::format("the scratch of {}", name), scratch_bytes, kBufferAlignment);
  std::memset(scratch.data(), form_.fill, scratch.bytes());
  dk_points points = points_;
  points.scratch = scratch_bytes > 0 ? scratch.data() : nullptr;
  dk_error error, untouched;
  std::memset(&untouched, 0x5A, sizeof(untouched));
  error = untouched;

  const Placed* arguments[] = {&t_, &h_, &x_, &u_, &theta_};
  for (const Placed* argument : arguments) argument->memory().freeze();
  const dk_status status = call(&points, form_.no_error ? nullptr : &error);
  for (const Placed* argument : arguments) argument->memory().thaw();

  scratch.check_margins();
  answered_ = status == DK_OK;
  if (status > DK_OK && form_.may_refuse) return;
  if (form_.no_error) error = {};
  expect_ok(status, error, name);
  if (!form_.no_error && std::memcmp(&error, &untouched, sizeof(error)) != 0) {
    fail("{} returns 0 and writes an error all the same", name);
  }
}

Numbers Caller::eval() {
  const Placed out = Placed::rows("the result of eval", S_, subject_.facts().q, form_, false);
  const dk_output output = out.output();
  if (tape_) tape_->thaw();
  run("eval", scratch_bytes(DK_EVAL, 1), [&](const dk_points* points, dk_error* error) {
    return subject_.operations().eval(points, &output, error);
  });
  if (tape_) {
    tape_->check_margins();
    tape_->freeze();  // what eval leaves may be read several times
  }
  out.check_gaps();
  if (answered_) out.check_written();
  return out.read();
}

Numbers Caller::jacobian(std::int32_t wrt) {
  const Facts& facts = subject_.facts();
  const char* names[] = {"the state Jacobian", "the input Jacobian", "the parameter Jacobian"};
  const Placed out =
      Placed::matrices(names[wrt - DK_WRT_STATE], S_, facts.q, facts.width(wrt), form_);
  const dk_matrices J = out.as_matrices();
  run("jacobian", scratch_bytes(DK_JACOBIAN, 1), [&](const dk_points* points, dk_error* error) {
    return subject_.operations().jacobian(points, wrt, &J, error);
  });
  out.check_gaps();
  if (answered_) out.check_written();
  return out.read();
}

Numbers Caller::jvp(const Directions& directions) {
  const Facts& facts = subject_.facts();
  const std::int64_t K = directions.K;
  Placed x = Placed::rows("the tangents of x", S_, K * facts.n, form_, false);
  Placed u = Placed::rows("the tangents of u", S_, K * facts.m, form_, false);
  Placed theta = Placed::rows("the tangents of theta", directions.one_theta ? 1 : S_, K * facts.p,
                              form_, directions.one_theta);
  dk_tangents tangents{K, {}, {}, {}};
  const auto give = [](Placed& placed, const Numbers& values, dk_input& into) {
    if (values.empty()) return;
    placed.write(values);
    placed.memory().freeze();
    into = placed.input();
  };
  give(x, directions.x, tangents.x);
  give(u, directions.u, tangents.u);
  give(theta, directions.theta, tangents.theta);
  const Placed out = Placed::rows("the result of jvp", S_, K * facts.q, form_, false);
  const dk_output output = out.output();
  run("jvp", scratch_bytes(DK_JVP, K), [&](const dk_points* points, dk_error* error) {
    return subject_.operations().jvp(points, &tangents, &output, error);
  });
  out.check_gaps();
  if (answered_) out.check_written();
  return out.read();
}

Pullback Caller::vjp(std::int64_t K, const Numbers& out_bar, const Wanted& wanted) {
  const Facts& facts = subject_.facts();
  Placed arriving = Placed::rows("the cotangents of the result", S_, K * facts.q, form_, false);
  arriving.write(out_bar);
  arriving.memory().freeze();
  const Placed x = Placed::rows("the cotangents of x", S_, K * facts.n, form_, false);
  const Placed u = Placed::rows("the cotangents of u", S_, K * facts.m, form_, false);
  Placed theta = Placed::rows("the cotangents of theta", wanted.sum_theta ? 1 : S_, K * facts.p,
                              form_, wanted.sum_theta);
  const std::int64_t theta_rows = wanted.sum_theta ? 1 : S_;
  theta.write(Numbers(static_cast<std::size_t>(theta_rows * K * facts.p), wanted.theta_start));
  dk_cotangents cotangents{K, arriving.input(), {}, {}, {}};
  if (wanted.x) cotangents.x = x.output();
  if (wanted.u && facts.m > 0) cotangents.u = u.output();
  if (wanted.theta) cotangents.theta = theta.output();
  run("vjp", scratch_bytes(DK_VJP, K), [&](const dk_points* points, dk_error* error) {
    return subject_.operations().vjp(points, &cotangents, error);
  });
  for (const Placed* result : {&x, &u, static_cast<const Placed*>(&theta)}) result->check_gaps();
  Pullback pullback;
  if (wanted.x && answered_) x.check_written();
  if (wanted.u && answered_ && facts.m > 0) u.check_written();
  if (wanted.x) pullback.x = x.read();
  if (wanted.u) pullback.u = u.read();
  if (wanted.theta) pullback.theta = theta.read();
  return pullback;
}

}  // namespace dynkit::conformance
