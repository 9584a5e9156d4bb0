/* A plugin written in C++: it exports its table and links nothing of the library. */
#include "worlds.hpp"

const arq_plugin *arq_plugin_entry(uint32_t abi_version)
{
    static_cast<void>(abi_version); /* the table says which it was made for */
    static const arq::Plugin plugin(
        "cpp", "1.0",
        {arq::EnvType::of<FaultyCorridor>("cpp/faulty", "A corridor that can fail",
                                          {{ARQ_OPTION_INT, "method", 0, 20, 0, "Which method fails", ""},
                                           {ARQ_OPTION_INT, "after", 0, 1e6, 0, "From which call on", ""}})});
    return plugin.get();
}
