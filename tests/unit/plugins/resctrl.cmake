ctr_unit_test(resctrl_test SOURCES resctrl_test.cpp "${CMAKE_SOURCE_DIR}/plugins/resctrl/schemata.cpp"
  "${CMAKE_SOURCE_DIR}/plugins/resctrl/group.cpp" LIBRARIES ctr::testing)
