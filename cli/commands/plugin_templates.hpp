#pragma once

#include <span>
#include <string_view>

namespace dynkit {

/// A file of sdk/template: "cpp/source.cpp" and its text, in which @name@, @Name@ and @id@ stand
/// for the plugin's name as file, as type, and the id of its component.
struct TemplateFile {
  std::string_view path;
  std::string_view text;
};

std::span<const TemplateFile> plugin_templates();

}  // namespace dynkit
