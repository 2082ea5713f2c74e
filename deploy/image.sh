#!/bin/sh
# Lays out the file system of each image in /images, from what was built in this folder. The Dockerfile calls it.
set -eu

libraries='libc6 libgcc-s1'

for package in ferrule ferrule-gateway ferrule-instance-registry ferrule-oauth-broker; do
    program=${package#ferrule-}
    root=/images/$program
    mkdir -p "$root/etc" "$root/tmp" "$root/usr/share/doc/ferrule" "$root/var/lib/dpkg/status.d"
    chmod 1777 "$root/tmp"
    cp "target/release/$program" "$root/$program"
    cp LICENSE "$root/usr/share/doc/ferrule/"
    printf 'ferrule:x:65532:65532:Ferrule:/:/nonexistent\n' > "$root/etc/passwd"
    printf 'ferrule:x:65532:\n' > "$root/etc/group"

    ldd "target/release/$program" | grep -o '/[^ ]*' | xargs cp -L --parents -t "$root"

    # What is in it, for people and for scanners.
    cp -L /etc/os-release "$root/etc/"
    versions=
    for library in $libraries; do
        dpkg-query --status "$library" > "$root/var/lib/dpkg/status.d/$library"
        versions="$versions --debian $library=$(dpkg-query --show --showformat '${Version}' "$library")"
    done
    # shellcheck disable=SC2086
    cargo run --quiet --release --locked --package xtask -- sbom "$package" $versions \
        > "$root/usr/share/doc/ferrule/sbom.cdx.json"
done

mkdir -p /images/state/var/lib/ferrule
find /images -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
