ctr_unit_test(hooks_test SOURCES hooks_test.cpp "${CMAKE_SOURCE_DIR}/plugins/hooks/state.cpp")
