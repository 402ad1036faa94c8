// Matrix products of the sizes that networks have, for kernels that may not allocate.
//
//     C += A B          A [M,K]   B [K,N]   C [M,N]
//
// Tiles of C (6 rows, 4 vectors with AVX-512) stay in registers while k runs, as in Goto and van de
// Geijn, "Anatomy of high-performance matrix multiplication", ACM Trans. Math. Softw. 34, 12
// (2008). A is read as scalars with any strides. B is used where it stands if its rows are
// contiguous, else (transposed, or fewer columns than a vector) packed into 64 KiB on the stack.
// Where a thin C fits into vectors of 16 or 32 bytes these are used, in tiles of 12 rows: loads and
// sums of vectors that are mostly empty cost as much as those of full ones, or more.
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
// Of tiles one vector wide: so many sums hide the latency of each.
inline constexpr int kThinTileRows = 12;
inline constexpr int kPackedBytes = 65536;
template <class Number>
inline constexpr int kLanes = kVectorBytes / sizeof(Number);

template <class Number, int kBytes>
struct VectorOf {
  using type [[gnu::vector_size(kBytes)]] = Number;
};
template <class Number, int kBytes = kVectorBytes>
using Vector = typename VectorOf<Number, kBytes>::type;

template <int kBytes = kVectorBytes, class Number>
[[gnu::always_inline]] inline Vector<Number, kBytes> load(const Number* from) {
  Vector<Number, kBytes> v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

template <class Number, class AnyVector>
[[gnu::always_inline]] inline void store(Number* to, const AnyVector& v) {
  std::memcpy(to, &v, sizeof(v));
}

// Rows of C and of what the sums begin with, which may be C.
template <class Number>
struct Sums {
  Number* c;
  std::int64_t c_stride;
  const Number* start;
  std::int64_t start_stride;

  Sums from(std::int64_t row, std::int64_t column) const {
    return {c + row * c_stride + column, c_stride, start + row * start_stride + column,
            start_stride};
  }
};

// C = start + A B for one tile. The loops over i and v are unrolled, so `sum` is registers.
// Inlined, since views that are copied through memory wait there for the last tile's stores.
template <int kBytes, int kRows, int kVectors, class Number>
[[gnu::always_inline]] inline void add_tile(std::int64_t K, MatrixOf<Number> a, const Number* b,
                                            std::int64_t b_stride, Sums<Number> sums) {
  constexpr std::int64_t lanes = kBytes / sizeof(Number);
  Vector<Number, kBytes> sum[kRows][kVectors];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 12
    for (int v = 0; v < kVectors; ++v) {
      sum[i][v] = load<kBytes>(sums.start + i * sums.start_stride + v * lanes);
    }
  }
  for (std::int64_t k = 0; k < K; ++k) {
    Vector<Number, kBytes> row[kVectors];
#pragma GCC unroll 12
    for (int v = 0; v < kVectors; ++v) row[v] = load<kBytes>(b + k * b_stride + v * lanes);
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const Number factor = a.data[i * a.row_stride + k * a.column_stride];
#pragma GCC unroll 12
      for (int v = 0; v < kVectors; ++v) sum[i][v] += factor * row[v];
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 12
    for (int v = 0; v < kVectors; ++v) store(sums.c + i * sums.c_stride + v * lanes, sum[i][v]);
  }
}

// As many rows as fill tiles; returns their number. A function of its own, since it saves more
// registers than a panel of few rows takes time.
template <int kBytes, int kVectors, class Number>
[[gnu::noinline]] std::int64_t add_whole_tiles(std::int64_t M, std::int64_t K,
                                               const MatrixOf<Number>& a, const Number* b,
                                               std::int64_t b_stride, const Sums<Number>& sums) {
  std::int64_t i = 0;
  if constexpr (kVectors == 1) {
    for (; i + kThinTileRows <= M; i += kThinTileRows) {
      add_tile<kBytes, kThinTileRows, 1>(K, a.from(i, 0), b, b_stride, sums.from(i, 0));
    }
  }
  for (; i + kTileRows <= M; i += kTileRows) {
    add_tile<kBytes, kTileRows, kVectors>(K, a.from(i, 0), b, b_stride, sums.from(i, 0));
  }
  return i;
}

// M < kTileRows rows.
template <int kBytes, int kVectors, class Number>
[[gnu::noinline]] void add_few_rows(std::int64_t M, std::int64_t K, const MatrixOf<Number>& a,
                                    const Number* b, std::int64_t b_stride,
                                    const Sums<Number>& sums) {
  switch (M) {
    case 1:
      return add_tile<kBytes, 1, kVectors>(K, a, b, b_stride, sums);
    case 2:
      return add_tile<kBytes, 2, kVectors>(K, a, b, b_stride, sums);
    case 3:
      return add_tile<kBytes, 3, kVectors>(K, a, b, b_stride, sums);
    case 4:
      return add_tile<kBytes, 4, kVectors>(K, a, b, b_stride, sums);
    case 5:
      return add_tile<kBytes, 5, kVectors>(K, a, b, b_stride, sums);
    default:
      return;
  }
}

template <int kBytes, int kVectors, class Number>
void add_panel_of(std::int64_t M, std::int64_t K, const MatrixOf<Number>& a, const Number* b,
                  std::int64_t b_stride, const Sums<Number>& sums) {
  const std::int64_t i =
      M < kTileRows ? 0 : add_whole_tiles<kBytes, kVectors>(M, K, a, b, b_stride, sums);
  if (i < M) add_few_rows<kBytes, kVectors>(M - i, K, a.from(i, 0), b, b_stride, sums.from(i, 0));
}

// All M rows of `vectors` <= kMost vectors of columns.
template <int kBytes, int kMost, class Number>
void add_panel(std::int64_t M, std::int64_t vectors, std::int64_t K, const MatrixOf<Number>& a,
               const Number* b, std::int64_t b_stride, const Sums<Number>& sums) {
  if constexpr (kMost == 4) {
    if (vectors == 4) return add_panel_of<kBytes, 4>(M, K, a, b, b_stride, sums);
    if (vectors == 3) return add_panel_of<kBytes, 3>(M, K, a, b, b_stride, sums);
  }
  if constexpr (kMost >= 2) {
    if (vectors == 2) return add_panel_of<kBytes, 2>(M, K, a, b, b_stride, sums);
  }
  add_panel_of<kBytes, 1>(M, K, a, b, b_stride, sums);
}

// Column by column where rows are too short for a call.
template <class Number>
void copy_rows(std::int64_t rows, std::int64_t width, const Number* from, std::int64_t from_stride,
               Number* to, std::int64_t to_stride) {
  constexpr std::int64_t few = 8;
  if (width > few) {
    for (std::int64_t r = 0; r < rows; ++r)
      std::copy_n(from + r * from_stride, width, to + r * to_stride);
    return;
  }
  for (std::int64_t j = 0; j < width; ++j) {
    for (std::int64_t r = 0; r < rows; ++r) to[r * to_stride + j] = from[r * from_stride + j];
  }
}

// The same where the panel's last `width` columns only belong to C: through a copy of each tile,
// with whatever stands in the columns before them thrown away.
template <int kBytes, int kMost, class Number>
void add_partial_panel(std::int64_t M, std::int64_t vectors, std::int64_t K, MatrixOf<Number> a,
                       const Number* b, std::int64_t b_stride, Sums<Number> sums,
                       std::int64_t first, std::int64_t width) {
  constexpr std::int64_t lanes = kBytes / sizeof(Number);
  const std::int64_t columns = vectors * lanes;
  const std::int64_t tile_rows = vectors == 1 ? kThinTileRows : kTileRows;
  alignas(64) Number tile[std::max(kThinTileRows, kTileRows * kMost) * lanes];
  std::fill_n(tile, std::min(tile_rows, M) * columns, Number(0));
  for (std::int64_t i = 0; i < M; i += tile_rows) {
    const std::int64_t rows = std::min(tile_rows, M - i);
    const Sums<Number> part = sums.from(i, 0);
    copy_rows(rows, width, part.start, part.start_stride, tile + first, columns);
    add_panel<kBytes, kMost>(rows, vectors, K, a.from(i, 0), b, b_stride,
                             Sums<Number>{tile, columns, tile, columns});
    copy_rows(rows, width, tile + first, columns, part.c, part.c_stride);
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

// In panels of kMost vectors of kBytes.
template <int kBytes, int kMost, class Number>
void add_product_by(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOf<Number> a,
                    MatrixOf<Number> b, Sums<Number> sums) {
  constexpr std::int64_t lanes = kBytes / sizeof(Number);
  constexpr std::int64_t panel_columns = kMost * lanes;
  constexpr std::int64_t most_depth = kPackedBytes / (kMost * kBytes);
  alignas(64) Number packed[most_depth * panel_columns];
  std::int64_t k = 0;
  do {
    const std::int64_t depth = std::min(most_depth, K - k);
    for (std::int64_t j = 0; j < N; j += panel_columns) {
      const std::int64_t width = std::min(panel_columns, N - j);
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
      const MatrixOf<Number> left = a.from(0, k);
      const Sums<Number> part = sums.from(0, j);
      if (width == columns) {
        add_panel<kBytes, kMost>(M, vectors, depth, left, rows, stride, part);
      } else {
        add_partial_panel<kBytes, kMost>(M, vectors, depth, left, rows, stride, part, first, width);
      }
    }
    sums.start = sums.c;
    sums.start_stride = sums.c_stride;
    k += depth;
  } while (k < K);
}

template <class Number>
void add_product(std::int64_t M, std::int64_t N, std::int64_t K, MatrixOf<Number> a,
                 MatrixOf<Number> b, Sums<Number> sums) {
  [[maybe_unused]] const std::int64_t row_bytes = N * std::int64_t{sizeof(Number)};
  if constexpr (kVectorBytes > 16) {
    if (row_bytes <= 16) return add_product_by<16, 1>(M, N, K, a, b, sums);
  }
  if constexpr (kVectorBytes > 32) {
    if (row_bytes <= 32) return add_product_by<32, 1>(M, N, K, a, b, sums);
  }
  add_product_by<kVectorBytes, kTileVectors>(M, N, K, a, b, sums);
}

}  // namespace detail

/// C += A B with A [M,K], B [K,N], C [M,N]; rows of C are contiguous, c_stride apart. C must not
/// overlap A or B.
template <class Number>
void add_product(std::int64_t M, std::int64_t N, std::int64_t K,
                 std::type_identity_t<MatrixOf<Number>> a, std::type_identity_t<MatrixOf<Number>> b,
                 Number* c, std::int64_t c_stride) {
  if (K > 0) detail::add_product(M, N, K, a, b, detail::Sums<Number>{c, c_stride, c, c_stride});
}

/// C = 1 s^T + A B: every row of C begins as s [N], with the bits of a copy and add_product.
template <class Number>
void set_product(std::int64_t M, std::int64_t N, std::int64_t K,
                 std::type_identity_t<MatrixOf<Number>> a, std::type_identity_t<MatrixOf<Number>> b,
                 const std::type_identity_t<Number>* s, Number* c, std::int64_t c_stride) {
  detail::add_product(M, N, K, a, b, detail::Sums<Number>{c, c_stride, s, 0});
}

}  // namespace dynkit
