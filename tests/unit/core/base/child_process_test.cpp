// Children that answer, throw, crash, hang, end the process, or leave others behind.
#include "dynkit/core/child_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "dynkit/core/files.hpp"
#include "dynkit/error.hpp"
#include "outcome.hpp"

namespace dynkit {
namespace {

using testing::is_gone;
using testing::kLong;
using testing::Outcome;

Outcome run(const ChildBody& body, double time_limit = kLong) {
  Outcome outcome;
  outcome.end = run_in_child(body, [&](ReplyReader& reply) { outcome.reply = reply.read_rest(); },
                             {time_limit, nullptr, 0});
  return outcome;
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

void crash(int number) {
  signal(number, SIG_DFL);
  raise(number);
}

void expect_no_child() {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "a zombie is left";
}

TEST(RunInChild, GivesAReplyOfAnySize) {
  for (const std::size_t size : std::vector<std::size_t>{0, 1, 65536, 65537, 50'000'000}) {
    const std::string sent = pattern(size);
    const Outcome outcome = run([&](ReplyWriter& reply) { reply.write(as_bytes(sent)); });
    EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::done) << size;
    EXPECT_TRUE(outcome.reply == sent) << size;
  }
  expect_no_child();
}

TEST(RunInChild, ReadsTheReplyInThePiecesThatItsReaderWants) {
  std::string head(3, '\0'), tail;
  run_in_child([](ReplyWriter& reply) { reply.write(as_bytes("abcdefg")); },
               [&](ReplyReader& reply) {
                 reply.read(std::as_writable_bytes(std::span(head)));
                 tail = reply.read_rest();
               },
               {});
  EXPECT_EQ(head + "|" + tail, "abc|defg");
}

TEST(RunInChild, PassesOverWhatItsReaderLeaves) {
  const std::string sent = pattern(1'000'000);
  const ChildEnd end = run_in_child([&](ReplyWriter& reply) { reply.write(as_bytes(sent)); },
                                    [](ReplyReader&) {}, {});
  EXPECT_EQ(end.kind, ChildEnd::Kind::done);
}

TEST(RunInChild, ThrowsTheErrorOfItsBodyAlsoBehindAPartOfTheReply) {
  try {
    run([](ReplyWriter& reply) {
      reply.write(as_bytes("half"));
      throw Error(DK_TOO_LARGE, "42 is too much");
    });
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DK_TOO_LARGE);
    EXPECT_STREQ(e.what(), "42 is too much");
  }
  expect_no_child();
}

dk_status status_of(const ChildBody& body) {
  try {
    run(body);
  } catch (const Error& e) {
    return e.status();
  }
  return DK_OK;
}

TEST(RunInChild, TurnsOtherExceptionsIntoErrors) {
  EXPECT_EQ(status_of([](ReplyWriter&) { throw std::bad_alloc(); }), DK_MEMORY);
  EXPECT_EQ(status_of([](ReplyWriter&) { throw std::runtime_error("x"); }), DK_INTERNAL);
  EXPECT_EQ(status_of([](ReplyWriter&) { throw 3; }), DK_INTERNAL);
}

TEST(RunInChild, CutsAnErrorMessageThatIsTooLong) {
  try {
    run([](ReplyWriter&) { throw Error(DK_IO, std::string(100'000, 'x')); });
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()), std::string(2048, 'x'));
  }
}

TEST(RunInChild, NamesTheSignalOfACrash) {
  const Outcome aborted = run([](ReplyWriter&) { crash(SIGABRT); });
  EXPECT_EQ(aborted.end.kind, ChildEnd::Kind::crashed);
  EXPECT_EQ(aborted.end.how, "crashes with signal 6 (Aborted)");
  EXPECT_EQ(run([](ReplyWriter&) { crash(SIGSEGV); }).end.how,
            "crashes with signal 11 (Segmentation fault)");
  expect_no_child();
}

TEST(RunInChild, TellsACrashInTheMiddleOfTheReplyFromItsEnd) {
  std::string got(10, '\0');
  const ChildEnd end = run_in_child(
      [](ReplyWriter& reply) {
        reply.write(as_bytes("abc"));
        crash(SIGKILL);
      },
      [&](ReplyReader& reply) { reply.read(std::as_writable_bytes(std::span(got))); }, {});
  EXPECT_EQ(end.how, "crashes with signal 9 (Killed)");
}

TEST(RunInChild, TellsTheEndOfTheProcessFromTheEndOfTheBody) {
  EXPECT_EQ(run([](ReplyWriter&) { _exit(0); }).end.how, "ends the process with code 0");
  const Outcome outcome = run([](ReplyWriter&) { _exit(7); });
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::crashed);
  EXPECT_EQ(outcome.end.how, "ends the process with code 7");
}

TEST(RunInChild, KeepsTheLastWordsAndPrintsNothing) {
  ::testing::internal::CaptureStderr();
  const Outcome outcome = run([](ReplyWriter&) {
    const std::string noise = pattern(200'000) + "\nassertion \x1b[31mfailed\n\n";
    if (::write(STDERR_FILENO, noise.data(), noise.size()) < 0) _exit(1);
    crash(SIGABRT);
  });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(outcome.end.how, "crashes with signal 6 (Aborted)");
  EXPECT_EQ(outcome.end.last_words, "; its last words: assertion [31mfailed");
}

TEST(RunInChild, EndsAChildThatHangs) {
  const Outcome outcome = run([](ReplyWriter&) { pause(); }, 0.2);
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::timed_out);
  EXPECT_EQ(outcome.end.how, "gives no sign of life for 0.2 s");
  expect_no_child();
}

TEST(RunInChild, CountsNoChatterAsASignOfLife) {
  const Outcome outcome = run(
      [](ReplyWriter&) {
        while (::write(STDOUT_FILENO, "x", 1) == 1) {
        }
      },
      0.2);
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::timed_out);
}

TEST(RunInChild, LetsAChildWorkThatGoesOnReplying) {
  const Outcome outcome = run(
      [](ReplyWriter& reply) {
        for (int i = 0; i < 5; ++i) {
          usleep(500'000);
          reply.write(as_bytes("x"));
        }
      },
      2.0);
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::done);
  EXPECT_EQ(outcome.reply.size(), 5u);
}

TEST(RunInChild, StopsOnRequest) {
  std::atomic<bool> cancelled{true};
  try {
    run_in_child([](ReplyWriter&) { pause(); }, [](ReplyReader& reply) { reply.read_rest(); },
                 {kLong, &cancelled, 0});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DK_CANCELLED);
  }
  expect_no_child();
}

TEST(RunInChild, PassesOnWhatItsReaderThrowsAndEndsTheChild) {
  EXPECT_THROW(run_in_child(
                   [](ReplyWriter& reply) {
                     reply.write(as_bytes("x"));
                     pause();
                   },
                   [](ReplyReader& reply) {
                     std::byte one{};
                     reply.read(std::span(&one, 1));
                     throw std::length_error("too long for me");
                   },
                   {kLong, nullptr, 0}),
               std::length_error);
  expect_no_child();
}

TEST(RunInChild, ThrowsWhereItsReaderWantsMoreThanThereIs) {
  std::string wanted(4, '\0');
  EXPECT_THROW(
      run_in_child(
          [](ReplyWriter& reply) { reply.write(as_bytes("abc")); },
          [&](ReplyReader& reply) { reply.read(std::as_writable_bytes(std::span(wanted))); }, {}),
      Error);
}

TEST(RunInChild, LeavesTheParentsMemoryAsItIs) {
  int value = 3;
  run([&](ReplyWriter&) { value = 5; });
  EXPECT_EQ(value, 3);
}

// Fails as an allocation does: AddressSanitizer ends the process there.
TEST(RunInChild, HoldsTheChildToItsMemoryLimit) {
  const auto take = [](std::size_t bytes, std::uint64_t limit) {
    ChildOptions options;
    options.memory_limit = limit;
    try {
      const ChildBody body = [&](ReplyWriter& reply) {
        const std::string large(bytes, 'x');
        reply.write(as_bytes(large).subspan(bytes / 2, 1));
      };
      return run_in_child(
                 body, [](ReplyReader&) {}, options)
                 .kind == ChildEnd::Kind::done;
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), DK_MEMORY);
      return false;
    }
  };
  EXPECT_TRUE(take(30'000'000, 100'000'000));
  EXPECT_FALSE(take(300'000'000, 100'000'000));
  EXPECT_TRUE(take(300'000'000, 0));
}

// Were a copy of a write end open in a child, no reader would see the end of its pipe.
TEST(RunInChild, InheritsNoOpenFiles) {
  const int low = open("/dev/null", O_RDONLY);
  const int secret = fcntl(low, F_DUPFD, 40);
  close(low);
  const Outcome outcome = run([&](ReplyWriter& reply) {
    std::string open_ones;
    for (int i = 0; i < 1000; ++i) {
      if (fcntl(i, F_GETFD) >= 0) open_ones += std::to_string(i) + " ";
    }
    reply.write(as_bytes(open_ones));
  });
  EXPECT_EQ(outcome.reply, "0 1 2 3 4 ");
  EXPECT_GE(fcntl(secret, F_GETFD), 0);
  close(secret);
}

TEST(RunInChild, LeavesNoFilesOpen) {
  const int before = open("/dev/null", O_RDONLY);
  close(before);
  run([](ReplyWriter&) {});
  run([](ReplyWriter&) { crash(SIGKILL); });
  const int after = open("/dev/null", O_RDONLY);
  close(after);
  EXPECT_EQ(after, before);
}

TEST(RunInChild, EndsWhatTheChildHasStarted) {
  pid_t grandchild = 0;
  const ChildEnd end = run_in_child(
      [](ReplyWriter& reply) {
        const pid_t started = fork();
        if (started == 0) {
          for (;;) pause();
        }
        reply.write(std::as_bytes(std::span(&started, 1)));
      },
      [&](ReplyReader& reply) { reply.read(std::as_writable_bytes(std::span(&grandchild, 1))); },
      {kLong, nullptr, 0});
  EXPECT_EQ(end.kind, ChildEnd::Kind::done);
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(is_gone(grandchild));
}

TEST(RunInChild, WorksWhereChildrenAreNotWaitedFor) {
  signal(SIGCHLD, SIG_IGN);
  const Outcome good = run([](ReplyWriter& reply) { reply.write(as_bytes("abc")); });
  const Outcome bad = run([](ReplyWriter&) { crash(SIGABRT); });
  signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(good.end.kind, ChildEnd::Kind::done);
  EXPECT_EQ(good.reply, "abc");
  EXPECT_EQ(bad.end.kind, ChildEnd::Kind::crashed);
}

TEST(RunInChild, IsNotDisturbedBySignals) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction old {};
  sigaction(SIGUSR1, &action, &old);  // without SA_RESTART: calls that wait return EINTR
  const pid_t parent = getpid();
  const std::string sent = pattern(3'000'000);
  const Outcome outcome = run([&](ReplyWriter& reply) {
    for (std::size_t at = 0; at < sent.size(); at += 10'000) {
      kill(parent, SIGUSR1);
      reply.write(as_bytes(sent).subspan(at, 10'000));
    }
  });
  sigaction(SIGUSR1, &old, nullptr);
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::done);
  EXPECT_TRUE(outcome.reply == sent);
}

TEST(RunInChild, KeepsTheChildOutOfReachOfCtrlC) {
  const Outcome outcome = run([](ReplyWriter& reply) {
    reply.write(as_bytes(getpgrp() == getpid() ? "a group of its own" : "the parent's group"));
  });
  EXPECT_EQ(outcome.reply, "a group of its own");
}

TEST(RunInChild, EndsWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    run_in_child(
        [](ReplyWriter& reply) {
          const pid_t own = getpid();
          reply.write(std::as_bytes(std::span(&own, 1)));
          for (;;) pause();
        },
        [&](ReplyReader& reply) {
          pid_t child = 0;
          reply.read(std::as_writable_bytes(std::span(&child, 1)));
          if (write(ends[1], &child, sizeof(child)) < 0) _exit(1);
          reply.read_rest();
        },
        {kLong, nullptr, 0});
    _exit(0);
  }
  pid_t child = 0;
  ASSERT_EQ(read(ends[0], &child, sizeof(child)), static_cast<ssize_t>(sizeof(child)));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(is_gone(child));
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace dynkit
