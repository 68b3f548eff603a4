// SPDX-License-Identifier: MIT
//
// Names of images and of the files that record them. The host may turn "bb" into "bb:latest"; here a name is taken
// literally.
#pragma once

#include <string>
#include <string_view>

namespace image {

/// Empty if `name` is valid, else what is wrong: [HOST[:PORT]/]PATH[/PATH...][:TAG], the grammar of OCI references
/// without digest.
std::string name_problem(std::string_view name);

/// [A-Za-z0-9._-] as they are, every other byte as %XX (upper-case): one name, one file name.
std::string escape_name(std::string_view name);

/// DATA_ROOT/images/ESCAPED.json
std::string record_path(const std::string &data_root, std::string_view name);

/// The part after the last colon if it is a tag, else empty.
std::string_view tag_of(std::string_view name);

} // namespace image
