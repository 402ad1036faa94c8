#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "dynkit/core/config.hpp"
#include "terminal.hpp"

namespace dynkit {
namespace {

constexpr int kBarWidth = 24;

}  // namespace

ProgressLine::ProgressLine(bool enabled) : enabled_(enabled && has_terminal()) {}

void ProgressLine::draw(const std::string& label, double fraction, const std::string& text) {
  if (!enabled_) return;
  std::string bar(kBarWidth, fraction < 0.0 ? '.' : ' ');
  std::string percent = "     ";
  if (fraction >= 0.0) {
    const double share = std::min(fraction, 1.0);
    std::fill_n(bar.begin(), static_cast<int>(share * kBarWidth), '#');
    percent = fmt::format("{:3.0f} %", 100.0 * share);
  }
  const std::string line = fmt::format("{} [{}] {} {}", label, bar, percent, printable(text));
  const auto width = static_cast<std::size_t>(terminal_width() - 1);
  std::fprintf(stderr, "\r\x1b[2K%s", line.substr(0, width).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[2K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace dynkit
