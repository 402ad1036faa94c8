#include "check_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

extern char** environ;

namespace dynkit::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReportDescriptor = 3;  // of the child
constexpr int kPollMilliseconds = 50;
constexpr std::size_t kKeptOutput = 4096;  // bytes of what a plugin prints

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_, O_CLOEXEC) != 0) throw Error(DK_INTERNAL, "a pipe cannot be made");
  }
  ~Pipe() {
    close_write_end();
    close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write_end() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  /// Appends what has arrived; false: the other end is closed.
  bool read_into(std::string& text) const {
    std::array<char, 16384> buffer;
    const auto count = read(ends_[0], buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

 private:
  int ends_[2];
};

class Child {
 public:
  Child(std::vector<std::string> words, Pipe& report, Pipe& output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.write_end(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output.write_end(), STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, report.write_end(), kReportDescriptor);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int code = posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
      process_ = -1;
      throw Error(DK_INTERNAL,
                  fmt::format("{} cannot be started: {}", words[0], std::strerror(code)));
    }
    report.close_write_end();
    output.close_write_end();
  }
  ~Child() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Whether it has ended; `status` as of waitpid.
  bool has_ended(int& status) {
    if (waitpid(process_, &status, WNOHANG) != process_) return false;
    process_ = -1;
    return true;
  }

 private:
  pid_t process_ = -1;
};

// "; its last words: ..." or nothing.
std::string last_words(const std::string& output) {
  const auto end = output.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return {};
  const auto begin = output.find_last_of('\n', end);
  const std::string line = output.substr(begin == std::string::npos ? 0 : begin + 1,
                                         end - (begin == std::string::npos ? 0 : begin + 1) + 1);
  return fmt::format("; its last words: {}", printable(line.substr(0, 200)));
}

Report judge(int status, const std::string& line, const std::string& output) {
  if (WIFSIGNALED(status)) {
    return {CheckVerdict::crashed,
            fmt::format("crashes with signal {} ({}){}", WTERMSIG(status),
                        strsignal(WTERMSIG(status)), last_words(output)),
            {}};
  }
  // A sanitizer may speak after the check has.
  const auto end = line.find('\n');
  if (end == std::string::npos || WEXITSTATUS(status) != 0) {
    return {CheckVerdict::crashed,
            fmt::format("ends the process with code {}{}", WEXITSTATUS(status), last_words(output)),
            {}};
  }
  return parse_report(line.substr(0, end));
}

}  // namespace

Report run_in_child(const CheckOptions& options, const std::string& component,
                    const std::string& name) {
  Pipe report, output;
  Child child({options.program, "check-worker", options.file, name, "--component", component,
               "--seed", std::to_string(options.seed)},
              report, output);
  const auto start = Clock::now();
  const std::chrono::duration<double> limit(options.time_limit);
  std::string line, printed;
  int status = 0;
  bool is_open[2] = {true, true};
  while (!child.has_ended(status)) {
    pollfd wanted[2] = {{is_open[0] ? report.read_end() : -1, POLLIN, 0},
                        {is_open[1] ? output.read_end() : -1, POLLIN, 0}};
    if (poll(wanted, 2, is_open[0] || is_open[1] ? kPollMilliseconds : 1) > 0) {
      if (wanted[0].revents != 0) is_open[0] = report.read_into(line);
      if (wanted[1].revents != 0) is_open[1] = output.read_into(printed);
    }
    if (printed.size() > kKeptOutput) printed.erase(0, printed.size() - kKeptOutput);
    if (options.cancelled != nullptr && options.cancelled->load()) {
      throw Error(DK_CANCELLED, "stopped on request");
    }
    if (Clock::now() - start > limit) {
      return {CheckVerdict::timed_out,
              fmt::format("does not end within {} s{}", options.time_limit, last_words(printed)),
              {}};
    }
  }
  // What was written before the end; a grandchild may hold the pipes open, so no waiting for that.
  for (pollfd left{report.read_end(), POLLIN, 0}; poll(&left, 1, 0) > 0;) {
    if (!report.read_into(line)) break;
  }
  for (pollfd left{output.read_end(), POLLIN, 0}; poll(&left, 1, 0) > 0;) {
    if (!output.read_into(printed)) break;
  }
  return judge(status, line, printed);
}

}  // namespace dynkit::conformance
