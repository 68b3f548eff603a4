ctr_unit_test(no-cgroup_test SOURCES no-cgroup_test.cpp ${CMAKE_SOURCE_DIR}/plugins/no-cgroup/plugin.cpp LIBRARIES ctr::testing)
