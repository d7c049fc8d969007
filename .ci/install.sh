# For .ci/run and .ci/release, which source it.

# install WHAT PROGRAM PACKAGE...: packages of Debian, where the program is missing and they can be
# had; what hinders it fails no check, but then the tests that need it are skipped.
install() {
    local what=$1 program=$2 said
    shift 2
    if PATH=$PATH:/usr/sbin command -v "$program" >/dev/null; then
        echo "$what is installed."
    elif [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$what is not installed: that takes root and apt-get. Its tests are skipped."
    elif ! said=$({ apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } \
        2>&1 </dev/null); then
        tail -n 5 <<<"$said"
        echo "$what could not be installed. Its tests are skipped."
    else
        echo "Installed $(dpkg-query --show "$1")."
    fi
}
export DEBIAN_FRONTEND=noninteractive
