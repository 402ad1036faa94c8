#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

namespace dynkit {

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    if (errno == EPIPE) return;
    throw Error(DK_IO, std::string("standard output cannot be written: ") + std::strerror(errno));
  }
}

void print_error(const std::string& message) {
  std::fprintf(stderr, "dynkit: error: %s\n", printable(message).c_str());
}

void print_note(const std::string& message) {
  std::fprintf(stderr, "dynkit: %s\n", printable(message).c_str());
}

bool has_terminal() {
  return isatty(STDERR_FILENO) != 0;
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return size.ws_col;
}

}  // namespace dynkit
