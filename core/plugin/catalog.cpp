// SPDX-License-Identifier: MIT
#include "plugin/catalog.hpp"

#include "plugin/note.hpp"
#include "sys/files.hpp"
#include "sys/sha256.hpp"
#include "sys/trust.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace core::plugin {
namespace {

std::string octal(unsigned mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%04o", mode & 07777U);
    return text;
}

struct Checked {
    std::vector<Manifest> manifests;
    FileIdentity identity;
};

Result<void> check_pins(const std::string &path, const std::vector<Manifest> &manifests,
                        const std::map<std::string, std::string> &pins, const std::string &digest) {
    for (const Manifest &manifest : manifests) {
        const auto pin = pins.find(manifest.id);
        if (pin == pins.end() || digest == pin->second) continue;
        return invalid(path,
                       "sha256: expected " + pin->second + " (config /plugins/pins/" + manifest.id + "), got " + digest,
                       "install the pinned file, or change the pin if you trust this one");
    }
    return {};
}

Result<std::vector<Manifest>> parse_manifests(const Fd &fd, const std::string &path) {
    CTR_ASSIGN(const std::vector<std::string> texts, read_manifest_notes(fd.get(), path));
    std::vector<Manifest> manifests;
    for (const std::string &text : texts) {
        CTR_ASSIGN(Manifest manifest, parse_manifest(text, path));
        manifests.push_back(std::move(manifest));
    }
    return manifests;
}

/// Does not read again what the cache knows of the file in its present state: its manifests and, if one of them is
/// pinned, its sum.
Result<std::vector<Manifest>> read_manifests(const std::string &path, const FileIdentity &identity,
                                             const std::map<std::string, std::string> &pins, ManifestCache &known) {
    std::vector<Manifest> manifests = known.find(path, identity);
    std::string digest(known.digest());
    const bool fresh = manifests.empty();
    Fd fd;
    if (fresh) {
        CTR_ASSIGN(fd, open_checked(path, identity));
        CTR_ASSIGN(manifests, parse_manifests(fd, path));
    }
    const bool pinned = std::any_of(manifests.begin(), manifests.end(),
                                    [&](const Manifest &manifest) { return pins.count(manifest.id) != 0; });
    if (pinned && digest.empty()) {
        if (!fd.valid()) {
            CTR_ASSIGN(fd, open_checked(path, identity));
        }
        CTR_ASSIGN(digest, sys::sha256_of_file(fd.get(), path));
        if (!fresh) known.keep_digest(digest);
    }
    if (pinned) CTR_TRY(check_pins(path, manifests, pins, digest));
    for (const Manifest &manifest : manifests)
        if (fresh) known.keep(path, identity, manifest, digest);
    return manifests;
}

Result<Checked> check_file(const std::string &path, const std::map<std::string, std::string> &pins,
                           ManifestCache &known) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0) return system_error("stat", path);
    if (!S_ISREG(st.st_mode))
        return invalid(path, "file type: expected a regular file, got mode " + octal(st.st_mode),
                       "put only plugins there");
    CTR_TRY(sys::check_trust(path, st.st_mode, st.st_uid, false));
    const FileIdentity identity = FileIdentity::of(st);
    CTR_ASSIGN(std::vector<Manifest> manifests, read_manifests(path, identity, pins, known));
    return Checked{std::move(manifests), identity};
}

/// Adds the plugins of a refused file to the refusal. Only the notes are read, as far as possible, and they are used
/// only for messages.
void name_plugins(const std::string &path, Refusal &refusal) {
    struct stat st {};
    if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return;
    const auto fd = open_checked(path, FileIdentity::of(st));
    if (!fd.ok()) return;
    const auto texts = read_manifest_notes(fd.value().get(), path);
    if (!texts.ok()) return;
    for (const std::string &text : texts.value()) {
        auto manifest = parse_manifest(text, path);
        std::string id = manifest.ok() ? manifest.value().id : id_in_manifest(text);
        if (!id.empty()) refusal.ids.push_back(std::move(id));
        if (manifest.ok()) refusal.manifests.push_back(std::move(manifest).value());
    }
}

bool is_plugin_name(std::string_view name) { return name.size() > 3 && name.ends_with(".so"); }

/// The same for the files of a refused directory, with a limit because the directory may be hostile.
void name_plugins_below(const std::string &directory, Refusal &refusal) {
    constexpr std::size_t most = 256;
    const auto names = sys::list_directory(directory);
    for (std::size_t i = 0; names.ok() && i < names.value().size() && i < most; ++i)
        if (is_plugin_name(names.value()[i])) name_plugins(directory + "/" + names.value()[i], refusal);
}

} // namespace

Result<Fd> open_checked(const std::string &path, const FileIdentity &identity) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return system_error("open", path);
    struct stat st {};
    if (::fstat(fd.get(), &st) != 0) return system_error("fstat", path);
    if (FileIdentity::of(st) == identity) return fd;
    return Error{.error_class = CTR_E_BUSY,
                 .message = "the file changed while ctr was at work",
                 .hint = "try again when the installation is through",
                 .path = path};
}

Catalog Catalog::scan(const std::vector<Directory> &directories, const std::map<std::string, std::string> &pins,
                      ManifestCache known) {
    Catalog catalog;
    for (const Directory &directory : directories)
        catalog.scan_directory(directory, pins, known);
    catalog.find_sharers();
    known.save();
    return catalog;
}

void Catalog::scan_directory(const Directory &directory, const std::map<std::string, std::string> &pins,
                             ManifestCache &known) {
    struct stat st {};
    if (::stat(directory.path.c_str(), &st) != 0) {
        if (errno != ENOENT || directory.override_trust)
            refused_.push_back(
                {directory.path, system_error("stat", directory.path, "name a directory with plugins"), {}, {}});
        return;
    }
    auto trusted = sys::check_trust(directory.path, st.st_mode, st.st_uid, false);
    if (trusted.ok() && !directory.override_trust) trusted = sys::check_parents(directory.path);
    if (!trusted.ok()) {
        refused_.push_back({directory.path, std::move(trusted).error(), {}, {}});
        name_plugins_below(directory.path, refused_.back());
        return;
    }
    auto names = sys::list_directory(directory.path);
    if (!names.ok()) {
        refused_.push_back({directory.path, std::move(names).error(), {}, {}});
        return;
    }
    for (const std::string &name : names.value()) {
        if (!is_plugin_name(name)) continue;
        const std::string path = directory.path + "/" + name;
        auto checked = check_file(path, pins, known);
        if (!checked.ok()) {
            refused_.push_back({path, std::move(checked).error(), {}, {}});
            name_plugins(path, refused_.back());
            continue;
        }
        const auto file = std::make_shared<PluginFile>(path, checked.value().identity);
        for (Manifest &manifest : checked.value().manifests)
            add(std::move(manifest), file, directory.override_trust);
    }
}

void Catalog::add(Manifest manifest, const std::shared_ptr<PluginFile> &file, bool override_trust) {
    const std::string &id = manifest.id, &path = file->path;
    const auto refuse = [&](const std::string &where, std::string what, std::string hint) {
        refused_.push_back({where, invalid(where, "id: " + std::move(what), std::move(hint)), {id}, {}});
    };
    const std::string expected = "expected one that no other plugin has, got \"" + id + "\", which is also ";
    if (const auto twin = twins_.find(id); twin != twins_.end())
        return refuse(path, expected + twin->second, "remove all but one of the files");
    if (Plugin *other = find(id); other != nullptr) {
        if (from_override_[id] && !override_trust) return; // the plugin of the override directory is used
        refuse(path, expected + other->path, "remove one of the two files, or name the wanted one by --plugin-dir");
        refuse(other->path, "\"" + id + "\" is also " + path, "remove one of the two files");
        twins_[id] = path;
        std::erase_if(plugins_, [&](const auto &each) { return each->manifest.id == id; });
        return;
    }
    from_override_[id] = override_trust;
    plugins_.push_back(std::make_unique<Plugin>(std::move(manifest), file));
}

Plugin *Catalog::find(const std::string &id) const {
    const auto found =
        std::find_if(plugins_.begin(), plugins_.end(), [&](const auto &each) { return each->manifest.id == id; });
    return found == plugins_.end() ? nullptr : found->get();
}

Result<SharedKind> Catalog::shared_kind(const std::string &name, const ctr_host *host) const {
    for (Plugin *sharer : sharers_) {
        if (auto entry = sharer->load(host); !entry.ok()) return std::move(entry).error();
        if (const ctr_step_kind *kind = sharer->kind(name); kind != nullptr) return SharedKind{sharer, kind};
    }
    return SharedKind{};
}

/// A shared kind means the same for every plugin. So a plugin that has another kind of that name is refused, and of two
/// plugins that share it the later file.
void Catalog::find_sharers() {
    std::vector<const Plugin *> refused;
    for (const auto &sharer : plugins_) {
        if (!sharer->manifest.shares_kinds) continue;
        bool is_later = false;
        for (const auto &other : plugins_) {
            is_later = is_later || other == sharer;
            if (other == sharer || (other->manifest.shares_kinds && !is_later)) continue;
            for (const auto &[kind, declared] : other->manifest.kinds) {
                if (sharer->manifest.kinds.count(kind) == 0) continue;
                refused_.push_back({other->path,
                                    invalid(other->path,
                                            "kinds/" + kind + ": expected a name that no shared kind has, and plugin " +
                                                sharer->manifest.id + " shares one of this name",
                                            "give the kind another name: PLUGIN.VERB"),
                                    {other->manifest.id},
                                    {}});
                refused.push_back(other.get());
                break;
            }
        }
    }
    for (const Plugin *each : refused)
        std::erase_if(plugins_, [&](const auto &plugin) { return plugin.get() == each; });
    for (const auto &each : plugins_)
        if (each->manifest.shares_kinds) sharers_.push_back(each.get());
}

const Refusal *Catalog::refusal_of(const std::string &id) const {
    const std::string end = "/" + id + ".so";
    for (const Refusal &each : refused_)
        if (std::find(each.ids.begin(), each.ids.end(), id) != each.ids.end()) return &each;
    for (const Refusal &each : refused_) // a file whose notes could not be read
        if (each.path.ends_with(end)) return &each;
    return nullptr;
}

} // namespace core::plugin
