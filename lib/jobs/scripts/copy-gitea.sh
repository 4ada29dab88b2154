#!/bin/sh
# Copies the volume of a Gitea whose database was dumped before: what came later is surplus, and nothing that the dump
# names is missing unless it was deleted meanwhile. Every repository is checked in the copy, by the git of the server.
# shellcheck source=common.sh
. /scripts/common.sh

FILES=$DATA/files
mkdir "$FILES"
export FILES GIT_CONFIG_NOSYSTEM=1 LC_ALL=C

printf '%s\n' "$(git --version | sed 's/^git version //')" >"$PARTS/tool.git"

doing='looking at the volume'
[ -d "$VOLUME/$REPOSITORIES" ] ||
  fail "The volume has no folder $REPOSITORIES with repositories: it is not Gitea's, or its repositories are elsewhere."
date -u +%Y-%m-%dT%H:%M:%SZ >"$PARTS/moment.files"

# copied: reads what `cp` has said. What is gone is no error here, because it is decided later whether it should be there;
# and who restores gives all files to Gitea's user.
copied() {
  # A name may have line breaks, and then so has what is said of it.
  awk '/^[a-z]+: / && NR > 1 { print said; said = "" } { said = said $0 } END { print said }' "$TMP/errors" >"$TMP/said"
  lost=$(grep -v -e '^$' -e 'No such file or directory$' -e 'preserve ownership of' "$TMP/said") || true
  [ -z "$lost" ] && [ "$code" -ne 124 ] && [ "$code" -lt 128 ]
}

doing='copying files'
echo "$doing"
# Three kinds of paths: what is left out, the folders above it, which are walked through, and all else, which is copied
# as a whole.
folders=
set --
for path in $REPOSITORIES $LEFT_OUT lost+found; do
  set -- "$@" -o -path "./$path"
  while [ "$path" != "${path%/*}" ]; do
    path=${path%/*}
    folders="$folders $path"
  done
done
shift
set -- \( "$@" \) -prune -o \( -path .
for path in $folders; do set -- "$@" -o -path "./$path"; done
cd "$VOLUME" || fail "There is no volume at $VOLUME."
# shellcheck disable=SC2016 # for the inner shell
run "$STEP_SECONDS" find . "$@" \) -o -exec sh -c '
  for path; do
    mkdir -p "$FILES/${path%/*}"
    cp -a "$path" "$FILES/${path%/*}/"
  done' sh {} + -prune 2>"$TMP/errors" || true
copied || fail "The files of the volume were not copied: $(why "$TMP/errors")"

# copy_repository FROM TO: each in the order in which it is lost by nobody. Whoever packs refs writes packed-refs before
# removing the loose ones, so that comes after them; whoever pushes writes objects first, so these come last.
copy_repository() {
  rm -rf "$2"
  mkdir -p "$2"
  # shellcheck disable=SC2016 # for the inner shell
  run "$STEP_SECONDS" sh -c '
    cp -a "$1/refs" "$2/"
    for entry in "$1"/*; do
      [ "$entry" = "$1/refs" ] || [ "$entry" = "$1/objects" ] || cp -a "$entry" "$2/"
    done
    cp -a "$1/objects" "$2/"' sh "$1" "$2" 2>"$TMP/errors" || true
  copied
}

# is_whole REPOSITORY: whether every object that can be reached is there, and is what its name says. Complaints about the
# form of an object are about what somebody has once pushed, and no damage.
is_whole() {
  run "$STEP_SECONDS" git --git-dir="$1" fsck --full --no-dangling --no-reflogs --no-progress >"$TMP/errors" 2>&1 && return
  [ "$code" -eq 1 ] || return 1
  ! grep -vE '^(error|warning) in (blob|commit|tag|tree) [0-9a-f]+: [A-Za-z]+: |^notice: ' "$TMP/errors" | grep -q .
}

# pointers REPOSITORY: which objects of LFS its history points to, in $SCRATCH/pointers. A pointer has less than 1024
# bytes (git-lfs, docs/spec.md).
pointers() {
  run "$STEP_SECONDS" git --git-dir="$1" rev-list --all --objects --no-object-names \
    --filter=combine:blob:limit=1024+object:type=blob --filter-provided-objects >"$TMP/blobs" 2>"$TMP/errors" || return 1
  # The code of a pipe is that of its right side.
  # shellcheck disable=SC2016 # for the inner shell
  run "$STEP_SECONDS" sh -c '
    { git --git-dir="$1" cat-file --batch --buffer <"$2" || : >"$2.torn"; } | awk -f /scripts/lfs-pointers.awk >>"$3"' \
    sh "$1" "$TMP/blobs" "$SCRATCH/pointers" 2>"$TMP/errors" || return 1
  [ ! -e "$TMP/blobs.torn" ]
}

# absent REPOSITORY NAME: which of the commits that the dump names are not in it, in $SCRATCH/absent.
absent() {
  commits=$TMP/commits/${2%%/*}=${2#*/}
  [ -e "$commits" ] || return 0
  # shellcheck disable=SC2016 # for the inner shell
  run "$STEP_SECONDS" sh -c 'git --git-dir="$1" cat-file --batch-check --buffer <"$2"' sh "$1" "$commits" \
    >"$TMP/found" 2>"$TMP/errors" || return 1
  awk -v name="$2" '$2 == "missing" { print name "\t" $1 }' "$TMP/found" >>"$SCRATCH/absent"
}

doing='sorting the commits that the database names by repository'
# A file for each, because git is asked once for each. No name has a `=`.
mkdir "$TMP/commits"
awk -F '\t' -v folder="$TMP/commits/" '
  $1 != "branches" && $1 != "tags" || $4 == "" { next }
  { name = substr($2, 1, index($2, ".git/refs/") + 3); sub("/", "=", name) }
  name != last { if (last != "") close(folder last); last = name }
  { print $4 >>(folder name) }
' "$SCRATCH/lists/dumped"

checked=0
: >"$SCRATCH/pointers"
: >"$SCRATCH/refs"
: >"$SCRATCH/repositories"
: >"$SCRATCH/absent"
# Names may begin with a dot, as that of .profile does.
for repository in "$VOLUME/$REPOSITORIES"/*/*.git "$VOLUME/$REPOSITORIES"/*/.*.git; do
  [ -d "$repository" ] || continue
  name=${repository#"$VOLUME/$REPOSITORIES/"}
  copy=$FILES/$REPOSITORIES/$name
  doing="copying repository $name"
  attempt=1
  # A push or a repack in the middle may tear a copy, and not three times in a row.
  until copy_repository "$repository" "$copy" && is_whole "$copy"; do
    [ -d "$repository" ] || break
    [ "$attempt" -lt 3 ] || fail "Repository $name is damaged: $(why "$TMP/errors")"
    attempt=$((attempt + 1))
  done
  if [ ! -d "$repository" ]; then
    rm -rf "$copy"
    continue
  fi
  pointers "$copy" || fail "The pointers to LFS of repository $name could not be read: $(why "$TMP/errors")"
  # To git one that has lost all of its refs is whole, and so is one that was put back to an older state. What the database
  # knows of both is compared later.
  run "$STEP_SECONDS" git --git-dir="$copy" for-each-ref --format="$name/%(refname)" >"$TMP/refs" 2>"$TMP/errors" ||
    fail "The branches of repository $name could not be listed: $(why "$TMP/errors")"
  cat "$TMP/refs" >>"$SCRATCH/refs"
  printf '%s\t%s\n' "$name" "$(wc -l <"$TMP/refs")" >>"$SCRATCH/repositories"
  absent "$copy" "$name" || fail "The commits of repository $name could not be looked for: $(why "$TMP/errors")"
  checked=$((checked + 1))
done
# What was found to be absent would not have fitted either.
! is_full || fail 'The scratch volume is full: this job needs a larger one.'
echo "$checked" >"$PARTS/count.git repositories checked"
wc -l <"$SCRATCH/refs" >"$PARTS/count.git refs"
echo "$checked repositories are whole."
