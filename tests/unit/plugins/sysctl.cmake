ctr_unit_test(sysctl_test SOURCES sysctl_test.cpp "${CMAKE_SOURCE_DIR}/plugins/sysctl/keys.cpp")
