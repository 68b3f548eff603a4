// SPDX-License-Identifier: MIT
//
// The installed plugins, and the reasons why files were refused. Only files that nobody but root or the effective user
// could have written are accepted. The file that is loaded later is the file that was checked here, in the same state.
// The planner decides which plugins a container uses.
#pragma once

#include "base/fd.hpp"
#include "plugin/manifest.hpp"
#include "plugin/manifest_cache.hpp"

#include <ctr/plugin.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace core::plugin {

struct Directory {
    std::string path;
    bool override_trust = false; // --plugin-dir: the user named it, so its parents are not checked
};

struct Refusal {
    std::string path; // a file, or a directory with all files in it
    Error error;
    std::vector<std::string> ids;    // ids of its plugins, as far as their notes could be read
    std::vector<Manifest> manifests; // the valid ones; for messages only
};

/// A file with one or several plugins (ctr_add_plugin_file of the SDK). It is loaded with the first of them and stays
/// loaded as long as the process lives.
class PluginFile {
public:
    PluginFile(std::string where, const FileIdentity &checked) : path(std::move(where)), checked_(checked) {}
    PluginFile(const PluginFile &) = delete;
    PluginFile &operator=(const PluginFile &) = delete;

    const std::string path;

    /// Loads the code (Boost.DLL, from a descriptor of the file that was checked) and returns the entry of that plugin;
    /// if there is only one entry, that one.
    Result<const ctr_plugin_entry *> entry_of(const std::string &id);

private:
    Result<void> load();
    FileIdentity checked_;
    std::vector<const ctr_plugin_entry *> entries_;
};

/// One installed plugin. Only load() maps its code; everything before that uses the file's notes.
class Plugin {
    const std::shared_ptr<PluginFile> file_;

public:
    Plugin(Manifest what, std::shared_ptr<PluginFile> where)
        : file_(std::move(where)), manifest(std::move(what)), path(file_->path) {}
    Plugin(const Plugin &) = delete;
    Plugin &operator=(const Plugin &) = delete;

    const Manifest manifest;
    const std::string &path;

    /// Loads the code, compares it with the manifest and gives it the host's table. Further calls return the same
    /// entry.
    Result<const ctr_plugin_entry *> load(const ctr_host *host);
    bool loaded() const { return entry_ != nullptr; }
    /// A kind of step of the loaded plugin; nullptr if it has none of that name.
    const ctr_step_kind *kind(const std::string &name) const;

private:
    const ctr_plugin_entry *entry_ = nullptr;
};

/// The code of a kind that all plugins share, and the plugin that shares it.
struct SharedKind {
    Plugin *sharer = nullptr;
    const ctr_step_kind *kind = nullptr;
};

class Catalog {
public:
    /// Reads the notes of all *.so in the directories, in order of file names. A missing directory counts as empty. If
    /// two plugins have the same id, both are refused, unless one is in an earlier override directory: then that one is
    /// used. `pins`: id -> sha256 in hex that the file must have. `known`: manifests that need not be read again.
    static Catalog scan(const std::vector<Directory> &directories, const std::map<std::string, std::string> &pins,
                        ManifestCache known = {});

    const std::vector<std::unique_ptr<Plugin>> &plugins() const { return plugins_; }
    const std::vector<Refusal> &refused() const { return refused_; }
    Plugin *find(const std::string &id) const;
    /// The plugins that let all others add steps of their kinds.
    const std::vector<Plugin *> &sharers() const { return sharers_; }
    /// A kind that all plugins may use; loads the plugins that share kinds. If there is none, both members are nullptr.
    /// Errors: of loading.
    Result<SharedKind> shared_kind(const std::string &name, const ctr_host *host) const;
    /// The refusal of the file that has plugin `id`, or of a file of that name; nullptr if there is none. For messages.
    const Refusal *refusal_of(const std::string &id) const;

private:
    void scan_directory(const Directory &directory, const std::map<std::string, std::string> &pins,
                        ManifestCache &known);
    void add(Manifest manifest, const std::shared_ptr<PluginFile> &file, bool override_trust);
    void find_sharers();
    std::vector<std::unique_ptr<Plugin>> plugins_;
    std::vector<Plugin *> sharers_;
    std::vector<Refusal> refused_;
    std::map<std::string, bool> from_override_;
    std::map<std::string, std::string> twins_; // id -> one of the files refused for it; a third file is refused too
};

/// Opens a file that was checked before. Errors: of open(2); busy if it is another file now, or was changed.
Result<Fd> open_checked(const std::string &path, const FileIdentity &identity);

} // namespace core::plugin
