#!/bin/sh
# The command line's build: notes that it ran, takes a while, fails if told to.
cd "$(dirname "$0")" || exit
echo ran >>cli_builds
sleep 1
[ ! -e cli_build_fails ] || { echo "main.cpp:1:1: error: told to fail" && exit 1; }
