#include "dynkit/core/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "dynkit/core/config.hpp"
#include "dynkit/error.hpp"

extern char** environ;

namespace dynkit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReplyDescriptor = 3;    // of the child
constexpr int kVerdictDescriptor = 4;  // where a body's child says how it went
constexpr int kFirstFree = 8;          // of the parent's ends: above all that a child is given
constexpr int kPollMilliseconds = 50;
constexpr std::size_t kKeptOutput = 4096;
constexpr std::size_t kMessageLimit = 2048;  // with the status in one write that is not split

[[noreturn]] void fail_to_start(const std::string& what, int code) {
  throw Error(DK_INTERNAL, fmt::format("{} cannot be started: {}", what, std::strerror(code)));
}

class Pipe {
 public:
  Pipe() {
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0) fail_to_start("a pipe", errno);
    for (int i = 0; i < 2; ++i) {
      ends_[i] = fcntl(low[i], F_DUPFD_CLOEXEC, kFirstFree);
      close(low[i]);
    }
    if (ends_[0] < 0 || ends_[1] < 0) {
      close_ends();
      fail_to_start("a pipe", errno);
    }
  }
  ~Pipe() { close_ends(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write_end() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  void close_ends() {
    close_write_end();
    if (ends_[0] >= 0) close(ends_[0]);
  }

  int ends_[2] = {-1, -1};
};

// Reads once what is there; 0: the other end is closed, < 0: nothing came.
ssize_t read_once(int descriptor, void* to, std::size_t size) {
  const ssize_t count = ::read(descriptor, to, size);
  return count >= 0 || errno == EINTR || errno == EAGAIN ? count : 0;
}

// "; its last words: ..." or nothing.
std::string last_words_of(const std::string& output) {
  const auto end = output.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return {};
  const auto before = output.find_last_of('\n', end);
  const auto begin = before == std::string::npos ? 0 : before + 1;
  const std::string line = output.substr(begin, end - begin + 1);
  return fmt::format("; its last words: {}", printable(line.substr(0, 200)));
}

void say_verdict(dk_status status, std::string_view message) noexcept {
  std::array<char, sizeof(std::int32_t) + kMessageLimit> bytes;
  const std::int32_t number = status;
  const std::size_t length = std::min(message.size(), kMessageLimit);
  std::memcpy(bytes.data(), &number, sizeof(number));
  std::memcpy(bytes.data() + sizeof(number), message.data(), length);
  while (::write(kVerdictDescriptor, bytes.data(), sizeof(number) + length) < 0 && errno == EINTR) {
  }
}

// Bytes of memory of its own that this process has, as RLIMIT_DATA counts them; 0: not known.
std::uint64_t own_memory() noexcept {
  std::array<char, 256> text{};
  const int file = open("/proc/self/statm", O_RDONLY);
  const ssize_t length = ::read(file, text.data(), text.size() - 1);
  close(file);
  unsigned long pages = 0;
  if (length <= 0 || std::sscanf(text.data(), "%*u %*u %*u %*u %*u %lu", &pages) != 1) return 0;
  return std::uint64_t{pages} * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// An allocation beyond the limit fails.
void limit_memory(std::uint64_t limit) noexcept {
  const std::uint64_t own = own_memory();
  if (limit == 0 || own == 0) return;
  rlimit bounds{};
  getrlimit(RLIMIT_DATA, &bounds);
  bounds.rlim_cur = std::min<rlim_t>(bounds.rlim_max, own + limit);
  setrlimit(RLIMIT_DATA, &bounds);
}

// What the child owes to its parent's state: none of its files, handlers and core dumps.
void leave_parent(pid_t parent, int reply, int verdict, int output) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  dup2(reply, kReplyDescriptor);
  dup2(verdict, kVerdictDescriptor);
  closefrom(kVerdictDescriptor + 1);
}

// Ends the process without exit handlers and destructors: those are the parent's.
[[noreturn]] void run_body(const ChildBody& body) noexcept {
  try {
    ReplyWriter reply(kReplyDescriptor);
    body(reply);
    say_verdict(DK_OK, "");
  } catch (const Error& e) {
    say_verdict(e.status(), e.what());
  } catch (const std::bad_alloc&) {
    say_verdict(DK_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    say_verdict(DK_INTERNAL, e.what());
  } catch (...) {
    say_verdict(DK_INTERNAL, "an exception of unknown type");
  }
  _exit(0);
}

}  // namespace

// A started child: its process, the read ends of its pipes, and what has come of it.
class ChildProcess {
 public:
  explicit ChildProcess(const ChildOptions& options) : options_(options) {}
  ~ChildProcess() { end_group(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void start_body(const ChildBody& body) {
    says_verdict_ = true;
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ < 0) fail_to_start("a process", errno);
    if (process_ == 0) {
      setpgid(0, 0);
      leave_parent(parent, reply_.write_end(), verdict_.write_end(), output_.write_end());
      limit_memory(options_.memory_limit);
      run_body(body);
    }
    setpgid(process_, process_);  // whoever of the two comes first
    close_write_ends();
  }

  void start_program(std::vector<std::string> words) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output_.write_end(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output_.write_end(), STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, reply_.write_end(), kReplyDescriptor);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int code = posix_spawn(&process_, argv[0], &actions, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (code != 0) {
      process_ = -1;
      fail_to_start(words[0], code);
    }
    close_write_ends();
  }

  /// Waits for bytes of the reply; 0: it has ended.
  std::size_t read_some(std::span<std::byte> bytes) {
    while (!reply_ended_) {
      const bool waits = wait_for_news();
      const ssize_t count = read_once(reply_.read_end(), bytes.data(), bytes.size());
      if (count > 0) {
        last_sign_ = Clock::now();
        return static_cast<std::size_t>(count);
      }
      // A process that the child has started may hold the pipe open when the child is gone.
      if (count == 0 || (!waits && has_ended_)) reply_ended_ = true;
    }
    return 0;
  }

  bool reply_ended() const { return reply_ended_; }

  /// Waits for the end of the process, which the end of its reply announces.
  ChildEnd finish() {
    std::array<std::byte, 65536> left;
    while (read_some(left) > 0) {
    }
    while (!has_ended_) wait_for_news();
    read_output();
    return judge();
  }

 private:
  void close_write_ends() {
    for (Pipe* pipe : {&reply_, &verdict_, &output_}) {
      pipe->close_write_end();
      fcntl(pipe->read_end(), F_SETFL, O_NONBLOCK);
    }
  }

  // Waits a moment for anything to happen, and keeps what is printed; true: there may be bytes of
  // the reply. Sees to it that waiting ends.
  bool wait_for_news() {
    pollfd wanted[2] = {{reply_ended_ ? -1 : reply_.read_end(), POLLIN, 0},
                        {output_ended_ ? -1 : output_.read_end(), POLLIN, 0}};
    // A child that has closed its pipes is about to end.
    const int patience = has_ended_ ? 0 : reply_ended_ && output_ended_ ? 1 : kPollMilliseconds;
    poll(wanted, 2, patience);
    if (wanted[1].revents != 0) read_output();
    if (wanted[0].revents != 0) return true;
    if (!has_ended_) look_for_end();
    if (has_ended_) return false;
    if (options_.cancelled != nullptr && options_.cancelled->load()) {
      throw Error(DK_CANCELLED, "stopped on request");
    }
    if (Clock::now() - last_sign_ > std::chrono::duration<double>(options_.time_limit)) {
      timed_out_ = true;
      end_group();
    }
    return false;
  }

  void read_output() {
    std::array<char, 65536> buffer;  // as much as a pipe holds
    const ssize_t count = read_once(output_.read_end(), buffer.data(), buffer.size());
    if (count > 0) printed_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) output_ended_ = true;
    if (printed_.size() > kKeptOutput) printed_.erase(0, printed_.size() - kKeptOutput);
  }

  // Also where this process does not get the status, since it has SIGCHLD ignored.
  void look_for_end() {
    siginfo_t info{};
    const int code = waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (code == 0 ? info.si_pid == process_ : errno == ECHILD) end_group();
  }

  // Ends the child if it runs, what it has started in any case, and takes its status.
  void end_group() {
    if (process_ <= 0 || has_ended_) return;
    kill(-process_, SIGKILL);
    kill(process_, SIGKILL);
    while (waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
    }
    has_ended_ = true;
  }

  // Throws what the body threw.
  ChildEnd judge() {
    std::array<char, sizeof(std::int32_t) + kMessageLimit> verdict;
    const ssize_t length = read_once(verdict_.read_end(), verdict.data(), verdict.size());
    const std::string words = last_words_of(printed_);
    if (length >= static_cast<ssize_t>(sizeof(std::int32_t))) {
      std::int32_t status = DK_OK;
      std::memcpy(&status, verdict.data(), sizeof(status));
      if (status == DK_OK) return {};
      throw Error(static_cast<dk_status>(status),
                  std::string(verdict.data() + sizeof(status), verdict.data() + length));
    }
    if (timed_out_) {
      return {ChildEnd::Kind::timed_out,
              fmt::format("gives no sign of life for {} s", options_.time_limit), words};
    }
    if (WIFSIGNALED(status_)) {
      return {ChildEnd::Kind::crashed,
              fmt::format("crashes with signal {} ({})", WTERMSIG(status_),
                          strsignal(WTERMSIG(status_))),
              words};
    }
    const int code = WEXITSTATUS(status_);
    if (code == 0 && !says_verdict_) return {ChildEnd::Kind::done, "", words};
    return {ChildEnd::Kind::crashed, fmt::format("ends the process with code {}", code), words};
  }

  const ChildOptions& options_;
  Pipe reply_, verdict_, output_;
  pid_t process_ = -1;
  bool says_verdict_ = false;
  bool reply_ended_ = false, output_ended_ = false, has_ended_ = false, timed_out_ = false;
  int status_ = 0;
  std::string printed_;
  Clock::time_point last_sign_ = Clock::now();
};

namespace {

ChildEnd supervise(ChildProcess& child, const ReplyHandler& receive) {
  std::exception_ptr failure;
  try {
    ReplyReader reply(child);
    receive(reply);
  } catch (...) {
    if (!child.reply_ended()) throw;
    failure = std::current_exception();
  }
  ChildEnd end = child.finish();
  if (failure && end.kind == ChildEnd::Kind::done) std::rethrow_exception(failure);
  return end;
}

}  // namespace

void ReplyWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t step = ::write(descriptor_, bytes.data(), bytes.size());
    if (step >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(step));
    } else if (errno != EINTR) {
      throw Error(DK_INTERNAL, "a child process cannot send its reply");
    }
  }
}

void ReplyReader::read(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = child_.read_some(bytes);
    if (count == 0) throw Error(DK_INTERNAL, "the reply of a child process is cut off");
    bytes = bytes.subspan(count);
  }
}

std::string ReplyReader::read_rest() {
  std::string text;
  std::array<std::byte, 65536> buffer;
  while (const std::size_t count = child_.read_some(buffer)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
  return text;
}

ChildEnd run_in_child(const ChildBody& body, const ReplyHandler& receive,
                      const ChildOptions& options) {
  ChildProcess child(options);
  child.start_body(body);
  return supervise(child, receive);
}

ChildEnd run_program(const std::vector<std::string>& words, const ReplyHandler& receive,
                     const ChildOptions& options) {
  ChildProcess child(options);
  child.start_program(words);
  return supervise(child, receive);
}

}  // namespace dynkit
