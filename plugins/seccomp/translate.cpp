// SPDX-License-Identifier: MIT
//
// Every member is either carried out or refused. If an unknown condition were skipped, a rule could allow what its
// author meant to forbid.
#include "translate.hpp"

#include "syscalls.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/seccomp.h>

namespace seccomp {
namespace {

using ctr::invalid;
using ctr::Node;
using ctr::Result;

constexpr unsigned errno_max = 4095; // MAX_ERRNO: the kernel cuts off what is higher

struct Word {
    std::string_view name;
    std::uint32_t value;
};
constexpr Word actions[] = {{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
                            {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
                            {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
                            {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
                            {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
                            {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
                            {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
                            {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
                            {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF}};
constexpr unsigned wait_killable_recv = 1u << 5, tsync_esrch = 1u << 4; // Linux 5.19, 5.7
constexpr Word filter_flags[] = {{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
                                 {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
                                 {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
                                 {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", wait_killable_recv}};
constexpr std::pair<std::string_view, Compare> operators[] = {{"SCMP_CMP_NE", Compare::ne},
                                                              {"SCMP_CMP_LT", Compare::lt},
                                                              {"SCMP_CMP_LE", Compare::le},
                                                              {"SCMP_CMP_EQ", Compare::eq},
                                                              {"SCMP_CMP_GE", Compare::ge},
                                                              {"SCMP_CMP_GT", Compare::gt},
                                                              {"SCMP_CMP_MASKED_EQ", Compare::masked_eq}};

/// Reads a profile; the first error stops it.
class Reader {
public:
    Reader(Node root, Format format, const Circumstances &circumstances)
        : root_(root), docker_(format == Format::docker), circumstances_(circumstances) {}

    Result<Profile> read() {
        if (root_.type() != CTR_NODE_OBJECT) return invalid("", "is no profile object");
        CTR_TRY(docker_ ? only(root_, "",
                               {"defaultAction", "defaultErrnoRet", "architectures", "archMap", "flags", "syscalls"})
                        : only(root_, "",
                               {"defaultAction", "defaultErrnoRet", "architectures", "flags", "syscalls",
                                "listenerPath", "listenerMetadata"}));
        CTR_ASSIGN(profile_.default_action, action(root_, "", "defaultAction", "defaultErrnoRet"));
        CTR_TRY(architectures());
        CTR_TRY(flags());
        CTR_TRY(syscalls());
        CTR_TRY(listener());
        return std::move(profile_);
    }

private:
    static ctr::Error unsupported(std::string pointer, std::string message, std::string hint = {}) {
        ctr::Error error = invalid(std::move(pointer), std::move(message), std::move(hint));
        error.error_class = CTR_E_UNSUPPORTED;
        return error;
    }

    static bool is_absent(Node node) { return node.type() == CTR_NODE_NONE || node.type() == CTR_NODE_NULL; }

    Result<> only(Node node, const std::string &pointer, std::initializer_list<std::string_view> names) {
        for (std::size_t i = 0; i < node.size(); ++i) {
            const std::string key = node.key(i);
            bool known = false;
            for (const auto name : names)
                known = known || key == name;
            // Engines write the listener's members with empty values if there is no listener.
            if (!known && (key == "listenerPath" || key == "listenerMetadata")) {
                if (!is_absent(node.at(i)) && !node.at(i).str().empty())
                    return unsupported(pointer + "/" + key, "a supervisor for SCMP_ACT_NOTIFY cannot be given");
            } else if (!known) {
                return invalid(pointer + "/" + key, "is no member that this plugin knows");
            }
        }
        return {};
    }

    Result<Action> action(Node node, const std::string &pointer, const char *name, const char *errno_name) {
        const std::string path = pointer + "/" + name;
        const std::string text = node.get(std::string("/") + name).str();
        if (text == "SCMP_ACT_NOTIFY" && docker_)
            return unsupported(path, "a profile in docker's format cannot name a supervisor to ask",
                               "use SCMP_ACT_ERRNO");
        if (text == "SCMP_ACT_NOTIFY" && pointer.empty())
            return invalid(path,
                           "SCMP_ACT_NOTIFY cannot be the default: the process could not even tell its supervisor",
                           "name the system calls that it shall answer");
        const Word *found = nullptr;
        for (const auto &each : actions)
            if (each.name == text) found = &each;
        if (found == nullptr) return invalid(path, "\"" + text + "\" is no action", "for example SCMP_ACT_ERRNO");
        const Action out = found->value;
        const bool has_data = out == SECCOMP_RET_ERRNO || out == SECCOMP_RET_TRACE;
        const Node number = node.get(std::string("/") + errno_name);
        if (is_absent(number)) return has_data ? out | EPERM : out;
        const auto value = number.uinteger();
        const unsigned most = out == SECCOMP_RET_TRACE ? SECCOMP_RET_DATA : errno_max;
        if (!has_data)
            return invalid(pointer + "/" + errno_name, text + " returns no errno",
                           "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take one");
        if (!value || *value > most)
            return invalid(pointer + "/" + errno_name, "must be a whole number up to " + std::to_string(most));
        return out | static_cast<Action>(*value);
    }

    /// The child announces the listener's descriptor by write(2), before the supervisor can answer anything.
    Result<> notify(const Rule &rule, const std::string &pointer) {
        for (std::size_t i = 0; i < rule.names.size(); ++i)
            if (rule.names[i] == "write")
                return invalid(pointer + "/names/" + std::to_string(i),
                               "write cannot have SCMP_ACT_NOTIFY: the supervisor is found by it");
        profile_.notifies = true;
        return {};
    }

    Result<> listener() {
        const std::string path = root_.get("/listenerPath").str();
        if (path.empty() && !root_.get("/listenerMetadata").str().empty())
            return invalid("/listenerMetadata", "stands without listenerPath");
        if (!profile_.notifies) { // then the runtime-spec says to ignore the path, and the kernel refuses the flag
            profile_.flags &= ~wait_killable_recv;
            return {};
        }
        if (path.empty()) return invalid("/listenerPath", "is missing: SCMP_ACT_NOTIFY needs a supervisor's socket");
        if (path[0] != '/') return invalid("/listenerPath", "\"" + path + "\" is no absolute path");
        if ((profile_.flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) profile_.flags |= tsync_esrch;
        profile_.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        return {};
    }

    void add_architecture(const std::string &name) {
        if (find_abi(name) == nullptr) return; // an ABI of another machine, whose programs cannot run here
        for (const auto &each : profile_.architectures)
            if (each == name) return;
        profile_.architectures.push_back(name);
    }

    Result<> architectures() {
        const std::string own = native_family()[0].oci_name;
        add_architecture(own);
        const Node list = root_.get("/architectures");
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string name = list.at(i).str();
            if (!is_architecture(name))
                return invalid("/architectures/" + std::to_string(i), "\"" + name + "\" is no architecture");
            add_architecture(name);
        }
        const Node map = root_.get("/archMap");
        if (map.size() != 0 && list.size() != 0)
            return invalid("/archMap", "stands beside architectures", "use one of the two");
        for (std::size_t i = 0; i < map.size(); ++i)
            if (map.at(i).get("/architecture").str() == own)
                for (const auto &each : map.at(i).get("/subArchitectures").strings())
                    add_architecture(each);
        return {};
    }

    Result<> flags() {
        const Node list = root_.get("/flags");
        for (std::size_t i = 0; i < list.size(); ++i) {
            const Word *found = nullptr;
            for (const auto &each : filter_flags)
                if (each.name == list.at(i).str()) found = &each;
            if (found == nullptr)
                return invalid("/flags/" + std::to_string(i), "\"" + list.at(i).str() + "\" is no flag of seccomp(2)");
            profile_.flags |= found->value;
        }
        return {};
    }

    Result<> syscalls() {
        const Node list = root_.get("/syscalls");
        if (!is_absent(list) && list.type() != CTR_NODE_ARRAY) return invalid("/syscalls", "is no list");
        for (std::size_t i = 0; i < list.size(); ++i)
            CTR_TRY(rule(list.at(i), "/syscalls/" + std::to_string(i)));
        return {};
    }

    Result<> rule(Node node, const std::string &pointer) {
        CTR_TRY(docker_ ? only(node, pointer,
                               {"name", "names", "action", "errnoRet", "args", "comment", "includes", "excludes"})
                        : only(node, pointer, {"names", "action", "errnoRet", "args"}));
        Rule rule;
        CTR_ASSIGN(rule.names, names(node, pointer));
        CTR_ASSIGN(rule.action, action(node, pointer, "action", "errnoRet"));
        CTR_ASSIGN(rule.conditions, arguments(node.get("/args"), pointer + "/args"));
        bool applies = true;
        if (docker_) {
            CTR_ASSIGN(const bool included, filter(node.get("/includes"), pointer + "/includes", true));
            CTR_ASSIGN(const bool spared, filter(node.get("/excludes"), pointer + "/excludes", false));
            applies = included && spared;
        }
        if (applies && rule.action == SECCOMP_RET_USER_NOTIF) CTR_TRY(notify(rule, pointer));
        // A rule with the default action changes nothing, but it shows that its author knew the names.
        if (!applies || rule.action == profile_.default_action) {
            for (auto &name : rule.names)
                profile_.known.push_back(std::move(name));
            return {};
        }
        add(std::move(rule));
        return {};
    }

    /// The runtime-spec does not say what two conditions on the same argument mean. All known runtimes read them as
    /// alternatives: each becomes a rule of its own.
    void add(Rule rule) {
        unsigned seen = 0;
        bool twice = false;
        for (const auto &condition : rule.conditions) {
            twice = twice || (seen >> condition.index & 1) != 0;
            seen |= 1U << condition.index;
        }
        if (!twice) return profile_.rules.push_back(std::move(rule));
        for (const auto &condition : rule.conditions)
            profile_.rules.push_back({rule.action, rule.names, {condition}});
    }

    Result<std::vector<std::string>> names(Node node, const std::string &pointer) {
        const Node list = node.get("/names");
        const Node single = node.get("/name"); // docker's first format
        if (docker_ && single) {
            if (list) return invalid(pointer + "/name", "stands beside names", "use one of the two");
            if (!is_syscall_name(single.str())) return invalid(pointer + "/name", "is no name of a system call");
            return std::vector{single.str()};
        }
        std::vector<std::string> out;
        if (list.size() == 0) return invalid(pointer + "/names", "is empty: the rule is about nothing");
        for (std::size_t i = 0; i < list.size(); ++i) {
            out.push_back(list.at(i).str());
            if (!is_syscall_name(out.back()))
                return invalid(pointer + "/names/" + std::to_string(i), "is no name of a system call");
        }
        return out;
    }

    Result<std::vector<Condition>> arguments(Node list, const std::string &pointer) {
        std::vector<Condition> out;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string path = pointer + "/" + std::to_string(i);
            const Node node = list.at(i);
            CTR_TRY(only(node, path, {"index", "value", "valueTwo", "op"}));
            const auto index = node.get("/index").uinteger();
            if (!index || *index > 5) return invalid(path + "/index", "must be a whole number from 0 to 5");
            const auto value = number(node.get("/value")), two = number(node.get("/valueTwo"));
            if (!value || !two)
                return invalid(path + (value ? "/valueTwo" : "/value"), "must be a whole number of 64 bits");
            const std::string op = node.get("/op").str();
            const auto *found = std::begin(operators);
            while (found != std::end(operators) && found->first != op)
                ++found;
            if (found == std::end(operators))
                return invalid(path + "/op", "\"" + op + "\" is no comparison", "for example SCMP_CMP_EQ");
            out.push_back(
                {static_cast<unsigned>(*index), found->second, *value, found->second == Compare::masked_eq ? *two : 0});
        }
        return out;
    }
    static std::optional<std::uint64_t> number(Node node) {
        return is_absent(node) ? std::optional<std::uint64_t>(0) : node.uinteger();
    }

    /// includes: the rule applies if all conditions hold; excludes: if none does.
    Result<bool> filter(Node node, const std::string &pointer, bool including) {
        CTR_TRY(only(node, pointer, {"caps", "arches", "minKernel"}));
        bool applies = true;
        if (const Node arches = node.get("/arches"); arches.size() != 0) {
            bool matches = false;
            for (const auto &each : arches.strings())
                matches = matches || each == docker_architecture();
            if (matches != including) applies = false;
        }
        for (const auto &capability : node.get("/caps").strings())
            if (circumstances_.has(capability) != including) applies = false;
        if (const Node least = node.get("/minKernel"); !is_absent(least)) {
            const auto enough = kernel_at_least(circumstances_.kernel, least.str());
            if (!enough)
                return invalid(pointer + "/minKernel", "\"" + least.str() + "\" is no version", "for example 4.8");
            if (*enough != including) applies = false;
        }
        return applies;
    }

    Node root_;
    bool docker_;
    const Circumstances &circumstances_;
    Profile profile_;
};

/// The next number of a version; -1 if there is none.
int take_number(std::string_view &text) {
    std::size_t length = 0;
    int value = 0;
    for (; length < text.size() && length < 6 && text[length] >= '0' && text[length] <= '9'; ++length)
        value = value * 10 + (text[length] - '0');
    if (length == 0) return -1;
    text.remove_prefix(length);
    if (!text.empty() && text[0] == '.') text.remove_prefix(1);
    return value;
}

} // namespace

bool Circumstances::has(std::string_view capability) const {
    if (capability.substr(0, 4) == "CAP_") capability.remove_prefix(4);
    if (all_capabilities) return dropped.count(std::string(capability)) == 0;
    return capabilities.count(std::string(capability)) != 0;
}

std::optional<bool> kernel_at_least(std::string_view kernel, std::string_view least) {
    bool first = true;
    while (!least.empty()) {
        const int wanted = take_number(least);
        if (wanted < 0) return std::nullopt;
        const int present = std::max(take_number(kernel), 0);
        if (present != wanted) {
            while (!least.empty())
                if (take_number(least) < 0) return std::nullopt;
            return present > wanted;
        }
        first = false;
    }
    return first ? std::nullopt : std::optional(true);
}

Result<Profile> translate(Node node, Format format, const Circumstances &circumstances) {
    return Reader(node, format, circumstances).read();
}

} // namespace seccomp
