// SPDX-License-Identifier: MIT
#include "plugin/manifest.hpp"

#include "base/arguments.hpp"
#include "base/json_view.hpp"

#include <algorithm>

namespace core::plugin {
namespace {

/// Reads typed members of one object and remembers the first thing that is wrong.
class Reader {
public:
    Reader(const JsonView &object, std::string path) : members_(object.members()), path_(std::move(path)) {}

    std::string text(const char *key, bool required) {
        const JsonView *value = member(key, required);
        if (value == nullptr) return {};
        if (!value->is_text()) return wrong(key, "a string", value->type_name()), std::string();
        return value->text();
    }
    std::int64_t integer(const char *key) {
        const JsonView *value = member(key, false);
        if (value == nullptr) return 0;
        const auto integer = value->integer();
        if (!integer) wrong(key, "an integer", value->type_name());
        return integer.value_or(0);
    }
    bool boolean(const char *key) {
        const JsonView *value = member(key, false);
        if (value == nullptr) return false;
        if (!value->is_boolean()) return wrong(key, "true or false", value->type_name()), false;
        return value->boolean();
    }
    std::vector<std::string> texts(const char *key) {
        std::vector<std::string> out;
        const JsonView *value = member(key, false);
        if (value == nullptr) return out;
        if (!value->is_array()) return wrong(key, "an array of strings", value->type_name()), out;
        const auto elements = value->elements();
        out.reserve(elements.size());
        for (const JsonView &each : elements) {
            if (!each.is_text())
                return wrong(key, "an array of strings", std::string("an element of type ") + each.type_name()), out;
            out.push_back(each.text());
        }
        return out;
    }
    /// If two members have the same name, the last one counts.
    const JsonView *member(const char *key, bool required) {
        known_.emplace_back(key);
        const auto found =
            std::find_if(members_.rbegin(), members_.rend(), [&](const auto &each) { return each.first == key; });
        if (found != members_.rend()) return &found->second;
        if (required) wrong(key, "a value", "nothing");
        return nullptr;
    }
    void wrong(const std::string &key, const std::string &expected, const std::string &got) {
        if (first_.path.empty())
            first_ = Error{.error_class = CTR_E_INVALID,
                           .message = "manifest key " + key + ": expected " + expected + ", got " + got,
                           .hint = "correct manifest.json and build the plugin again",
                           .path = path_};
    }
    void refuse_unknown() {
        for (const auto &[key, value] : members_)
            if (std::find(known_.begin(), known_.end(), key) == known_.end())
                wrong(key, "only keys that docs/PLUGINS.md lists", "an unknown key");
    }
    bool failed() const { return !first_.path.empty(); }
    Error error() const { return first_; }

private:
    const std::vector<std::pair<std::string, JsonView>> members_;
    std::string path_;
    std::vector<std::string_view> known_;
    Error first_;
};

bool valid_id(const std::string &id) {
    const auto good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    return !id.empty() && id.size() <= 64 && id[0] != '.' && id[0] != '-' && std::all_of(id.begin(), id.end(), good);
}

void read_default(Reader &reader, Manifest &out, const std::string &path) {
    const JsonView *value = reader.member("default", false);
    if (value == nullptr) return;
    if (!value->is_object()) return reader.wrong("default", "an object", value->type_name());
    Reader inner(*value, path);
    out.automatic = true;
    out.rank = inner.integer("rank");
    if (const JsonView *when = inner.member("when", false); when != nullptr) {
        if (!when->is_array()) return reader.wrong("default/when", "an array", when->type_name());
        for (const JsonView &each : when->elements()) {
            if (!each.is_object()) return reader.wrong("default/when", "objects {ask, is}", each.type_name());
            Reader condition(each, path);
            out.when.push_back({condition.text("ask", true), condition.text("is", true)});
            condition.refuse_unknown();
            if (condition.failed()) return reader.wrong("default/when", "objects {ask, is}", "something else");
        }
    }
    inner.refuse_unknown();
    if (inner.failed()) reader.wrong("default", "rank and when", "something else");
}

bool read_process(const JsonView &value, ctr_process &out) {
    for (const auto &[word, process] :
         {std::pair("\"parent\"", CTR_PROCESS_PARENT), std::pair("\"child\"", CTR_PROCESS_CHILD),
          std::pair("\"clone\"", CTR_PROCESS_CLONE)})
        if (value.raw() == word) return out = process, true;
    return false;
}

void read_arguments(Reader &reader, const std::string &kind, const JsonView &value, Manifest &out) {
    const std::string where = "kinds/" + kind + "/arguments";
    if (!value.is_object()) return reader.wrong(where, "an object of argument: type", value.type_name());
    DeclaredKind &declared = out.kinds[kind];
    declared.says_arguments = true;
    std::size_t n = 0;
    for (const auto &[name, notation] : value.members()) {
        const std::string text = notation.is_text() ? notation.text() : std::string(notation.raw());
        if (!parse_argument(name, text))
            return reader.wrong(where + "/" + name, "int, str or fd, and any of ? * + |", "\"" + text + "\"");
        declared.arguments.append(name).append(" ").append(text).append("\n");
        ++n;
    }
    if (n > max_arguments)
        reader.wrong(where, "at most " + std::to_string(max_arguments) + " arguments", std::to_string(n));
}

/// A kind is "parent", or {"process": "parent", "arguments": {"path": "str", "mode": "int?"}}.
void read_kinds(Reader &reader, Manifest &out, const std::string &path) {
    const JsonView *value = reader.member("kinds", false);
    if (value == nullptr) return;
    if (!value->is_object()) return reader.wrong("kinds", "an object of kind: process", value->type_name());
    for (const auto &[kind, what] : value->members()) {
        if (!what.is_object()) {
            if (!read_process(what, out.kinds[kind].process))
                return reader.wrong("kinds/" + kind, "\"parent\", \"child\" or \"clone\"", std::string(what.raw()));
            continue;
        }
        Reader inner(what, path);
        const JsonView *process = inner.member("process", false), *arguments = inner.member("arguments", false);
        if (process == nullptr || !read_process(*process, out.kinds[kind].process))
            return reader.wrong("kinds/" + kind + "/process", "\"parent\", \"child\" or \"clone\"",
                                process == nullptr ? "nothing" : std::string(process->raw()));
        if (arguments != nullptr) read_arguments(reader, kind, *arguments, out);
        inner.refuse_unknown();
        if (inner.failed()) return reader.wrong("kinds/" + kind, "process and arguments", "something else");
    }
}

} // namespace

const char *operation_name(ctr_operation operation) {
    switch (operation) {
    case CTR_OP_CREATE: return "create";
    case CTR_OP_EXEC: return "exec";
    case CTR_OP_IMAGE_IMPORT: return "image-import";
    case CTR_OP_IMAGE_REMOVE: return "image-remove";
    case CTR_OP_MOUNT: return "mount";
    }
    return "unknown";
}

namespace {

bool is_operation(const std::string &name) {
    constexpr ctr_operation all[] = {CTR_OP_CREATE, CTR_OP_EXEC, CTR_OP_IMAGE_IMPORT, CTR_OP_IMAGE_REMOVE,
                                     CTR_OP_MOUNT};
    return std::any_of(std::begin(all), std::end(all),
                       [&](ctr_operation each) { return name == operation_name(each); });
}

} // namespace

bool Manifest::plans(ctr_operation operation) const {
    return std::find(operations.begin(), operations.end(), operation_name(operation)) != operations.end();
}

std::string id_in_manifest(const std::string &text) {
    const auto document = JsonText::of(text, "manifest", 32);
    if (!document.ok() || !document.value().root().is_object()) return {};
    std::string id;
    for (const auto &[key, value] : document.value().root().members())
        if (key == "id" && value.is_text()) id = value.text();
    return valid_id(id) ? id : std::string();
}

Json Manifest::config_schema() const { return config.empty() ? Json() : Json::parse(config); }

Result<Manifest> parse_manifest(const std::string &text, const std::string &path) {
    CTR_ASSIGN(const JsonText document, JsonText::of(text, path + ": manifest", 32));
    const JsonView json = document.root();
    if (!json.is_object()) return invalid(path, std::string("manifest: expected an object, got ") + json.type_name());
    Reader reader(json, path);
    Manifest out;
    // The ABI is checked first, because a manifest of another ABI may have other keys.
    const auto abi = reader.integer("abi");
    if (!reader.failed() && abi != CTR_ABI_VERSION)
        return Error{.error_class = CTR_E_UNSUPPORTED,
                     .message = "abi: expected " + std::to_string(CTR_ABI_VERSION) + ", got " + std::to_string(abi),
                     .hint = "build the plugin with this release's SDK, or install a plugin made for ABI " +
                             std::to_string(CTR_ABI_VERSION),
                     .path = path};
    out.id = reader.text("id", true);
    out.version = reader.text("version", true);
    out.summary = reader.text("summary", false);
    out.slot = reader.text("slot", false);
    read_default(reader, out, path);
    out.operations = reader.texts("operations");
    if (out.operations.empty()) out.operations = {"create"};
    out.always = reader.boolean("always");
    out.extensions = reader.texts("extensions");
    read_kinds(reader, out, path);
    out.shares_kinds = reader.boolean("shares_kinds");
    out.needs = reader.texts("needs");
    out.gives = reader.texts("gives");
    out.lists_gives = reader.member("gives", false) != nullptr;
    if (std::find(out.gives.begin(), out.gives.end(), "") != out.gives.end())
        reader.wrong("gives", "tokens and values", "an empty one");
    out.claims = reader.texts("claims");
    out.privileges = reader.texts("privileges");
    if (const JsonView *schema = reader.member("config", false); schema != nullptr && schema->raw() != "null")
        out.config = schema->raw();
    if (const JsonView *features = reader.member("features", false); features != nullptr) {
        if (!features->is_object()) reader.wrong("features", "an object", features->type_name());
        out.features = features->raw();
    }
    reader.refuse_unknown();
    if (!reader.failed() && !valid_id(out.id))
        reader.wrong("id", "1 to 64 characters of a-z 0-9 . _ -", "\"" + out.id + "\"");
    if (!reader.failed() && !out.slot.empty() &&
        std::find(std::begin(slots), std::end(slots), out.slot) == std::end(slots))
        return Error{.error_class = CTR_E_INVALID,
                     .message = "slot: expected one of storage, network, cgroup, image, got \"" + out.slot + "\"",
                     .hint = "a plugin that is no driver leaves the key out",
                     .path = path};
    for (const auto &operation : out.operations)
        if (!is_operation(operation))
            reader.wrong("operations", "create, exec, image-import, image-remove or mount", "\"" + operation + "\"");
    if (reader.failed()) return reader.error();
    return out;
}

} // namespace core::plugin
