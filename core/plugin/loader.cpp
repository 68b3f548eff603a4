// SPDX-License-Identifier: MIT
//
// Maps a plugin's code and compares what the code says with the manifest. By now the file is trusted and its manifests
// are read. The file that is opened must be the one that was checked, in the same state. Boost.DLL gets
// /proc/self/fd/N, so that it loads this very file. It uses rtld_now, because a missing symbol must show here and not
// in the forked child. Then the descriptor is closed, so that a child does not have it open.
#include "plugin/catalog.hpp"

#include "sys/in_plugin.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <forward_list>

namespace core::plugin {

namespace {

/// What was loaded stays loaded as long as the process lives, because its code may still be on some stack. So the
/// handles are never destroyed.
void keep(boost::dll::shared_library library) {
    static auto *const all = new std::forward_list<boost::dll::shared_library>;
    all->push_front(std::move(library));
}

/// Makes a name that was not used before. The dynamic linker takes a known name for the same library (dlopen(3)), and
/// the number of a closed descriptor is used again.
std::string name_for_loading(const Fd &fd) {
    static std::size_t loaded = 0;
    std::string name = "/proc/self/fd/";
    for (std::size_t i = 0; i < loaded; ++i)
        name += "./";
    ++loaded;
    return name + std::to_string(fd.get());
}

Error refuse(const std::string &path, const std::string &field, const std::string &expected, const std::string &got) {
    return Error{.error_class = CTR_E_INVALID,
                 .message = field + ": expected " + expected + ", got " + got,
                 .hint = "the manifest and the code disagree: build the plugin again",
                 .path = path};
}

const char *process_word(std::uint32_t process) {
    return process == CTR_PROCESS_CHILD ? "child" : process == CTR_PROCESS_CLONE ? "clone" : "parent";
}

Result<void> compare_kinds(const Manifest &manifest, const ctr_plugin_entry &entry, const std::string &path) {
    std::size_t found = 0;
    for (const ctr_step_kind *const *each = entry.kinds; each != nullptr && *each != nullptr; ++each, ++found) {
        const ctr_step_kind &kind = **each;
        if (!CTR_HAS(&kind, ctr_step_kind, shell_undo))
            return refuse(path, "size of a step kind", std::to_string(sizeof(ctr_step_kind)),
                          std::to_string(kind.size));
        if (kind.name == nullptr) return refuse(path, "name of a step kind", "a string", "NULL");
        const auto listed = manifest.kinds.find(kind.name);
        if (listed == manifest.kinds.end())
            return refuse(path, std::string("step kind ") + kind.name, "to be listed in the manifest's kinds",
                          "nothing");
        if (static_cast<std::uint32_t>(listed->second.process) != kind.process)
            return refuse(path, std::string("process of step kind ") + kind.name, process_word(listed->second.process),
                          process_word(kind.process));
        if ((kind.apply == nullptr) != (kind.process == CTR_PROCESS_CLONE))
            return refuse(path, std::string("apply of step kind ") + kind.name,
                          kind.apply == nullptr ? "a function" : "NULL: the host carries out what the clone needs",
                          kind.apply == nullptr ? "NULL" : "a function");
        if (kind.process != CTR_PROCESS_PARENT && kind.undo != nullptr)
            return refuse(path, std::string("undo of step kind ") + kind.name, "none: what a child did dies with it",
                          "a function");
        if (kind.undo == nullptr && kind.shell_undo != nullptr)
            return refuse(path, std::string("shell_undo of step kind ") + kind.name, "none: there is no undo",
                          "a function");
    }
    if (found != manifest.kinds.size())
        return refuse(path, "step kinds", std::to_string(manifest.kinds.size()) + " as in the manifest",
                      std::to_string(found));
    return {};
}

Result<void> compare(const Manifest &manifest, const ctr_plugin_entry &entry, const std::string &path) {
    if (!CTR_HAS(&entry, ctr_plugin_entry, extension))
        return refuse(path, "size of ctr_plugin_entry_v1", "at least " + std::to_string(sizeof entry),
                      std::to_string(entry.size));
    if (entry.abi != CTR_ABI_VERSION)
        return refuse(path, "abi of the code", std::to_string(CTR_ABI_VERSION), std::to_string(entry.abi));
    if (entry.id == nullptr || manifest.id != entry.id)
        return refuse(path, "id of the code", "\"" + manifest.id + "\"", entry.id == nullptr ? "NULL" : entry.id);
    if (entry.version == nullptr || manifest.version != entry.version)
        return refuse(path, "version of the code", "\"" + manifest.version + "\"",
                      entry.version == nullptr ? "NULL" : entry.version);
    if (entry.load == nullptr) return refuse(path, "load", "a function", "NULL");
    CTR_TRY(compare_kinds(manifest, entry, path));
    for (const std::string &id : manifest.extensions)
        if (entry.extension == nullptr || entry.extension(id.c_str()) == nullptr)
            return refuse(path, "extension " + id, "a table", "NULL");
    return {};
}

} // namespace

Result<void> PluginFile::load() {
    CTR_ASSIGN(const Fd fd, open_checked(path, checked_));
    boost::dll::shared_library library;
    try {
        const std::string checked = name_for_loading(fd);
        library.load(checked, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
        if (library.has("ctr_plugin_entries_v1")) {
            const auto *each = &library.get<const ctr_plugin_entry *const>("ctr_plugin_entries_v1");
            for (; *each != nullptr; ++each)
                entries_.push_back(*each);
        } else if (library.has("ctr_plugin_entry_v1")) {
            entries_.push_back(&library.get<const ctr_plugin_entry>("ctr_plugin_entry_v1"));
        }
    } catch (const std::exception &e) {
        return Error{.error_class = CTR_E_INVALID,
                     .message = std::string("cannot be loaded: ") + e.what(),
                     .hint = "a symbol or library that it needs is missing; `ldd -r` on the file shows which",
                     .path = path};
    }
    if (entries_.empty()) return refuse(path, "symbol ctr_plugin_entry_v1", "to be exported", "nothing");
    keep(std::move(library));
    return {};
}

Result<const ctr_plugin_entry *> PluginFile::entry_of(const std::string &id) {
    if (entries_.empty()) CTR_TRY(load());
    for (const ctr_plugin_entry *each : entries_)
        if (entries_.size() == 1 || (CTR_HAS(each, ctr_plugin_entry, id) && each->id != nullptr && id == each->id))
            return each;
    return refuse(path, "the entry of " + id, "to be among ctr_plugin_entries_v1", "nothing");
}

Result<const ctr_plugin_entry *> Plugin::load(const ctr_host *host) {
    if (entry_ != nullptr) return entry_;
    const sys::InPlugin inside(manifest.id.c_str(), "load function");
    CTR_ASSIGN(const ctr_plugin_entry *entry, file_->entry_of(manifest.id));
    CTR_TRY(compare(manifest, *entry, path));
    if (entry->load(host) != 0) return failure(CTR_E_INTERNAL, path + ": its load function failed", "ask its author");
    entry_ = entry;
    return entry_;
}

const ctr_step_kind *Plugin::kind(const std::string &name) const {
    if (entry_ == nullptr) return nullptr;
    for (const ctr_step_kind *const *each = entry_->kinds; each != nullptr && *each != nullptr; ++each)
        if (name[0] == (*each)->name[0] && name == (*each)->name) return *each;
    return nullptr;
}

} // namespace core::plugin
