ctr_unit_test(storage-common_test SOURCES storage-common_test.cpp)
target_include_directories(storage-common_test PRIVATE ${CMAKE_SOURCE_DIR}/plugins/storage-common)
