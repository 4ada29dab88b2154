# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What every script begins with: where things lie, how a step fails, and how it waits.
#
# A failure is one sentence in the termination message of the container, which is what `kubectl describe pod` shows. All
# scripts run in busybox ash (restic, rclone) or in dash (Debian's sh, which has no pipefail: no result may come out of
# a pipe whose left side can fail). busybox forgets `set -e` inside of $(…), so what is called there must not be able to
# fail, or fail as a whole.
set -eu
umask 077

SCRATCH=/scratch
# What is copied.
DATA=$SCRATCH/data
# What the receipt will say: one file with one line for each thing.
PARTS=$SCRATCH/parts
TMP=$SCRATCH/tmp

MESSAGE=/dev/termination-log
# What the script is at, for the message of one that is stopped.
doing=starting
child=
# Where the messages go of what runs.
said=$TMP/errors

# Where a step that runs while its application is stopped leaves its failure: the run goes on until that is up again.
LATER=$PARTS/failed

fail() {
  printf '%s\n' "$*" >&2
  if [ -n "${WHILE_STOPPED:-}" ]; then
    # On a full disk there is room again without a copy that nobody wants any more.
    printf '%s\n' "$*" 2>/dev/null >"$LATER" || rm -rf "$DATA" "$TMP"
    [ -s "$LATER" ] || printf '%s\n' "$*" >"$LATER"
    exit 0
  fi
  printf '%s\n' "$*" >"$MESSAGE"
  exit 1
}

stopped() {
  reason="Stopped while $doing: the job ran out of time, or its pod was deleted."
  [ -n "$child" ] || fail "$reason"
  # Before it hears that it is to end, and has that to say.
  words=$(last_words "$said")
  reason="$reason${words:+ The last words: $words}"
  [ -n "${WHILE_STOPPED:-}" ] || printf '%s\n' "$reason" >"$MESSAGE"
  kill "$child" 2>/dev/null || true
  # It may have a lock to give back.
  wait "$child" || true
  fail "$reason"
}

ended() {
  [ "$1" -ne 0 ] || return 0
  [ ! -s "$MESSAGE" ] || return 0
  fail "Ended with code $1 while $doing; the log of this container says more."
}

trap 'ended $?' EXIT
trap stopped TERM INT

if [ -s "$LATER" ]; then
  [ -z "${WHILE_STOPPED:-}" ] || exit 0
  fail "$(cat "$LATER")"
fi

# run SECONDS COMMAND...: returns its code. In the background, because a shell that waits for a child in the foreground
# hears of the end of its pod only when the child is done.
run() {
  limit=$1
  shift
  began=$(date +%s)
  timeout -k 10 "$limit" "$@" &
  child=$!
  code=0
  wait "$child" || code=$?
  child=
  return "$code"
}

# Whether the last `run` was out of time. The code of a command that was differs between busybox and coreutils, so the clock
# decides.
is_late() {
  [ $(($(date +%s) - began)) -ge "$limit" ]
}

# why FILE: the end of a sentence about the last `run`, whose messages are in the file.
why() {
  cat "$1" >&2
  if is_late; then
    printf 'no end after %s s; its last words: ' "$limit"
  fi
  # Messages that did not fit on a full disk are lost.
  if is_full; then printf 'the scratch volume is full; '; fi
  words=$(last_words "$1")
  printf '%s\n' "${words:-nothing, and code $code}"
}

# Where in its code a program of Go was: a function, and below it a line of a file.
FRAMES='^[a-z0-9.]+(/[^ ]+)+\.[^ ]+$|^[[:blank:]]+/[^ ]+:[0-9]+$'

# last_words FILE: the line that says most of what went wrong, of the messages in a file.
last_words() {
  lines=$(tr -d '\000-\010\013-\037' <"$1" | grep -vE "^[[:space:]]*\$|^(Terminated|Killed)\$|$FRAMES") || true
  # What follows an error is often a hint.
  words=$(printf '%s\n' "$lines" | grep -iE 'error|fatal|fail|denied' | tail -n 1 | cut -c 1-600) || true
  [ -n "$words" ] || words=$(printf '%s\n' "$lines" | tail -n 1 | cut -c 1-600)
  printf '%s\n' "$words"
}

# Whether what was written last may not have fitted.
is_full() {
  [ "$(df -P -k "$SCRATCH" | awk 'NR == 2 { print $4 }')" -lt 64 ]
}

# previously WHAT: the `bytes` or `items` of the last receipt, 0 without one.
previously() {
  cat "$PARTS/previous-$1" 2>/dev/null || echo 0
}

# previously_counted WHAT: what the `counts` of the last receipt say, 0 without one.
previously_counted() {
  n=$(sed -n "s/.*\"counts\":{[^}]*\"$1\":\([0-9][0-9]*\)[,}].*/\1/p" "$PARTS/previous" 2>/dev/null) || true
  echo "${n:-0}"
}

# Whether a number is sharply smaller than a previous one.
is_shrunk() {
  [ "$(($1 * 100))" -lt "$(($2 * SMALLEST_PERCENT))" ]
}

# How a person says that a source is as it should be.
MEANT='when that is meant, let one run go through with smallestPercent: 0'
