#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace dynkit {

/// The child's end of its reply.
class ReplyWriter {
 public:
  explicit ReplyWriter(int descriptor) : descriptor_(descriptor) {}

  /// Sends bytes on; waits while the parent has yet to read what came before.
  void write(std::span<const std::byte> bytes);

 private:
  int descriptor_;
};

class ChildProcess;

/// The parent's end, which reads while the child still writes: a reply of any size takes memory
/// only where its reader puts it.
class ReplyReader {
 public:
  explicit ReplyReader(ChildProcess& child) : child_(child) {}

  /// Fills `bytes`. Throws Error (DK_INTERNAL) if the reply ends before, for whatever reason.
  void read(std::span<std::byte> bytes);

  /// All that is still to come.
  std::string read_rest();

 private:
  ChildProcess& child_;
};

struct ChildOptions {
  /// Seconds without a byte of the reply after which the child is ended. What it prints is no
  /// reply. One that answers at its end only is thus given this time in all.
  double time_limit = 60.0;
  const std::atomic<bool>* cancelled = nullptr;
  /// Bytes that the child may take beyond what it starts with; 0: no limit. Not for programs.
  std::uint64_t memory_limit = 0;
};

/// How a child ended: data, since what it means depends on what was asked of it.
struct ChildEnd {
  enum class Kind { done, crashed, timed_out };
  Kind kind = Kind::done;
  std::string how;         // "crashes with signal 11 (Segmentation fault)"; empty: done
  std::string last_words;  // the last line that it printed, behind "; its last words: "; or empty
};

using ChildBody = std::function<void(ReplyWriter& reply)>;
using ReplyHandler = std::function<void(ReplyReader& reply)>;

/// Runs `body` in a child process, for work that may crash, hang or end the process: code of a
/// plugin, libraries that are not hardened against their input.
///
/// The child is a copy of this process: `body` sees its memory and changes its own copy of it. It
/// has no other files open than its reply, reads nothing and prints into `last_words`. It runs
/// without this process's other threads: call this before any are started, or while none is inside
/// what `body` uses. It is not sent this process's Ctrl-C, which sets `cancelled`; whatever ends
/// this process ends the child, and with it end the processes that it has started.
///
/// `receive` reads the reply as it comes; what it leaves is passed over. If the child does not get
/// to the end of its reply, what `receive` throws for the lack of bytes is dropped: the outcome is
/// how the child ended.
///
/// Throws the Error that `body` threw, with its status and message (DK_INTERNAL for exceptions of
/// other types, DK_MEMORY for bad_alloc); what `receive` throws for reasons of its own; Error
/// (DK_CANCELLED) when asked to stop, (DK_INTERNAL) if no process can be started.
ChildEnd run_in_child(const ChildBody& body, const ReplyHandler& receive,
                      const ChildOptions& options);

/// The same for a program, which starts with a memory of its own: `words` are its path and its
/// arguments. It writes its reply to file descriptor 3 and is done when it ends with code 0.
ChildEnd run_program(const std::vector<std::string>& words, const ReplyHandler& receive,
                     const ChildOptions& options);

}  // namespace dynkit
