# Unit tests of the plugin `image`: without root, in a temporary directory.
pkg_check_modules(IMAGE_LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(IMAGE_LIBCRYPTO REQUIRED IMPORTED_TARGET libcrypto)
set(image_sources archive attributes digest docker_archive image_config json layer layout limits name oci_layout path platform record
  source stream tree unpacker)
list(TRANSFORM image_sources PREPEND "${CMAKE_SOURCE_DIR}/plugins/image/")
list(TRANSFORM image_sources APPEND ".cpp")
ctr_unit_test(image_test
  SOURCES image_test.cpp image_unpack_test.cpp image_hostile_test.cpp image_source_test.cpp ${image_sources}
  LIBRARIES PkgConfig::IMAGE_LIBARCHIVE PkgConfig::IMAGE_LIBCRYPTO)
target_include_directories(image_test PRIVATE "${CMAKE_SOURCE_DIR}/plugins/image")
