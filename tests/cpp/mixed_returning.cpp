/* The part of test_mixed.cpp that returns its failures. */
#define ARQ_CPP_NO_EXCEPTIONS
#include <arq/arq.hpp>

bool returning_part();

bool returning_part()
{
    arq::Result<arq::Context> context = arq::Context::create();
    if (!context)
        return false;
    arq::Result<arq::Config> unknown = arq::Config::create(*context, "huge");
    arq::Result<arq::Config> config = arq::Config::create(*context, "fast");
    return unknown.status() == ARQ_E_NOT_FOUND && config && *config->number("gamma") > 0;
}
