#!/bin/sh
# Copies the snapshots that were listed to a repository that does not have them yet, re-encrypted, by `restic copy`. That
# repository is reached through a server beside this container, because restic knows one pair of S3 keys. That server
# answers "not there" for whatever goes wrong, so whether there is a repository was asked before.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=restic.sh
. /scripts/restic.sh

doing='waiting for the server of the mirror'
waited=0
until [ -S "$SCRATCH/store.sock" ]; do
  [ "$waited" -lt "$ANSWER_SECONDS" ] || fail "The container 'store' serves nothing after $waited s; its log says why."
  run 5 sleep 1
  waited=$((waited + 1))
done

if [ "$(cat "$PARTS/repository")" = yes ]; then
  open_repository
  [ "$found" = yes ] || fail "The store lists the repository of the mirror and does not give it: the log of the container 'store' says more."
else
  # With the chunks of the source, or nothing would be found again in it.
  make_repository 'The repository of the mirror' --copy-chunker-params
fi

doing='copying the snapshots'
echo "$doing"
# `--no-lock` is for the source alone, whose keys need only read; the mirror is locked nevertheless (restic 0.18,
# cmd/restic/cmd_copy.go). When an upkeep takes away there what is being copied, the copy fails, and the next run goes on.
# shellcheck disable=SC2046 # a list of words
ask_restic "$STEP_SECONDS" copy --no-lock --retry-lock "${ANSWER_SECONDS}s" $(ids_in "$PARTS/snapshots") || {
  [ "$code" -ne 11 ] || fail "The repository of the mirror is locked, by another run or by a dead one: $(why "$TMP/errors")"
  fail "The snapshots were not copied: $(why "$TMP/errors")"
}

doing='comparing the snapshots'
ask_restic "$ANSWER_SECONDS" snapshots --no-lock --no-cache --json ||
  fail "The mirror does not list its snapshots: $(why "$TMP/errors")"
jq --slurpfile source "$PARTS/snapshots" '
  def key: [.time, .tree, .paths];
  (map({ key: (key | tojson), value: .id }) | from_entries) as $mirror
  | $source[0] | map($mirror[key | tojson])
' "$TMP/answer" >"$TMP/copies"
there=$(jq 'map(select(. != null)) | length' "$TMP/copies")
wanted=$(jq length "$PARTS/snapshots")
[ "$there" -eq "$wanted" ] || fail "The mirror has $there of the $wanted snapshots of its source."

doing='reading the newest snapshot back'
newest=$(jq -r '.[-1]' "$TMP/copies")
read_back "$newest" || fail "The newest snapshot of the mirror, $newest, cannot be read: $(why "$TMP/errors")"
previous=$(previously bytes)
! is_shrunk "$bytes_there" "$previous" ||
  fail "The newest snapshot has $bytes_there bytes, and at the last copy it had $previous: $MEANT."
refuse_lost 'The repository of the mirror'

# Of the source: what leads to the receipt of the run that made it, and how new its data can be at most.
jq -r '.[-1].tags[]?' "$PARTS/snapshots" >"$PARTS/newest-tags"
jq -r '.[-1].time[0:19] + "Z"' "$PARTS/snapshots" >"$PARTS/newest-time"
echo "$bytes_there" >"$PARTS/bytes"
echo snapshots >"$PARTS/counted"
echo "$wanted" >"$PARTS/items-source"
echo "$there" >"$PARTS/items-copy"
echo "$newest" >"$PARTS/copy"
