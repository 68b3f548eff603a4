// SPDX-License-Identifier: MIT
#include "json.hpp"

#include "digest.hpp"
#include "failure.hpp"

namespace image {

namespace {

constexpr int max_json_depth = 64;

// A short form of a wrong value for messages, because a whole subtree is too long.
std::string shown(const nlohmann::json &value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array of " + std::to_string(value.size());
    const std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    return text.size() <= 100 ? text : text.substr(0, 100) + "...";
}

} // namespace

nlohmann::json parse_document(const std::string &document_name, std::string_view text) {
    if (text.size() > max_document) refuse(document_name, "is larger than 4 MiB");
    const auto shallow = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json &) {
        if (depth > max_json_depth) refuse(document_name, "is nested deeper than 64 levels");
        return true;
    };
    try {
        return nlohmann::json::parse(text.begin(), text.end(), shallow);
    } catch (const nlohmann::json::exception &e) {
        std::string message = e.what();
        if (const std::size_t end = message.find("] "); end != std::string::npos) message.erase(0, end + 2);
        refuse(document_name, "is not JSON: " + message);
    }
}

void Place::wrong(const std::string &expected) const {
    refuse(where(), "expected " + expected + ", got " + shown(*value_));
}

Place Place::member(const char *name) const {
    if (std::optional<Place> found = optional(name)) return *found;
    refuse(Place(*value_, document_, path_.empty() ? name : path_ + "." + name).where(), "is missing");
}

std::optional<Place> Place::optional(const char *name) const {
    if (!value_->is_object()) wrong("an object");
    const auto found = value_->find(name);
    if (found == value_->end() || found->is_null()) return std::nullopt;
    return Place(*found, document_, path_.empty() ? name : path_ + "." + name);
}

std::vector<Place> Place::elements() const {
    if (!value_->is_array()) wrong("an array");
    std::vector<Place> all;
    for (std::size_t i = 0; i < value_->size(); ++i)
        all.push_back(Place((*value_)[i], document_, path_ + "[" + std::to_string(i) + "]"));
    return all;
}

std::vector<std::pair<std::string, Place>> Place::members() const {
    if (!value_->is_object()) wrong("an object");
    std::vector<std::pair<std::string, Place>> all;
    for (const auto &[name, value] : value_->items())
        all.emplace_back(name, Place(value, document_, path_.empty() ? name : path_ + "." + name));
    return all;
}

std::string Place::string() const {
    if (!value_->is_string()) wrong("a string");
    const auto &text = value_->get_ref<const std::string &>();
    if (text.find('\0') != std::string::npos) wrong("a string without NUL");
    return text;
}

std::uint64_t Place::size() const {
    if (!value_->is_number_unsigned()) wrong("a size in bytes");
    return value_->get<std::uint64_t>();
}

std::string Place::digest() const {
    if (!value_->is_string() || !is_digest(value_->get_ref<const std::string &>()))
        wrong("sha256:<64 hexadecimal digits>");
    return value_->get<std::string>();
}

std::vector<std::string> Place::strings() const {
    std::vector<std::string> all;
    for (const Place &each : elements())
        all.push_back(each.string());
    return all;
}

} // namespace image
