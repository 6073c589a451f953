#!/bin/bash
# Finds out which system packages are missing, says what they are for, and installs them.
#   setup.sh [--yes] GROUP...     installs what is missing of these groups; asks on a terminal, else needs --yes
#   setup.sh --missing GROUP...   prints what is missing; succeeds when nothing is
#   setup.sh --list               prints every package, installed or not
set -euo pipefail

# group | package | probe: one of these commands, headers or files exists | what it is for
packages() {
  cat <<'TABLE'
learn   | g++                   | command g++                                       | compiles what you write
learn   | cmake                 | command cmake                                     | describes the build
learn   | ninja-build           | command ninja                                     | runs the build, quickly
learn   | libeigen3-dev         | header eigen3/Eigen/Core Eigen/Core               | matrix products
learn   | catch2                | header catch2/catch.hpp catch2/catch_all.hpp      | runs the tests of a lesson
learn   | libboost-context-dev  | header boost/context/fiber.hpp                    | threads of the GPU simulator
learn   | libcli11-dev          | header CLI/CLI.hpp                                | the command line's options
learn   | nlohmann-json3-dev    | header nlohmann/json.hpp                          | the command line's files
learn   | libfmt-dev            | header fmt/core.h                                 | the command line's output
develop | clang-format          | command clang-format                              | checks the style of the sources
develop | clangd                | command clangd                                    | checks the stubs as editors do
develop | clang                 | command clang++                                   | a second compiler
develop | g++-aarch64-linux-gnu | command aarch64-linux-gnu-g++                     | compiles vectors for 64-bit Arm
develop | shellcheck            | command shellcheck                                | checks the shell scripts
develop | gdb                   | command gdb                                       | tests the debug command
fuzz    | libclang-rt-dev       | file /usr/lib/clang/14/lib/linux /usr/lib/clang/18/lib/linux /usr/lib/clang/19/lib/linux | feeds the machinery bytes that nobody thought of
develop | procps                | command pgrep                                     | tests what Ctrl-C leaves behind
docs    | doxygen               | command doxygen                                   | generates the documentation
docs    | doxygen-awesome-css   | file /usr/share/doxygen-awesome-css               | how the pages look
docs    | graphviz              | command dot                                       | diagrams in the pages
docs    | libjs-mathjax         | file /usr/share/javascript/mathjax                | formulas in the pages
study   | libcpp-httplib-dev    | header httplib.h                                  | serves the lessons to your browser
study   | pkg-config            | command pkg-config                                | finds that library
browser | chromium              | command chromium                                  | opens the pages to check them
develop | python3               | command python3                                   | tests what runs beside a GPU
gpu     | python3               | command python3                                   | runs what only a GPU can tell
bench   | libdnnl-dev           | header oneapi/dnnl/dnnl.h                          | multiplies the projections in the benchmark
debug   | gdb                   | command gdb                                       | steps through your code
grade   | bubblewrap            | command bwrap                                     | the sandbox for submissions
grade   | libseccomp-dev        | header seccomp.h                                  | which system calls they may use
grade   | libarchive-dev        | header archive.h                                  | unpacks submissions
cuda    | nvidia-cuda-toolkit   | command nvcc /usr/local/cuda/bin/nvcc             | compiles CUDA lessons for a real GPU
TABLE
}

include_dirs=(/usr/include /usr/local/include)
IFS=: read -r -a extra <<<"${CPATH-}:${CPLUS_INCLUDE_PATH-}"
include_dirs+=("${extra[@]}")

present() { # kind, alternatives...
  local kind=$1 item dir
  shift
  for item in "$@"; do
    case $kind in
      command) command -v "$item" >/dev/null && return ;;
      file) [ -e "$item" ] && return ;;
      header)
        for dir in "${include_dirs[@]}"; do [ -n "$dir" ] && [ -e "$dir/$item" ] && return; done
        ;;
    esac
  done
  return 1
}

# Reads the table, one row at a time, into group, package, probe, purpose.
next_row() {
  IFS='|' read -r group package probe purpose || return 1
  group=${group// /} package=${package// /} purpose=${purpose# }
  read -r -a probe <<<"$probe"
}

list_all() {
  local group package purpose state
  while next_row; do
    state='missing  '
    present "${probe[@]}" && state='installed'
    printf '  %-9s %-8s %-21s %s\n' "$state" "$group" "$package" "$purpose"
  done < <(packages)
}

# Fills `missing` (packages) and `reasons` (lines to print) for the groups named.
find_missing() {
  local group package purpose
  missing=() reasons=()
  while next_row; do
    [[ " $* " == *" $group "* && " ${missing[*]-} " != *" $package "* ]] || continue
    present "${probe[@]}" && continue
    missing+=("$package")
    reasons+=("$(printf '  %-21s %s' "$package" "$purpose")")
  done < <(packages)
}

install_missing() {
  local yes=$1 answer log system apt=(apt-get -q -o DPkg::Lock::Timeout=300)
  shift
  echo "Missing from this machine:"
  printf '%s\n' "${reasons[@]}"
  if ! command -v apt-get >/dev/null; then
    system=$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null || true)
    echo "Installing is automatic on Debian and Ubuntu only; found ${system:-another system}."
    echo "Install the above yourself, or open this folder in its development container (.devcontainer/)."
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    echo "Installing needs root. Run this, then the same command again:"
    echo "  sudo apt-get update && sudo apt-get install --yes --no-install-recommends ${missing[*]}"
    return 1
  fi
  if [ "$yes" = no ]; then
    if [ ! -t 0 ]; then
      echo "Nothing was installed, because nobody can be asked here. To install them: $0 --yes $*"
      return 1
    fi
    read -r -p "Install with apt-get? [Y/n] " answer || answer=n
    case $answer in [nN]*) echo "Nothing was installed." && return 1 ;; esac
  fi
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  echo "Installing (a few minutes at most) ..."
  # A package list that is a day old is no reason to stop; the installation says what is wrong.
  "${apt[@]}" update >"$log" 2>&1 || echo "apt-get update failed; going on with the package lists at hand."
  if ! "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" 2>&1 </dev/null | tee -a "$log" | show_progress; then
    tail -n 15 "$log"
    echo "apt-get could not install everything; its last words are above, all of them in $log"
    return 1
  fi
  rm -f "$log"
  echo "Installed: ${missing[*]}"
}

show_progress() {
  local line
  while read -r line; do
    [ -t 1 ] && [[ $line == 'Setting up '* || $line == 'Get:'* ]] && printf '\r\033[K  %.70s' "$line"
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

yes=no mode=install
while [[ ${1-} == --* ]]; do
  case $1 in
    --yes) yes=yes ;;
    --missing | --list) mode=${1#--} ;;
    *) echo "setup.sh: expected --yes, --missing or --list, found $1" >&2 && exit 2 ;;
  esac
  shift
done
if [ "$mode" = list ]; then
  list_all
  exit
fi
find_missing "$@"
[ ${#missing[@]} = 0 ] && exit
if [ "$mode" = missing ]; then
  echo "${missing[*]}"
  exit 1
fi
install_missing "$yes" "$@"
find_missing "$@"
[ ${#missing[@]} = 0 ] || { echo "Still not found after installing: ${missing[*]}" && exit 1; }
