# shellcheck shell=sh
# What the commands of this folder share: making sure that the programs they need are there. Sourced, POSIX sh.
#
# Whatever is present already is used. What is missing is installed by apt, by root or with sudo; where that cannot be,
# Python packages go to a virtual environment in build/, and what is still missing is named.

source_folder=$(cd "$(dirname "$0")/../.." && pwd)
build_folder=$source_folder/build
virtual_environment=$build_folder/python
PATH=$virtual_environment/bin:$PATH
export PATH

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

has_compiler() { has cc || has gcc || has clang; }

# Meson 1.0 is the oldest that builds libarq.
has_meson() { has meson && meson --version 2>/dev/null | grep -Eq '^([1-9]|[1-9][0-9]+)\.'; }

has_library() { has pkg-config && pkg-config --exists "$1"; }

has_python_module() { has python3 && python3 -c "import $1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# sudo may ask for a password where there is somebody to type it.
can_be_root() { [ "$(id -u)" = 0 ] || { has sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo true; }; }; }; }

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    for attempt in 1 2 3; do
        if as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then
            return 0
        fi
        echo "apt-get did not succeed (attempt $attempt of 3)" >&2
        sleep $((attempt * 5))
    done
    return 1
}

# install_packages PACKAGE...: by apt if that is possible, otherwise (or when it fails) says so and goes on.
install_packages() {
    if ! has apt-get; then
        echo "no apt-get here: $* not installed by this command"
    elif ! can_be_root; then
        echo "neither root nor sudo: $* not installed by this command"
    else
        say "installing $*"
        apt_install "$@" || echo "apt-get could not install: $*" >&2
    fi
}

# install_python_packages PACKAGE...: into the virtual environment.
install_python_packages() {
    has python3 || return 1
    if [ ! -x "$virtual_environment/bin/pip" ]; then
        rm -rf "$virtual_environment"
        mkdir -p "$build_folder"
        python3 -m venv "$virtual_environment" >/dev/null 2>&1 || return 1
    fi
    say "installing $* in $virtual_environment"
    "$virtual_environment/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# The versions that work together: dm_control does not import models into MuJoCo 4.
mujoco_version=3.17.0
dm_control_version=1.0.50

has_python_version() {
    has python3 && python3 -c "import importlib.metadata as known, sys
sys.exit(known.version('$1') != '$2')" >/dev/null 2>&1
}

# need_dmc: MuJoCo and dm_control in the Python that builds find; fails where they cannot be had.
need_dmc() {
    if ! has_python_version mujoco "$mujoco_version" || ! has_python_version dm_control "$dm_control_version"; then
        install_python_packages --no-deps "mujoco==$mujoco_version" "dm_control==$dm_control_version" || return 1
        hash -r
    fi
}

# need_dmc_recording: what runs dm_control itself; says so where it cannot be had.
need_dmc_recording() {
    recording="numpy absl-py dm-env dm-tree etils lxml pyparsing safetensors scipy typing_extensions"
    # shellcheck disable=SC2086 # a list of words
    MUJOCO_GL=disable has_python_module dm_control.suite || install_python_packages --only-binary :all: $recording ||
        echo "pip could not install $recording: nothing is recorded from dm_control, nor compared with its speed"
}

# need_to_build: a C compiler, Meson, Ninja; names what cannot be had.
need_to_build() {
    wanted=
    has_compiler || wanted="$wanted gcc libc6-dev"
    has_meson || wanted="$wanted meson"
    has ninja || wanted="$wanted ninja-build"
    has python3 || wanted="$wanted python3"
    # shellcheck disable=SC2086 # a list of words
    [ -z "$wanted" ] || install_packages $wanted

    modules=
    has_meson || modules="$modules meson"
    has ninja || modules="$modules ninja"
    if [ -n "$modules" ]; then
        # shellcheck disable=SC2086
        install_python_packages $modules || true
    fi
    hash -r
    has_compiler || fail "no C compiler (cc, gcc or clang): install one, such as Debian's package gcc"
    has_meson || fail "no Meson >= 1.0: install it, such as by 'pip install meson' (needs Python 3 with its venv module)"
    has ninja || fail "no Ninja: install it, such as by 'pip install ninja' or Debian's package ninja-build"
}

# configure FOLDER [meson option]...: makes a build folder, or gives its options to the one that is there.
configure() {
    folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ]; then
        meson setup "$folder" "$source_folder" "$@"
        return
    fi
    options=
    for option in "$@"; do
        case $option in -D*) options="$options $option" ;; esac
    done
    # shellcheck disable=SC2086 # a list of words
    [ -z "$options" ] || meson configure "$folder" $options
}
