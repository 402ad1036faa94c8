#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "commands.hpp"
#include "common_options.hpp"
#include "dynkit/error.hpp"
#include "output/terminal.hpp"
#include "plugin_templates.hpp"

namespace dynkit {
namespace {

namespace fs = std::filesystem;

struct NewArguments {
  std::string name;
  std::string language = "cpp";
  std::string id;      // empty: org.example.NAME
  std::string folder;  // empty: NAME
  CommonOptions common;
};

// Names of CMake's own targets, in lower_snake_case.
constexpr std::array kTargets = {"all",     "clean",   "depend",         "edit_cache",    "help",
                                 "install", "package", "package_source", "rebuild_cache", "test"};

void check_name(const std::string& name) {
  if (std::find(kTargets.begin(), kTargets.end(), name) != kTargets.end()) {
    throw Error(DK_SETTINGS,
                fmt::format("plugin name '{}' is a target of CMake's own: choose another", name));
  }
  if (std::regex_match(name, std::regex("[a-z][a-z0-9]*(_[a-z0-9]+)*"))) return;
  throw Error(DK_SETTINGS, fmt::format("plugin name '{}' is not in lower_snake_case, such as "
                                       "my_model: letters a-z, digits, single underscores",
                                       name));
}

void check_id(const std::string& id) {
  if (std::regex_match(id, std::regex("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*){2,}"))) return;
  throw Error(DK_SETTINGS, fmt::format("component id '{}' is not in reverse-DNS form, such as "
                                       "org.example.my_model: three or more words of a-z, digits "
                                       "and underscores",
                                       id));
}

// "my_model" as "MyModel"
std::string type_name(const std::string& name) {
  std::string type;
  bool first = true;
  for (const char c : name) {
    if (c != '_') type += first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    first = c == '_';
  }
  return type;
}

std::string replace_all(std::string text, const std::string& word, const std::string& value) {
  for (std::size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + value.size())) {
    text.replace(at, word.size(), value);
  }
  return text;
}

// The source is named after the plugin, and .gitignore has no dot in sdk/template, where git would
// obey it.
std::string file_name(const fs::path& path, const std::string& name) {
  if (path.stem() == "source") return name + path.extension().string();
  if (path.filename() == "gitignore") return ".gitignore";
  return path.filename().string();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Error(DK_IO, fmt::format("cannot write '{}'", path.string()));
}

void make_folder(const std::string& folder) {
  if (fs::exists(fs::symlink_status(folder))) {
    throw Error(DK_SETTINGS,
                fmt::format("'{}' exists already: a new plugin needs a folder of its own", folder));
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(DK_IO, fmt::format("cannot make folder '{}': {}", folder, error.message()));
  }
}

// Where an installed SDK is: the prefix of this program if it stands in PREFIX/bin.
std::string sdk_prefix(const std::string& program) {
  const fs::path prefix = fs::path(program).parent_path().parent_path();
  return fs::exists(prefix / "include/dynkit/plugin.h") ? prefix.string() : "PREFIX";
}

std::string next_steps(const std::string& folder, const std::string& name,
                       const std::string& prefix, const std::string& source) {
  std::string text = fmt::format(
      "Wrote {0}/. Its model works as it is; {1} is the file to change.\n\n"
      "Next:\n"
      "  cd {0}\n"
      "  cmake -B build -DCMAKE_PREFIX_PATH={2}\n"
      "  cmake --build build\n"
      "  dynkit plugin check build/{3}.so\n"
      "  dynkit run experiment.toml --plugin-path build\n",
      folder, source, prefix, name);
  if (prefix == "PREFIX") {
    text +=
        "\nPREFIX is where dynkit was installed, from its build folder:\n"
        "  cmake --install BUILD --prefix PREFIX\n";
  }
  return text;
}

struct Written {
  std::vector<std::string> files;
  std::string source;  // the one to change
};

Written write_files(const std::string& folder, const std::string& name, const std::string& id,
                    const std::string& language) {
  Written written;
  for (const TemplateFile& file : plugin_templates()) {
    const fs::path path(file.path);
    if (path.parent_path() != language) continue;
    std::string text = replace_all(std::string(file.text), "@name@", name);
    text = replace_all(text, "@Name@", type_name(name));
    written.files.push_back(file_name(path, name));
    write(fs::path(folder) / written.files.back(), replace_all(text, "@id@", id));
    if (path.stem() == "source") written.source = written.files.back();
  }
  return written;
}

int make_plugin(const CommandContext& context, const NewArguments& arguments) {
  const std::string& name = arguments.name;
  const std::string id = arguments.id.empty() ? "org.example." + name : arguments.id;
  const std::string folder = arguments.folder.empty() ? name : arguments.folder;
  check_name(name);
  check_id(id);
  make_folder(folder);
  Written written;
  try {
    written = write_files(folder, name, id, arguments.language);
  } catch (...) {  // a full disk: half a plugin is of no use
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    throw;
  }
  if (arguments.common.json) {
    print(nlohmann::json{{"folder", folder}, {"files", written.files}}.dump() + "\n");
  } else if (!arguments.common.quiet) {
    print(next_steps(folder, name, sdk_prefix(context.program), written.source));
  }
  return 0;
}

}  // namespace

void add_plugin_new(CLI::App& plugin, CommandContext& context) {
  auto arguments = std::make_shared<NewArguments>();
  CLI::App* command =
      plugin.add_subcommand("new", "write the folder of a new model plugin, ready to build");
  command->footer("Example:\n  dynkit plugin new --lang cpp my_model --id org.mylab.my_model");
  command->add_option("name", arguments->name, "the plugin's name, in lower_snake_case")
      ->required();
  command
      ->add_option("--lang", arguments->language,
                   "c: C11, derivatives by hand; cpp: C++20, derivatives from the formula")
      ->check(CLI::IsMember({"c", "cpp"}))
      ->capture_default_str();
  command->add_option("--id", arguments->id,
                      "of the component, in reverse-DNS form (default: org.example.NAME)");
  command->add_option("--dir", arguments->folder, "the folder to make (default: NAME)");
  add_common_options(*command, arguments->common);
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { return make_plugin(context, *arguments); };
  });
}

}  // namespace dynkit
