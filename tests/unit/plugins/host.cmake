ctr_unit_test(host_test SOURCES host_test.cpp ${CMAKE_SOURCE_DIR}/plugins/host/name_files.cpp LIBRARIES ctr::sdk)
