#!/bin/sh
# Behaves as that of the official image: a flag is haproxy's, and haproxy gets -W -db.
set -e
case $1 in
    -*) set -- haproxy "$@" ;;
esac
if [ "$1" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
