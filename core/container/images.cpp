// SPDX-License-Identifier: MIT
#include "container/images.hpp"

#include "base/text.hpp"
#include "container/container.hpp"
#include "launch/run.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <ctr/ext/storage.h>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace core::container {
namespace {

std::string images_dir(const Engine &engine) { return engine.config().data_root + "/images"; }

constexpr std::size_t longest_record = std::size_t{1} << 20; // the image plugin writes no longer ones

/// "NAME.json", where every byte outside [A-Za-z0-9._-] is written as %XX.
std::string file_of(const std::string &full_name) {
    std::string file;
    for (const char c : full_name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '_' || c == '-';
        char escaped[4];
        std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        file += plain ? std::string(1, c) : std::string(escaped);
    }
    return file + ".json";
}

Error damaged(const std::string &path, const std::string &message) {
    return invalid(path, "not an image record: " + message, "import the image again, or remove this file");
}

bool is_chain_id(const std::string &text) {
    return text.size() == 71 && text.rfind("sha256:", 0) == 0 &&
           text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
}

Result<Image> parse_record(const std::string &text, const std::string &path) {
    auto json = parse_json(text, path);
    if (!json.ok()) return damaged(path, json.error().text());
    Image image;
    try {
        const Json &record = json.value();
        image.name = record.at("name").get<std::string>();
        image.digest = record.value("digest", "");
        image.created = record.value("created", "");
        image.layers = record.at("layers").get<std::vector<std::string>>();
        image.config = record.value("config", Json::object());
        const Json size = record.value("size", Json(0U));
        if (!size.is_number_unsigned()) return damaged(path, "its size is no number of bytes");
        image.size = size.get<std::uint64_t>();
    } catch (const Json::exception &e) {
        return damaged(path, e.what());
    }
    if (const auto file = path.substr(path.rfind('/') + 1); file_of(image.name) != file)
        return damaged(path, "it is of an image of another name, " + in_quotes(image.name));
    if (image.layers.empty() || !std::all_of(image.layers.begin(), image.layers.end(), is_chain_id))
        return damaged(path, "its layers are none");
    if (!image.config.is_object()) return damaged(path, "its config is no object");
    return image;
}

/// Errors: invalid if the file is no image record; system if it does not exist or cannot be read.
Result<Image> read_record(const std::string &path) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return system_error("lstat", path);
    // Opening a fifo would block, and a link may lead anywhere.
    if (!S_ISREG(about.st_mode)) return damaged(path, "it is no regular file");
    if (about.st_size > static_cast<off_t>(longest_record)) return damaged(path, "it is longer than 1 MiB");
    CTR_ASSIGN(const std::string text, sys::read_file(path, longest_record));
    return parse_record(text, path);
}

std::string record_path(const Engine &engine, const std::string &full_name) {
    return images_dir(engine) + "/" + file_of(full_name);
}

/// The callback for the driver's list().
void note_layer(void *user, const char *type, ctr_str id, ctr_str /*path*/) {
    if (std::string_view(type) == "layer") static_cast<std::vector<std::string> *>(user)->emplace_back(id.data, id.len);
}

} // namespace

Result<std::optional<Fd>> lock_images(const Engine &engine, bool wait) {
    CTR_TRY(sys::make_directories(engine.config().run_root, 0711));
    const std::string path = engine.config().run_root + "/images.lock";
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid()) return system_error("open", path);
    flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd.get(), wait ? F_SETLKW : F_SETLK, &lock) == 0) return std::optional<Fd>(std::move(fd));
    if (!wait && (errno == EAGAIN || errno == EACCES)) return std::optional<Fd>();
    return system_error("fcntl", path);
}

Result<void> collect_layers(Engine &engine) {
    CTR_ASSIGN(const auto driver, engine.driver("storage", {}));
    plugin::Plugin *plugin = driver ? engine.catalog().find(*driver) : nullptr;
    if (plugin == nullptr) return {};
    CTR_ASSIGN(const ctr_plugin_entry *entry, plugin->load(launch::host_table()));
    const auto *storage =
        entry->extension == nullptr ? nullptr : static_cast<const ctr_storage_v1 *>(entry->extension(CTR_EXT_STORAGE));
    if (storage == nullptr) return {};
    const std::string data = plan::data_dir_of(engine.config(), *driver),
                      state = plan::state_dir_of(engine.config(), *driver);
    const ctr_places places = {sizeof(ctr_places), data.c_str(), state.c_str()};
    std::vector<std::string> layers;
    if (storage->list(&places, note_layer, &layers) != 0)
        return failure(CTR_E_SYSTEM, "the storage driver " + *driver + " cannot list its layers");

    CTR_ASSIGN(const Images images, list_images(engine));
    CTR_ASSIGN(const auto containers, list(engine));
    std::set<std::string> used;
    bool all_known = images.damaged.empty();
    for (const Image &image : images.images)
        used.insert(image.layers.begin(), image.layers.end());
    for (const State &each : containers) {
        const auto image = image_of(each);
        all_known &= image.has_value();
        if (image) used.insert(image->layers.begin(), image->layers.end());
    }
    for (const std::string &layer : layers) {
        if (used.count(layer) != 0 || (!all_known && is_chain_id(layer))) continue;
        if (storage->collect(&places, "layer", {layer.c_str(), layer.size()}) != 0)
            return failure(CTR_E_SYSTEM, "the storage driver " + *driver + " cannot remove the unused layer " + layer);
    }
    return {};
}

std::optional<UsedImage> image_of(const State &container) {
    try {
        UsedImage used;
        const Json image = container.meta.value("/spec/ctr/image"_json_pointer, Json());
        if (image.is_null()) return used;
        used.name = image.value("name", "");
        used.layers = image.value("layers", std::vector<std::string>());
        return used;
    } catch (const Json::exception &) {
        return std::nullopt;
    }
}

std::string full_image_name(const std::string &name) {
    const auto slash = name.find_last_of('/');
    return name.find(':', slash == std::string::npos ? 0 : slash) == std::string::npos ? name + ":latest" : name;
}

Result<Images> list_images(const Engine &engine) {
    Images all;
    auto names = sys::list_directory(images_dir(engine));
    if (!names.ok())
        return names.error().errno_value == ENOENT ? Result<Images>(std::move(all))
                                                   : Result<Images>(std::move(names).error());
    for (const std::string &name : names.value()) {
        if (name[0] == '.' || name.size() < 5 || name.compare(name.size() - 5, 5, ".json") != 0) continue;
        auto image = read_record(images_dir(engine) + "/" + name);
        if (image.ok())
            all.images.push_back(std::move(image).value());
        else if (image.error().errno_value != ENOENT) // ENOENT: it was removed meanwhile
            all.damaged.push_back(std::move(image).error());
    }
    return all;
}

Result<Image> find_image(const Engine &engine, const std::string &name) {
    const std::string wanted = full_image_name(name);
    auto image = read_record(record_path(engine, wanted));
    if (image.ok() || image.error().errno_value != ENOENT) return image;
    std::string known;
    if (const auto there = list_images(engine); there.ok())
        for (const Image &each : there.value().images)
            known += (known.empty() ? "" : ", ") + each.name;
    return Error{.error_class = CTR_E_NOT_FOUND,
                 .message = "there is no image " + wanted,
                 .hint = known.empty() ? "import one: ctr image import TAR NAME" : "there are: " + known};
}

Result<bool> discard_damaged(const Engine &engine, const std::string &name) {
    const std::string path = record_path(engine, full_image_name(name));
    const auto image = read_record(path);
    if (image.ok() || image.error().error_class != CTR_E_INVALID) return false;
    if (::unlink(path.c_str()) != 0) return system_error("unlink", path, "this damaged record is in the way");
    return true;
}

} // namespace core::container
