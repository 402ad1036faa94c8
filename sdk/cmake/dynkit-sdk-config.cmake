# find_package(dynkit-sdk): the target dynkit::sdk and the function dynkit_add_plugin().
include("${CMAKE_CURRENT_LIST_DIR}/dynkit-sdk-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/DynkitPlugin.cmake")
