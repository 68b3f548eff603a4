ctr_unit_test(cgroup-common_test SOURCES cgroup-common_test.cpp LIBRARIES ctr::testing)
