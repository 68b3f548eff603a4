// SPDX-License-Identifier: MIT
//
// The plugin `image`: `ctr image import` and `ctr image rm`.
//
// An import reads the source document while planning (that is allowed, because it is input and not the machine). So the
// plan knows the layers and which of them the storage driver has already. For each missing layer:
//
//     the driver's step makes a directory -> image.unpack fills it -> the driver's step makes the layer complete
//
// and last image.record, in a later phase, so that an image is listed only when all of its layers are there.
#include "digest.hpp"
#include "failure.hpp"
#include "name.hpp"
#include "record.hpp"
#include "source.hpp"
#include "steps.hpp"

#include <ctr/ext/storage.h>

namespace {

using image::Failure;
using image::Image;
using image::Layer;
using image::Limits;
using image::Overrides;
using image::refuse;

/// Thrown after a function has failed the plan and reported why.
struct PlanFailed {};

void must(int code) {
    if (code < 0) throw PlanFailed{};
}

std::string required_string(ctr::Plan plan, const std::string &pointer) {
    const ctr::Node node = plan.spec(pointer);
    if (!node.is_string() || node.str().empty()) refuse(pointer, "expected a string that is not empty");
    return node.str();
}

std::string image_name(ctr::Plan plan, const std::string &pointer) {
    std::string name = required_string(plan, pointer);
    if (std::string problem = image::name_problem(name); !problem.empty())
        refuse(pointer, "'" + name + "' is no name for an image: " + problem,
               "for example busybox:latest or example/tools:1.2");
    return name;
}

bool knows_all_below(const ctr_storage_v1 &driver) {
    return driver.size > offsetof(ctr_storage_v1, plan_layer_on) && driver.plan_layer_on != nullptr;
}

const ctr_storage_v1 &storage_driver(ctr::Plan plan) {
    const auto *driver = plan.extension<ctr_storage_v1>("storage", CTR_EXT_STORAGE);
    if (driver == nullptr || driver->size < offsetof(ctr_storage_v1, list) ||
        (driver->plan_layer == nullptr && !knows_all_below(*driver)))
        throw Failure(
            {.error_class = CTR_E_UNSUPPORTED,
             .message = "the storage driver '" + plan.name("driver.storage") + "' keeps no images",
             .hint = R"(choose one that does in the config, for example {"storage": {"driver": "overlay"}})"});
    return *driver;
}

std::vector<std::string> string_list(const ctr::Node &node, const std::string &pointer) {
    if (node.type() != CTR_NODE_ARRAY || node.strings().size() != node.size())
        refuse(pointer, "expected an array of strings");
    return node.strings();
}

std::string string_value(const ctr::Node &node, const std::string &pointer) {
    if (!node.is_string()) refuse(pointer, "expected a string");
    return node.str();
}

std::map<std::string, std::string> string_map(const ctr::Node &node, const std::string &pointer) {
    if (node.type() != CTR_NODE_OBJECT) refuse(pointer, "expected an object of strings");
    std::map<std::string, std::string> all;
    for (std::size_t i = 0; i < node.size(); ++i)
        all[node.key(i)] = string_value(node.at(i), pointer + "/" + node.key(i));
    return all;
}

Overrides read_overrides(ctr::Plan plan) {
    const std::string pointer = "/ctr/import/config";
    const ctr::Node config = plan.spec(pointer);
    Overrides overrides;
    if (config && config.type() != CTR_NODE_OBJECT) refuse(pointer, "expected an object");
    for (std::size_t i = 0; i < config.size(); ++i) {
        const std::string key = config.key(i);
        const std::string here = pointer + "/" + key;
        const ctr::Node value = config.at(i);
        if (key == "cmd")
            overrides.cmd = string_list(value, here);
        else if (key == "entrypoint")
            overrides.entrypoint = string_list(value, here);
        else if (key == "env")
            overrides.env = string_list(value, here);
        else if (key == "expose")
            overrides.exposed_ports = string_list(value, here);
        else if (key == "labels")
            overrides.labels = string_map(value, here);
        else if (key == "workdir")
            overrides.working_dir = string_value(value, here);
        else if (key == "user")
            overrides.user = string_value(value, here);
        else if (key == "stop_signal")
            overrides.stop_signal = string_value(value, here);
        else
            refuse(here, "is unknown", "known are cmd, entrypoint, env, expose, labels, stop_signal, user, workdir");
    }
    for (const std::string &variable : overrides.env)
        if (const std::size_t equals = variable.find('='); equals == 0 || equals == std::string::npos)
            refuse(pointer + "/env", "'" + variable + "' is not NAME=VALUE");
    return overrides;
}

/// What the image's layers up to this one unpacked to.
std::string bytes_value(const std::string &number) { return "image.bytes" + number; }

/// The driver's step that makes the directory `directory` for a layer.
void plan_directory(ctr::Plan plan, const ctr_storage_v1 &driver, const Image &source, std::size_t index,
                    const std::string &directory) {
    const std::string &own = source.layers[index].chain_id;
    std::vector<ctr_str> below;
    for (std::size_t i = 0; i < index; ++i)
        below.push_back(ctr::str(source.layers[i].chain_id));
    const char *whiteouts = nullptr;
    if (knows_all_below(driver))
        must(
            driver.plan_layer_on(plan.raw(), ctr::str(own), below.data(), below.size(), directory.c_str(), &whiteouts));
    else
        must(driver.plan_layer(plan.raw(), ctr::str(own), below.empty() ? ctr::str("") : below.back(),
                               directory.c_str(), &whiteouts));
    if (whiteouts == nullptr || std::string_view(whiteouts) != "apply")
        throw Failure({.error_class = CTR_E_UNSUPPORTED,
                       .message = std::string("the storage driver wants whiteouts '") +
                                  (whiteouts == nullptr ? "" : whiteouts) +
                                  "', expected apply: the directory must show the layers below",
                       .hint = "choose another driver in the config, or a newer one"});
}

/// False if the layer is there already.
bool plan_layer(ctr::Plan plan, const ctr_storage_v1 &driver, const Image &source, std::size_t index,
                const Limits &limits, const std::string &bytes_before) {
    const Layer &layer = source.layers[index];
    const int there = driver.has_layer(plan.raw(), ctr::str(layer.chain_id));
    must(there);
    if (there == 1) return false;

    const std::string number = std::to_string(index + 1);
    const std::string directory = "image.layer" + number;
    const std::string token = CTR_TOKEN_IMAGE_UNPACKED + number;
    plan_directory(plan, driver, source, index, directory);

    ctr::Step step = plan.step(image::unpack_kind_name, CTR_PREPARE);
    step.arg("source", layer.blob.source);
    if (!layer.blob.member.empty()) step.arg("member", layer.blob.member);
    step.arg("size", static_cast<std::int64_t>(layer.blob.size));
    if (!layer.digest.empty()) step.arg("digest", layer.digest);
    step.arg("diff_id", layer.diff_id);
    if (index > 0) step.arg("parent", source.layers[index - 1].chain_id);
    step.value("directory", directory);
    image::each_limit(limits, [&](const char *key, std::int64_t value) { step.arg(key, value); });
    if (!bytes_before.empty()) step.value("before", bytes_before);
    step.output("bytes", CTR_TYPE_INT, bytes_value(number));
    must(step.gives(token).note("layer " + number + " of " + std::to_string(source.layers.size())).add());
    must(driver.plan_commit(plan.raw(), ctr::str(layer.chain_id), directory.c_str(), token.c_str()));
    return true;
}

int plan_import(ctr::Plan plan) {
    const std::string name = image_name(plan, "/ctr/import/name");
    const std::string source = required_string(plan, "/ctr/import/source");
    if (!source.starts_with('/')) refuse("/ctr/import/source", "expected an absolute path, got '" + source + "'");
    const Overrides overrides = read_overrides(plan);
    const ctr_storage_v1 &driver = storage_driver(plan);
    const Limits limits =
        image::read_limits([&](const char *key) { return plan.config(std::string("/") + key).integer(); });
    const Image found = [&] {
        const image::MemoryLimit memory(limits.max_memory_bytes);
        return image::read_source(source, {name, image::runnable_here(), limits});
    }();
    std::string bytes; // the value that says how many there are so far
    for (std::size_t i = 0; i < found.layers.size(); ++i)
        if (plan_layer(plan, driver, found, i, limits, bytes)) bytes = bytes_value(std::to_string(i + 1));

    const std::string path = image::record_path(plan.name("data_root"), name);
    ctr::Step step = plan.step(image::record_kind_name, CTR_ATTACH);
    step.arg("path", path).arg("content", image::record_text(name, found, overrides));
    if (const auto previous = plan.ask("file:" + path)) step.arg("previous", *previous);
    return step.note("the image can be used").add();
}

int plan_remove(ctr::Plan plan) {
    const std::string name = image_name(plan, "/ctr/remove/name");
    const std::string path = image::record_path(plan.name("data_root"), name);
    const auto content = plan.ask("file:" + path);
    if (!content)
        throw Failure({.error_class = CTR_E_NOT_FOUND,
                       .message = "there is no image '" + name + "'",
                       .hint = "ctr image ls lists them",
                       .path = path});
    must(plan.step(image::forget_kind_name, CTR_PREPARE)
             .arg("path", path)
             .arg("content", *content)
             .gives(CTR_TOKEN_IMAGE_FORGOTTEN)
             .note("the image is no longer listed")
             .add());

    const ctr::Node layers = plan.spec("/ctr/remove/layers");
    if (!layers) return 0;
    const std::vector<std::string> chain_ids = string_list(layers, "/ctr/remove/layers");
    if (chain_ids.empty()) return 0;
    const ctr_storage_v1 &driver = storage_driver(plan);
    // The highest first, so that a layer is removed before the one below it.
    for (auto each = chain_ids.rbegin(); each != chain_ids.rend(); ++each) {
        if (!image::is_digest(*each))
            refuse("/ctr/remove/layers", "expected sha256:<64 hexadecimal digits>, got '" + *each + "'");
        must(driver.plan_remove(plan.raw(), ctr::str(*each)));
    }
    return 0;
}

int plan(ctr::Plan plan) {
    try {
        switch (plan.operation()) {
        case CTR_OP_IMAGE_IMPORT: return plan_import(plan);
        case CTR_OP_IMAGE_REMOVE: return plan_remove(plan);
        default: return 0;
        }
    } catch (const Failure &failure) {
        return plan.fail(failure.error);
    } catch (const std::bad_alloc &) {
        return plan.fail(image::memory_failure(plan.spec("/ctr/import/source").str()).error);
    } catch (const PlanFailed &) {
        return plan.fail({.error_class = CTR_E_INTERNAL, .message = "the storage driver could not plan this"});
    }
}

constexpr ctr_step_kind unpack_kind = ctr::parent_kind<image::unpack, image::unpack_shell>(image::unpack_kind_name);
constexpr ctr_step_kind record_kind =
    ctr::parent_kind<image::record, image::record_undo, image::record_shell, image::record_shell_undo>(
        image::record_kind_name);
constexpr ctr_step_kind forget_kind =
    ctr::parent_kind<image::forget, image::forget_undo, image::forget_shell, image::forget_shell_undo>(
        image::forget_kind_name);

} // namespace

CTR_PLUGIN("image", "0.1.0", plan, &unpack_kind, &record_kind, &forget_kind);
