# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What all scripts with a restic repository share.

RESTIC_CACHE_DIR=$SCRATCH/cache
RESTIC_PROGRESS_FPS=0
export RESTIC_CACHE_DIR RESTIC_PROGRESS_FPS
mkdir -p "$TMP" "$PARTS"

version=$(restic version | sed 's/^restic \([^ ]*\) .*/\1/')
printf '%s\n' "$version" >"$PARTS/tool.restic"

# ask_restic SECONDS ARGUMENTS...: answer and errors go to the files of these names.
ask_restic() {
  seconds=$1
  shift
  # shellcheck disable=SC2086 # a list of words
  run "$seconds" restic $RESTIC_OPTIONS "$@" >"$TMP/answer" 2>"$TMP/errors"
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
