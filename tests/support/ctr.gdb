# For gdb: `gdb -x tests/support/ctr.gdb --args BUILD/bin/ctr run ...`; docs/DEBUGGING.md says more.
#
# Plugins are loaded as /proc/self/fd/N, which for gdb is a descriptor of its own: it must not open that (it would
# wait for a pipe of its own forever). So nothing is looked for by its name but libctr-core.so, beside the program;
# ctr-plugins adds the plugins' symbols by what /proc/PID/maps says.
set pagination off
set breakpoint pending on
set sysroot /nowhere
python
import gdb, os
program = gdb.current_progspace().filename
if program:
    gdb.execute("set solib-search-path " + os.path.join(os.path.dirname(os.path.dirname(program)), "lib", "ctr"))

class Plugins(gdb.Command):
    """Adds the symbols of the plugins that the stopped process has mapped."""
    def __init__(self):
        super().__init__("ctr-plugins", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        seen = set()
        with open("/proc/%d/maps" % gdb.selected_inferior().pid) as maps:
            for words in map(str.split, maps):
                if len(words) == 6 and "/plugins/" in words[5] and words[2] == "00000000" and words[5] not in seen:
                    seen.add(words[5])
                    gdb.execute("add-symbol-file %s -o 0x%s" % (words[5], words[0].split("-")[0]))

Plugins()
end
