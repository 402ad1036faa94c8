#include "networks_bench_eigen.hpp"

#include <Eigen/Dense>

namespace dynkit::bench {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct EigenProduct::Matrices {
  RowMajor A, B, C;
};

EigenProduct::EigenProduct(std::int64_t M, std::int64_t N, std::int64_t K)
    : matrices_(std::make_unique<Matrices>(
          Matrices{RowMajor::Random(M, K), RowMajor::Random(K, N), RowMajor::Zero(M, N)})),
      flop_(2.0 * static_cast<double>(M * N * K)) {}

EigenProduct::~EigenProduct() = default;

double EigenProduct::run() const {
  matrices_->C.noalias() = matrices_->A * matrices_->B;
  return matrices_->C(0, 0);
}

}  // namespace dynkit::bench
