#!/bin/sh
# build.sh FOLDER VERSION - makes FOLDER/saldod_VERSION_ARCHITECTURE.deb of what `make install` put into FOLDER/root.
#
# The same sources make the same package, byte for byte: all times are SOURCE_DATE_EPOCH, which is otherwise the moment of
# the last commit, or of the changelog where there is no git.
set -eu

folder=$1
version=$2
root=$folder/root
here=$(cd "$(dirname "$0")" && pwd)
architecture=$(dpkg --print-architecture)

changelog_moment() {
    date -d "$(sed -n 's/^ -- .*>  //p' "$here/changelog" | head -n 1)" +%s
}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || changelog_moment)}
export SOURCE_DATE_EPOCH

# --- what Debian wants besides ---
strip --remove-section=.comment "$root/usr/bin/saldod"
install -D -m 0644 "$here/copyright" "$root/usr/share/doc/saldod/copyright"
install -D -m 0644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/saldod"
gzip -9nc "$here/changelog" >"$root/usr/share/doc/saldod/changelog.gz"
find "$root/usr/share/man" -type f ! -name '*.gz' -exec gzip -9nf {} +
install -D -m 0644 "$root/usr/share/doc/saldod/saldod.conf" "$root/etc/saldod/saldod.conf"
find "$root" -type d -exec chmod 0755 {} +
find "$root" -type f ! -path '*/usr/bin/*' -exec chmod 0644 {} +

# --- what it depends on: dpkg-shlibdeps looks for debian/control ---
mkdir -p "$folder/shlibs/debian"
printf 'Source: saldod\n\nPackage: saldod\nArchitecture: any\n' >"$folder/shlibs/debian/control"
program=$(cd "$root" && pwd)/usr/bin/saldod
shlibs=$(cd "$folder/shlibs" && dpkg-shlibdeps -O "$program" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
size=$(du -k -s --apparent-size "$root" | cut -f 1)

# --- control ---
mkdir -p "$root/DEBIAN"
sed -e "s|@VERSION@|$version|" -e "s|@ARCHITECTURE@|$architecture|" -e "s|@INSTALLED_SIZE@|$size|" \
    -e "s|@SHLIBS@|$shlibs|" "$here/control.in" >"$root/DEBIAN/control"
(cd "$root" && find etc -type f | sort | sed 's|^|/|') >"$root/DEBIAN/conffiles"
(cd "$root" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
for script in postinst prerm postrm; do
    install -m 0755 "$here/$script" "$root/DEBIAN/$script"
done
chmod 0644 "$root/DEBIAN/control" "$root/DEBIAN/conffiles" "$root/DEBIAN/md5sums"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --uniform-compression -b "$root" \
    "$folder/saldod_${version}_${architecture}.deb" >/dev/null
echo "$folder/saldod_${version}_${architecture}.deb"
