// SPDX-License-Identifier: MIT
//
// The layout of the SDK, frozen: plugins that were built long ago are loaded by the hosts of today. x86_64 and aarch64
// agree (LP64).
//
// Who makes this fail has broken every plugin there is. Allowed: a new member behind the last one of a struct that
// begins with its size (add its line here, raise AT_LEAST); a new enumerator of a new number. Nothing else, ever:
// changes of meaning need an extension or ABI 2.
#include <cstddef>
#include <type_traits>

#include <ctr/ext/cgroup.h>
#include <ctr/ext/network.h>
#include <ctr/ext/storage.h>
#include <ctr/ext/update.h>
#include <ctr/manifest.h>
#include <ctr/plugin.h>

#include <gtest/gtest.h>
#include <string>

static_assert(sizeof(void *) == 8 && sizeof(long) == 8, "the SDK is for LP64 machines");

/// A type passed by value: its size never changes.
#define FROZEN(type, bytes)                                                                                            \
    static_assert(sizeof(type) == (bytes) && std::is_standard_layout_v<type> && std::is_trivial_v<type>,               \
                  #type " is frozen")
/// A type that begins with its size and grows at its tail: it never shrinks.
#define AT_LEAST(type, bytes)                                                                                          \
    static_assert(sizeof(type) >= (bytes) && std::is_standard_layout_v<type> && offsetof(type, size) == 0,             \
                  #type " only grows at its tail")
#define MEMBER(type, member, offset, bytes)                                                                            \
    static_assert(offsetof(type, member) == (offset) && sizeof(type::member) == (bytes),                               \
                  #type "::" #member " has moved")
#define VALUE(name, number) static_assert((name) == (number), #name " has another number")

FROZEN(ctr_str, 16);
MEMBER(ctr_str, data, 0, 8);
MEMBER(ctr_str, len, 8, 8);

FROZEN(ctr_arg, 40);
MEMBER(ctr_arg, name, 0, 8);
MEMBER(ctr_arg, form, 8, 4);
MEMBER(ctr_arg, integer, 16, 8);
MEMBER(ctr_arg, text, 24, 16);

FROZEN(ctr_output, 24);
MEMBER(ctr_output, name, 0, 8);
MEMBER(ctr_output, type, 8, 4);
MEMBER(ctr_output, value, 16, 8);

AT_LEAST(ctr_error, 48);
MEMBER(ctr_error, size, 0, 4);
MEMBER(ctr_error, error_class, 4, 4);
MEMBER(ctr_error, errno_value, 8, 4);
MEMBER(ctr_error, message, 16, 8);
MEMBER(ctr_error, hint, 24, 8);
MEMBER(ctr_error, syscall, 32, 8);
MEMBER(ctr_error, path, 40, 8);

AT_LEAST(ctr_step, 80);
MEMBER(ctr_step, size, 0, 4);
MEMBER(ctr_step, phase, 4, 4);
MEMBER(ctr_step, lifetime, 8, 4);
MEMBER(ctr_step, n_args, 12, 4);
MEMBER(ctr_step, n_outputs, 16, 4);
MEMBER(ctr_step, kind, 24, 8);
MEMBER(ctr_step, note, 32, 8);
MEMBER(ctr_step, args, 40, 8);
MEMBER(ctr_step, outputs, 48, 8);
MEMBER(ctr_step, needs, 56, 8);
MEMBER(ctr_step, after, 64, 8);
MEMBER(ctr_step, gives, 72, 8);

AT_LEAST(ctr_host, 296);
MEMBER(ctr_host, size, 0, 4);
MEMBER(ctr_host, abi, 4, 4);
MEMBER(ctr_host, version, 8, 8);
MEMBER(ctr_host, operation, 16, 8);
MEMBER(ctr_host, spec, 24, 8);
MEMBER(ctr_host, config, 32, 8);
MEMBER(ctr_host, name, 40, 8);
MEMBER(ctr_host, ask, 48, 8);
MEMBER(ctr_host, extension, 56, 8);
MEMBER(ctr_host, node_type, 64, 8);
MEMBER(ctr_host, node_get, 72, 8);
MEMBER(ctr_host, node_str, 80, 8);
MEMBER(ctr_host, node_int, 88, 8);
MEMBER(ctr_host, node_uint, 96, 8);
MEMBER(ctr_host, node_number, 104, 8);
MEMBER(ctr_host, node_bool, 112, 8);
MEMBER(ctr_host, node_count, 120, 8);
MEMBER(ctr_host, node_at, 128, 8);
MEMBER(ctr_host, node_key, 136, 8);
MEMBER(ctr_host, add_step, 144, 8);
MEMBER(ctr_host, plan_fail, 152, 8);
MEMBER(ctr_host, arg_count, 160, 8);
MEMBER(ctr_host, arg_int, 168, 8);
MEMBER(ctr_host, arg_str, 176, 8);
MEMBER(ctr_host, arg_fd, 184, 8);
MEMBER(ctr_host, root_fd, 192, 8);
MEMBER(ctr_host, output_int, 200, 8);
MEMBER(ctr_host, output_str, 208, 8);
MEMBER(ctr_host, output_fd, 216, 8);
MEMBER(ctr_host, recorded_int, 224, 8);
MEMBER(ctr_host, recorded_str, 232, 8);
MEMBER(ctr_host, fail, 240, 8);
MEMBER(ctr_host, log, 248, 8);
MEMBER(ctr_host, sh_cmd, 256, 8);
MEMBER(ctr_host, sh_set, 264, 8);
MEMBER(ctr_host, sh_text, 272, 8);
MEMBER(ctr_host, output_value, 280, 8);
MEMBER(ctr_host, plan_log, 288, 8);
MEMBER(ctr_host, set_root, 296, 8);
MEMBER(ctr_host, death_signal, 304, 8);
MEMBER(ctr_host, wants_home, 312, 8);
MEMBER(ctr_host, set_home, 320, 8);
MEMBER(ctr_host, spawn, 328, 8);
MEMBER(ctr_host, with_namespaces, 336, 8);

AT_LEAST(ctr_spawn, 80);
MEMBER(ctr_spawn, size, 0, 4);
MEMBER(ctr_spawn, flags, 4, 4);
MEMBER(ctr_spawn, path, 8, 8);
MEMBER(ctr_spawn, argv, 16, 8);
MEMBER(ctr_spawn, envp, 24, 8);
MEMBER(ctr_spawn, cwd, 32, 8);
MEMBER(ctr_spawn, input, 40, 8);
MEMBER(ctr_spawn, input_size, 48, 8);
MEMBER(ctr_spawn, timeout, 56, 8);
MEMBER(ctr_spawn, directory, 64, 4);
MEMBER(ctr_spawn, out, 68, 4);
MEMBER(ctr_spawn, err, 72, 4);

AT_LEAST(ctr_spawned, 408);
MEMBER(ctr_spawned, size, 0, 4);
MEMBER(ctr_spawned, end, 4, 4);
MEMBER(ctr_spawned, code, 8, 4);
MEMBER(ctr_spawned, n_errors, 12, 4);
MEMBER(ctr_spawned, syscall, 16, 8);
MEMBER(ctr_spawned, errors, 24, 384);

AT_LEAST(ctr_step_kind, 48);
MEMBER(ctr_step_kind, size, 0, 4);
MEMBER(ctr_step_kind, process, 4, 4);
MEMBER(ctr_step_kind, name, 8, 8);
MEMBER(ctr_step_kind, apply, 16, 8);
MEMBER(ctr_step_kind, undo, 24, 8);
MEMBER(ctr_step_kind, shell, 32, 8);
MEMBER(ctr_step_kind, shell_undo, 40, 8);

AT_LEAST(ctr_plugin_entry, 56);
MEMBER(ctr_plugin_entry, size, 0, 4);
MEMBER(ctr_plugin_entry, abi, 4, 4);
MEMBER(ctr_plugin_entry, id, 8, 8);
MEMBER(ctr_plugin_entry, version, 16, 8);
MEMBER(ctr_plugin_entry, load, 24, 8);
MEMBER(ctr_plugin_entry, plan, 32, 8);
MEMBER(ctr_plugin_entry, kinds, 40, 8);
MEMBER(ctr_plugin_entry, extension, 48, 8);

AT_LEAST(ctr_places, 24);
MEMBER(ctr_places, size, 0, 4);
MEMBER(ctr_places, data_dir, 8, 8);
MEMBER(ctr_places, state_dir, 16, 8);

AT_LEAST(ctr_storage_v1, 56);
MEMBER(ctr_storage_v1, size, 0, 4);
MEMBER(ctr_storage_v1, has_layer, 8, 8);
MEMBER(ctr_storage_v1, plan_layer, 16, 8);
MEMBER(ctr_storage_v1, plan_commit, 24, 8);
MEMBER(ctr_storage_v1, plan_remove, 32, 8);
MEMBER(ctr_storage_v1, list, 40, 8);
MEMBER(ctr_storage_v1, collect, 48, 8);
MEMBER(ctr_storage_v1, plan_layer_on, 56, 8);

AT_LEAST(ctr_network_v1, 24);
MEMBER(ctr_network_v1, size, 0, 4);
MEMBER(ctr_network_v1, list, 8, 8);
MEMBER(ctr_network_v1, collect, 16, 8);

AT_LEAST(ctr_cgroup_v1, 56);
MEMBER(ctr_cgroup_v1, size, 0, 4);
MEMBER(ctr_cgroup_v1, kind, 8, 8);
MEMBER(ctr_cgroup_v1, kill, 16, 8);
MEMBER(ctr_cgroup_v1, processes, 24, 8);
MEMBER(ctr_cgroup_v1, freeze, 32, 8);
MEMBER(ctr_cgroup_v1, update, 40, 8);
MEMBER(ctr_cgroup_v1, stats, 48, 8);

AT_LEAST(ctr_update_v1, 32);
MEMBER(ctr_update_v1, size, 0, 4);
MEMBER(ctr_update_v1, kind, 8, 8);
MEMBER(ctr_update_v1, path, 16, 8);
MEMBER(ctr_update_v1, update, 24, 8);

FROZEN(ctr_type, 4);
VALUE(CTR_TYPE_INT, 1);
VALUE(CTR_TYPE_STRING, 2);
VALUE(CTR_TYPE_BYTES, 3);
VALUE(CTR_TYPE_FD, 4);

FROZEN(ctr_form, 4);
VALUE(CTR_FORM_INT, 1);
VALUE(CTR_FORM_STRING, 2);
VALUE(CTR_FORM_BYTES, 3);
VALUE(CTR_FORM_TEMPLATE, 4);
VALUE(CTR_FORM_VALUE, 5);

FROZEN(ctr_phase, 4);
VALUE(CTR_PREPARE, 100);
VALUE(CTR_CLONE, 200);
VALUE(CTR_ATTACH, 300);
VALUE(CTR_ISOLATE, 400);
VALUE(CTR_MOUNTS, 500);
VALUE(CTR_PIVOT, 600);
VALUE(CTR_CONFINE, 700);
VALUE(CTR_STARTED, 800);

FROZEN(ctr_process, 4);
VALUE(CTR_PROCESS_PARENT, 1);
VALUE(CTR_PROCESS_CHILD, 2);
VALUE(CTR_PROCESS_CLONE, 3);

FROZEN(ctr_lifetime, 4);
VALUE(CTR_UNTIL_STOP, 1);
VALUE(CTR_UNTIL_DELETE, 2);

FROZEN(ctr_operation, 4);
VALUE(CTR_OP_CREATE, 1);
VALUE(CTR_OP_EXEC, 2);
VALUE(CTR_OP_IMAGE_IMPORT, 3);
VALUE(CTR_OP_IMAGE_REMOVE, 4);
VALUE(CTR_OP_MOUNT, 5);

FROZEN(ctr_error_class, 4);
VALUE(CTR_E_INTERNAL, 1);
VALUE(CTR_E_INVALID, 2);
VALUE(CTR_E_UNSUPPORTED, 3);
VALUE(CTR_E_NOT_FOUND, 4);
VALUE(CTR_E_EXISTS, 5);
VALUE(CTR_E_BUSY, 6);
VALUE(CTR_E_PERMISSION, 7);
VALUE(CTR_E_SYSTEM, 8);
VALUE(CTR_E_CONTEXT, 9);

FROZEN(ctr_log_level, 4);
VALUE(CTR_LOG_ERROR, 1);
VALUE(CTR_LOG_WARN, 2);
VALUE(CTR_LOG_INFO, 3);
VALUE(CTR_LOG_DEBUG, 4);

FROZEN(ctr_node_type, 4);
VALUE(CTR_NODE_NONE, 0);
VALUE(CTR_NODE_NULL, 1);
VALUE(CTR_NODE_BOOL, 2);
VALUE(CTR_NODE_INT, 3);
VALUE(CTR_NODE_NUMBER, 4);
VALUE(CTR_NODE_STRING, 5);
VALUE(CTR_NODE_ARRAY, 6);
VALUE(CTR_NODE_OBJECT, 7);

VALUE(CTR_ABI_VERSION, 1);
VALUE(CTR_VALUE_MAX, 4096);
VALUE(CTR_NOTE_TYPE, 0x43545201);
VALUE(CTR_NOTE_MAX, 65536);

namespace {

TEST(Layout, NamesThatAreLookedUpAtRunTimeStay) {
    EXPECT_STREQ(CTR_NOTE_OWNER, "CTR");
    EXPECT_STREQ(CTR_NOTE_SECTION, ".note.ctr.plugin");
    EXPECT_STREQ(CTR_EXT_STORAGE, "ctr.storage/1");
    EXPECT_STREQ(CTR_EXT_NETWORK, "ctr.network/1");
    EXPECT_STREQ(CTR_EXT_CGROUP, "ctr.cgroup/1");
}

TEST(Layout, AMemberIsThereOnlyIfTheMakerOfTheStructKnewIt) {
    ctr_error error{};
    error.size = offsetof(ctr_error, path);
    EXPECT_TRUE(CTR_HAS(&error, ctr_error, syscall));
    EXPECT_FALSE(CTR_HAS(&error, ctr_error, path));
    error.size = sizeof error;
    EXPECT_TRUE(CTR_HAS(&error, ctr_error, path));
}

} // namespace
