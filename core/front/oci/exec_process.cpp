// SPDX-License-Identifier: MIT
#include "front/oci/exec_process.hpp"

#include "launch/run.hpp"
#include "spec/oci.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace core::oci {

using cli::Arguments;

namespace {

/// Accepts only a number up to 4294967294: no sign, no space, nothing behind it (CVE-2026-30892).
Result<std::uint32_t> parse_id(const std::string &option, const std::string &text) {
    std::uint32_t id = 0;
    const bool starts = !text.empty() && text[0] >= '0' && text[0] <= '9';
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (starts && wrong == std::errc() && end == text.data() + text.size() && id != UINT32_MAX) return id;
    return invalid(option + " \"" + text + "\"", "not an id: expected a number from 0 to 4294967294");
}

Result<void> set_user(const std::string &text, Json &process) {
    const auto colon = text.find(':');
    CTR_ASSIGN(const std::uint32_t uid, parse_id("--user", text.substr(0, colon)));
    Json &user = process["user"]; // what is not given stays as in the container, as with runc
    user["uid"] = uid;
    if (colon != std::string::npos) {
        CTR_ASSIGN(user["gid"], parse_id("--user", text.substr(colon + 1)));
    }
    return {};
}

/// Adds capabilities to the container's. None becomes inheritable (CVE-2022-29162), so only those that are inheritable
/// already become ambient.
void add_capabilities(const std::vector<std::string> &names, Json &process) {
    for (const std::string &name : names) {
        const std::string full = name.rfind("CAP_", 0) == 0 ? name : "CAP_" + name;
        Json &sets = process["capabilities"];
        for (const char *set : {"bounding", "effective", "permitted"})
            sets[set].push_back(full);
        const Json inheritable = sets.value("inheritable", Json::array());
        if (std::find(inheritable.begin(), inheritable.end(), full) != inheritable.end())
            sets["ambient"].push_back(full);
    }
}

Result<Json> process_by_flags(const Arguments &arguments, const Json &of_container) {
    Json process = of_container;
    const auto &words = arguments.positional();
    process["args"] = std::vector<std::string>(words.begin() + 1, words.end());
    process["terminal"] = arguments.has("tty");
    if (arguments.has("cwd")) process["cwd"] = arguments.one("cwd");
    for (const std::string &variable : arguments.all("env"))
        process["env"].push_back(variable);
    if (arguments.has("user")) CTR_TRY(set_user(arguments.one("user"), process));
    for (const std::string &gid : arguments.all("additional-gids")) {
        CTR_ASSIGN(const std::uint32_t id, parse_id("--additional-gids", gid));
        process["user"]["additionalGids"].push_back(id);
    }
    add_capabilities(arguments.all("cap"), process);
    if (arguments.has("no-new-privs")) process["noNewPrivileges"] = true;
    if (arguments.has("apparmor")) process["apparmorProfile"] = arguments.one("apparmor");
    if (arguments.has("process-label")) process["selinuxLabel"] = arguments.one("process-label");
    return process;
}

/// A process object as engines give it. If it leaves out something that confines the process, the container's value is
/// used, except for noNewPrivileges, which programs in Go leave out when it is false. The container's environment is
/// used too, because without PATH no program is found.
Result<Json> process_by_file(const Arguments &arguments, const Json &of_container) {
    if (arguments.positional().size() > 1)
        return invalid("--process", "a command does not go with it", "the process object has it in args");
    const std::string &file = arguments.one("process");
    CTR_ASSIGN(const std::string text, sys::read_file(file, spec::max_spec_size).in("--process"));
    CTR_ASSIGN(Json process, parse_json(text, file));
    auto warnings = spec::take_other_cases(process, "/process");
    if (!warnings.ok()) return std::move(warnings).error().in(file);
    for (const std::string &warning : warnings.value())
        if (launch::log_wanted(CTR_LOG_WARN)) launch::log_sink(CTR_LOG_WARN, "--process", warning.c_str());
    CTR_TRY(spec::validate_process(process).in(file));
    for (const char *key : {"env", "capabilities", "rlimits", "apparmorProfile", "selinuxLabel"})
        if (!process.contains(key) && of_container.contains(key)) process[key] = of_container[key];
    return process;
}

} // namespace

Result<Json> process_of_exec(const Arguments &arguments, const Json &of_container) {
    if (!arguments.has("process") && arguments.positional().size() < 2)
        return failure(CTR_E_INVALID, "process args cannot be empty", "name a command, or --process FILE");
    CTR_ASSIGN(Json process, arguments.has("process") ? process_by_file(arguments, of_container)
                                                      : process_by_flags(arguments, of_container));
    CTR_TRY(spec::validate_process(process));
    return process;
}

} // namespace core::oci
