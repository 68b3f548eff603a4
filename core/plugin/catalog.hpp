// SPDX-License-Identifier: MIT
//
// The plugins that are installed, and why any was refused. Only files that nobody but root or the effective user could
// have written are looked at; what is loaded later is the very file that was checked here, in the same state. Which of
// them a container uses is the planner's business.
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
    bool override_trust = false; // --plugin-dir: the operator named it, so its parents are not checked
};

struct Refusal {
    std::string path; // of a file, or of a directory with all that is in it
    Error error;
    std::vector<std::string> ids;    // of the plugins in it, as far as their notes could be read
    std::vector<Manifest> manifests; // of those that have a valid one; for messages only
};

/// A file with one plugin in it, or several (ctr_add_plugin_file of the SDK). It is loaded when the first of them is,
/// and stays as long as the process.
class PluginFile {
public:
    PluginFile(std::string where, const FileIdentity &checked) : path(std::move(where)), checked_(checked) {}
    PluginFile(const PluginFile &) = delete;
    PluginFile &operator=(const PluginFile &) = delete;

    const std::string path;

    /// Loads the code (Boost.DLL, from a descriptor of the file that was checked) and gives the entry of the plugin, or
    /// the only one that there is.
    Result<const ctr_plugin_entry *> entry_of(const std::string &id);

private:
    Result<void> load();
    FileIdentity checked_;
    std::vector<const ctr_plugin_entry *> entries_;
};

/// One installed plugin. load() maps the code in; everything before works on the file's notes alone.
class Plugin {
    const std::shared_ptr<PluginFile> file_;

public:
    Plugin(Manifest what, std::shared_ptr<PluginFile> where)
        : file_(std::move(where)), manifest(std::move(what)), path(file_->path) {}
    Plugin(const Plugin &) = delete;
    Plugin &operator=(const Plugin &) = delete;

    const Manifest manifest;
    const std::string &path;

    /// Loads the code, compares it with the manifest and hands over the host's table. Once; later calls give the same
    /// entry.
    Result<const ctr_plugin_entry *> load(const ctr_host *host);
    bool loaded() const { return entry_ != nullptr; }
    /// A kind of step of the loaded plugin; nullptr if it has none of that name.
    const ctr_step_kind *kind(const std::string &name) const;

private:
    const ctr_plugin_entry *entry_ = nullptr;
};

/// Of a kind that all plugins share: its code, and whose it is.
struct SharedKind {
    Plugin *sharer = nullptr;
    const ctr_step_kind *kind = nullptr;
};

class Catalog {
public:
    /// Reads the notes of all *.so in the directories, in order of file names. A missing directory is empty. Of two
    /// plugins with one id both are refused, unless an earlier directory is an override, which wins. `pins`: id ->
    /// sha256 in hex that the file must have. `known`: manifests that need not be read again.
    static Catalog scan(const std::vector<Directory> &directories, const std::map<std::string, std::string> &pins,
                        ManifestCache known = {});

    const std::vector<std::unique_ptr<Plugin>> &plugins() const { return plugins_; }
    const std::vector<Refusal> &refused() const { return refused_; }
    Plugin *find(const std::string &id) const;
    /// Those that let all others add steps of their kinds.
    const std::vector<Plugin *> &sharers() const { return sharers_; }
    /// A kind that all plugins may use, loading who shares it; neither is set if there is none. Errors: of loading.
    Result<SharedKind> shared_kind(const std::string &name, const ctr_host *host) const;
    /// The refusal of the file that has plugin `id`, or of a file of that name, for messages.
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
    std::map<std::string, std::string>
        twins_; // id -> one of the files refused for it: the third is no better than the first two
};

/// Opens a file that was looked at before. Errors: of open(2); busy: it is another one now, or changed.
Result<Fd> open_checked(const std::string &path, const FileIdentity &identity);

} // namespace core::plugin
