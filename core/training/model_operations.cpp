#include "model_operations.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "dynkit/core/workspace.hpp"
#include "dynkit/error.hpp"

namespace dynkit::training {
namespace {

// A status > 0: no values at these points.
bool has_values(dk_status status, const dk_error& error) {
  if (status < 0) check(status, error);
  return status == DK_OK;
}

// What a refused call leaves.
template <class Number>
void fill_with_nan(std::int64_t S, std::int64_t width, Number* rows) {
  if (rows != nullptr) std::fill_n(rows, S * width, std::numeric_limits<Number>::quiet_NaN());
}

// What `prepare` made of theta.
class Prepared {
 public:
  template <class Table, class Handle, class Number>
  void make(const Table& table, const Handle* self, const Number* theta) {
    if (table.prepare == nullptr || table.prepared_size == nullptr) return;
    const std::int64_t bytes = table.prepared_size(self);
    if (bytes == 0) return;
    data_ = memory_.bytes(static_cast<std::size_t>(bytes));
    call(table.prepare, self, theta, data_);
  }
  const void* data() const { return data_; }

 private:
  Workspace memory_;
  void* data_ = nullptr;
};

bool uses_step(const System& system) {
  return (system.model().info().flags & DK_USES_STEP) != 0;
}

template <class Number>
typename Operations<Number>::Sizes sizes_of(const System& system) {
  const dk_model_info& info = system.model().info();
  return {info.n, info.m, info.p, info.n};
}

template <class Number>
typename Operations<Number>::Sizes sizes_of(const Readout& readout) {
  const dk_readout_info& info = readout.info();
  return {info.n, 0, info.p, info.o};
}

// J [S,q,k], and how many numbers a sample has.
template <class Number>
std::pair<Matrices<Number>, std::int64_t> dense_matrices(
    const typename Operations<Number>::Sizes& sizes, std::int32_t wrt, Number* J) {
  const std::int64_t k = wrt == DK_WRT_STATE ? sizes.n : sizes.p;
  return {{J, sizes.q * k, k}, sizes.q * k};
}

// With whatever derivatives the host makes.
class SystemOperations : public Operations<double> {
 public:
  explicit SystemOperations(const System& system)
      : system_(system), table_(system.table()), own_(system.model().table()) {}

  Sizes sizes() const override { return sizes_of<double>(system_); }

  void prepare(const double* theta) override {
    theta_ = theta;
    const Model::Lease model(system_.model());
    prepared_.make(own_, static_cast<const dk_model*>(model), theta);
  }

  // Only where the model's own vjp reads it.
  std::int64_t tape_size(std::int64_t S) const override {
    if (own_.tape_size == nullptr || own_.vjp == nullptr) return 0;
    return own_.tape_size(Model::Lease(system_.model()), S);
  }

  void eval(const dk_points& points, double* out) const override {
    const dk_points whole = complete(points);
    const dk_output result{out, sizes().q};
    dk_error error{};
    const dk_status status = table_.eval(&table_, &whole, &result, &error);
    if (!has_values(status, error)) fill_with_nan(points.count, sizes().q, out);
  }

  void vjp(const dk_points& points, const dk_cotangents& cotangents) const override {
    const dk_points whole = complete(points);
    dk_error error{};
    const dk_status status = table_.vjp(&table_, &whole, &cotangents, &error);
    if (!has_values(status, error)) fill_with_nan(points.count, sizes().n, cotangents.x.data);
  }

  void jacobian(const dk_points& points, std::int32_t wrt, double* J) const override {
    const dk_points whole = complete(points);
    const auto [matrix, width] = dense_matrices<double>(sizes(), wrt, J);
    dk_error error{};
    const dk_status status = table_.jacobian(&table_, &whole, wrt, &matrix, &error);
    if (!has_values(status, error)) fill_with_nan(points.count, width, J);
  }

 private:
  dk_points complete(dk_points points) const {
    points.layout = DK_ROWS;
    if (!uses_step(system_)) points.h = {};
    points.theta = {theta_, 0};
    points.prepared = prepared_.data();
    return points;
  }

  const System& system_;
  const dk_system& table_;
  const dk_model_v1& own_;
  const double* theta_ = nullptr;
  Prepared prepared_;
};

// Straight from a table that has a vjp: of a readout, or of dynkit.f32/1.
template <class Number, class Subject, class Owner, class Table>
class TableOperations : public Operations<Number> {
 public:
  TableOperations(const Subject& subject, const Owner& owner, const Table& table, bool with_step)
      : subject_(subject), owner_(owner), table_(table), with_step_(with_step) {}

  typename Operations<Number>::Sizes sizes() const override { return sizes_of<Number>(subject_); }

  void prepare(const Number* theta) override {
    theta_ = theta;
    const typename Owner::Lease lease(owner_);
    prepared_.make(table_, lease.get(), theta);
  }

  std::int64_t tape_size(std::int64_t S) const override {
    if (table_.tape_size == nullptr) return 0;
    const typename Owner::Lease lease(owner_);
    return table_.tape_size(lease.get(), S);
  }

  void eval(const Points<Number>& points, Number* out) const override {
    const typename Owner::Lease lease(owner_);
    const Points<Number> whole = complete(points, lease, DK_EVAL);
    const Output<Number> result{out, sizes().q};
    dk_error error{};
    const dk_status status = table_.eval(lease.get(), &whole, &result, &error);
    if (!has_values(status, error)) fill_with_nan(points.count, sizes().q, out);
  }

  void vjp(const Points<Number>& points, const Cotangents<Number>& cotangents) const override {
    const typename Owner::Lease lease(owner_);
    const Points<Number> whole = complete(points, lease, DK_VJP);
    dk_error error{};
    const dk_status status = table_.vjp(lease.get(), &whole, &cotangents, &error);
    if (!has_values(status, error)) fill_with_nan(points.count, sizes().n, cotangents.x.data);
  }

  void jacobian(const Points<Number>& points, std::int32_t wrt, Number* J) const override {
    if (table_.jacobian == nullptr) {
      throw Error(DK_UNSUPPORTED,
                  std::string(owner_.component().id) + " offers no jacobian in this precision");
    }
    const typename Owner::Lease lease(owner_);
    const Points<Number> whole = complete(points, lease, DK_JACOBIAN);
    const auto [matrix, width] = dense_matrices<Number>(sizes(), wrt, J);
    dk_error error{};
    const dk_status status = table_.jacobian(lease.get(), &whole, wrt, &matrix, &error);
    if (!has_values(status, error)) fill_with_nan(points.count, width, J);
  }

 private:
  template <class Lease>
  Points<Number> complete(Points<Number> points, const Lease& lease, std::int32_t operation) const {
    thread_local Workspace scratch;
    if (!with_step_) points.h = {};
    points.theta = {theta_, 0};
    points.prepared = prepared_.data();
    if (table_.scratch_size == nullptr) return points;
    const std::int64_t bytes = table_.scratch_size(lease.get(), operation, points.count, 1);
    if (bytes > 0) points.scratch = scratch.bytes(static_cast<std::size_t>(bytes));
    return points;
  }

  const Subject& subject_;
  const Owner& owner_;
  const Table& table_;
  const bool with_step_;
  const Number* theta_ = nullptr;
  Prepared prepared_;
};

// A table belongs to its instance, and one that takes a call at a time has several.
template <class Owner>
const dk_f32_v1* usable_f32(const Owner& owner) {
  const auto* table = owner.template extension<dk_f32_v1>(DK_F32_V1);
  const bool usable = table != nullptr && table->eval != nullptr && table->vjp != nullptr &&
                      owner.info().threading != DK_ONE_AT_A_TIME;
  return usable ? table : nullptr;
}

}  // namespace

std::unique_ptr<Operations<double>> double_operations(const System& system) {
  return std::make_unique<SystemOperations>(system);
}

std::unique_ptr<Operations<float>> float_operations(const System& system) {
  const dk_f32_v1* table = usable_f32(system.model());
  if (table == nullptr) return nullptr;
  return std::make_unique<TableOperations<float, System, Model, dk_f32_v1>>(
      system, system.model(), *table, uses_step(system));
}

std::unique_ptr<Operations<double>> double_operations(const Readout& readout) {
  if (readout.table().vjp == nullptr) return nullptr;
  return std::make_unique<TableOperations<double, Readout, Readout, dk_readout_v1>>(
      readout, readout, readout.table(), false);
}

std::unique_ptr<Operations<float>> float_operations(const Readout& readout) {
  const dk_f32_v1* table = usable_f32(readout);
  if (table == nullptr) return nullptr;
  return std::make_unique<TableOperations<float, Readout, Readout, dk_f32_v1>>(readout, readout,
                                                                               *table, false);
}

}  // namespace dynkit::training
