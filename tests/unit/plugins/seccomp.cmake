set(seccomp_dir "${CMAKE_SOURCE_DIR}/plugins/seccomp")
find_library(SECCOMP_STATIC libseccomp.a REQUIRED)
ctr_unit_test(seccomp_profile_test SOURCES seccomp_profile_test.cpp "${seccomp_dir}/profile.cpp" "${seccomp_dir}/translate.cpp"
  "${seccomp_dir}/syscalls.cpp" LIBRARIES ctr::testing "${SECCOMP_STATIC}")
ctr_unit_test(seccomp_bpf_test SOURCES seccomp_bpf_test.cpp "${seccomp_dir}/profile.cpp" "${seccomp_dir}/bpf.cpp"
  "${seccomp_dir}/syscalls.cpp" "${seccomp_dir}/default_profile.cpp" "${seccomp_dir}/program.cpp" LIBRARIES "${SECCOMP_STATIC}")
