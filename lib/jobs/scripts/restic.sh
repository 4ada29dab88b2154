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
