// Calls of a subject's operations with every argument and result in guarded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guarded_memory.hpp"
#include "subject.hpp"

namespace dynkit::conformance {

/// S points, dense and in rows; h empty: the subject does not use it. theta [S,p], or [1,p] that
/// all samples share.
struct Batch {
  std::int64_t S = 0;
  Numbers t, h, x, u, theta;
  bool one_theta = false;

  /// The samples [begin, end).
  Batch part(std::int64_t begin, std::int64_t end) const;
};

/// K directions for each sample [S,K,*], dense; empty: NULL. The same K directions of theta for all
/// samples [K,p] where `one_theta`.
struct Directions {
  std::int64_t K = 1;
  Numbers x, u, theta;
  bool one_theta = false;
};

/// What vjp is asked for, and what theta_bar holds before.
struct Wanted {
  bool x = true, u = true, theta = true;
  bool sum_theta = false;  // one theta_bar [K,p] for all samples
  double theta_start = 0.0;
};

struct Pullback {
  Numbers x, u, theta;  // [S,K,n], [S,K,m], [S,K,p] or [K,p]
};

/// How the arguments of a call are laid out and which buffers it gets.
struct Form {
  std::int32_t layout = DK_ROWS;
  std::int64_t gap = 0;  // added to every stride
  bool share_x = false;  // stride 0: the first sample's state for all; likewise the others
  bool share_u = false;
  bool share_t = false;
  bool no_t = false, no_u = false;  // NULL
  bool prepared = false;            // with what `prepare` makes of the shared theta
  bool tape = false;                // with what `eval` leaves
  bool no_error = false;            // NULL for the message
  unsigned char fill = 0xA5;        // what the buffers hold at first
  bool may_refuse = false;          // a status > 0 is an answer too
};

/// An argument or result [S,width] laid out in guarded memory.
class Placed {
 public:
  /// Rows or columns of numbers; `shared`: one row for all samples.
  static Placed rows(const std::string& name, std::int64_t S, std::int64_t width, const Form& form,
                     bool shared);
  /// Matrices [S,rows,columns].
  static Placed matrices(const std::string& name, std::int64_t S, std::int64_t rows,
                         std::int64_t columns, const Form& form);

  void write(const Numbers& dense);
  Numbers read() const;

  /// Throws CheckFailure if anything beside the elements has changed, or if an element that was
  /// never written to still has the pattern that it began with.
  void check_gaps() const;
  void check_written() const;

  double* data() const { return memory_->numbers(); }
  const GuardedMemory& memory() const { return *memory_; }
  dk_input input() const { return {data(), sample_step_}; }
  dk_output output() const { return {data(), sample_step_}; }
  dk_matrices as_matrices() const { return {data(), sample_step_, row_step_}; }

 private:
  Placed() = default;
  std::size_t index(std::int64_t s, std::int64_t e) const;
  void make(const std::string& name);

  std::string name_;
  std::int64_t S_ = 0, width_ = 0, columns_ = 1;
  // Element e of sample s stands at s * by_sample_ + (e / columns_) * by_row_ + e % columns_ *
  // by_column_; the steps are what the subject is told.
  std::int64_t by_sample_ = 0, by_row_ = 0, by_column_ = 1;
  std::int64_t sample_step_ = 0, row_step_ = 0;
  std::unique_ptr<GuardedMemory> memory_;
};

/// The operations at one batch in one form. Each call gets scratch of exactly the stated size.
/// Throws CheckFailure for a status other than 0, a stray write, or an element left unwritten.
class Caller {
 public:
  Caller(const Subject& subject, const Batch& batch, const Form& form = {});

  Numbers eval();                                                              // [S,q]
  Numbers jacobian(std::int32_t wrt);                                          // [S,q,k]
  Numbers jvp(const Directions& directions);                                   // [S,K,q]
  Pullback vjp(std::int64_t K, const Numbers& out_bar, const Wanted& wanted);  // out_bar [S,K,q]

  /// Whether the last call gave numbers; false: a status > 0, allowed by `may_refuse`.
  bool answered() const { return answered_; }

  /// For operations of optional interfaces: `call(points, error)` with scratch of this size.
  template <class Call>
  void run(const char* name, std::int64_t scratch_bytes, Call&& call) {
    run_call(name, scratch_bytes, std::function<dk_status(const dk_points*, dk_error*)>(call));
  }

 private:
  void run_call(const char* name, std::int64_t scratch_bytes,
                const std::function<dk_status(const dk_points*, dk_error*)>& call);
  std::int64_t scratch_bytes(std::int32_t operation, std::int64_t K) const;
  void make_prepared();
  void make_tape();

  const Subject& subject_;
  std::int64_t S_;
  bool one_theta_;
  Form form_;
  Placed t_, h_, x_, u_, theta_;
  std::unique_ptr<GuardedMemory> prepared_, tape_;
  dk_points points_{};
  bool answered_ = false;
};

}  // namespace dynkit::conformance
