ctr_unit_test(process_test SOURCES process_test.cpp "${CMAKE_SOURCE_DIR}/plugins/process/user.cpp"
  "${CMAKE_SOURCE_DIR}/plugins/process/limits.cpp"
  "${CMAKE_SOURCE_DIR}/plugins/process/placing.cpp")
