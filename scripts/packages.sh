# shellcheck shell=bash
# packages.sh: every Debian package the project needs, once; sourced by quickstart and check.
#
# NAME, or NAME:COMMAND when that command will do wherever it came from (Node from its own site brings
# npm along, and Debian's npm could not be installed beside it).

# shellcheck disable=SC2034 # used by the scripts that source this file
BUILD_PACKAGES=(
    ca-certificates cmake:cmake ninja-build:ninja gcc:gcc libc6-dev pkg-config:pkg-config
    libuv1-dev libssl-dev libsodium-dev libsqlite3-dev libinih-dev libcurl4-openssl-dev
    libprotobuf-c-dev protobuf-c-compiler:protoc-c zlib1g-dev
    node-llhttp         # its C sources are compiled in place
    nodejs:node npm:npm # bundle the web pages
)
# shellcheck disable=SC2034
TEST_PACKAGES=(
    clang:clang clang-format:clang-format clang-tidy:clang-tidy libclang-rt-14-dev libcmocka-dev
    chromium:chromium curl:curl openssl:openssl python3:python3 python3-websockets python3-aiosmtpd python3-venv golang-go:go
)

packages_missing() { # NAME[:COMMAND]...  ->  the names to install, one a line
    local entry name
    for entry in "$@"; do
        name=${entry%%:*}
        if [ "$entry" != "$name" ] && command -v "${entry#*:}" >/dev/null; then continue; fi
        # dpkg-query -W also lists packages that were removed; 'ii' is installed and whole.
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null) in
            ii*) ;;
            *) echo "$name" ;;
        esac
    done
}

# Installs what is missing, as root or through sudo; says what to do when it cannot. Silent when there is nothing to do.
packages_install() { # LOG NAME[:COMMAND]...
    local log=$1 missing as_root=()
    shift
    command -v dpkg-query >/dev/null || {
        echo "This is no Debian: install what stands for these yourself, then build with cmake: ${*%%:*}" >&2
        return 1
    }
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
            echo "Packages are missing and installing them takes root. Run as root, then try again:" >&2
            echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo env)
    else
        as_root=(env)
    fi
    echo "installing ${#missing[@]} packages: ${missing[*]}"
    # A fresh system has no package lists, an old one may have stale ones.
    if ! { "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            -o Dpkg::Use-Pty=0 "${missing[@]}"; } >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        echo "apt-get could not install them; the whole story is in $log" >&2
        return 1
    fi
}
