// SPDX-License-Identifier: MIT
#include "sys/in_plugin.hpp"

#include <cstdio>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>

namespace core::sys {
namespace {

const char *current_plugin = nullptr, *current_function = nullptr;
pid_t current_process = 0; // a process that the plugin forked may end as it likes

int say_on_stderr(const std::string &message) {
    std::fprintf(stderr, "ctr: %s\n", message.c_str());
    return 125;
}

void arm_once() {
    static const bool armed = [] {
        std::atexit(check_exit);
        ::at_quick_exit(check_exit);
        return true;
    }();
    static_cast<void>(armed);
}

} // namespace

int (*on_exit_in_plugin)(const std::string &message) = say_on_stderr;

InPlugin::InPlugin(const char *plugin, const char *function)
    : outer_plugin_(current_plugin), outer_function_(current_function) {
    arm_once();
    current_plugin = plugin;
    current_function = function;
    current_process = ::getpid();
}

InPlugin::~InPlugin() {
    current_plugin = outer_plugin_;
    current_function = outer_function_;
}

void check_exit() {
    if (current_plugin == nullptr || current_process != ::getpid()) return;
    const std::string message = std::string("plugin ") + current_plugin + ": its " + current_function +
                                " ended the process instead of returning: this is a bug of the plugin";
    current_plugin = nullptr;
    const int status = on_exit_in_plugin(message);
    ::syscall(SYS_exit_group, status == 0 ? 125 : status);
}

} // namespace core::sys
