# ctr_add_plugin(NAME [MANIFEST manifest.json] SOURCES a.cpp ... [LIBRARIES lib ...] [CHILD] [IN FILE])
#
# Makes NAME.so, a ctr plugin: embeds the manifest in the ELF note, hides all symbols but the entry, links the C++
# runtime statically (two files never share one), and checks the code that runs between clone and exec. CHILD says that
# the plugin has child kinds: then finding no CTR_CHILD code is an error.
#
# ctr_add_plugin_file(FILE)
#
# Makes FILE.so of all plugins that were added with IN FILE. Each is a plugin of its own, with its id, manifest and
# entry; what they share is one file to open, map and relocate, and one C++ runtime, so that plugins which are mostly
# used together start faster. Each needs a namespace of its own for whatever is not in an unnamed one.
set(CTR_SDK_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "where the SDK keeps its build scripts")

# The link options of a plugin's file.
function(ctr_plugin_file_options target)
  set_target_properties(${target} PROPERTIES PREFIX "" INTERPROCEDURAL_OPTIMIZATION OFF)
  target_link_options(${target} PRIVATE LINKER:--exclude-libs,ALL LINKER:-z,defs LINKER:-z,now LINKER:-z,relro LINKER:--as-needed)
  # Unused functions are left out, and code and constants become one mapping instead of three.
  target_link_options(${target} PRIVATE LINKER:--gc-sections LINKER:-z,noseparate-code)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize" OR CTR_SANITIZE)
    # A sanitizer's runtime lives in the host; it watches the C++ runtime's new and delete only in the shared one.
    set_property(TARGET ${target} APPEND PROPERTY LINK_OPTIONS LINKER:-z,undefs)
  else()
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

function(ctr_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "CHILD" "MANIFEST;IN" "SOURCES;LIBRARIES")
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
  file(GENERATE OUTPUT "${note}" CONTENT "/* made by ctr_add_plugin from ${manifest} */\n#include <ctr/manifest.h>\n\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\nCTR_MANIFEST(\n    \"${text}\");\n")
  # AddressSanitizer of clang would put a margin behind the note, and whoever reads the next one would begin in it.
  set_source_files_properties("${note}" PROPERTIES COMPILE_OPTIONS -fno-sanitize=address)

  if(arg_IN)
    string(MAKE_C_IDENTIFIER "${name}" entry)
    add_library(${name} OBJECT ${arg_SOURCES} "${note}")
    target_compile_definitions(${name} PRIVATE ctr_plugin_entry_v1=ctr_plugin_entry_v1_${entry})
    set_property(GLOBAL APPEND PROPERTY CTR_PLUGINS_IN_${arg_IN} ${name})
    set(checked ${arg_IN}_checks_${name})
    add_custom_target(${checked} DEPENDS "${CMAKE_CURRENT_BINARY_DIR}/${checked}.stamp")
    set(when OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${checked}.stamp" DEPENDS ${name} "$<TARGET_OBJECTS:${name}>")
    set(then COMMAND "${CMAKE_COMMAND}" -E touch "${CMAKE_CURRENT_BINARY_DIR}/${checked}.stamp")
  else()
    set(sources ${arg_SOURCES})
    list(FILTER sources INCLUDE REGEX "\\.(cpp|cc|cxx)$")
    if(sources)
      set(sources "${CTR_SDK_CMAKE_DIR}/ctr_terminate.cpp")
    endif()
    add_library(${name} MODULE ${arg_SOURCES} ${sources} "${note}")
    ctr_plugin_file_options(${name})
    set(when TARGET ${name} POST_BUILD)
    set(then "")
  endif()
  target_link_libraries(${name} PRIVATE ctr::sdk ${arg_LIBRARIES})
  target_compile_features(${name} PRIVATE cxx_std_20 c_std_11)
  set_target_properties(${name} PROPERTIES
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  add_custom_command(${when} VERBATIM
    COMMAND "${CMAKE_COMMAND}" "-DOBJECTS=$<TARGET_OBJECTS:${name}>" "-DALLOWED=${CTR_SDK_CMAKE_DIR}/ctr_child_allowed.txt"
      "-DREADELF=${CMAKE_READELF}" "-DREQUIRED=${arg_CHILD}" "-DSANITIZED=$<BOOL:${CTR_SANITIZE}>" "-DDEBUG=$<CONFIG:Debug>" -P "${CTR_SDK_CMAKE_DIR}/ctr_check_child.cmake"
    ${then})
endfunction()

function(ctr_add_plugin_file file)
  get_property(names GLOBAL PROPERTY CTR_PLUGINS_IN_${file})
  if(NOT names)
    message(FATAL_ERROR "ctr_add_plugin_file(${file}): no plugin was added with IN ${file}")
  endif()
  set(declared "")
  set(listed "")
  foreach(name IN LISTS names)
    string(MAKE_C_IDENTIFIER "${name}" entry)
    string(APPEND declared "extern const ctr_plugin_entry ctr_plugin_entry_v1_${entry};\n")
    string(APPEND listed "    &ctr_plugin_entry_v1_${entry},\n")
  endforeach()
  set(entries "${CMAKE_CURRENT_BINARY_DIR}/${file}_entries.c")
  file(GENERATE OUTPUT "${entries}" CONTENT "/* made by ctr_add_plugin_file */\n#include <ctr/plugin.h>\n\n${declared}
__attribute__((visibility(\"default\"))) const ctr_plugin_entry *const ctr_plugin_entries_v1[] = {\n${listed}    0};\n")
  set(exports "${CMAKE_CURRENT_BINARY_DIR}/${file}.map")
  file(GENERATE OUTPUT "${exports}" CONTENT "{ global: ctr_plugin_entries_v1; local: *; };\n")
  add_library(${file} MODULE "${entries}" "${CTR_SDK_CMAKE_DIR}/ctr_terminate.cpp")
  target_compile_features(${file} PRIVATE cxx_std_20 c_std_11)
  target_link_libraries(${file} PRIVATE ctr::sdk ${names})
  set_target_properties(${file} PROPERTIES LINKER_LANGUAGE CXX)
  ctr_plugin_file_options(${file})
  target_link_options(${file} PRIVATE "LINKER:--version-script=${exports}")
  foreach(name IN LISTS names)
    add_dependencies(${file} ${file}_checks_${name})
  endforeach()
endfunction()
