# The kinds alone, without the launcher: ctr::testing stands for what core/launch gives them; the core only for running
# programs.
file(GLOB kinds_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/plugins/kinds/*.cpp")
file(GLOB kinds_tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
ctr_unit_test(kinds_test SOURCES ${kinds_tests} ${kinds_sources} LIBRARIES ctr::testing ctr_core)
target_include_directories(kinds_test PRIVATE "${CMAKE_SOURCE_DIR}/plugins")
target_compile_definitions(kinds_test PRIVATE CTR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
