// SPDX-License-Identifier: MIT
//
// DATA_ROOT/images/NAME.json: what ctr knows of an image. The storage driver has the layers; the record says which of
// them belong to the image and how to run it.
#pragma once

#include "image.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace image {

/// What the user changes in the image's config. Lists and strings replace the image's; env, labels and exposed ports
/// are added and override entries with the same name.
struct Overrides {
    std::optional<std::vector<std::string>> cmd, entrypoint;
    std::optional<std::string> working_dir, user, stop_signal;
    std::vector<std::string> env; // NAME=VALUE
    std::map<std::string, std::string> labels;
    std::vector<std::string> exposed_ports; // "80/tcp"
};

/// The record's text, one line. The same input gives the same text.
std::string record_text(const std::string &name, const Image &image, const Overrides &overrides);

/// Replaces the file atomically, or leaves it as it was. It is on the disk when this returns. Makes the directory.
void write_record(const std::string &path, const std::string &text);
/// Success if it is not there.
void remove_record(const std::string &path);
/// Nothing if it is not there.
std::optional<std::string> read_record(const std::string &path);
/// Removes what an interrupted write_record() left, and the directory if it is empty.
void sweep_record(const std::string &path);

} // namespace image
