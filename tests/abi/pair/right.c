/* SPDX-License-Identifier: MIT */
#include <ctr/plugin.h>

static const ctr_host *host;

static int load(const ctr_host *table) {
    host = table;
    return 0;
}

static int plan(ctr_plan *plan) {
    const ctr_arg args[] = {{"mask", CTR_FORM_INT, 077, {"", 0}}};
    ctr_step step = {.size = sizeof step, .kind = "umask", .phase = CTR_CONFINE, .args = args, .n_args = 1};
    return host->add_step(plan, &step);
}

const ctr_plugin_entry ctr_plugin_entry_v1 = {.size = sizeof(ctr_plugin_entry),
                                              .abi = CTR_ABI_VERSION,
                                              .id = "right-hand",
                                              .version = "2",
                                              .load = load,
                                              .plan = plan};
