#include "system_field.hpp"

#include "derivatives.hpp"
#include "dynkit/error.hpp"

namespace dynkit {

FieldInfo SystemField::info() const {
  const dk_model_info& info = system_.model().info();
  FieldInfo field;
  field.n = info.n;
  field.m = info.m;
  field.columns = (info.flags & DK_HAS_COLUMNS) != 0;
  field.uses_time = (info.flags & DK_USES_TIME) != 0;
  field.jacobian = true;  // made from whatever the model has
  field.jvp = system_.model().table().jvp != nullptr;
  return field;
}

dk_points SystemField::complete(const dk_points& points, std::int32_t operation, std::int64_t K) {
  Scratch& scratch = scratch_[static_cast<std::size_t>(operation)];
  if (points.count != scratch.count || K != scratch.directions) {
    const std::int64_t bytes = table_.scratch_size != nullptr
                                   ? table_.scratch_size(model_, operation, points.count, K)
                                   : 0;
    scratch.data = bytes > 0 ? scratch.memory.bytes(static_cast<std::size_t>(bytes)) : nullptr;
    scratch.count = points.count;
    scratch.directions = K;
  }
  dk_points whole = points;
  whole.theta = {system_.theta().data(), 0};
  whole.prepared = system_.prepared();
  whole.scratch = scratch.data;
  return whole;
}

dk_status SystemField::eval(const dk_points& points, const dk_output& out, dk_error* error) {
  const dk_points whole = complete(points, DK_EVAL, 1);
  return table_.eval(model_, &whole, &out, error);
}

dk_status SystemField::jacobian(const dk_points& points, const dk_matrices& J, dk_error* error) {
  if (table_.jacobian == nullptr) {
    return guard(error, [&] { dynkit::jacobian(system_, points, DK_WRT_STATE, J); });
  }
  const dk_points whole = complete(points, DK_JACOBIAN, 1);
  return table_.jacobian(model_, &whole, DK_WRT_STATE, &J, error);
}

dk_status SystemField::jvp(const dk_points& points, const dk_tangents& tangents,
                           const dk_output& out, dk_error* error) {
  const dk_points whole = complete(points, DK_JVP, tangents.count);
  return table_.jvp(model_, &whole, &tangents, &out, error);
}

FieldInfo SystemSecondOrder::info() const {
  const dk_model_info& info = system_.model().info();
  FieldInfo field;
  field.n = info.n;
  field.m = info.m;
  field.uses_time = (info.flags & DK_USES_TIME) != 0;
  return field;
}

SecondOrderLayout SystemSecondOrder::layout() const {
  const dk_second_order_info& info = *table_.info(model_);
  SecondOrderLayout layout;
  for (std::int64_t j = 0; j < info.k; ++j) {
    layout.positions.push_back(info.positions != nullptr ? info.positions[j] : j);
    layout.velocities.push_back(info.velocities != nullptr ? info.velocities[j] : info.k + j);
  }
  return layout;
}

HeatBath SystemSecondOrder::bath() const {
  const std::int64_t k = table_.info(model_)->k;
  const std::vector<double> empty(static_cast<std::size_t>(k));
  HeatBath bath{empty, empty, empty};
  dk_points point{};
  point.count = 1;
  const dk_points whole = system_.complete(point, DK_EVAL, 1);
  const dk_output friction{bath.friction.data(), k}, temperature{bath.temperature.data(), k},
      mass{bath.mass.data(), k};
  call(table_.bath, static_cast<const dk_model*>(model_), &whole, &friction, &temperature, &mass);
  return bath;
}

}  // namespace dynkit
