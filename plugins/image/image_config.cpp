// SPDX-License-Identifier: MIT
#include "image_config.hpp"

#include "digest.hpp"
#include "failure.hpp"

namespace image {

namespace {

nlohmann::json string_list(const Place &place) { return place.strings(); }

// docker also accepts a string instead of a list.
nlohmann::json command(const Place &place) {
    return place.json().is_string() ? nlohmann::json::array({place.string()}) : string_list(place);
}

nlohmann::json string_map(const Place &place) {
    nlohmann::json all = nlohmann::json::object();
    for (const auto &[name, value] : place.members())
        all[name] = value.string();
    return all;
}

// Go's map[string]struct{}: only the names matter.
nlohmann::json name_set(const Place &place) {
    nlohmann::json all = nlohmann::json::object();
    for (const auto &[name, value] : place.members())
        all[name] = nlohmann::json::object();
    return all;
}

nlohmann::json text(const Place &place) { return place.string(); }

// Other members (health checks, build triggers, Windows) are dropped, because no runtime carries them out.
nlohmann::json known_members(const Place &config) {
    struct Known {
        const char *name;
        nlohmann::json (*checked)(const Place &);
    };
    static constexpr Known known[] = {
        {"Env", string_list},       {"Cmd", command},      {"Entrypoint", command},
        {"WorkingDir", text},       {"User", text},        {"Labels", string_map},
        {"ExposedPorts", name_set}, {"Volumes", name_set}, {"StopSignal", text},
    };
    nlohmann::json all = nlohmann::json::object();
    for (const Known &each : known)
        if (const auto place = config.optional(each.name)) all[each.name] = each.checked(*place);
    return all;
}

std::string optional_string(const Place &document, const char *name) {
    const auto place = document.optional(name);
    return place ? place->string() : std::string();
}

} // namespace

ImageConfig parse_image_config(const std::string &document_name, const std::string &document_text) {
    const nlohmann::json document = parse_document(document_name, document_text);
    const Place top(document, document_name);
    ImageConfig config;
    config.created = optional_string(top, "created");
    config.platform = {optional_string(top, "os"), optional_string(top, "architecture"),
                       optional_string(top, "variant")};
    if (config.platform.os.empty()) config.platform.os = "linux";
    const Place rootfs = top.member("rootfs");
    if (const Place type = rootfs.member("type"); type.string() != "layers") type.wrong("\"layers\"");
    for (const Place &each : rootfs.member("diff_ids").elements())
        config.diff_ids.push_back(each.digest());
    const auto members = top.optional("config");
    config.config = members ? known_members(*members) : nlohmann::json::object();
    return config;
}

void check_platform(const ImageConfig &config, const Request &request) {
    if (config.platform.architecture.empty() && config.platform.os == "linux") return;
    if (rank_of(request.runnable, config.platform) >= 0) return;
    refuse(request.name,
           "the image is for " + config.platform.text() + ", this machine runs " + request.runnable.front().text(),
           "get the image for this machine");
}

Image assemble_image(const ImageConfig &config, std::string digest, std::vector<Layer> blobs,
                     const std::string &document_name) {
    if (blobs.empty()) refuse(document_name, "the image has no layers", "there is nothing in it to run");
    if (blobs.size() != config.diff_ids.size())
        refuse(document_name, "the manifest lists " + std::to_string(blobs.size()) + " layers, the config " +
                                  std::to_string(config.diff_ids.size()) + " diff ids");
    std::string parent;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        blobs[i].diff_id = config.diff_ids[i];
        blobs[i].chain_id = parent = chain_id(parent, config.diff_ids[i]);
    }
    return {std::move(digest),
            config.created,
            config.platform.architecture.empty() ? "unknown" : config.platform.architecture,
            config.platform.os,
            config.config.dump(),
            std::move(blobs)};
}

} // namespace image
