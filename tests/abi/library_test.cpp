// What the host says of libraries that are flawed, and that it loads the one that is not.
#include "dynkit/core/library.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dynkit/core/registry.hpp"
#include "dynkit/error.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

std::string fixture(const std::string& flaw) {
  return std::string(FIXTURES) + "/" + flaw + "/hostile_" + flaw + ".so";
}

std::string refusal(const std::string& path) {
  try {
    load_library(path);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

// A fresh folder that is removed at the end of the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "dynkit-abi-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Library, LoadsAGoodPluginAndReadsItsTable) {
  const Library library = load_library(fixture("none"));
  ASSERT_EQ(library.table->component_count, 1);
  EXPECT_STREQ(library.table->components[0].id, "org.dynkit.test.decay");
  EXPECT_EQ(component_flaw(library.table->components[0]), "");
}

TEST(Library, RefusesAnotherMajorInTheTable) {
  EXPECT_NE(refusal(fixture("wrong_major")).find("speaks plugin interface 2, this host speaks 1"),
            std::string::npos);
}

TEST(Library, RefusesAnotherMajorInTheSymbol) {
  EXPECT_NE(refusal(fixture("other_symbol")).find("speaks plugin interface 2, this host speaks 1"),
            std::string::npos);
}

TEST(Library, RefusesALibraryWithoutEntryPoint) {
  EXPECT_NE(refusal(fixture("no_symbol")).find("is not a dynkit plugin"), std::string::npos);
}

TEST(Library, RefusesAnEntryPointThatReturnsNothing) {
  EXPECT_NE(refusal(fixture("no_table")).find("returned no table"), std::string::npos);
}

TEST(Library, RefusesTwoComponentsWithOneId) {
  EXPECT_NE(refusal(fixture("duplicate_id")).find("two components 'org.dynkit.test.decay'"),
            std::string::npos);
}

TEST(Library, NamesTheFlawOfAComponentWithoutTable) {
  const Library library = load_library(fixture("null_table"));
  EXPECT_EQ(component_flaw(library.table->components[0]), "its interface table is missing");
}

TEST(Library, NamesTheExtensionThatItDoesNotHave) {
  const Library library = load_library(fixture("unknown_extension"));
  EXPECT_NE(component_flaw(library.table->components[0]).find("'org.example.telepathy/1'"),
            std::string::npos);
}

TEST(Library, RefusesGarbageAndEveryTruncation) {
  const Folder folder;
  const std::string path = folder.path() + "/cut.so";
  std::ifstream source(fixture("none"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(source), {}};
  ASSERT_GT(bytes.size(), 1000U);
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{63}, std::size_t{64},
                                 bytes.size() / 3, bytes.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes.substr(0, size);
    EXPECT_NE(refusal(path), "") << size << " bytes";
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc) << std::string(5000, 'x');
  EXPECT_NE(refusal(path).find("is not a shared library"), std::string::npos);
}

TEST(Library, ReadsTheSymbolsOfAStrippedPlugin) {
  const Folder folder;
  const std::string path = folder.path() + "/stripped.so";
  fs::copy_file(fixture("none"), path);
  ASSERT_EQ(std::system(("strip --strip-all " + path).c_str()), 0);
  EXPECT_EQ(refusal(path), "");
}

TEST(Registry, ListsARefusedFileWithItsReason) {
  const Registry registry({std::string(FIXTURES) + "/no_symbol"}, "");
  ASSERT_EQ(registry.libraries().size(), 1U);
  EXPECT_NE(registry.libraries()[0].refused.find("is not a dynkit plugin"), std::string::npos);
}

TEST(Registry, ListsALibraryThatCrashesOnLoadingAndGoesOn) {
  const Registry registry(
      {std::string(FIXTURES) + "/crashes_on_loading", std::string(FIXTURES) + "/none"}, "");
  ASSERT_EQ(registry.libraries().size(), 2U);
  EXPECT_EQ(
      registry.libraries()[0].refused,
      fixture("crashes_on_loading") +
          ": crashes with signal 6 (Aborted) on loading; its last words: hostile: no license");
  EXPECT_TRUE(registry.libraries()[0].components.empty());
  EXPECT_EQ(registry.libraries()[1].components.size(), 1U);
}

TEST(Registry, ListsALibraryThatHangsOnLoading) {
  const LibraryEntry entry = inspect_library(fixture("hangs_on_loading"), {0.3, nullptr});
  EXPECT_NE(entry.refused.find("does not load within 0.3 s"), std::string::npos) << entry.refused;
}

TEST(Registry, ListsALibraryThatEndsTheProcessOnLoading) {
  const LibraryEntry entry = inspect_library(fixture("exits_on_loading"));
  EXPECT_NE(entry.refused.find("ends the process with code"), std::string::npos) << entry.refused;
}

TEST(Registry, LeavesLibrariesThatItOnlyListsUnloaded) {
  const Folder folder;
  const std::string file = folder.path() + "/only_listed.so";
  fs::copy_file(fixture("none"), file);
  const Registry registry({folder.path()}, "");
  EXPECT_EQ(registry.libraries()[0].components.size(), 1U);
  std::ifstream maps("/proc/self/maps");
  const std::string mapped{std::istreambuf_iterator<char>(maps), {}};
  EXPECT_EQ(mapped.find("only_listed.so"), std::string::npos);
}

TEST(Registry, StopsOnRequestRatherThanRefuseALibrary) {
  const std::atomic<bool> cancelled{true};
  try {
    inspect_library(fixture("hangs_on_loading"), {100.0, &cancelled});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DK_CANCELLED);
  }
}

TEST(Registry, KeepsTheVerdictOnALibraryThatHangsInItsIndex) {
  const Folder folder;
  const std::string index = folder.path() + "/index.json";
  const std::vector<std::string> folders = {std::string(FIXTURES) + "/hangs_on_loading"};
  const std::string first = Registry(folders, index, {0.3, nullptr}).libraries()[0].refused;
  EXPECT_EQ(Registry(folders, index, {100.0, nullptr}).libraries()[0].refused, first);
}

TEST(Registry, TakesTheIndexOfAnotherVersionForNone) {
  const Folder folder;
  const std::string index = folder.path() + "/index.json";
  const std::vector<std::string> folders = {std::string(FIXTURES) + "/none"};
  const Registry first(folders, index);
  std::ifstream file(index);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto replace = [&](const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
  };
  replace("\"refused\": \"\"", "\"refused\": \"judged by another host\"");
  std::ofstream(index) << text;
  EXPECT_EQ(Registry(folders, index).libraries()[0].refused, "judged by another host");
  replace("\"host\": \"" DK_VERSION "\"", "\"host\": \"0.0.0\"");
  std::ofstream(index) << text;
  EXPECT_EQ(Registry(folders, index).libraries()[0].refused, "");
}

TEST(Registry, TheEarlierFolderWins) {
  const std::string none = std::string(FIXTURES) + "/none";
  const std::string hangs = std::string(FIXTURES) + "/hangs";
  Registry registry({hangs, none}, "");
  EXPECT_EQ(registry.find("org.dynkit.test.decay", "dynkit.model/1").directory, hangs);
}

TEST(Registry, TakesAFolderThatIsNamedTwiceOnce) {
  const std::string none = std::string(FIXTURES) + "/none";
  Registry registry({none, none + "/../none/"}, "");
  EXPECT_EQ(registry.libraries().size(), 1U);
  EXPECT_NE(registry.find("org.dynkit.test.decay", "dynkit.model/1").component, nullptr);
}

TEST(Registry, SuggestsTheNearestComponent) {
  Registry registry({std::string(FIXTURES) + "/none"}, "");
  try {
    registry.find("org.dynkit.test.decai", "dynkit.model/1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'org.dynkit.test.decay'?"),
              std::string::npos);
  }
}

TEST(Registry, RefusesTwoCandidatesOfEqualRank) {
  const Folder folder;
  fs::copy_file(fixture("none"), folder.path() + "/a.so");
  fs::copy_file(fixture("none"), folder.path() + "/b.so");
  Registry registry({folder.path()}, "");
  EXPECT_THROW(registry.find("org.dynkit.test.decay", "dynkit.model/1"), Error);
}

TEST(Registry, HonorsTheMajorThatAReferenceNames) {
  Registry registry({std::string(FIXTURES) + "/none"}, "");
  EXPECT_NE(registry.find("org.dynkit.test.decay@1", "dynkit.model/1").component, nullptr);
  EXPECT_THROW(registry.find("org.dynkit.test.decay@2", "dynkit.model/1"), Error);
}

TEST(Registry, ReadsUnchangedLibrariesFromItsIndex) {
  const Folder folder;
  const std::string index = folder.path() + "/index.json";
  const std::string file = folder.path() + "/plugin.so";
  fs::copy_file(fixture("none"), file);
  const Registry first({folder.path()}, index);

  // Garbage of the same size and time is taken for the library that the index knows: proof that
  // its code was not run. It takes the place of the library, which stays mapped in this process.
  const auto time = fs::last_write_time(file);
  const std::string garbage = folder.path() + "/garbage";
  std::ofstream(garbage, std::ios::binary) << std::string(fs::file_size(file), 'x');
  fs::rename(garbage, file);
  fs::last_write_time(file, time);
  EXPECT_EQ(Registry({folder.path()}, index).libraries()[0].refused, "");

  fs::last_write_time(file, time + std::chrono::seconds(1));
  EXPECT_NE(Registry({folder.path()}, index).libraries()[0].refused, "");
}

TEST(Registry, TakesADamagedIndexForNone) {
  const Folder folder;
  const std::string index = folder.path() + "/index.json";
  std::ofstream(index) << "{\"format\": 1, \"libraries\": [{\"path\": 3}]}";
  const Registry registry({std::string(FIXTURES) + "/none"}, index);
  EXPECT_EQ(registry.libraries()[0].components.size(), 1U);
}

}  // namespace
}  // namespace dynkit
