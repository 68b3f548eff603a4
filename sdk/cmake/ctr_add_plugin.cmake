# ctr_add_plugin(NAME [MANIFEST manifest.json] SOURCES a.cpp ... [LIBRARIES lib ...] [CHILD])
#
# Makes NAME.so, a ctr plugin: embeds the manifest in the ELF note, hides all symbols but the entry, links the C++ runtime
# statically (two plugins never share one), and checks the code that runs between clone and exec. CHILD says that the plugin
# has child kinds: then finding no CTR_CHILD code is an error.
set(CTR_SDK_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "where the SDK keeps its build scripts")

function(ctr_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CHILD" "MANIFEST" "SOURCES;LIBRARIES")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "ctr_add_plugin(${name}): SOURCES is missing")
  endif()
  if(NOT arg_MANIFEST)
    set(arg_MANIFEST manifest.json)
  endif()
  get_filename_component(manifest "${arg_MANIFEST}" ABSOLUTE)

  # The manifest as a C string in a source file of its own.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}")
  file(READ "${manifest}" text)
  string(JSON id ERROR_VARIABLE problem GET "${text}" id)
  if(problem)
    message(FATAL_ERROR "ctr_add_plugin(${name}): ${manifest}: ${problem}")
  endif()
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
  set(note "${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest.c")
  file(GENERATE OUTPUT "${note}" CONTENT "/* made by ctr_add_plugin from ${manifest} */\n#include <ctr/manifest.h>\n\nCTR_MANIFEST(\n    \"${text}\");\n")

  set(sources ${arg_SOURCES})
  list(FILTER sources INCLUDE REGEX "\\.(cpp|cc|cxx)$")
  if(sources)
    set(sources "${CTR_SDK_CMAKE_DIR}/ctr_terminate.cpp")
  endif()
  add_library(${name} MODULE ${arg_SOURCES} ${sources} "${note}")
  target_link_libraries(${name} PRIVATE ctr::sdk ${arg_LIBRARIES})
  target_compile_features(${name} PRIVATE cxx_std_20 c_std_11)
  set_target_properties(${name} PROPERTIES
    PREFIX "" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    INTERPROCEDURAL_OPTIMIZATION OFF POSITION_INDEPENDENT_CODE ON)
  target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc LINKER:--exclude-libs,ALL LINKER:-z,defs
    LINKER:-z,now LINKER:-z,relro LINKER:--as-needed)
  # A start loads eight plugins or so: what nobody calls is left out, and code and constants are one mapping instead of three.
  target_link_options(${name} PRIVATE LINKER:--gc-sections LINKER:-z,noseparate-code)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize" OR CTR_SANITIZE)
    # A sanitizer's runtime lives in the host.
    set_property(TARGET ${name} APPEND PROPERTY LINK_OPTIONS LINKER:-z,undefs)
  endif()
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
    COMMAND "${CMAKE_COMMAND}" "-DOBJECTS=$<TARGET_OBJECTS:${name}>" "-DALLOWED=${CTR_SDK_CMAKE_DIR}/ctr_child_allowed.txt"
      "-DREADELF=${CMAKE_READELF}" "-DREQUIRED=${arg_CHILD}" "-DSANITIZED=$<BOOL:${CTR_SANITIZE}>" -P "${CTR_SDK_CMAKE_DIR}/ctr_check_child.cmake")
endfunction()
