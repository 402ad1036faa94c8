// Which refusals the index of plugins remembers, and for how long.
#include "core/host/plugin_index.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>

#include "support/command.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& flaw) {
  return std::string(FIXTURES) + "/" + flaw;
}

std::string library_of(const std::string& flaw) {
  return folder_of(flaw) + "/hostile_" + flaw + ".so";
}

// The good library, refused by an index; the reason that is given for it then.
std::string refusal_after(std::int64_t timed_out) {
  const test::ScratchFolder scratch;
  const std::string path = library_of("none"), index = scratch.file("index.json");
  LibraryEntry entry;
  entry.path = path;
  entry.bytes = fs::file_size(path);
  entry.modified = static_cast<std::int64_t>(fs::last_write_time(path).time_since_epoch().count());
  entry.refused = "remembered";
  entry.timed_out = timed_out;
  write_plugin_index(index, {entry});
  return Registry({folder_of("none")}, index).libraries().at(0).refused;
}

std::int64_t now() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

TEST(PluginIndex, RemembersARefusalThatIsNoMatterOfTime) {
  EXPECT_EQ(refusal_after(0), "remembered");
}

TEST(PluginIndex, RemembersATimeoutForLessThanFiveMinutes) {
  EXPECT_EQ(refusal_after(now() - 4 * 60), "remembered");
  EXPECT_EQ(refusal_after(now() - 5 * 60), "");
}

TEST(PluginIndex, ForgetsATimeoutOfTheFuture) {
  EXPECT_EQ(refusal_after(now() + 3600), "");
}

TEST(PluginIndex, NotesWhenALibraryTookTooLong) {
  const std::int64_t before = now();
  const LibraryEntry entry = inspect_library(library_of("hangs_on_loading"), {0.3, nullptr});
  EXPECT_GE(entry.timed_out, before);
  EXPECT_LE(entry.timed_out, now());
  EXPECT_EQ(parse_entry(format_entry(entry)).timed_out, entry.timed_out);
}

TEST(PluginIndex, DoesNotCallACrashATimeout) {
  EXPECT_EQ(inspect_library(library_of("crashes_on_loading")).timed_out, 0);
}

}  // namespace
}  // namespace dynkit
