#!/usr/bin/env bash
# Installs what the tier `npm run test:servers` runs against: servers and tools of the distribution, and from Go modules
# what it has only in versions that the rendered images have left behind. Everything that is built lies in
# ${BACKED_UP_TOOLS:-~/.cache/backed-up-tools}, so that a second run takes a second.
set -euo pipefail

tools=${BACKED_UP_TOOLS:-$HOME/.cache/backed-up-tools}
bin=$tools/bin
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$bin"

# The versions of lib/jobs/images.ts; a test holds them together.
RESTIC=v0.18.1
RCLONE=v1.76.0
GITEA=v1.26.0
# What Velero 1.18.3 has for kopia (its go.mod).
KOPIA=v0.0.0-20251230033609-d946b1e75197
# The major version that lib/jobs/images.ts has, and where Debian has it.
POSTGRES=18
POSTGRES_RELEASE=forky

# Debian 12 has restic 0.14 (no exit code that tells "there is no repository" from other failures), rclone 1.60 and
# etcd 3.4 (no etcdutl).
packages=(barman-cli-cloud busybox-static ceph-common ceph-mgr ceph-mon ceph-osd dash debootstrap gcc git git-lfs golang-go jq libc6-dev mawk postgresql radosgw runc shellcheck)

# A Go of its own is as good as the distribution's.
if command -v go >/dev/null; then packages=("${packages[@]/golang-go/}"); fi
missing=()
for package in "${packages[@]}"; do
  [ -n "$package" ] || continue
  dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Nothing may start a server of its own beside those of the tests.
  printf '#!/bin/sh\nexit 101\n' >"$tools/policy-rc.d"
  [ -e /usr/sbin/policy-rc.d ] || install -m 755 "$tools/policy-rc.d" /usr/sbin/policy-rc.d
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

export CGO_ENABLED=0 GOFLAGS=-buildvcs=false

# have NAME VERSION: whether the binary of that version is there.
have() { [ -x "$bin/$1" ] && [ "$(cat "$bin/.$1.version" 2>/dev/null)" = "$2" ]; }

# from_module NAME VERSION PACKAGE: a module that replaces nothing builds as it is.
from_module() {
  have "$1" "$2" && return
  echo "building $1 $2"
  GOBIN=$bin go install -trimpath -ldflags "-s -w" "$3@$2"
  echo "$2" >"$bin/.$1.version"
}

# Gitea's module replaces others too, and the server reads templates and texts from its folder: one without compiled-in
# files and without SQLite needs neither a frontend nor a C compiler.
gitea() {
  have gitea "$GITEA" && return
  echo "building gitea $GITEA"
  local module
  module=$(go mod download -json "code.gitea.io/gitea@$GITEA" | jq -r .Dir)
  rm -rf "$tools/gitea"
  mkdir "$tools/gitea"
  cp -r "$module"/{docker,options,public,templates} "$tools/gitea"
  chmod -R u+w "$tools/gitea"
  (cd "$module" && GOWORK=off go build -trimpath -ldflags "-s -w -X main.Version=${GITEA#v}" -o "$bin/gitea" .)
  echo "$GITEA" >"$bin/.gitea.version"
}

# Velero has a kopia of its own, under the name of the other.
kopia() {
  have kopia "$KOPIA" && return
  echo "building kopia $KOPIA"
  local folder
  folder=$(mktemp -d)
  (
    cd "$folder"
    printf 'module tools\n' >go.mod
    printf '//go:build tools\n\npackage tools\n\nimport _ "github.com/kopia/kopia"\n' >tools.go
    go mod edit -replace "github.com/kopia/kopia=github.com/project-velero/kopia@$KOPIA"
    go mod tidy
    go build -trimpath -ldflags '-s -w' -tags nohtmlui -o "$bin/kopia" github.com/kopia/kopia
  )
  rm -rf "$folder"
  echo "$KOPIA" >"$bin/.kopia.version"
}

# The lab pins and builds what both tiers run: nothing is built twice.
"$project/node_modules/.bin/tsx" "$project/test/lab/main.ts" build --into "$bin" etcd etcdctl etcdutl kube-apiserver kubectl
gitea
kopia
from_module restic "$RESTIC" github.com/restic/restic/cmd/restic
from_module rclone "$RCLONE" github.com/rclone/rclone

# The image of PostgreSQL that dist/ names, with its server: Debian, as the real one is, but of the release that has that
# version in its own packages. Debootstrap may not know this release by name, so it is told whose way to go. It comes from
# the mirror of this machine's own packages.
postgres_image() {
  have postgres-18 "$POSTGRES" && return
  echo "installing PostgreSQL $POSTGRES"
  local sites
  # shellcheck disable=SC2016 # apt's own variable
  sites=$(apt-get indextargets --format '$(SITE)')
  rm -rf --one-file-system "$tools/postgres-18"
  debootstrap --variant=minbase --include="postgresql-$POSTGRES" "$POSTGRES_RELEASE" "$tools/postgres-18" \
    "${sites%%$'\n'*}" sid >"$tools/debootstrap.log" || {
    tail "$tools/debootstrap.log" >&2
    exit 1
  }
  rm -rf "$tools/postgres-18"/{var/cache/apt,var/lib/apt/lists,usr/share/doc,usr/share/locale,usr/share/man}/*
  ln -sfn "../postgres-18/usr/lib/postgresql/$POSTGRES/bin/postgres" "$bin/postgres-18"
  echo "$POSTGRES" >"$bin/.postgres-18.version"
}
postgres_image

# Root file systems with what the images bring, for `runc`: a registry is not needed, and the tools are real. The images
# of restic and rclone are Alpine with busybox; that of etcd has no shell; that of PostgreSQL is Debian, so its older one is
# made of the machine's own /usr. They are made anew when what they are made of has changed, and beside those that a run may be
# using.
made_of=$(cat "${BASH_SOURCE[0]}" "$bin"/.*.version | sha256sum)$(readlink "$bin"/{etcdctl,etcdutl,kubectl})$(dpkg-query --show busybox-static git jq)
if [ "$(cat "$tools/rootfs/made-of" 2>/dev/null)" = "$made_of" ]; then exit; fi
root=$tools/rootfs.new
rm -rf --one-file-system "$root"

# with_busybox FOLDER
with_busybox() {
  mkdir -p "$1/bin"
  cp "$(command -v busybox)" "$1/bin/busybox"
  local applet
  while read -r applet; do ln -sf busybox "$1/bin/$applet"; done < <(busybox --list | grep -vx busybox)
}

with_busybox "$root/restic"
mkdir -p "$root/restic/usr/bin"
cp "$bin/restic" "$root/restic/usr/bin/restic"
cp "$(command -v jq)" "$root/restic/usr/bin/jq"
while read -r library; do install -D "$library" "$root/restic$library"; done < <(ldd "$(command -v jq)" | grep -o '/[^ ]*')

with_busybox "$root/rclone"
mkdir -p "$root/rclone/usr/local/bin"
cp "$bin/rclone" "$root/rclone/usr/local/bin/rclone"

# Alpine as well; the server itself runs as a program.
with_busybox "$root/gitea"
mkdir -p "$root/gitea/usr/bin"
cp "$(command -v git)" "$root/gitea/usr/bin/git"
while read -r library; do install -D "$library" "$root/gitea$library"; done < <(ldd "$(command -v git)" | grep -o '/[^ ]*')

mkdir -p "$root/etcd/usr/local/bin"
cp "$bin/etcdctl" "$bin/etcdutl" "$root/etcd/usr/local/bin/"

mkdir -p "$root/kubectl/bin"
cp "$bin/kubectl" "$root/kubectl/bin/kubectl"

mkdir -p "$root"/postgres-15/{etc/alternatives,usr}
for folder in bin lib lib64 sbin; do ln -s "usr/$folder" "$root/postgres-15/$folder"; done
ln -s ../postgres-18 "$root/postgres-18"

echo "$made_of" >"$root/made-of"
rm -rf --one-file-system "$tools/rootfs"
mv "$root" "$tools/rootfs"
