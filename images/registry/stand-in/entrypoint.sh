#!/bin/sh
# Behaves as that of the official image: a file is served, a subcommand is the registry's.
set -e
case $1 in
    *.yaml | *.yml) set -- registry serve "$@" ;;
    serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
