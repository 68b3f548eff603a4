pkg_check_modules(LIBNL REQUIRED IMPORTED_TARGET libnl-3.0)
set(bridge_dir ${CMAKE_SOURCE_DIR}/plugins/bridge)
ctr_unit_test(bridge_test SOURCES bridge_test.cpp ${bridge_dir}/subnet.cpp ${bridge_dir}/names.cpp ${bridge_dir}/leases.cpp
  ${bridge_dir}/files.cpp ${bridge_dir}/nat.cpp ${bridge_dir}/netlink.cpp LIBRARIES ctr::sdk PkgConfig::LIBNL)
