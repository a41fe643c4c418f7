# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What the scripts that need packages from npm share; sourced. Below a WORK folder there is one folder for each state of
# the lock file.

peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() { echo "skipped: $1"; exit 77; }

node_is_new() { command -v node >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0] >= 18')" = true ]; }

packages() { # WORK: prints the folder with node_modules, made once for this lock file
    local folder
    folder=$1/$(cat "$peers/package.json" "$peers/package-lock.json" | sha256sum | cut -c1-16)
    mkdir -p "$folder"
    (
        flock 9
        if [ ! -e "$folder/complete" ]; then
            cp "$peers/package.json" "$peers/package-lock.json" "$folder/"
            (cd "$folder" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund >npm.log 2>&1) \
                || { cat "$folder/npm.log" >&2; exit 1; }
            touch "$folder/complete"
        fi
    ) 9>"$folder.lock" || return 1
    echo "$folder"
}

need_packages() { # WORK: sets modules; without a network a person goes on with the other tests, CI must not
    node_is_new || skip "Node.js 18 or newer is not installed (packaging/setup --tests installs it)"
    command -v npm >/dev/null 2>&1 || skip "npm is not installed (packaging/setup --tests installs it)"
    # shellcheck disable=SC2034 # for whoever sources this
    if ! modules=$(packages "$1"); then
        [ "${CI:-}" = true ] || skip "npm could not install the packages; its own words stand above"
        exit 1
    fi
}
