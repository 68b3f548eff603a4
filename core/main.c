/* SPDX-License-Identifier: MIT
 *
 * The executable: nothing but a door to libctr-core.so, so that a container's first process can let go of it (core/sys/own_executable.hpp). */
int ctr_main(int argc, char **argv);

int main(int argc, char **argv) { return ctr_main(argc, argv); }
