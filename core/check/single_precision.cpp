#include "single_precision.hpp"

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <memory>

#include "guarded_memory.hpp"

namespace dynkit::conformance {
namespace {

// As in calls.cpp: quiet NaN that no computation makes, of elements to be written and of gaps.
constexpr std::uint32_t kUnwritten = 0x7FFC'0DE1;
constexpr std::uint32_t kGap = 0x7FFC'0DE2;

// One argument or result as floats in guarded memory. Element e of sample s stands at
// s * by_sample + (e / columns) * by_row + e % columns, among the doubles and among the floats.
class Floats {
 public:
  // [S,width], rounded and only for reading; nothing where `from` is NULL.
  static Floats argument(const char* name, const dk_input& from, std::int64_t S,
                         std::int64_t width) {
    Floats floats(name, S, {width, width, from.stride, 0}, from.data != nullptr);
    floats.round(from.data);
    if (floats.memory_) floats.memory_->freeze();
    return floats;
  }

  // [S,width], of which every element is to be written.
  static Floats result(const char* name, const dk_output& to, std::int64_t S, std::int64_t width) {
    Floats floats(name, S, {width, width, to.stride, 0}, to.data != nullptr);
    floats.to_ = to.data;
    return floats;
  }

  // The same for what is added to.
  static Floats total(const char* name, const dk_output& to, std::int64_t S, std::int64_t width) {
    Floats floats = result(name, to, S, width);
    floats.is_total_ = true;
    floats.round(to.data);
    return floats;
  }

  static Floats matrices(const char* name, const dk_matrices& to, std::int64_t S, std::int64_t rows,
                         std::int64_t columns) {
    Floats floats(name, S, {rows * columns, columns, to.sample_stride, to.row_stride}, true);
    floats.to_ = to.data;
    return floats;
  }

  dk_input_f32 input() const { return {data(), place_.by_sample}; }
  dk_output_f32 output() const { return {data(), place_.by_sample}; }
  dk_matrices_f32 as_matrices() const { return {data(), place_.by_sample, place_.by_row}; }

  // After the call: nothing beside the elements has changed, and they go to where doubles are
  // expected if it gave numbers.
  void hand_over(bool answered) const {
    if (!memory_) return;
    check_gaps();
    if (!answered) return;
    for_each([&](std::int64_t s, std::int64_t e, std::size_t at) {
      if (!is_total_ && std::bit_cast<std::uint32_t>(data()[at]) == kUnwritten) {
        fail("leaves element {} of sample {} of {} unwritten (S = {})", e, s, name_, S_);
      }
      to_[at] = static_cast<double>(data()[at]);
    });
  }

 private:
  struct Place {
    std::int64_t width, columns, by_sample, by_row;
  };

  Floats(const char* name, std::int64_t S, const Place& place, bool given)
      : name_(fmt::format("{} (float)", name)),
        S_(place.by_sample == 0 ? std::min<std::int64_t>(S, 1) : S),
        place_(place) {
    if (!given) return;
    const bool empty = S_ == 0 || place.width == 0;
    const std::size_t count = empty ? 0 : index(S_ - 1, place.width - 1) + 1;
    memory_ = std::make_unique<GuardedMemory>(
        name_, static_cast<std::int64_t>(count * sizeof(float)), alignof(float));
    std::fill_n(data(), count, std::bit_cast<float>(kGap));
    for_each([&](std::int64_t, std::int64_t, std::size_t at) {
      data()[at] = std::bit_cast<float>(kUnwritten);
    });
  }

  float* data() const { return memory_ ? static_cast<float*>(memory_->data()) : nullptr; }

  std::size_t index(std::int64_t s, std::int64_t e) const {
    return static_cast<std::size_t>(s * place_.by_sample + e / place_.columns * place_.by_row +
                                    e % place_.columns);
  }

  template <class Body>
  void for_each(Body&& body) const {
    for (std::int64_t s = 0; s < S_; ++s) {
      for (std::int64_t e = 0; e < place_.width; ++e) body(s, e, index(s, e));
    }
  }

  void round(const double* from) {
    if (!memory_) return;
    for_each([&](std::int64_t, std::int64_t, std::size_t at) {
      data()[at] = static_cast<float>(from[at]);
    });
  }

  void check_gaps() const {
    memory_->check_margins();
    std::vector<char> own(memory_->bytes() / sizeof(float), 0);
    for_each([&](std::int64_t, std::int64_t, std::size_t at) { own[at] = 1; });
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i] != 0 || std::bit_cast<std::uint32_t>(data()[i]) == kGap) continue;
      fail("writes {} between the rows of {}, at element {}: the stride is {}", data()[i], name_, i,
           place_.by_sample);
    }
  }

  std::string name_;
  std::int64_t S_;
  Place place_;
  bool is_total_ = false;
  double* to_ = nullptr;
  std::unique_ptr<GuardedMemory> memory_;
};

// The points of a call, while it lasts.
class FloatPoints {
 public:
  FloatPoints(const Facts& facts, const dk_points& points)
      : x_(Floats::argument("the states x", points.x, points.count, facts.n)),
        u_(Floats::argument("the inputs u", points.u, points.count, facts.m)),
        theta_(Floats::argument("the parameters theta", points.theta, points.count, facts.p)),
        points_{points.count,   points.t,       points.h,        x_.input(), u_.input(),
                theta_.input(), points.scratch, points.prepared, points.tape} {}

  const dk_points_f32* get() const { return &points_; }

 private:
  Floats x_, u_, theta_;
  dk_points_f32 points_;
};

dk_status finish(dk_status status, std::initializer_list<const Floats*> results) {
  for (const Floats* one : results) one->hand_over(status == DK_OK);
  return status;
}

// A table with the instance that it belongs to and its sizes.
struct Bound {
  const dk_f32_v1* table;
  const void* self;
  const Facts* facts;

  dk_status prepare(const double* theta, void* prepared, dk_error* error) const {
    const Floats rounded = Floats::argument("the parameters theta", {theta, facts->p}, 1, facts->p);
    return table->prepare(self, rounded.input().data, prepared, error);
  }

  dk_status eval(const dk_points* points, const dk_output* out, dk_error* error) const {
    const FloatPoints at(*facts, *points);
    const Floats result = Floats::result("the result of eval", *out, points->count, facts->q);
    const dk_output_f32 output = result.output();
    return finish(table->eval(self, at.get(), &output, error), {&result});
  }

  dk_status jacobian(const dk_points* points, std::int32_t wrt, const dk_matrices* J,
                     dk_error* error) const {
    const FloatPoints at(*facts, *points);
    const Floats result =
        Floats::matrices("the Jacobian", *J, points->count, facts->q, facts->width(wrt));
    const dk_matrices_f32 matrices = result.as_matrices();
    return finish(table->jacobian(self, at.get(), wrt, &matrices, error), {&result});
  }

  dk_status jvp(const dk_points* points, const dk_tangents* tangents, const dk_output* out,
                dk_error* error) const {
    const std::int64_t S = points->count, K = tangents->count;
    const FloatPoints at(*facts, *points);
    const Floats x = Floats::argument("the tangents of x", tangents->x, S, K * facts->n);
    const Floats u = Floats::argument("the tangents of u", tangents->u, S, K * facts->m);
    const Floats theta =
        Floats::argument("the tangents of theta", tangents->theta, S, K * facts->p);
    const dk_tangents_f32 along{K, x.input(), u.input(), theta.input()};
    const Floats result = Floats::result("the result of jvp", *out, S, K * facts->q);
    const dk_output_f32 output = result.output();
    return finish(table->jvp(self, at.get(), &along, &output, error), {&result});
  }

  dk_status vjp(const dk_points* points, const dk_cotangents* cotangents, dk_error* error) const {
    const std::int64_t S = points->count, K = cotangents->count;
    const FloatPoints at(*facts, *points);
    const Floats out =
        Floats::argument("the cotangents of the result", cotangents->out, S, K * facts->q);
    const Floats x = Floats::result("the cotangents of x", cotangents->x, S, K * facts->n);
    const Floats u = Floats::result("the cotangents of u", cotangents->u, S, K * facts->m);
    const Floats theta =
        Floats::total("the cotangents of theta", cotangents->theta, S, K * facts->p);
    const dk_cotangents_f32 bars{K, out.input(), x.output(), u.output(), theta.output()};
    return finish(table->vjp(self, at.get(), &bars, error), {&x, &u, &theta});
  }
};

}  // namespace

Operations single_precision(const Subject& subject, const dk_f32_v1& table) {
  const Bound bound{&table, subject.instance(), &subject.facts()};
  const auto bind = [bound](auto member) {
    return [bound, member](auto... arguments) { return (bound.*member)(arguments...); };
  };
  Operations all;
  if (table.scratch_size) {
    all.scratch_size = [bound](std::int32_t operation, std::int64_t S, std::int64_t K) {
      return bound.table->scratch_size(bound.self, operation, S, K);
    };
  }
  if (table.prepared_size) {
    all.prepared_size = [bound] { return bound.table->prepared_size(bound.self); };
  }
  if (table.tape_size) {
    all.tape_size = [bound](std::int64_t S) { return bound.table->tape_size(bound.self, S); };
  }
  if (table.prepare) all.prepare = bind(&Bound::prepare);
  if (table.eval) all.eval = bind(&Bound::eval);
  if (table.jacobian) all.jacobian = bind(&Bound::jacobian);
  if (table.jvp) all.jvp = bind(&Bound::jvp);
  if (table.vjp) all.vjp = bind(&Bound::vjp);
  all.extension = subject.operations().extension;
  return all;
}

}  // namespace dynkit::conformance
