include("${CMAKE_CURRENT_LIST_DIR}/ctr_targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/ctr_add_plugin.cmake")
