# The target `coverage`: which lines the tests so far have run, by file, as text and as HTML in
# coverage/ of the build folder.
find_program(DYNKIT_GCOVR gcovr)
if(DYNKIT_GCOVR)
  set(report_dir ${PROJECT_BINARY_DIR}/coverage)
  file(MAKE_DIRECTORY ${report_dir})
  add_custom_target(coverage
    COMMAND ${DYNKIT_GCOVR} --root ${PROJECT_SOURCE_DIR}
            --filter "${PROJECT_SOURCE_DIR}/\(sdk|core|plugins|cli\)/"
            --txt ${report_dir}/lines.txt --html-details ${report_dir}/index.html --print-summary
            ${PROJECT_BINARY_DIR}
    COMMENT "Counting lines into ${report_dir}"
    VERBATIM)
else()
  message(STATUS "No gcovr: there is no target that writes the coverage report")
endif()
