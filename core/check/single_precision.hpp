// The operations of dynkit.f32/1 as if they took doubles, so that checks of double apply to them.
#pragma once

#include "dynkit/f32.h"
#include "subject.hpp"

namespace dynkit::conformance {

/// The members of `table`, which belongs to the subject's instance. Arguments are rounded to float;
/// arguments and results stand in guarded memory with the strides of the doubles that are given,
/// scratch, prepared and tape are handed on as they are. A call throws CheckFailure for a stray
/// write and for an element left unwritten.
Operations single_precision(const Subject& subject, const dk_f32_v1& table);

}  // namespace dynkit::conformance
