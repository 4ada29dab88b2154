#!/bin/sh
# Asks a repository what it holds, for a copy of it: a repository that has vanished or lost its snapshots must not be
# mirrored as a success.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=restic.sh
. /scripts/restic.sh

open_repository
[ "$found" = yes ] || fail "The repository $RESTIC_REPOSITORY is gone, so there is nothing to copy."
doing='listing the snapshots'
ask_restic "$ANSWER_SECONDS" snapshots --no-lock --json ||
  fail "The repository $RESTIC_REPOSITORY does not list its snapshots: $(why "$TMP/errors")"
# A copy has the time and the tree of what it is a copy of, and a name of its own.
jq 'sort_by(.time)' "$TMP/answer" >"$PARTS/snapshots"
[ "$(jq length "$PARTS/snapshots")" -gt 0 ] || fail "The repository $RESTIC_REPOSITORY has no snapshot, so there is nothing to copy."
