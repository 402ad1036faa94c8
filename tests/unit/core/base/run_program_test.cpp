// Programs that answer, fail, hang, leave others behind, or are not there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "dynkit/error.hpp"
#include "outcome.hpp"

namespace dynkit {
namespace {

using testing::is_gone;
using testing::kLong;
using testing::Outcome;

Outcome run_shell(const std::string& script, double time_limit = kLong) {
  Outcome outcome;
  outcome.end = run_program({"/bin/sh", "-c", script},
                            [&](ReplyReader& reply) { outcome.reply = reply.read_rest(); },
                            {time_limit, nullptr, 0});
  return outcome;
}

TEST(RunProgram, GivesTheReplyOfAProgramThatEndsWell) {
  const Outcome outcome = run_shell("echo noise; printf 'a reply' >&3");
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::done);
  EXPECT_EQ(outcome.reply, "a reply");
}

TEST(RunProgram, NamesTheExitCodeAndTheLastWords) {
  const Outcome outcome = run_shell("printf 'a reply' >&3; echo first; echo last >&2; exit 23");
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::crashed);
  EXPECT_EQ(outcome.end.how + outcome.end.last_words,
            "ends the process with code 23; its last words: last");
}

TEST(RunProgram, DoesNotWaitForAProcessThatHoldsItsPipes) {
  const Outcome outcome = run_shell("sleep 1000 & printf $! >&3");
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::done);
  EXPECT_TRUE(is_gone(std::atoi(outcome.reply.c_str())));
}

TEST(RunProgram, EndsAProgramThatHangsBehindItsReply) {
  const Outcome outcome = run_shell("printf 'a reply' >&3; exec 1>&- 2>&- 3>&-; sleep 1000", 0.3);
  EXPECT_EQ(outcome.end.kind, ChildEnd::Kind::timed_out);
}

TEST(RunProgram, NamesTheProgramThatCannotBeStarted) {
  try {
    run_program({"/nowhere/program"}, [](ReplyReader&) {}, {});
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "/nowhere/program cannot be started: No such file or directory");
  }
}

}  // namespace
}  // namespace dynkit
