# shellcheck shell=sh
# What the parts of tools/setup/check count with, and the table they end in. Sourced after tools.sh.
#
# A part is a function. It may call build, run_tests and expect, each of which counts, and `need`, which ends it as
# skipped when the machine lacks something. A part that fails without having counted anything counts as one failure.

passed=0
failed=0
table=
only_parts=

# part NAME WHAT FUNCTION [ARGUMENT]...: runs the function and adds its row to the table.
part() {
    case $only_parts in
    '' | *" $1 "*) ;;
    *) return 0 ;;
    esac
    part_name=$1
    part_what=$2
    shift 2
    say "$part_name: $part_what"
    part_passed=0
    part_failed=0
    part_skipped=
    part_lacks=
    part_began=$(date +%s)
    if ! "$@" && [ -z "$part_lacks" ] && [ "$part_failed" = 0 ]; then
        part_failed=1
    fi
    passed=$((passed + part_passed))
    failed=$((failed + part_failed))
    part_result="$part_passed passed"
    [ "$part_failed" = 0 ] || part_result="$part_failed FAILED, $part_result"
    [ -z "$part_skipped" ] || part_result="$part_result, skipped: $part_skipped"
    [ -z "$part_lacks" ] || part_result="skipped: $part_lacks"
    [ "$part_passed$part_failed$part_lacks" != 00 ] || fail "the part $part_name ran nothing"
    table="$table$(printf '%-20s %-62s %5d  %s' "$part_name" "$part_what" $(($(date +%s) - part_began)) "$part_result")
"
}

# need PROGRAM...: ends a part as skipped (with `|| return`) unless all of them are there.
need() {
    for program in "$@"; do
        has "$program" || part_lacks="${part_lacks:+$part_lacks, }$program is not installed"
    done
    [ -z "$part_lacks" ] || {
        echo "skipped: $part_lacks"
        return 1
    }
}

# count LABEL FILE: the number behind "LABEL:" in a summary of meson test.
count() { sed -n "s/^$1: *\([0-9][0-9]*\).*/\1/p" "$2" | tail -n 1 | grep . || echo 0; }

# run_tests FOLDER [argument of meson test]...
run_tests() {
    folder=$1
    shift
    log=$folder/check.log
    meson test -C "$folder" --no-rebuild --print-errorlogs "$@" 2>&1 | tee "$log" || true
    ok=$(count 'Ok' "$log")
    bad=$(($(count 'Fail' "$log") + $(count 'Timeout' "$log") + $(count 'Unexpected Pass' "$log")))
    left_out=$(sed -n 's/^ *[0-9]*\/[0-9]* \(.*[^ ]\)  *SKIP .*/\1/p' "$log" | sed 's/^libarq:[^ ]* \/ //; s/ *$//' |
        paste -s -d , - | sed 's/,/, /g')
    if [ $((ok + bad)) = 0 ] && [ -z "$left_out" ]; then
        echo "no test ran in $folder" >&2
        bad=1
    fi
    part_passed=$((part_passed + ok))
    part_failed=$((part_failed + bad))
    part_skipped=$part_skipped${left_out:+${part_skipped:+, }$left_out}
    [ "$bad" = 0 ]
}

# expect WHAT COMMAND...: one test, which passes when the command succeeds.
expect() {
    expected=$1
    shift
    if "$@"; then
        part_passed=$((part_passed + 1))
    else
        echo "failed: $expected" >&2
        part_failed=$((part_failed + 1))
        return 1
    fi
}

# build FOLDER [meson option]...: all of the tree, warnings as errors; one test.
build() { expect "building in $1" configure_and_build "$@"; }

configure_and_build() { configure "$@" -Dwerror=true && ninja -C "$1"; }

# Prints the table and the sum, which is the last line, and ends.
summary() {
    [ -n "$table" ] || fail "no part is called$only_parts"
    say "summary"
    printf '%-20s %-62s %5s  %s\n%s' part "what ran" seconds result "$table" | sed 's/ *$//'
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}
