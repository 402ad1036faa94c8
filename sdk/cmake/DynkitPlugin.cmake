# dynkit_add_plugin(NAME SOURCES file... [LIBRARIES target...] [VARIANTS level...] [OPTIONS flag...])
#
# Builds the shared library NAME.so that exports one symbol, dynkit_plugin_v1, and nothing else:
# hidden visibility is not enough, since the C++ standard library leaks weak symbols, so a linker
# version script names what is visible.
#
# VARIANTS builds the same sources again for newer instruction sets (x86-64-v3, x86-64-v4). Each
# lands beside the library in a folder of that name, and the host loads the best one that the
# machine can run. Where DYNKIT_PLUGIN_INSTALL_FOLDER is set, all of them are installed there.

function(dynkit_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES;VARIANTS;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dynkit_add_plugin(${name}): unknown words '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "dynkit_add_plugin(${name}): SOURCES is empty")
  endif()

  set_property(GLOBAL APPEND PROPERTY DYNKIT_PLUGINS ${name})
  _dynkit_add_plugin_library(${name} ${name} "" "${arg_SOURCES}" "${arg_LIBRARIES}"
                             "${arg_OPTIONS}")
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" OR DYNKIT_SANITIZE)
    return()
  endif()
  foreach(level IN LISTS arg_VARIANTS)
    _dynkit_add_plugin_library("${name}-${level}" ${name} "${level}" "${arg_SOURCES}"
                               "${arg_LIBRARIES}" "${arg_OPTIONS};-march=${level}")
    if(level STREQUAL "x86-64-v4")
      target_compile_options("${name}-${level}" PRIVATE -mprefer-vector-width=512)
    endif()
    add_dependencies(${name} "${name}-${level}")
  endforeach()
endfunction()

# One library: target, file name, folder below the plugin folder ("" or an instruction-set level).
function(_dynkit_add_plugin_library target file folder sources libraries options)
  set(exports_map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/exports.map")
  add_library(${target} MODULE ${sources})
  if(TARGET dynkit_compile_options)
    target_link_libraries(${target} PRIVATE dynkit_compile_options)
  endif()
  target_link_libraries(${target} PRIVATE dynkit::sdk ${libraries})
  # elementary.hpp says why powers are not folded.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-builtin-pow> ${options})
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${exports_map}" LINKER:-z,relro LINKER:-z,now)
  if(NOT DYNKIT_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${file}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${exports_map}")
  if(CMAKE_LIBRARY_OUTPUT_DIRECTORY OR folder)
    set(directory "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
    if(NOT directory)
      set(directory "${CMAKE_CURRENT_BINARY_DIR}")
    endif()
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${directory}/${folder}")
  endif()
  if(DYNKIT_PLUGIN_INSTALL_FOLDER)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS ${target} COMPONENT plugins
      LIBRARY DESTINATION "${DYNKIT_PLUGIN_INSTALL_FOLDER}/${folder}")
  endif()
endfunction()
