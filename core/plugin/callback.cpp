// SPDX-License-Identifier: MIT
#include "plugin/callback.hpp"

namespace core::plugin {

CTR_CHILD bool legal(const void *handle, unsigned contexts, const char *function) {
    const Callback *now = &running;
    const bool known = handle != nullptr && (handle == now->handle || handle == now->shell);
    if (known && (now->context & contexts) != 0) return true;
    if (now->refuse == nullptr) return false; // no function runs, so no error can be reported
    const ctr_error error = {sizeof(ctr_error),
                             CTR_E_CONTEXT,
                             0,
                             (now->context & contexts) != 0
                                 ? "an SDK function was called with a handle that this callback did not get"
                                 : "an SDK function was called where it is not legal (ctr/contexts.h)",
                             "this is a bug of the plugin",
                             function,
                             nullptr};
    now->refuse(now->handle, &error);
    return false;
}

} // namespace core::plugin
