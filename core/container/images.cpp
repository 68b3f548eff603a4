// SPDX-License-Identifier: MIT
#include "container/images.hpp"

#include "container/container.hpp"
#include "launch/run.hpp"
#include "sys/files.hpp"

#include <algorithm>
#include <ctr/ext/storage.h>
#include <fcntl.h>
#include <set>
#include <unistd.h>

namespace core::container {
namespace {

std::string images_dir(const Engine &engine) { return engine.config().data_root + "/images"; }

Result<Image> parse_record(const std::string &text, const std::string &file) {
    CTR_ASSIGN(const Json json, parse_json(text, file));
    try {
        Image image;
        image.name = json.at("name").get<std::string>();
        image.digest = json.value("digest", "");
        image.created = json.value("created", "");
        image.layers = json.at("layers").get<std::vector<std::string>>();
        image.config = json.value("config", Json::object());
        image.size = json.value("size", std::uint64_t{0});
        return image;
    } catch (const Json::exception &e) {
        return invalid(file, std::string("not an image record: ") + e.what(), "import the image again");
    }
}

/// What the driver's list() calls.
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
        return failure(ErrorClass::system, "the storage driver " + *driver + " cannot list its layers");

    std::set<std::string> used;
    CTR_ASSIGN(const auto images, list_images(engine));
    for (const Image &image : images)
        used.insert(image.layers.begin(), image.layers.end());
    CTR_ASSIGN(const auto containers, list(engine));
    for (const State &each : containers)
        for (const std::string &layer :
             each.meta.value("/spec/ctr/image/layers"_json_pointer, std::vector<std::string>()))
            used.insert(layer);
    for (const std::string &layer : layers)
        if (used.count(layer) == 0 && storage->collect(&places, "layer", {layer.c_str(), layer.size()}) != 0)
            return failure(ErrorClass::system,
                           "the storage driver " + *driver + " cannot remove the unused layer " + layer);
    return {};
}

std::string full_image_name(const std::string &name) {
    const auto slash = name.find_last_of('/');
    return name.find(':', slash == std::string::npos ? 0 : slash) == std::string::npos ? name + ":latest" : name;
}

Result<std::vector<Image>> list_images(const Engine &engine) {
    std::vector<Image> images;
    auto names = sys::list_directory(images_dir(engine));
    if (!names.ok())
        return names.error().errno_value == ENOENT ? Result<std::vector<Image>>(std::move(images))
                                                   : Result<std::vector<Image>>(std::move(names).error());
    for (const std::string &name : names.value()) {
        if (name[0] == '.' || name.size() < 5 || name.compare(name.size() - 5, 5, ".json") != 0) continue;
        const std::string path = images_dir(engine) + "/" + name;
        CTR_ASSIGN(const std::string text, sys::read_file(path));
        CTR_ASSIGN(Image image, parse_record(text, path));
        images.push_back(std::move(image));
    }
    return images;
}

Result<Image> find_image(const Engine &engine, const std::string &name) {
    const std::string wanted = full_image_name(name);
    std::string file;
    for (const char c : wanted) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '_' || c == '-';
        char escaped[4];
        std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        file += plain ? std::string(1, c) : std::string(escaped);
    }
    const std::string path = images_dir(engine) + "/" + file + ".json";
    auto text = sys::read_file(path);
    if (text.ok()) return parse_record(text.value(), path);
    if (text.error().errno_value != ENOENT) return std::move(text).error();
    std::string known;
    if (const auto images = list_images(engine); images.ok())
        for (const Image &image : images.value())
            known += (known.empty() ? "" : ", ") + image.name;
    return Error{ErrorClass::not_found,
                 "there is no image " + wanted,
                 known.empty() ? "import one: ctr image import TAR NAME" : "there are: " + known,
                 0,
                 {},
                 {},
                 {}};
}

} // namespace core::container
