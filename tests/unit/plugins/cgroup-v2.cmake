set(cgroup_v2 ${CMAKE_SOURCE_DIR}/plugins/cgroup-v2)
ctr_unit_test(cgroup-v2_test SOURCES cgroup-v2_test.cpp ${cgroup_v2}/plugin.cpp ${cgroup_v2}/planning.cpp ${cgroup_v2}/limits.cpp ${cgroup_v2}/device_program.cpp
  ${cgroup_v2}/bpf.cpp ${cgroup_v2}/create.cpp ${cgroup_v2}/ending.cpp ${cgroup_v2}/running.cpp LIBRARIES ctr::testing)
