ctr_unit_test(btrfs_test SOURCES btrfs_test.cpp ${CMAKE_SOURCE_DIR}/plugins/btrfs/names.cpp)
target_include_directories(btrfs_test PRIVATE ${CMAKE_SOURCE_DIR}/plugins/btrfs)
