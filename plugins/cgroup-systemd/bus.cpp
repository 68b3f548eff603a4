// SPDX-License-Identifier: MIT
#include "bus.hpp"

#include <cstdlib>
#include <ctime>

namespace ctr::systemd {
namespace {

constexpr const char *service = "org.freedesktop.systemd1";
constexpr const char *manager_path = "/org/freedesktop/systemd1";
constexpr const char *manager = "org.freedesktop.systemd1.Manager";
/// The longest wait for a job. Stopping a scope may take TimeoutStopSec, but our processes were killed before.
constexpr std::uint64_t limit_us = 30000000;

struct Message {
    sd_bus_message *raw = nullptr;
    Message() = default;
    Message(const Message &) = delete;
    Message &operator=(const Message &) = delete;
    ~Message() { sd_bus_message_unref(raw); }
};

struct Answer {
    sd_bus_error raw{}; // SD_BUS_ERROR_NULL is a compound literal, which is no C++
    Answer() = default;
    Answer(const Answer &) = delete;
    Answer &operator=(const Answer &) = delete;
    ~Answer() { sd_bus_error_free(&raw); }
    std::string text(int result) const { return raw.message != nullptr ? raw.message : std::strerror(-result); }
};

Error failed(const char *method, const std::string &unit, const std::string &said, std::string hint = {}) {
    return {.error_class = CTR_E_SYSTEM,
            .message = "systemd: " + said,
            .hint = std::move(hint),
            .syscall = method,
            .path = unit};
}

int append_value(sd_bus_message *m, std::string_view type, const std::string &value) {
    if (type == "s") return sd_bus_message_append(m, "v", "s", value.c_str());
    if (type == "b") return sd_bus_message_append(m, "v", "b", value == "true" ? 1 : 0);
    if (type == "i") return sd_bus_message_append(m, "v", "i", std::stoi(value));
    if (type == "t") return sd_bus_message_append(m, "v", "t", std::uint64_t{std::stoull(value)});
    int r = sd_bus_message_open_container(m, 'v', "ay");
    if (r < 0) return r;
    const auto mask = mask_of(value).value_or(std::vector<std::uint8_t>());
    r = sd_bus_message_append_array(m, 'y', mask.data(), mask.size());
    return r < 0 ? r : sd_bus_message_close_container(m);
}

/// All DeviceAllow lines are one property.
int append_devices(sd_bus_message *m, const Properties &all) {
    int r = sd_bus_message_open_container(m, 'r', "sv");
    if (r >= 0) r = sd_bus_message_append(m, "s", "DeviceAllow");
    if (r >= 0) r = sd_bus_message_open_container(m, 'v', "a(ss)");
    if (r >= 0) r = sd_bus_message_open_container(m, 'a', "(ss)");
    for (const auto &each : all) {
        if (each.compare(0, 12, "DeviceAllow=") != 0 || r < 0) continue;
        const std::size_t space = each.rfind(' ');
        r = sd_bus_message_append(m, "(ss)", each.substr(12, space - 12).c_str(), each.substr(space + 1).c_str());
    }
    for (int i = 0; i < 3 && r >= 0; ++i)
        r = sd_bus_message_close_container(m);
    return r;
}

/// The members of an open array "(sv)".
int append_properties(sd_bus_message *m, const Properties &all) {
    bool devices = false;
    for (const auto &each : all) {
        const std::size_t equals = each.find('=');
        const std::string name = each.substr(0, equals);
        if (name == "DeviceAllow") {
            const int r = devices ? 0 : append_devices(m, all);
            devices = true;
            if (r < 0) return r;
            continue;
        }
        const char *const type = type_of(name);
        if (type == nullptr) return -EINVAL;
        int r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0) r = sd_bus_message_append(m, "s", name.c_str());
        if (r >= 0) r = append_value(m, type, each.substr(equals + 1));
        if (r >= 0) r = sd_bus_message_close_container(m);
        if (r < 0) return r;
    }
    return 0;
}

/// Works also if the environment does not describe the user's session, as in a service or after su.
int open_users(uid_t user, sd_bus **bus) {
    if (::secure_getenv("DBUS_SESSION_BUS_ADDRESS") != nullptr || ::secure_getenv("XDG_RUNTIME_DIR") != nullptr)
        return sd_bus_open_user(bus);
    int r = sd_bus_new(bus);
    if (r >= 0) r = sd_bus_set_address(*bus, ("unix:path=/run/user/" + std::to_string(user) + "/bus").c_str());
    if (r >= 0) r = sd_bus_set_bus_client(*bus, 1);
    return r < 0 ? r : sd_bus_start(*bus);
}

std::uint64_t now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

} // namespace

int Bus::job_removed(sd_bus_message *message, void *user, sd_bus_error * /*error*/) {
    std::uint32_t id = 0;
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
        static_cast<Bus *>(user)->removed_.emplace_back(path, result);
    return 0;
}

Result<> Bus::open(uid_t user) {
    sd_bus *bus = nullptr;
    int r = user == 0 ? sd_bus_open_system(&bus) : open_users(user, &bus);
    bus_.reset(bus);
    const char *const hint = user == 0
                                 ? "is dbus running (systemctl status dbus)? without it use the driver cgroup-v2"
                                 : "is the user's dbus running (systemctl --user status dbus)? it takes a login, or "
                                   "loginctl enable-linger, and the Debian package dbus-user-session";
    if (r < 0) return failed("sd_bus_start", {}, std::string("no connection: ") + std::strerror(-r), hint);
    r = sd_bus_match_signal(bus, nullptr, service, manager_path, manager, "JobRemoved", job_removed, this);
    Answer answer;
    if (r >= 0) r = sd_bus_call_method(bus, service, manager_path, manager, "Subscribe", &answer.raw, nullptr, nullptr);
    if (r < 0) return failed("Subscribe", {}, answer.text(r), hint);
    return {};
}

Result<> Bus::wait_for(const std::string &job, const std::string &unit) {
    const std::uint64_t end = now_us() + limit_us;
    for (;;) {
        for (const auto &[path, result] : removed_)
            if (path == job)
                return result == "done" || result == "skipped"
                           ? Result<>()
                           : failed("JobRemoved", unit, "the job ended with \"" + result + '"',
                                    "see systemctl status " + unit);
        int r = sd_bus_process(bus_.get(), nullptr);
        if (r == 0) {
            const std::uint64_t now = now_us();
            if (now >= end) return failed("JobRemoved", unit, "the job does not end", "see systemctl list-jobs");
            r = sd_bus_wait(bus_.get(), end - now);
        }
        if (r < 0 && r != -EINTR) return failed("JobRemoved", unit, std::strerror(-r));
    }
}

Result<> Bus::call_job(sd_bus_message *message, const std::string &unit, std::string &error_name) {
    Answer answer;
    Message reply;
    const char *job = nullptr;
    int r = sd_bus_call(bus_.get(), message, limit_us, &answer.raw, &reply.raw);
    if (r >= 0) r = sd_bus_message_read(reply.raw, "o", &job);
    if (r >= 0) return wait_for(job, unit);
    error_name = answer.raw.name != nullptr ? answer.raw.name : "";
    return failed(sd_bus_message_get_member(message), unit, answer.text(r));
}

Result<> Bus::start_scope(const std::string &unit, pid_t pid, const Properties &properties) {
    for (int attempt = 0;; ++attempt) {
        Message m;
        int r =
            sd_bus_message_new_method_call(bus_.get(), &m.raw, service, manager_path, manager, "StartTransientUnit");
        if (r >= 0) r = sd_bus_message_append(m.raw, "ss", unit.c_str(), "fail");
        if (r >= 0) r = sd_bus_message_open_container(m.raw, 'a', "(sv)");
        if (r >= 0) r = append_properties(m.raw, properties);
        if (r >= 0) r = sd_bus_message_append(m.raw, "(sv)", "PIDs", "au", 1, static_cast<std::uint32_t>(pid));
        if (r >= 0) r = sd_bus_message_close_container(m.raw);
        if (r >= 0) r = sd_bus_message_append(m.raw, "a(sa(sv))", 0);
        if (r < 0) return failed("StartTransientUnit", unit, std::strerror(-r));
        std::string name;
        auto done = call_job(m.raw, unit, name);
        if (name != "org.freedesktop.systemd1.UnitExists") return done;
        done.error().error_class = CTR_E_EXISTS;
        done.error().hint = "another container has it, or something else: see systemctl status " + unit;
        // A failed unit is only kept in systemd's memory, so it can be reset.
        const bool forgotten =
            attempt == 0 && sd_bus_call_method(bus_.get(), service, manager_path, manager, "ResetFailedUnit", nullptr,
                                               nullptr, "s", unit.c_str()) >= 0;
        if (!forgotten) return done;
    }
}

Result<> Bus::attach(const std::string &unit, const std::string &below, pid_t pid) {
    Answer answer;
    const int r = sd_bus_call_method(bus_.get(), service, manager_path, manager, "AttachProcessesToUnit", &answer.raw,
                                     nullptr, "ssau", unit.c_str(), below.c_str(), 1, static_cast<std::uint32_t>(pid));
    if (r < 0) return failed("AttachProcessesToUnit", unit, answer.text(r));
    return {};
}

Result<> Bus::stop(const std::string &unit) {
    Message m;
    int r = sd_bus_message_new_method_call(bus_.get(), &m.raw, service, manager_path, manager, "StopUnit");
    if (r >= 0) r = sd_bus_message_append(m.raw, "ss", unit.c_str(), "replace");
    if (r < 0) return failed("StopUnit", unit, std::strerror(-r));
    std::string name;
    auto done = call_job(m.raw, unit, name);
    if (name == "org.freedesktop.systemd1.NoSuchUnit") return {};
    // The unit may have ended with its last process; then there is nothing to reset, and the error is ignored.
    sd_bus_call_method(bus_.get(), service, manager_path, manager, "ResetFailedUnit", nullptr, nullptr, "s",
                       unit.c_str());
    return done;
}

Result<> Bus::set_properties(const std::string &unit, const Properties &properties) {
    Message m;
    Answer answer;
    int r = sd_bus_message_new_method_call(bus_.get(), &m.raw, service, manager_path, manager, "SetUnitProperties");
    if (r >= 0) r = sd_bus_message_append(m.raw, "sb", unit.c_str(), 1);
    if (r >= 0) r = sd_bus_message_open_container(m.raw, 'a', "(sv)");
    if (r >= 0) r = append_properties(m.raw, properties);
    if (r >= 0) r = sd_bus_message_close_container(m.raw);
    if (r >= 0) r = sd_bus_call(bus_.get(), m.raw, limit_us, &answer.raw, nullptr);
    if (r < 0) return failed("SetUnitProperties", unit, answer.text(r));
    control_group(unit);
    return {};
}

std::optional<std::string> Bus::property(const std::string &unit, const char *interface, const char *name) {
    Message reply;
    const char *path = nullptr;
    if (sd_bus_call_method(bus_.get(), service, manager_path, manager, "GetUnit", nullptr, &reply.raw, "s",
                           unit.c_str()) < 0 ||
        sd_bus_message_read(reply.raw, "o", &path) < 0)
        return std::nullopt;
    char *text = nullptr;
    if (sd_bus_get_property_string(bus_.get(), service, path, interface, name, nullptr, &text) < 0) return std::nullopt;
    std::string out = text;
    ::free(text);
    return out;
}

std::optional<std::string> Bus::description(const std::string &unit) {
    return property(unit, "org.freedesktop.systemd1.Unit", "Description");
}

std::optional<std::string> Bus::control_group(const std::string &unit) {
    return property(unit, "org.freedesktop.systemd1.Scope", "ControlGroup");
}

} // namespace ctr::systemd
