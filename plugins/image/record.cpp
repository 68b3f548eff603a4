// SPDX-License-Identifier: MIT
#include "record.hpp"

#include "digest.hpp"
#include "failure.hpp"
#include "json.hpp"
#include "path.hpp"

#include <ctr/cpp/fd.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

namespace image {

using ctr::Fd;

namespace {

constexpr std::size_t max_record = 1024 * 1024; // what the host reads at planning

void add_env(nlohmann::json &config, const std::vector<std::string> &variables) {
    nlohmann::json &env = config["Env"];
    if (!env.is_array()) env = nlohmann::json::array();
    for (const std::string &variable : variables) {
        const std::string name = variable.substr(0, variable.find('=') + 1);
        const auto same = std::find_if(env.begin(), env.end(), [&](const nlohmann::json &each) {
            return each.get_ref<const std::string &>().starts_with(name);
        });
        if (same != env.end())
            *same = variable;
        else
            env.push_back(variable);
    }
}

void apply_overrides(nlohmann::json &config, const Overrides &overrides) {
    if (overrides.cmd) config["Cmd"] = *overrides.cmd;
    if (overrides.entrypoint) config["Entrypoint"] = *overrides.entrypoint;
    if (overrides.working_dir) config["WorkingDir"] = *overrides.working_dir;
    if (overrides.user) config["User"] = *overrides.user;
    if (overrides.stop_signal) config["StopSignal"] = *overrides.stop_signal;
    if (!overrides.env.empty()) add_env(config, overrides.env);
    for (const auto &[name, value] : overrides.labels)
        config["Labels"][name] = value;
    for (const std::string &port : overrides.exposed_ports)
        config["ExposedPorts"][port] = nlohmann::json::object();
}

// The same name for all writers of a record, so that undo in another process finds it. It is hidden, so that no listing
// takes it for an image.
std::string temporary_path(const std::string &path) {
    const auto [directory, name] = split_path(path);
    return directory + "/." + std::string(hex_of(sha256_of(name)).substr(0, 32)) + ".tmp";
}

void write_all(int fd, const std::string &text, const std::string &path) {
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t count = write(fd, text.data() + done, text.size() - done);
        if (count < 0 && errno != EINTR) system_failure("write", path);
        if (count > 0) done += static_cast<std::size_t>(count);
    }
}

void sync_directory(const std::string &directory) {
    const Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || fsync(fd.get()) != 0) system_failure("fsync", directory);
}

} // namespace

std::string record_text(const std::string &name, const Image &image, const Overrides &overrides) {
    nlohmann::json config = nlohmann::json::parse(image.config);
    apply_overrides(config, overrides);
    nlohmann::json layers = nlohmann::json::array();
    std::uint64_t size = 0;
    for (const Layer &layer : image.layers) {
        layers.push_back(layer.chain_id);
        size += layer.blob.size;
    }
    const nlohmann::json record = {{"name", name},
                                   {"digest", image.digest},
                                   {"created", image.created},
                                   {"config", config},
                                   {"layers", layers},
                                   {"architecture", image.architecture},
                                   {"os", image.os},
                                   {"size", size}};
    std::string text = record.dump() + "\n";
    if (text.size() > max_record) refuse(name, "the image's config is larger than 1 MiB");
    return text;
}

void write_record(const std::string &path, const std::string &text) {
    const std::string directory = split_path(path).first;
    if (mkdir(directory.c_str(), 0700) == 0)
        sync_directory(split_path(directory).first);
    else if (errno != EEXIST)
        system_failure("mkdir", directory);
    const std::string temporary = temporary_path(path);
    if (unlink(temporary.c_str()) != 0 && errno != ENOENT) system_failure("unlink", temporary);
    const Fd file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) system_failure("open", temporary);
    write_all(file.get(), text, temporary);
    if (fsync(file.get()) != 0) system_failure("fsync", temporary);
    if (rename(temporary.c_str(), path.c_str()) != 0) system_failure("rename", path);
    sync_directory(directory);
}

void remove_record(const std::string &path) {
    if (unlink(path.c_str()) == 0) return sync_directory(split_path(path).first);
    if (errno != ENOENT) system_failure("unlink", path);
}

std::optional<std::string> read_record(const std::string &path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
        if (errno == ENOENT) return std::nullopt;
        system_failure("open", path);
    }
    std::string text(max_record + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = read(file.get(), text.data() + size, text.size() - size);
        if (count < 0 && errno != EINTR) system_failure("read", path);
        if (count == 0) break;
        if (count > 0) size += static_cast<std::size_t>(count);
    }
    text.resize(size);
    return text;
}

void sweep_record(const std::string &path) {
    const std::string temporary = temporary_path(path);
    if (unlink(temporary.c_str()) != 0 && errno != ENOENT) system_failure("unlink", temporary);
    rmdir(split_path(path).first.c_str());
}

} // namespace image
