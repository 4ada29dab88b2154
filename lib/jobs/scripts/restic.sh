# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What all scripts with a restic repository share.

RESTIC_CACHE_DIR=$SCRATCH/cache
RESTIC_PROGRESS_FPS=0
export RESTIC_CACHE_DIR RESTIC_PROGRESS_FPS
mkdir -p "$TMP" "$PARTS"

version=$(restic version | sed 's/^restic \([^ ]*\) .*/\1/')
printf '%s\n' "$version" >"$PARTS/tool.restic"

# ask_restic SECONDS ARGUMENTS...: leaves what it says in $TMP/answer and $TMP/errors.
ask_restic() {
  seconds=$1
  shift
  result=0
  said=$TMP/words
  # shellcheck disable=SC2086 # a list of words
  run "$seconds" restic $RESTIC_OPTIONS "$@" >"$TMP/answer" 2>"$TMP/words" || result=$?
  # With --json the errors are JSON as well.
  jq -R -r '(fromjson? | .error.message? // .message?) // .' "$TMP/words" >"$TMP/errors" || true
  return "$result"
}

# Sets `found`. Only code 10 means that there is no repository; a wrong password, a refusal, or a store that is not
# there must never lead to a new one (restic 0.17 and later, doc/075_scripting.rst).
open_repository() {
  doing='opening the repository'
  found=yes
  ask_restic "$ANSWER_SECONDS" cat config --no-lock && return
  case $code in
    10) found=no ;;
    12) fail "The password does not open the repository $RESTIC_REPOSITORY." ;;
    *) fail "The repository $RESTIC_REPOSITORY does not open: $(why "$TMP/errors")" ;;
  esac
}

# make_repository NAME OPTIONS...: `restic init`. It refuses a place where keys are, and nobody else can tell whether the run
# that has put them there is dead: so a person removes them.
make_repository() {
  name=$1
  shift
  doing='making the repository'
  echo "$doing"
  ask_restic "$ANSWER_SECONDS" init "$@" && return
  reason=$(why "$TMP/errors")
  [ ! -e "$PARTS/half-made" ] ||
    fail "$name could not be made, because a run was killed while it made it: there are keys and nothing else. Delete all below $(cat "$PARTS/half-made")/keys, as with rclone purge, and run again ($reason)."
  fail "$name could not be made: $reason"
}

# list_snapshots: leaves all of them in $TMP/snapshots, oldest first.
list_snapshots() {
  ask_restic "$ANSWER_SECONDS" snapshots --no-lock --json ||
    fail "The repository $RESTIC_REPOSITORY does not list its snapshots: $(why "$TMP/errors")"
  jq 'sort_by(.time)' "$TMP/answer" >"$TMP/snapshots"
}

# find_receipted: leaves the snapshots that a receipt speaks for in $TMP/receipted, all others in $TMP/unreceipted, and the runs
# that made the first in $TMP/runs. Where no step has listed receipts it is the mirror of a repository, to which only copies
# of snapshots go that have one.
find_receipted() {
  doing='listing the snapshots'
  list_snapshots
  all=$(jq length "$TMP/snapshots")
  [ "$all" -gt 0 ] || fail "The repository $RESTIC_REPOSITORY has no snapshot: let a backup go well first."
  if [ ! -e "$PARTS/receipted" ]; then
    cp "$TMP/snapshots" "$TMP/receipted"
    echo '[]' >"$TMP/unreceipted"
    return
  fi
  jq -r --rawfile receipted "$PARTS/receipted" '
    [.[].tags[]?] | unique | . - (. - ($receipted | split("\n"))) | .[]
  ' "$TMP/snapshots" >"$TMP/runs"
  [ -s "$TMP/runs" ] || fail "None of the $all snapshots of $RESTIC_REPOSITORY has a receipt: let a backup go well first."
  jq --rawfile runs "$TMP/runs" 'map(select(any(.tags[]?; IN($runs | split("\n")[]))))' "$TMP/snapshots" >"$TMP/receipted"
  jq --slurpfile receipted "$TMP/receipted" '. - $receipted[0]' "$TMP/snapshots" >"$TMP/unreceipted"
}

# ids_in FILE: the ids in a list of snapshots.
ids_in() {
  jq -r '.[].id' "$1"
}

# read_back SNAPSHOT: reads its listing from the store, and not from the cache: once for each folder. Sets `files_there` and
# `bytes_there`.
read_back() {
  ask_restic "$STEP_SECONDS" ls --json --no-lock --no-cache "$1" || return
  # One line after the other: 300,000 of them at once take half a gigabyte.
  totals=$(jq -n -r '
    reduce (inputs | select(.type == "file")) as $file ([0, 0]; [.[0] + 1, .[1] + ($file.size // 0)])
    | "\(.[0]) \(.[1])"
  ' "$TMP/answer") || fail "The listing of the snapshot $1 is none."
  files_there=${totals% *}
  bytes_there=${totals#* }
}

# refuse_lost NAME: fails when something that the index names is not in the store: restic takes it for stored, and would not
# store it again. Without a lock, because one that a dead run leaves here would keep all others out.
refuse_lost() {
  doing='comparing the index with the store'
  echo "$doing"
  ask_restic "$STEP_SECONDS" check --no-lock --json && return
  # Of an upkeep in just these moments it has seen the index before, and the packs after.
  ask_restic "$STEP_SECONDS" check --no-lock --json && return
  reason=$(why "$TMP/errors")
  if grep -q 'repository contains errors' "$TMP/errors"; then
    lost=$(grep -m 1 -oE '[^ ].*(does not exist|not found).*' "$TMP/errors") || lost=$reason
    fail "$1 has lost data ($lost): run 'restic repair index' and this job again; if it still says so, forget the snapshots that 'restic repair snapshots --dry-run' would change, and run it once more."
  fi
  fail "$1 cannot be checked: $reason"
}
