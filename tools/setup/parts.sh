# shellcheck shell=sh
# The parts of tools/setup/check. Sourced after tools.sh and report.sh.

usual_folder=$build_folder/check

# need_to_test quick|usual|--all: installs what the parts use, where that can be.
need_to_test() {
    missing=
    has_library check || missing="$missing check pkg-config"
    if [ "$1" != quick ]; then
        has g++ || missing="$missing g++"
        has clang || missing="$missing clang"
        has cmake || missing="$missing cmake"
        has doxygen || missing="$missing doxygen"
        has readelf || missing="$missing binutils"
        has abidiff || missing="$missing abigail-tools"
        has aarch64-linux-gnu-gcc || missing="$missing gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
        has qemu-aarch64 || missing="$missing qemu-user"
        python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"
    fi
    if [ "$1" = --all ]; then
        has valgrind || missing="$missing valgrind"
        compiles_32_bits || missing="$missing libc6-dev-i386 lib32gcc-$(gcc -dumpversion 2>/dev/null)-dev"
        [ -n "$only_parts" ] || missing="$missing $(newest_compilers)"
    fi
    # shellcheck disable=SC2086 # a list of words
    [ -z "${missing# }" ] || install_packages $missing
    hash -r
    has_library check || fail "no libcheck: install it, such as Debian's packages check and pkg-config"
    [ "$1" = quick ] || need_dmc || echo "pip could not install MuJoCo and dm_control: the tests of control tasks are skipped"
    # The environment sees no other packages than its own: one that is missing brings all.
    packages="numpy safetensors gymnasium meson-python"
    if [ "$1" != quick ] && ! { has_python_module numpy && has_python_module safetensors && has_python_module gymnasium &&
        has_python_module mesonpy; }; then
        # shellcheck disable=SC2086
        install_python_packages $packages || echo "pip could not install $packages: their tests are skipped"
    fi
}

compiles_32_bits() {
    mkdir -p "$build_folder"
    echo 'int main(void) { return 0; }' | gcc -m32 -x c - -o "$build_folder/32-bit" 2>/dev/null
}

# The newest clang and gcc that apt has, where they are not here yet.
newest_compilers() {
    has apt-cache || return 0
    for family in clang gcc; do
        newest=$(apt-cache --names-only search "^$family-[0-9]+\$" 2>/dev/null | sed 's/ .*//' | sort -t - -k 2 -n | tail -n 1)
        [ -z "$newest" ] || has "$newest" || echo "$newest"
    done
}

# Those on the path that have a number in their name and are not what cc and clang are.
other_compilers() {
    usual=" $(cc -dumpfullversion 2>/dev/null) $(clang -dumpversion 2>/dev/null) "
    for number in $(seq 30 -1 9); do
        for family in gcc clang; do
            has "$family-$number" || continue
            case $family in
            gcc) version=$(gcc-"$number" -dumpfullversion) ;;
            clang) version=$(clang-"$number" -dumpversion) ;;
            esac
            case $usual in
            *" $version "*) ;;
            *) echo "$family-$number" ;;
            esac
        done
    done
}

# with_cc COMPILER COMMAND...: the command with CC, and the C++ compiler of the same make where there is one.
with_cc() (
    CC=$1
    export CC
    case $1 in
    gcc*) CXX=g++${1#gcc} ;;
    clang*) CXX=clang++${1#clang} ;;
    esac
    if has "$CXX"; then export CXX; else unset CXX; fi
    shift
    "$@"
)

ordinary() { build "$usual_folder" && run_tests "$usual_folder" "$@"; }

sanitized() {
    build "$build_folder/check-sanitized" -Db_sanitize=address,undefined -Db_lundef=false -Ddocs=disabled &&
        run_tests "$build_folder/check-sanitized" --suite quick --suite env --suite golden --suite io --suite fuzz \
            --timeout-multiplier 5
}

with_clang() {
    need clang || return
    expect "the build with clang" with_cc clang configure_and_build "$build_folder/check-clang" -Ddocs=disabled
}

aarch64() {
    need aarch64-linux-gnu-gcc qemu-aarch64 || return
    build "$build_folder/check-aarch64" --cross-file "$source_folder/tests/kernels/aarch64.cross" -Dtools=false \
        -Ddocs=disabled && run_tests "$build_folder/check-aarch64" --suite kernels --timeout-multiplier 10
}

# From here on: --all.

with_compiler() {
    expect "the build with $1" with_cc "$1" configure_and_build "$build_folder/check-$1" -Ddocs=disabled &&
        run_tests "$build_folder/check-$1" --suite quick --suite kernels --suite golden
}

with_32_bits() {
    if ! compiles_32_bits; then
        part_lacks="gcc -m32 makes no program here"
        return 1
    fi
    build "$build_folder/check-32-bit" --cross-file "$source_folder/tests/kernels/i686.cross" -Ddocs=disabled &&
        run_tests "$build_folder/check-32-bit" --suite kernels || return
    expect "the same training as with 64 bits" same_training "--total_steps 3000" \
        "$usual_folder" "" "" "$build_folder/check-32-bit" "" ""
}

with_unity() { build "$build_folder/check-unity" -Dunity=on -Ddocs=disabled; }

# zig_build TARGET: the library and its plugins. The Meson that comes with Debian 12 does not know zig's linkers.
zig_build() {
    zig=$build_folder/zig
    if ! { [ -x "$zig/bin/python" ] || python3 -m venv "$zig" >/dev/null; } ||
        ! "$zig/bin/pip" install --quiet --disable-pip-version-check meson ziglang; then
        part_lacks="pip cannot install meson and ziglang"
        return 1
    fi
    case $1 in
    aarch64-macos*) machine="system = 'darwin'
cpu_family = 'aarch64'
cpu = 'aarch64'" ;;
    *) machine="system = 'linux'
cpu_family = 'x86_64'
cpu = 'x86_64'" ;;
    esac
    cat >"$zig/$1.cross" <<END
[binaries]
c = ['$zig/bin/python', '-m', 'ziglang', 'cc', '-target', '$1']
ar = ['$zig/bin/python', '-m', 'ziglang', 'ar']

[host_machine]
$machine
endian = 'little'
END
    [ -f "$zig/$1/build.ninja" ] || expect "configuring for $1" env -C "$zig" "$zig/bin/meson" setup "$zig/$1" "$source_folder" \
        --cross-file "$zig/$1.cross" -Dwerror=true -Dtests=disabled -Ddocs=disabled -Dtools=false || return
    expect "building for $1" ninja -C "$zig/$1"
}

clang_sanitized() {
    need clang || return
    expect "the build" with_cc clang configure_and_build "$build_folder/check-clang-sanitized" \
        -Db_sanitize=address,undefined -Db_lundef=false -Ddocs=disabled &&
        run_tests "$build_folder/check-clang-sanitized" --suite quick --suite env --suite golden --suite io --suite fuzz \
            --timeout-multiplier 5
}

more_sanitized() {
    run_tests "$build_folder/check-sanitized" --suite kernels --suite oom --suite abi --suite crash --timeout-multiplier 10
}

thread_sanitized() {
    build "$build_folder/check-threads" -Db_sanitize=thread -Db_lundef=false -Ddocs=disabled &&
        run_tests "$build_folder/check-threads" --suite quick --timeout-multiplier 10
}

with_valgrind() {
    need valgrind || return
    run_tests "$usual_folder" --setup valgrind --suite quick
}

with_tier() {
    ARQ_CPU=$1
    export ARQ_CPU
    run_tests "$usual_folder" --suite golden --suite env --timeout-multiplier 10
    status=$?
    unset ARQ_CPU
    return "$status"
}

# same_training ARGUMENTS FOLDER FLAGS RUNNER FOLDER FLAGS RUNNER: `arq train minatar/breakout` with the same arguments
# leaves the same files with the program of either build, its own flags and, where it needs one, what runs it.
same_training() {
    arguments=$1
    shift
    for side in one other; do
        # shellcheck disable=SC2086 # lists of words
        ARQ_PLUGIN_PATH=$1/plugins/minatar $3 "$1/tools/arq" train minatar/breakout $arguments $2 --quiet --force \
            --out "$build_folder/check-run-$side" || return
        shift 3
    done
    for file in network.safetensors episodes.csv result.csv; do
        cmp "$build_folder/check-run-one/$file" "$build_folder/check-run-other/$file" || return
    done
}

aarch64_training() {
    need aarch64-linux-gnu-gcc qemu-aarch64 || return
    build "$build_folder/check-aarch64-program" --cross-file "$source_folder/tests/kernels/aarch64.cross" \
        -Dtests=disabled -Ddocs=disabled || return
    expect "the same training as here" same_training "--total_steps 2000" \
        "$usual_folder" "" "" "$build_folder/check-aarch64-program" "" "qemu-aarch64 -L /usr/aarch64-linux-gnu"
}

interrupted() {
    python3 -c 'import numpy' 2>/dev/null || part_lacks='numpy is not installed'
    need || return
    LIBARQ_INTERRUPTS=1000
    export LIBARQ_INTERRUPTS
    run_tests "$usual_folder" "python interrupts_anywhere" --timeout-multiplier 10
    status=$?
    unset LIBARQ_INTERRUPTS
    return "$status"
}

soak() {
    for arguments in "--preset fast --total_steps 300000" "--preset small --total_steps 60000" \
        "--preset replay-fast --total_steps 150000" "--preset fast --network ad --total_steps 150000" \
        "--preset replay-fast --network dqn --total_steps 150000" \
        "--preset ff-dqn --total_steps 60000"; do
        expect "$arguments" same_training "$arguments" \
            "$usual_folder" "--threads 1 --cpu avx2" "" "$usual_folder" "--threads 3" "" || true
    done
}

# A quarter each of learning from a replay and from rollouts, in one instance and in several.
kills() {
    plugins=ARQ_PLUGIN_PATH=$usual_folder/plugins/minatar
    expect "runs that are killed" env "$plugins" "$usual_folder/tests/crash/test_crash_kills" 1000
    expect "runs of the program that are killed" env "$plugins" python3 "$source_folder/tests/crash/test_program.py" \
        "$usual_folder/tools/arq" 200
}
