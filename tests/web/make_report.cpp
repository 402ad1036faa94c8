// Writes the reports that the web tests look at: make_report FOLDER
#include <filesystem>
#include <fstream>
#include <utility>

#include "records.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const std::pair<const char*, dynkit::RunRecord> reports[] = {
      {"study.html", dynkit_test::study()}, {"hostile.html", dynkit_test::hostile()},
      {"large.html", dynkit_test::large()}, {"scenes.html", dynkit_test::scenes()},
      {"words.html", dynkit_test::words()},
  };
  for (const auto& [name, run] : reports) {
    std::ofstream file(folder / name, std::ios::binary);
    file << dynkit::render_report(run);
    if (!file.flush()) return 1;
  }
  return 0;
}
