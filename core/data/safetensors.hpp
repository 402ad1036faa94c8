#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dynkit/core/array.hpp"
#include "dynkit/core/arrays_io.hpp"

namespace dynkit {

/// The tensors of a .safetensors file of element types F64 F32 F16 BF16, I8 to I64, U8 to U64 and
/// BOOL. Throws Error (DK_IO): the header is cut off, longer than 16 MiB, not of the form the
/// format asks for, names a tensor twice, or its tensors do not fill the rest of the file one after
/// the other; (DK_UNSUPPORTED): other element types; (DK_TOO_LARGE).
///
/// Hugging Face, "Safetensors", https://github.com/huggingface/safetensors, section "Format".
ArrayMap parse_safetensors(std::span<const std::byte> bytes);

/// The same file with tensors in the order of their names. float64 becomes F64 or, rounded, F32;
/// int64 I64, uint8 U8. Throws Error (DK_UNSUPPORTED) for complex numbers and text, and for a
/// finite number beyond the range of F32.
std::vector<std::byte> format_safetensors(const ArrayMap& arrays, FloatWidth width);

}  // namespace dynkit
