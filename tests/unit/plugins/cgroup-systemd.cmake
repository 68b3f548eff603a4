# As the plugin finds it; an imported target is known in its folder only.
pkg_check_modules(LIBSYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
set(cgroup_systemd ${CMAKE_SOURCE_DIR}/plugins/cgroup-systemd)
set(cgroup_v1 ${CMAKE_SOURCE_DIR}/plugins/cgroup-v1)
set(cgroup_v2 ${CMAKE_SOURCE_DIR}/plugins/cgroup-v2)
ctr_unit_test(cgroup-systemd_test
  SOURCES cgroup-systemd_test.cpp ${cgroup_systemd}/plugin.cpp ${cgroup_systemd}/names.cpp ${cgroup_systemd}/properties.cpp ${cgroup_systemd}/bus.cpp
    ${cgroup_systemd}/scope.cpp ${cgroup_v2}/planning.cpp ${cgroup_v2}/limits.cpp ${cgroup_v2}/device_program.cpp ${cgroup_v2}/bpf.cpp
    ${cgroup_v2}/create.cpp ${cgroup_v2}/ending.cpp ${cgroup_v2}/running.cpp
    ${cgroup_v1}/planning.cpp ${cgroup_v1}/hierarchies.cpp ${cgroup_v1}/limits.cpp ${cgroup_v1}/create.cpp ${cgroup_v1}/ending.cpp ${cgroup_v1}/realtime.cpp ${cgroup_v1}/join.cpp
    ${cgroup_v1}/running.cpp
  LIBRARIES ctr::testing PkgConfig::LIBSYSTEMD)
