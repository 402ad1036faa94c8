// Matrix products of the sizes that networks have, for kernels that may not allocate.
//
//     C += A B          A [M,K]   B [K,N]   C [M,N]
//
// Tiles of C (6 rows, 4 vectors with AVX-512) stay in registers while k runs, as in Goto and van de
// Geijn, "Anatomy of high-performance matrix multiplication", ACM Trans. Math. Softw. 34, 12
// (2008). A is read as scalars with any strides. B is used where it stands if its rows are
// contiguous, else (transposed, or fewer columns than a vector) packed into 64 KiB on the stack.
// With AVX-512 it has 0.85 to 1.4 times the rate of Eigen's product for 16 to 1024 columns, and it
// takes nothing from the heap, as Eigen does for packed blocks beyond 128 KiB
// (tests/bench/networks_bench.cpp).
//
// Each element of C is summed over k in order, beginning with its old value. So its bits depend
// neither on M, N and where it stands, nor on how B is stored, nor on whether a sum over k is made
// in one call or in several.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace dynkit {

/// A matrix that is read: element (i,j) at data[i * row_stride + j * column_stride].
template <class Number>
struct MatrixOf {
  const Number* data;
  std::int64_t row_stride;
  std::int64_t column_stride = 1;

  MatrixOf transposed() const { return {data, column_stride, row_stride}; }
  MatrixOf from(std::int64_t row, std::int64_t column) const {
    return {data + row * row_stride + column * column_stride, row_stride, column_stride};
  }
};
using MatrixView = MatrixOf<double>;

namespace detail {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
inline constexpr int kTileVectors = 4;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
inline constexpr int kTileVectors = 2;
#else
inline constexpr int kVectorBytes = 16;
inline constexpr int kTileVectors = 2;
#endif
inline constexpr int kTileRows = 6;
template <class Number>
inline constexpr int kLanes = kVectorBytes / sizeof(Number);
template <class Number>
inline constexpr std::int64_t kTileColumns = kLanes<Number>* kTileVectors;
template <class Number>
inline constexpr std::int64_t kDepth = 65536 / (kTileColumns<Number> * sizeof(Number));  // 64 KiB

template <class Number>
struct VectorOf {
  using type [[gnu::vector_size(kVectorBytes)]] = Number;
};
template <class Number>
using Vector = typename VectorOf<Number>::type;

template <class Number>
[[gnu::always_inline]] inline Vector<Number> load(const Number* from) {
  Vector<Number> v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

template <class Number>
[[gnu::always_inline]] inline void store(Number* to, const Vector<Number>& v) {
  std::memcpy(to, &v, sizeof(v));
}

// C += A B for one tile. The loops over i and v are unrolled, so `sum` is registers.
template <int kRows, int kVectors, class Number>
void add_tile(std::int64_t K, MatrixOf<Number> a, const Number* b, std::int64_t b_stride, Number* c,
              std::int64_t c_stride) {
  constexpr std::int64_t lanes = kLanes<Number>;
  Vector<Number> sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[i][v] = load(c + i * c_stride + v * lanes);
  }
  for (std::int64_t k = 0; k < K; ++k) {
    Vector<Number> row[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) row[v] = load(b + k * b_stride + v * lanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Number factor = a.data[i * a.row_stride + k * a.column_stride];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[i][v] += factor * row[v];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(c + i * c_stride + v * lanes, sum[i][v]);
  }
}

template <int kVectors, class Number>
void add_panel_of(std::int64_t M, std::int64_t K, MatrixOf<Number> a, const Number* b,
                  std::int64_t b_stride, Number* c, std::int64_t c_stride) {
  std::int64_t i = 0;
  for (; i + kTileRows <= M; i += kTileRows) {
    add_tile<kTileRows, kVectors>(K, a.from(i, 0), b, b_stride, c + i * c_stride, c_stride);
  }
  const MatrixOf<Number> rest = a.from(i, 0);
  c += i * c_stride;
  switch (M - i) {
    case 1:
      return add_tile<1, kVectors>(K, rest, b, b_stride, c, c_stride);
    case 2:
      return add_tile<2, kVectors>(K, rest, b, b_stride, c, c_stride);
    case 3:
      return add_tile<3, kVectors>(K, rest, b, b_stride, c, c_stride);
    case 4:
      return add_tile<4, kVectors>(K, rest, b, b_stride, c, c_stride);
    case 5:
      return add_tile<5, kVectors>(K, rest, b, b_stride, c, c_stride);
    default:
      return;
  }
}

// All M rows of `vectors` <= kTileVectors vectors of columns.
template <class Number>
void add_panel(std::int64_t M, std::int64_t vectors, std::int64_t K, MatrixOf<Number> a,
               const Number* b, std::int64_t b_stride, Number* c, std::int64_t c_stride) {
  if (vectors == 1) return add_panel_of<1>(M, K, a, b, b_stride, c, c_stride);
  if (vectors == 2) return add_panel_of<2>(M, K, a, b, b_stride, c, c_stride);
  if constexpr (kTileVectors == 4) {
    if (vectors == 3) return add_panel_of<3>(M, K, a, b, b_stride, c, c_stride);
    return add_panel_of<4>(M, K, a, b, b_stride, c, c_stride);
  }
}

// The same where the panel's last `width` columns only belong to C at c: through a copy of each
// tile, with whatever stands in the columns before them thrown away.
template <class Number>
void add_partial_panel(std::int64_t M, std::int64_t vectors, std::int64_t K, MatrixOf<Number> a,
                       const Number* b, std::int64_t b_stride, Number* c, std::int64_t c_stride,
                       std::int64_t first, std::int64_t width) {
  const std::int64_t columns = vectors * kLanes<Number>;
  alignas(64) Number tile[kTileRows * kTileColumns<Number>];
  std::fill_n(tile, std::min<std::int64_t>(kTileRows, M) * columns, Number(0));
  for (std::int64_t i = 0; i < M; i += kTileRows) {
    const std::int64_t rows = std::min<std::int64_t>(kTileRows, M - i);
    for (std::int64_t r = 0; r < rows; ++r) {
      std::copy_n(c + (i + r) * c_stride, width, tile + r * columns + first);
    }
    add_panel(rows, vectors, K, a.from(i, 0), b, b_stride, tile, columns);
    for (std::int64_t r = 0; r < rows; ++r) {
      std::copy_n(tile + r * columns + first, width, c + (i + r) * c_stride);
    }
  }
}

// Exchanges bit kStep of row and lane numbers; for all steps 1, 2, .. this transposes (Eklundh).
template <int kStep, class Number, std::size_t... kLane>
[[gnu::always_inline]] inline void exchange(Vector<Number>* rows, std::index_sequence<kLane...>) {
  constexpr int lanes = kLanes<Number>;
#pragma GCC unroll 8
  for (int i = 0; i < lanes; ++i) {
    if ((i & kStep) != 0) continue;
    const Vector<Number> a = rows[i];
    const Vector<Number> b = rows[i + kStep];
    rows[i] = __builtin_shufflevector(
        a, b,
        (kLane & kStep ? static_cast<int>(kLane) - kStep + lanes : static_cast<int>(kLane))...);
    rows[i + kStep] = __builtin_shufflevector(
        a, b,
        (kLane & kStep ? static_cast<int>(kLane) + lanes : static_cast<int>(kLane) + kStep)...);
  }
}

// packed[k][j] = source[j][k] for a square of vectors; rows of source are contiguous.
template <class Number>
[[gnu::always_inline]] inline void pack_transposed_square(const Number* source,
                                                          std::int64_t source_stride,
                                                          Number* packed,
                                                          std::int64_t packed_stride) {
  constexpr int lanes = kLanes<Number>;
  constexpr auto kAll = std::make_index_sequence<lanes>();
  Vector<Number> rows[lanes];
#pragma GCC unroll 8
  for (int i = 0; i < lanes; ++i) rows[i] = load(source + i * source_stride);
  exchange<1, Number>(rows, kAll);
  if constexpr (lanes > 2) exchange<2, Number>(rows, kAll);
  if constexpr (lanes > 4) exchange<4, Number>(rows, kAll);
  if constexpr (lanes > 8) exchange<8, Number>(rows, kAll);
#pragma GCC unroll 8
  for (int i = 0; i < lanes; ++i) store(packed + i * packed_stride, rows[i]);
}

// packed [depth, stride] = the first `width` columns of b, then zeros.
template <class Number>
void pack(MatrixOf<Number> b, std::int64_t depth, std::int64_t width, Number* packed,
          std::int64_t stride) {
  constexpr std::int64_t lanes = kLanes<Number>;
  if (width < stride) std::fill_n(packed, depth * stride, Number(0));
  const bool transposed = b.row_stride == 1;
  const std::int64_t square_depth = transposed ? depth - depth % lanes : 0;
  const std::int64_t square_width = transposed ? width - width % lanes : 0;
  for (std::int64_t k = 0; k < square_depth; k += lanes) {
    for (std::int64_t j = 0; j < square_width; j += lanes) {
      pack_transposed_square(b.data + k + j * b.column_stride, b.column_stride,
                             packed + k * stride + j, stride);
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t j = k < square_depth ? square_width : 0; j < width; ++j) {
      packed[k * stride + j] = b.data[k * b.row_stride + j * b.column_stride];
    }
  }
}

}  // namespace detail

/// C += A B with A [M,K], B [K,N], C [M,N]; rows of C are contiguous, c_stride apart. C must not
/// overlap A or B.
template <class Number>
void add_product(std::int64_t M, std::int64_t N, std::int64_t K,
                 std::type_identity_t<MatrixOf<Number>> a, std::type_identity_t<MatrixOf<Number>> b,
                 Number* c, std::int64_t c_stride) {
  using namespace detail;
  constexpr std::int64_t lanes = kLanes<Number>;
  alignas(64) Number packed[kDepth<Number> * kTileColumns<Number>];
  for (std::int64_t k = 0; k < K; k += kDepth<Number>) {
    const std::int64_t depth = std::min(kDepth<Number>, K - k);
    for (std::int64_t j = 0; j < N; j += kTileColumns<Number>) {
      const std::int64_t width = std::min(kTileColumns<Number>, N - j);
      const std::int64_t vectors = (width + lanes - 1) / lanes;
      const std::int64_t columns = vectors * lanes;

      // A last panel that is not whole vectors begins earlier, in columns that are done.
      const std::int64_t first = std::min(j, columns - width);
      const MatrixOf<Number> panel = b.from(k, j - first);
      const Number* rows = panel.data;
      std::int64_t stride = panel.row_stride;
      if (panel.column_stride != 1 || first + width < columns) {
        pack(panel, depth, first + width, packed, columns);
        rows = packed;
        stride = columns;
      }
      if (width == columns) {
        add_panel(M, vectors, depth, a.from(0, k), rows, stride, c + j, c_stride);
      } else {
        add_partial_panel(M, vectors, depth, a.from(0, k), rows, stride, c + j, c_stride, first,
                          width);
      }
    }
  }
}

}  // namespace dynkit
