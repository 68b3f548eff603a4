# ctr::testing, the SDK's fake host, beside the host that it stands for: table_test.cpp looks at its table,
# against_ctr_test.cpp lets the same plugins run in both.
file(GLOB testing_tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*_test.cpp")
ctr_unit_test(testing_test SOURCES ${testing_tests} LIBRARIES ctr::testing plan_fixture)
set(mirror_dir "${CMAKE_BINARY_DIR}/tests/plugins/mirror")
target_compile_definitions(testing_test PRIVATE CTR_TEST_MIRROR_DIR="${mirror_dir}")
ctr_add_plugin(mirror MANIFEST "${CMAKE_CURRENT_LIST_DIR}/mirror/manifest.json" SOURCES "${CMAKE_CURRENT_LIST_DIR}/mirror/plugin.cpp" CHILD)
set_target_properties(mirror PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${mirror_dir}")
add_dependencies(testing_test mirror)
