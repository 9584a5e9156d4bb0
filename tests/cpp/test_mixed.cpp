/* One program of files with and without exceptions: each keeps its own kind of the interface. */
#include "check.hpp"

#include <arq/arq.hpp>

bool returning_part();

namespace
{

void both_kinds_in_one_program()
{
    arq::Context context;
    CHECK_FAILS(arq::Config(context, "huge"), ARQ_E_NOT_FOUND, "huge");
    CHECK(returning_part());
    CHECK(arq::Config(context, "fast").number("gamma") > 0);
}

const check::Test tests[] = {{"both_kinds_in_one_program", both_kinds_in_one_program}};

} // namespace

int main()
{
    return check::run(tests);
}
