#include "supervisor.hpp"

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
#include <thread>

#include "dynkit/error.hpp"
#include "worker.hpp"

extern char** environ;

namespace dynkit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMessageDescriptor = 3;  // of the worker
constexpr auto kPollInterval = std::chrono::milliseconds(50);
constexpr auto kGrace = std::chrono::seconds(10);  // between being asked to stop and being ended

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  void reset(int value = -1) {
    if (value_ >= 0) close(value_);
    value_ = value;
  }

 private:
  int value_;
};

// Cuts what arrives at a file descriptor into messages.
class MessageReader {
 public:
  explicit MessageReader(int descriptor) : descriptor_(descriptor) {}

  /// Reads once; false: the other end is closed.
  template <class Handler>
  bool read(Handler&& handler) {
    std::array<char, 65536> buffer;
    const auto count = ::read(descriptor_, buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(count));
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
      handler(parse_message(pending_.substr(0, end)));
      pending_.erase(0, end + 1);
    }
    return true;
  }

 private:
  int descriptor_;
  std::string pending_;
};

// A started worker: its process, the pipe of its messages, and what it has said last.
class Worker {
 public:
  Worker(const RunOptions& options, const std::string& stage) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("a pipe");
    read_.reset(ends[0]);
    messages_ = MessageReader(ends[0]);
    const Descriptor write_end(ends[1]);
    const std::string log = options.folder + "/log.txt";

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, write_end.get(), kMessageDescriptor);
    std::array<std::string, 4> words = {options.program, "worker", options.folder, stage};
    std::array<char*, 5> argv{};
    for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
    const int code =
        posix_spawn(&process_, options.program.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
      errno = code;
      fail("a worker process");
    }
  }

  ~Worker() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void send_signal(int signal) const { kill(process_, signal); }

  /// Waits a moment for messages and hands them on; false: the worker has closed its end.
  template <class Handler>
  bool read_messages(Handler handler) {
    pollfd wanted{read_.get(), POLLIN, 0};
    const int ready = poll(&wanted, 1, static_cast<int>(kPollInterval.count()));
    return ready <= 0 || messages_.read(handler);
  }

  int wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw Error(DK_INTERNAL, fmt::format("{} cannot be started: {}", what, std::strerror(errno)));
  }

  pid_t process_ = -1;
  Descriptor read_;
  MessageReader messages_{-1};
};

bool is_cancelled(const RunOptions& options) {
  return options.cancelled != nullptr && options.cancelled->load();
}

// Collects a worker's messages into its outcome.
class Collector {
 public:
  Collector(WorkerOutcome& outcome, const MessageHandler& handler)
      : outcome_(outcome), handler_(handler) {}

  void operator()(const Message& message) {
    switch (message.kind) {
      case Message::Kind::error:
        outcome_.error = message.level;
        outcome_.message = message.text;
        break;
      case Message::Kind::ended:
        ended_ = true;
        outcome_.reused = message.level == 1;
        outcome_.status = message.text == to_text(StageStatus::interrupted)
                              ? StageStatus::interrupted
                              : StageStatus::done;
        break;
      case Message::Kind::outline:
        ended_ = true;
        outcome_.status = StageStatus::done;
        outcome_.outline = message.stages;
        break;
      case Message::Kind::progress:
        last_progress_ = message.text;
        [[fallthrough]];
      default:
        handler_(message);
    }
  }

  bool ended() const { return ended_; }
  /// " while 'searching'", or nothing.
  std::string last_words() const {
    return last_progress_.empty() ? "" : fmt::format(" while '{}'", last_progress_);
  }

 private:
  WorkerOutcome& outcome_;
  const MessageHandler& handler_;
  bool ended_ = false;
  std::string last_progress_;
};

// What the end of the process adds to what the worker has said.
void judge(int status, const Collector& collector, WorkerOutcome& outcome) {
  if (WIFSIGNALED(status)) {
    outcome.status = StageStatus::crashed;
    outcome.message = fmt::format("crashed with signal {} ({}){}", WTERMSIG(status),
                                  strsignal(WTERMSIG(status)), collector.last_words());
  } else if (!collector.ended() && outcome.error == DK_OK) {
    outcome.status = StageStatus::crashed;
    outcome.message = fmt::format("ended the process with code {}{}", WEXITSTATUS(status),
                                  collector.last_words());
  }
}

}  // namespace

WorkerOutcome supervise(const RunOptions& options, const std::string& stage,
                        const MessageHandler& handler) {
  WorkerOutcome outcome;
  Collector collector(outcome, handler);
  Worker worker(options, stage);
  auto last_sign = Clock::now();
  auto asked = Clock::time_point::max();
  const std::chrono::duration<double> limit(options.time_limit);
  while (worker.read_messages([&](const Message& message) {
    last_sign = Clock::now();
    collector(message);
  })) {
    const auto now = Clock::now();
    if (is_cancelled(options) && asked == Clock::time_point::max()) {
      worker.send_signal(SIGINT);
      asked = now;
    }
    const bool ignored = asked != Clock::time_point::max() && now - asked > kGrace;
    const bool silent = options.time_limit > 0.0 && now - last_sign > limit;
    if (ignored || silent) {
      worker.send_signal(SIGKILL);
      worker.wait();
      outcome.status = ignored ? StageStatus::interrupted : StageStatus::crashed;
      outcome.message = ignored ? "did not stop when asked to, and was ended"
                                : fmt::format("gave no sign of life for {} s{}, and was ended",
                                              options.time_limit, collector.last_words());
      return outcome;
    }
  }
  judge(worker.wait(), collector, outcome);
  if (is_cancelled(options) && outcome.status == StageStatus::crashed) {
    outcome.status = StageStatus::interrupted;
    outcome.message = "stopped on request before it had anything to keep";
  }
  return outcome;
}

WorkerOutcome run_in_process(const RunOptions& options, const std::string& stage,
                             const MessageHandler& handler) {
  WorkerOutcome outcome;
  Collector collector(outcome, handler);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw Error(DK_INTERNAL, "a pipe cannot be made");
  Descriptor read_end(ends[0]), write_end(ends[1]);
  std::atomic<bool> never{false};
  std::thread reader([&] {
    MessageReader messages(read_end.get());
    while (messages.read(collector)) {
    }
  });
  run_worker(options.folder, stage, write_end.get(),
             options.cancelled != nullptr ? *options.cancelled : never);
  write_end.reset();
  reader.join();
  return outcome;
}

}  // namespace dynkit
