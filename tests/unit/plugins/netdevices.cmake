ctr_unit_test(netdevices_test SOURCES netdevices_test.cpp "${CMAKE_SOURCE_DIR}/plugins/netdevices/names.cpp")
