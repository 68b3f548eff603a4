ctr_unit_test(mounts_test SOURCES mounts_test.cpp ${CMAKE_SOURCE_DIR}/plugins/mounts/paths.cpp)
