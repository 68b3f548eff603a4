set(cgroup_v1 ${CMAKE_SOURCE_DIR}/plugins/cgroup-v1)
ctr_unit_test(cgroup-v1_test SOURCES cgroup-v1_test.cpp ${cgroup_v1}/plugin.cpp ${cgroup_v1}/planning.cpp ${cgroup_v1}/hierarchies.cpp ${cgroup_v1}/limits.cpp
  ${cgroup_v1}/create.cpp ${cgroup_v1}/ending.cpp ${cgroup_v1}/realtime.cpp ${cgroup_v1}/join.cpp ${cgroup_v1}/running.cpp LIBRARIES ctr::testing)
