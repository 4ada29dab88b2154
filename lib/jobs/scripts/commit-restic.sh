#!/bin/sh
# Puts what the steps before have written and verified into the restic repository of the dataset: one snapshot, which
# restic saves last, so that a run that ends in the middle leaves none.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=restic.sh
. /scripts/restic.sh

doing='measuring what is to be copied'
# No names, which may have line breaks.
find "$DATA" -type f -exec stat -c %s {} + >"$TMP/sizes"
files=$(wc -l <"$TMP/sizes")
bytes=$(awk '{ n += $1 } END { printf "%.0f", n }' "$TMP/sizes")
[ "$bytes" -gt 0 ] || fail "There is nothing to copy: the steps before have written $files files with $bytes bytes."

open_repository
[ "$found" = yes ] || {
  make_repository "The repository $RESTIC_REPOSITORY"
  # Making one is not atomic: of two that are made at once, one has the key and the other the configuration, and nothing
  # can be read. By now the other run has come to its end as well, and has left a key.
  run 11 sleep 5
  ask_restic "$ANSWER_SECONDS" list keys --no-lock || fail "The new repository does not open: $(why "$TMP/errors")"
  [ "$(wc -l <"$TMP/answer")" -eq 1 ] ||
    fail "Two runs have made the repository $RESTIC_REPOSITORY at the same time: it is empty, so delete it and run again."
}

doing='looking for the snapshot before'
ask_restic "$ANSWER_SECONDS" snapshots --no-lock --json --latest 1 --host "$RESTIC_HOST" --path "$DATA" ||
  fail "The repository $RESTIC_REPOSITORY does not list its snapshots: $(why "$TMP/errors")"
in_repository=$(jq -r '.[-1].summary.total_bytes_processed // 0' "$TMP/answer")
in_receipt=$(previously bytes)
for previous in "$in_repository" "$in_receipt"; do
  ! is_shrunk "$bytes" "$previous" || fail "There are $bytes bytes to copy, and the last backup had $previous: $MEANT."
done

# Later runs compare with the newest snapshot, and people restore it: it must not be one that is not whole.
withdraw() {
  [ -z "$1" ] || ask_restic "$ANSWER_SECONDS" forget "$1" || echo "The snapshot $1 is still there." >&2
}

doing='copying to the repository'
echo "$doing"
cd "$SCRATCH" || fail "There is no $SCRATCH."
# A relative path restores as `data`. A lock is waited for: another run's is gone soon, and a stale one is the upkeep's.
# The tag leads from the snapshot to its receipt, which has the run in its name: what has none counts for nothing.
ask_restic "$STEP_SECONDS" backup --json --host "$RESTIC_HOST" --tag "$(cat "$PARTS/run")" \
  --retry-lock "${ANSWER_SECONDS}s" data || {
  [ "$code" -ne 11 ] || fail "The repository $RESTIC_REPOSITORY is locked, by another run or by a dead one: $(why "$TMP/errors")"
  reason=$(why "$TMP/errors")
  # Code 3 is a snapshot without what could not be read.
  [ "$code" -ne 3 ] || withdraw "$(jq -r 'select(.message_type == "summary") | .snapshot_id // empty' "$TMP/answer")"
  fail "The copy to $RESTIC_REPOSITORY failed: $reason"
}
snapshot=$(jq -r 'select(.message_type == "summary") | .snapshot_id // empty' "$TMP/answer")
[ -n "$snapshot" ] || fail "restic says that the copy went well, and names no snapshot."

doing='reading the snapshot back'
read_back "$snapshot" || {
  reason=$(why "$TMP/errors")
  withdraw "$snapshot"
  fail "The new snapshot $snapshot cannot be read: $reason"
}
if [ "$files_there" -ne "$files" ] || [ "$bytes_there" -ne "$bytes" ]; then
  withdraw "$snapshot"
  fail "The snapshot has $files_there files with $bytes_there bytes, where $files files with $bytes bytes were written."
fi
# What is lost may be of an older one, so that this one stays.
refuse_lost "The repository $RESTIC_REPOSITORY"

echo "$snapshot" >"$PARTS/copy"
echo "$bytes" >"$PARTS/bytes"
[ -e "$PARTS/items-source" ] || {
  echo bytes >"$PARTS/counted"
  echo "$bytes" >"$PARTS/items-source"
  echo "$bytes_there" >"$PARTS/items-copy"
}
