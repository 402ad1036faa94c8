# dynkit_embed_templates(TARGET FOLDER): the files of FOLDER/<language>/ as text in the program, for
# `dynkit plugin new`. commands/plugin_templates.hpp declares what the generated source defines.

function(dynkit_embed_templates target folder)
  file(GLOB files RELATIVE ${folder} CONFIGURE_DEPENDS ${folder}/*/*)
  list(SORT files)
  set(entries "")
  foreach(file IN LISTS files)
    file(READ ${folder}/${file} text)
    string(APPEND entries "    {\"${file}\", R\"template(${text})template\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/plugin_templates.cpp)
  file(GENERATE OUTPUT ${source} CONTENT
"// From sdk/template, by cli/embed_templates.cmake.
#include \"commands/plugin_templates.hpp\"

namespace dynkit {
namespace {

constexpr TemplateFile kFiles[] = {
${entries}};

}  // namespace

std::span<const TemplateFile> plugin_templates() { return kFiles; }

}  // namespace dynkit
")
  target_sources(${target} PRIVATE ${source})
endfunction()
