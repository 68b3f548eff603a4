// SPDX-License-Identifier: MIT
#include "spec/oci.hpp"

#include "base/describe.hpp"
#include "base/text.hpp"
#include "spec/oci_fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace core::spec {
namespace {

// ---- types: what the table says -----------------------------------------------------------------

const std::string &text_of(const Json &value) { return value.get_ref<const std::string &>(); }

/// Goes through document and table together. Its functions return false after they set error_, because a Result for
/// each node would cost more than the checks.
class Checker {
public:
    Result<void> run(const Json &value, std::uint16_t row, std::string_view root) {
        return check(value, row, Where(root)) ? Result<void>() : Result<void>(std::move(error_));
    }

    /// True if there was a key that no row has.
    bool saw_unknown() const { return unknown_; }

private:
    bool fail(const Where &where, std::string message) {
        error_ = invalid(where.pointer(), std::move(message));
        return false;
    }
    bool wrong(const Json &value, const Field &field, const Where &where) {
        return fail(where, "expected " + expected(field) + ", got " + got(value));
    }

    bool check(const Json &value, std::uint16_t row, const Where &where) {
        const Field &field = fields_[row];
        switch (field.shape.type) {
        case Type::object: return value.is_object() ? check_object(value, row, where) : wrong(value, field, where);
        case Type::map: return value.is_object() ? check_map(value, row, where) : wrong(value, field, where);
        case Type::list: return value.is_array() ? check_list(value, row, where) : wrong(value, field, where);
        case Type::boolean: return value.is_boolean() || wrong(value, field, where);
        case Type::integer: return fits(value, field.shape) || wrong(value, field, where);
        case Type::text: return value.is_string() ? check_text(value, field, where) : wrong(value, field, where);
        case Type::foreign: break;
        }
        return true;
    }

    bool check_object(const Json &value, std::uint16_t row, const Where &where) {
        std::uint64_t seen = 0;
        for (const auto &[key, item] : value.get_ref<const Json::object_t &>()) {
            const std::uint16_t child = child_named(row, key);
            if (child == 0) unknown_ = true;
            if (child == 0 || is_absent(item, fields_[child])) continue;
            seen |= std::uint64_t{1} << links_[child].place;
            if (!check(item, child, Where(where, key))) return false;
        }
        const std::uint64_t missing = links_[row].required & ~seen;
        return missing == 0 || fail_missing(row, missing, where);
    }

    bool fail_missing(std::uint16_t row, std::uint64_t missing, const Where &where) {
        std::uint16_t child = links_[row].first_child;
        for (; (missing & 1) == 0; missing >>= 1)
            child = links_[child].next;
        return fail(Where(where, name_of(child)), "missing: expected " + expected(fields_[child]));
    }

    bool check_map(const Json &value, std::uint16_t row, const Where &where) {
        for (const auto &[key, item] : value.get_ref<const Json::object_t &>()) {
            if (key.empty()) return fail(where, "has an empty key");
            if (key.find('\0') != std::string::npos) return fail(where, "has a NUL byte in the key " + in_quotes(key));
            if (!check(item, links_[row].first_child, Where(where, key))) return false;
        }
        return true;
    }

    bool check_list(const Json &value, std::uint16_t row, const Where &where) {
        if (value.size() < static_cast<std::size_t>(fields_[row].shape.low))
            return fail(where, "expected an array that is not empty, got an empty one");
        for (std::size_t i = 0; i < value.size(); ++i)
            if (!check(value[i], links_[row].first_child, Where(where, i))) return false;
        return true;
    }

    bool check_text(const Json &value, const Field &field, const Where &where) {
        const std::string &text = text_of(value);
        const Shape &shape = field.shape;
        if (text.find('\0') != std::string::npos) return fail(where, "has a NUL byte in " + in_quotes(text));
        if (text.size() > shape.high)
            return fail(where, "is longer than " + std::to_string(shape.high) + " bytes: " + in_quotes(text, 30));
        if (shape.good != nullptr && !shape.good(text)) return wrong(value, field, where);
        if (shape.choices.empty()) return true;
        for (const std::string_view each : shape.choices)
            if (each == text) return true;
        return wrong(value, field, where);
    }

    static bool fits(const Json &value, const Shape &shape) {
        if (!value.is_number_integer()) return false; // 1.0 is no integer for engines in Go or C either
        if (!value.is_number_unsigned()) {
            const auto number = value.get<std::int64_t>();
            if (number < 0) return number >= shape.low;
        }
        const auto number = value.get<std::uint64_t>();
        return number <= shape.high && (shape.low <= 0 || number >= static_cast<std::uint64_t>(shape.low));
    }

    static bool is_absent(const Json &value, const Field &field) {
        if (value.is_null()) return true;
        return !field.shape.choices.empty() && (field.flags & required) == 0 && value.is_string() &&
               text_of(value).empty();
    }

    std::span<const Field> fields_ = core::spec::fields();
    std::span<const Link> links_ = core::spec::links();
    Error error_;
    bool unknown_ = false;
};

// ---- what one row cannot say --------------------------------------------------------------------

/// The member, or a static null if there is none. Types were checked before.
const Json &at(const Json &object, const char *key) {
    static const Json none;
    if (!object.is_object()) return none;
    const auto it = object.find(key);
    return it == object.end() ? none : *it;
}

Result<void> check_process(const Json &process) {
    const Json &rlimits = at(process, "rlimits");
    for (std::size_t i = 0; i < rlimits.size(); ++i) {
        const Json &limit = rlimits[i];
        const std::string where = "/process/rlimits/" + std::to_string(i);
        if (limit["soft"].get<std::uint64_t>() > limit["hard"].get<std::uint64_t>())
            return invalid(where + "/soft",
                           "expected at most the hard limit " + got(limit["hard"]) + ", got " + got(limit["soft"]));
        for (std::size_t j = 0; j < i; ++j)
            if (rlimits[j]["type"] == limit["type"])
                return invalid(where + "/type", got(limit["type"]) + " stands twice (also in /process/rlimits/" +
                                                    std::to_string(j) + ")");
    }
    return {};
}

Result<void> check_namespaces(const Json &namespaces) {
    for (std::size_t i = 0; i < namespaces.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (namespaces[i]["type"] == namespaces[j]["type"])
                return invalid("/linux/namespaces/" + std::to_string(i) + "/type",
                               got(namespaces[i]["type"]) + " stands twice (also in /linux/namespaces/" +
                                   std::to_string(j) + ")");
    return {};
}

Result<void> check_mounts(const Json &mounts) {
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        const bool uids = !at(mounts[i], "uidMappings").empty(), gids = !at(mounts[i], "gidMappings").empty();
        if (uids != gids)
            return invalid("/mounts/" + std::to_string(i) + (uids ? "/gidMappings" : "/uidMappings"),
                           std::string("missing: ") + (uids ? "uidMappings" : "gidMappings") + " needs it");
    }
    return {};
}

/// A node of type c, b or u is made from its numbers; a fifo (p) has none.
Result<void> check_devices(const Json &devices) {
    for (std::size_t i = 0; i < devices.size(); ++i)
        for (const char *number : {"major", "minor"})
            if (devices[i]["type"] != "p" && at(devices[i], number).is_null())
                return invalid("/linux/devices/" + std::to_string(i) + "/" + number,
                               "missing: a device of type " + got(devices[i]["type"]) + " needs it");
    return {};
}

Result<void> check_root(const Json &spec) {
    const Json &root = at(spec, "root"), &path = at(root, "path");
    const bool from_image = !at(at(spec, "ctr"), "image").empty();
    if (!root.is_null() && !from_image && (path.is_null() || text_of(path).empty()))
        return invalid("/root/path", "missing: expected a path");
    return {};
}

/// Refuses annotations by which crun would make a different container, because nobody here carries them out. (runc
/// ignores them, so that what runs is not what was asked for.) All other annotations are only notes.
Result<void> check_annotations(const Json &annotations) {
    constexpr std::pair<const char *, const char *> refused[] = {
        {"run.oci.handler", "only plain programs are run"},
        {"run.oci.seccomp.plugins", "say the rules in /linux/seccomp"},
        {"run.oci.seccomp.receiver", "say it as /linux/seccomp/listenerPath"},
        {"run.oci.seccomp_bpf_data", "say the rules in /linux/seccomp"},
        {"run.oci.systemd.force_cgroup_v1", "mount a cgroup hierarchy with a bind mount"},
        {"run.oci.delegate-cgroup", "make it in the container"},
        {"run.oci.pidfd_receiver", "say it as --pidfd-socket"}};
    for (const auto &[name, hint] : refused)
        if (const Json &value = at(annotations, name); value.is_string() && !text_of(value).empty())
            return Error{.error_class = CTR_E_UNSUPPORTED,
                         .message = "ctr does not carry this annotation out",
                         .hint = hint,
                         .path = std::string("/annotations/") + name};
    return {};
}

// ---- keys in another case -----------------------------------------------------------------------

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_but_for_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

/// The row's child whose name differs only in case; 0: none.
std::uint16_t child_but_for_case(std::uint16_t row, std::string_view key) {
    std::uint16_t child = links()[row].first_child;
    while (child != 0 && !same_but_for_case(name_of(child), key))
        child = links()[child].next;
    return child;
}

class CaseFolder {
public:
    std::vector<std::string> warnings;

    Result<void> fold(Json &value, std::uint16_t row, const std::string &where) {
        switch (fields()[row].shape.type) {
        case Type::object: return value.is_object() ? fold_object(value, row, where) : Result<void>();
        case Type::map:
        case Type::list: {
            const std::uint16_t child = links()[row].first_child;
            if (child == 0 || !(value.is_array() || value.is_object())) return {};
            std::size_t n = 0;
            for (Json &item : value)
                CTR_TRY(fold(item, child, where + "/" + std::to_string(n++)));
            return {};
        }
        default: return {};
        }
    }

private:
    Result<void> fold_object(Json &value, std::uint16_t row, const std::string &where) {
        std::vector<std::pair<std::string, std::string>> renamed;
        for (const auto &[key, item] : value.get_ref<const Json::object_t &>()) {
            if (child_named(row, key) != 0) continue;
            const std::uint16_t child = child_but_for_case(row, key);
            if (child != 0) renamed.emplace_back(key, std::string(name_of(child)));
        }
        for (const auto &[key, name] : renamed) {
            if (value.contains(name))
                return invalid(where + "/" + key, "stands twice, also as " + in_quotes(name), "leave one of them out");
            value[name] = std::move(value[key]);
            value.erase(key);
            warnings.push_back(where + "/" + key + " is taken for " + in_quotes(name));
        }
        for (auto &[key, item] : value.get_ref<Json::object_t &>())
            if (const std::uint16_t child = child_named(row, key); child != 0)
                CTR_TRY(fold(item, child, where + "/" + key));
        return {};
    }
};

/// The row of a field, by its pattern.
std::uint16_t row_of(std::string_view pattern) {
    std::uint16_t row = 0;
    while (fields()[row].pattern != pattern)
        ++row;
    return row;
}

} // namespace

namespace {

Result<void> validate(const Json &spec, bool &unknown) {
    if (!spec.is_object()) return invalid({}, "expected an object with ociVersion, got " + got(spec));
    Checker checker;
    auto checked = checker.run(spec, 0, "");
    unknown = checker.saw_unknown();
    CTR_TRY(std::move(checked));
    CTR_TRY(check_root(spec));
    CTR_TRY(check_mounts(at(spec, "mounts")));
    CTR_TRY(check_process(at(spec, "process")));
    CTR_TRY(check_annotations(at(spec, "annotations")));
    const Json &on_linux = at(spec, "linux");
    CTR_TRY(check_namespaces(at(on_linux, "namespaces")));
    return check_devices(at(on_linux, "devices"));
}

} // namespace

Result<std::vector<std::string>> take_other_cases(Json &value, std::string_view pattern) {
    CaseFolder folder;
    CTR_TRY(folder.fold(value, row_of(pattern), std::string(pattern)));
    return std::move(folder.warnings);
}

Result<Json> parse_spec(std::string_view text, const std::string &what, std::vector<std::string> *warnings) {
    if (text.size() > max_spec_size)
        return invalid(what, "is larger than " + std::to_string(max_spec_size >> 20) + " MiB (" +
                                 std::to_string(text.size()) + " bytes)");
    CTR_ASSIGN(Json spec, parse_json(text, what));
    // Nearly all documents have only known keys; for those nothing more is to be done.
    bool unknown = false;
    auto valid = validate(spec, unknown);
    if (unknown) {
        auto others = take_other_cases(spec, "");
        if (!others.ok()) return std::move(others).error().in(what);
        if (!others.value().empty()) valid = validate(spec, unknown);
        if (warnings != nullptr) *warnings = std::move(others).value();
    }
    CTR_TRY(std::move(valid).in(what));
    return spec;
}

Result<void> validate(const Json &spec) {
    bool unknown = false;
    return validate(spec, unknown);
}

Result<void> validate_process(const Json &process) {
    CTR_TRY(Checker().run(process, row_of("/process"), "/process"));
    return check_process(process);
}

} // namespace core::spec
