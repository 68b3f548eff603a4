# ctr_install_stripped(TARGET DIRECTORY): behind install(TARGETS ...) of a file of this project. What is installed has
# no symbols for debuggers: they stand in PREFIX/lib/debug/PREFIX/DIRECTORY/FILE.debug, where gdb finds them (set
# debug-file-directory PREFIX/lib/debug). Files that are read at each start (a pinned plugin's is summed) are a quarter
# as long.
function(ctr_install_stripped target directory)
  if(NOT CMAKE_STRIP OR NOT CMAKE_OBJCOPY)
    return()
  endif()
  install(CODE "
    set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${directory}/$<TARGET_FILE_NAME:${target}>\")
    set(symbols \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/debug\${CMAKE_INSTALL_PREFIX}/${directory}\")
    file(MAKE_DIRECTORY \"\${symbols}\")
    set(symbols \"\${symbols}/$<TARGET_FILE_NAME:${target}>.debug\")
    foreach(command \"${CMAKE_OBJCOPY};--only-keep-debug;\${file};\${symbols}\" \"${CMAKE_STRIP};--strip-unneeded;\${file}\"
        \"${CMAKE_OBJCOPY};--add-gnu-debuglink=\${symbols};\${file}\")
      execute_process(COMMAND \${command} RESULT_VARIABLE failed)
      if(failed)
        message(FATAL_ERROR \"\${command}: \${failed}\")
      endif()
    endforeach()")
endfunction()
