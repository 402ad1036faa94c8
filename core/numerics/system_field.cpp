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
  const bool measured = operation == operation_ && points.count == count_ && K == directions_;
  if (!measured) {
    const dk_model_v1& table = system_.model().table();
    const std::int64_t bytes =
        table.scratch_size != nullptr ? table.scratch_size(model_, operation, points.count, K) : 0;
    measured_ = bytes > 0 ? scratch_.bytes(static_cast<std::size_t>(bytes)) : nullptr;
    operation_ = operation;
    count_ = points.count;
    directions_ = K;
  }
  dk_points whole = points;
  whole.theta = {system_.theta().data(), 0};
  whole.prepared = system_.prepared();
  whole.scratch = measured_;
  return whole;
}

dk_status SystemField::eval(const dk_points& points, const dk_output& out, dk_error* error) {
  const dk_points whole = complete(points, DK_EVAL, 1);
  return system_.model().table().eval(model_, &whole, &out, error);
}

dk_status SystemField::jacobian(const dk_points& points, const dk_matrices& J, dk_error* error) {
  return guard(error, [&] { dynkit::jacobian(system_, points, DK_WRT_STATE, J); });
}

dk_status SystemField::jvp(const dk_points& points, const dk_tangents& tangents,
                           const dk_output& out, dk_error* error) {
  const dk_points whole = complete(points, DK_JVP, tangents.count);
  return system_.model().table().jvp(model_, &whole, &tangents, &out, error);
}

}  // namespace dynkit
