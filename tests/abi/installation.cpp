// SPDX-License-Identifier: MIT
#include "installation.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace sdk_test {
namespace {

namespace fs = std::filesystem;

std::string told(const std::string &what, const Outcome &outcome) {
    return what + " failed with status " + std::to_string(outcome.status) + "\n" + outcome.out + outcome.err;
}

} // namespace

Installation &Installation::get() {
    static Installation installation;
    return installation;
}

Installation::Installation() { problem_ = make(); }

Installation::~Installation() {
    std::error_code ignored;
    if (!root_.empty()) fs::remove_all(root_, ignored);
    for (const auto &hierarchy : fs::directory_iterator("/sys/fs/cgroup", ignored))
        ::rmdir((hierarchy.path().string() + "/ctr-test-abi-" + std::to_string(::getpid())).c_str());
    ::rmdir(("/sys/fs/cgroup/ctr-test-abi-" + std::to_string(::getpid())).c_str());
}

std::string Installation::make() {
    char name[] = "/tmp/ctr-test-abi-XXXXXX";
    if (::mkdtemp(name) == nullptr) return "no directory can be made in /tmp";
    root_ = name;
    fs::permissions(root_, fs::perms(0755));
    const Outcome installed = run({CMAKE_PROGRAM, "--install", BUILD_DIRECTORY, "--prefix", prefix()});
    if (installed.status != 0) return told("cmake --install", installed);
    for (const char *directory : {"bin", "proc", "sys", "dev", "tmp", "etc"})
        fs::create_directories(rootfs() + "/" + directory);
    const Outcome kind = run({"readelf", "-l", "/bin/busybox"});
    if (kind.status != 0 || kind.out.find("INTERP") != std::string::npos) return {}; // NEEDS_ROOTFS() says it
    fs::copy_file("/bin/busybox", rootfs() + "/bin/busybox");
    for (const char *applet : {"true", "cat", "sh", "grep"})
        fs::create_symlink("busybox", rootfs() + "/bin/" + applet);
    return {};
}

std::string Installation::directory(const std::string &name) const {
    const std::string path = root_ + "/" + name;
    fs::remove_all(path);
    fs::create_directories(path);
    fs::permissions(path, fs::perms(0755));
    return path;
}

std::string Installation::config(const std::string &more) const {
    static int serial = 0;
    const std::string path = root_ + "/config-" + std::to_string(serial++) + ".json",
                      parent = "{\"parent\": \"/ctr-test-abi-" + std::to_string(::getpid()) + "\"}";
    std::ofstream(path) << "{" << more << "\"network\": {\"driver\": \"none\"}, \"cgroup-v1\": " << parent
                        << ", \"cgroup-v2\": " << parent << "}\n";
    return path;
}

Outcome Installation::ctr(const std::vector<std::string> &words, const std::string &config_file) const {
    std::vector<std::string> command = {prefix() + "/bin/ctr", "--config", config_file.empty() ? config() : config_file,
                                        "--run-root",          state(),    "--data-root",
                                        root_ + "/data"};
    command.insert(command.end(), words.begin(), words.end());
    return run(command);
}

const std::string &Installation::sample() {
    if (!sample_.empty() || !ok()) return sample_;
    return sample_ = project("sample", SAMPLE_DIRECTORY);
}

/// The sources are copied first: nothing of this repository but the installed SDK is within reach.
std::string Installation::project(const std::string &name, const std::string &original) {
    const std::string source = root_ + "/" + name, build = source + "-build";
    fs::copy(original, source, fs::copy_options::recursive);
    const Outcome configured = run({"env", "-i", std::string("PATH=") + std::getenv("PATH"), CMAKE_PROGRAM, "-S",
                                    source, "-B", build, "-G", CMAKE_GENERATOR_NAME, "-DCMAKE_PREFIX_PATH=" + prefix(),
                                    "-DCMAKE_C_COMPILER=" C_COMPILER, "-DCMAKE_CXX_COMPILER=" CXX_COMPILER,
                                    "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wold-style-cast -Werror"});
    if (configured.status != 0) return problem_ = told("configuring " + name, configured), std::string();
    const Outcome built = run({CMAKE_PROGRAM, "--build", build});
    if (built.status != 0) return problem_ = told("building " + name, built), std::string();
    return build;
}

std::vector<std::string> steps_of(const std::string &plan_json) {
    std::vector<std::string> steps;
    const auto plan = nlohmann::json::parse(plan_json, nullptr, false);
    if (!plan.is_object() || !plan.contains("steps")) return steps;
    for (const auto &step : plan["steps"])
        steps.push_back(step.value("kind", "") + " of " + step.value("plugin", ""));
    return steps;
}

int position(const std::vector<std::string> &steps, const std::string &step) {
    for (std::size_t i = 0; i < steps.size(); ++i)
        if (steps[i] == step) return static_cast<int>(i);
    return -1;
}

} // namespace sdk_test
