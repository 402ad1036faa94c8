#pragma once

#include <string>

namespace dynkit {

/// One line on standard error that is drawn over and over: "search  [#####     ]  52 %  round 3".
/// Draws nothing if standard error is no terminal or it is switched off.
class ProgressLine {
 public:
  explicit ProgressLine(bool enabled);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// fraction in [0,1], or < 0: not known.
  void draw(const std::string& label, double fraction, const std::string& text);
  void clear();

 private:
  bool enabled_;
  bool drawn_ = false;
};

}  // namespace dynkit
