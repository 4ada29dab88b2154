#!/bin/sh
# Asks a repository what it holds, for a copy of it: a repository that has vanished or lost its snapshots must not be
# mirrored as a success, and neither must a snapshot that no receipt speaks for.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=restic.sh
. /scripts/restic.sh

open_repository
[ "$found" = yes ] || fail "The repository $RESTIC_REPOSITORY is gone, so there is nothing to copy."
find_receipted
# shellcheck disable=SC2046 # a list of words
[ "$(jq length "$TMP/unreceipted")" -eq 0 ] ||
  echo "Left out, because they have no receipt:" $(ids_in "$TMP/unreceipted")
cp "$TMP/receipted" "$PARTS/snapshots"
