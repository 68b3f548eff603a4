ctr_unit_test(overlay_test SOURCES overlay_test.cpp
  ${CMAKE_SOURCE_DIR}/plugins/overlay/names.cpp ${CMAKE_SOURCE_DIR}/plugins/overlay/remove_tree.cpp)
target_include_directories(overlay_test PRIVATE ${CMAKE_SOURCE_DIR}/plugins/overlay)
