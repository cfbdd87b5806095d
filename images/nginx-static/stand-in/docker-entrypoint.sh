#!/bin/sh
# Behaves as that of the official image: what is in /docker-entrypoint.d runs before nginx.
set -e
if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
    for file in $(find /docker-entrypoint.d/ -follow -type f | sort -V); do
        [ -x "$file" ] || continue
        case $file in
            *.envsh) . "$file" ;;
            *.sh) echo "$0: Launching $file" && "$file" ;;
        esac
    done
fi
exec "$@"
