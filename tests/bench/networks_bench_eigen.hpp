// Eigen's product C [M,N] = A [M,K] B [K,N], row-major, as the rate to compare with. In a file of
// its own, compiled for the newest instruction set of the machine.
#pragma once

#include <cstdint>
#include <memory>

namespace dynkit::bench {

class EigenProduct {
 public:
  EigenProduct(std::int64_t M, std::int64_t N, std::int64_t K);
  ~EigenProduct();

  double run() const;  // an element of C
  double flop() const { return flop_; }

 private:
  struct Matrices;
  std::unique_ptr<Matrices> matrices_;
  double flop_;
};

}  // namespace dynkit::bench
