# The kinds alone, without the launcher: host_double.cpp stands for what core/launch gives them.
file(GLOB kinds_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/core/kinds/*.cpp")
ctr_unit_test(kinds_test
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/host_double.cpp ${CMAKE_CURRENT_LIST_DIR}/table_test.cpp ${CMAKE_CURRENT_LIST_DIR}/arguments_test.cpp
    ${CMAKE_CURRENT_LIST_DIR}/mount_options_test.cpp ${CMAKE_CURRENT_LIST_DIR}/users_test.cpp
    ${CMAKE_CURRENT_LIST_DIR}/paths_test.cpp ${CMAKE_CURRENT_LIST_DIR}/mounts_test.cpp
    ${CMAKE_CURRENT_LIST_DIR}/machine_test.cpp ${CMAKE_CURRENT_LIST_DIR}/isolate_test.cpp
    ${CMAKE_CURRENT_LIST_DIR}/hooks_test.cpp ${kinds_sources} ${CMAKE_SOURCE_DIR}/core/sys/spawn.cpp
    ${CMAKE_SOURCE_DIR}/core/sys/process.cpp ${CMAKE_SOURCE_DIR}/core/sys/own_executable.cpp ${CMAKE_SOURCE_DIR}/core/sys/files.cpp ${CMAKE_SOURCE_DIR}/core/base/result.cpp
    ${CMAKE_SOURCE_DIR}/core/base/arguments.cpp
  LIBRARIES ctr::sdk)
target_include_directories(kinds_test PRIVATE "${CMAKE_SOURCE_DIR}/core")
target_compile_definitions(kinds_test PRIVATE CTR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
