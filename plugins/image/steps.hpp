// SPDX-License-Identifier: MIT
//
// This plugin's kinds of step.
//
//   image.unpack  source, member?, size (int), digest?, diff_id, parent?, directory, the keys of limits.cpp (int),
//                 before (int)?: what earlier layers used of max_unpacked_bytes; gives bytes, the same including this
//                 layer. Fills the directory that the storage driver made; that driver's undo removes it.
//   image.record  path, content, previous?. Writes the image's record; undo brings back the previous one, or none.
//   image.forget  path, content. Removes the record; undo writes it again.
//
// A record that has changed since the plan was made is left alone. Therefore both kinds get the text that they expect
// to find.
#pragma once

#include <ctr/plugin.hpp>

namespace image {

inline constexpr const char *unpack_kind_name = "image.unpack";
inline constexpr const char *record_kind_name = "image.record";
inline constexpr const char *forget_kind_name = "image.forget";

int unpack(ctr::Run run);
int unpack_shell(ctr::Run run, ctr::Shell shell);
int record(ctr::Run run);
int record_undo(ctr::Run run);
int record_shell(ctr::Run run, ctr::Shell shell);
int record_shell_undo(ctr::Run run, ctr::Shell shell);
int forget(ctr::Run run);
int forget_undo(ctr::Run run);
int forget_shell(ctr::Run run, ctr::Shell shell);
int forget_shell_undo(ctr::Run run, ctr::Shell shell);

} // namespace image
