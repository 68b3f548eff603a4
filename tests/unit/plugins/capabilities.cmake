ctr_unit_test(capabilities_test SOURCES capabilities_test.cpp "${CMAKE_SOURCE_DIR}/plugins/capabilities/sets.cpp")
