# shellcheck shell=bash
# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What demo and test share. Sourced with the project's root as working directory.

step() {
    printf '\n== %s\n' "$*"
}

# Qt wants a private folder for sockets. Where no session made one (a container, a bare chroot) it warns on each start.
ensure_runtime_dir() {
    if [ -z "${XDG_RUNTIME_DIR:-}" ] || [ ! -w "${XDG_RUNTIME_DIR:-}" ]; then
        XDG_RUNTIME_DIR="${TMPDIR:-/tmp}/hybridge-runtime-$(id -u)"
        export XDG_RUNTIME_DIR
        if ! mkdir -m 700 "$XDG_RUNTIME_DIR" 2>/dev/null && [ ! -O "$XDG_RUNTIME_DIR" ]; then
            XDG_RUNTIME_DIR=$(mktemp -d "${TMPDIR:-/tmp}/hybridge-runtime.XXXXXX")
        fi
    fi
}

# One compiler a core, but no more than memory allows: the largest files take about 1 GiB.
build_jobs() {
    local cores memory
    cores=$(nproc 2>/dev/null || echo 2)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || echo "$cores")
    if [ "${memory:-0}" -lt "$cores" ]; then
        cores=$memory
    fi
    if [ "$cores" -lt 1 ]; then
        cores=1
    fi
    echo "$cores"
}

# configure_and_build PRESET [cmake options ...] [-- targets ...]
configure_and_build() {
    local preset=$1 options=() targets=() started
    shift
    while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    if [ "$#" -gt 0 ]; then
        shift
        targets=(--target "$@")
    fi
    started=$SECONDS
    # A build folder that was moved or copied remembers its old place, and CMake refuses it.
    local cache="build/$preset/CMakeCache.txt"
    if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)" "$cache"; then
        echo "build/$preset belongs to another folder; it is made anew."
        rm -rf -- "build/$preset"
    fi
    mkdir -p "build/$preset"
    echo "Configuring $preset ..."
    if ! cmake --preset "$preset" "${options[@]}" -Wno-dev >"build/$preset/configure.log" 2>&1; then
        cat "build/$preset/configure.log" >&2
        echo "Configuring ($preset) failed; CMake's own words stand above." >&2
        return 1
    fi
    cmake --build --preset "$preset" -j "$(build_jobs)" "${targets[@]}"
    echo "Built $preset in $((SECONDS - started)) s."
}
