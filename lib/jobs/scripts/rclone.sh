# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What the scripts of a mirror share: lists of objects, and what can be told from them.

# Without it a name is taken for another one that only looks the same.
RCLONE_NO_UNICODE_NORMALIZATION=true
export RCLONE_NO_UNICODE_NORMALIZATION
# A run that fails is repeated as a whole; more patience would only hide for longer that it does.
PATIENCE='--contimeout 10s --retries 2 --low-level-retries 3'
# There is no `--list-cutoff`, which would spare memory in a large folder: rclone then asks for every object singly (rclone
# v1.76.0, fs/list/sorter.go; measured with 200,000 objects on both sides, of which it held 340 MB).
# Names with empty parts, `a//b`, `/a`: rclone does not see them below a prefix, and can put none of them aside (rclone
# v1.76.0, docs/content/s3.md). With --fast-list it also loses `a/b` beside `a//b`, and says nothing: it must not be used.
WITHOUT_EMPTY_PARTS='--exclude {{.*//.*}} --exclude /{{/.*}}'

# ask_rclone SECONDS ARGUMENTS...: leaves what it says in $TMP/answer and $TMP/errors.
ask_rclone() {
  seconds=$1
  shift
  # shellcheck disable=SC2086 # a list of words
  run "$seconds" rclone $PATIENCE "$@" >"$TMP/answer" 2>"$TMP/errors" || return "$code"
  # rclone says nothing of an answer that did not fit.
  ! is_full || fail 'The scratch volume is full: a job of this bucket needs a larger one.'
}

# this_run: how the folder of what this run puts aside is called.
this_run() {
  printf '%s-%s' "$(tr -d ':-' <"$PARTS/started")" "$(cat "$PARTS/run")"
}

# require_versions: fails unless the store says itself that the bucket of the copy keeps old versions. Without them what is
# replaced and removed would be lost.
require_versions() {
  place=${COPY%%/*}
  bucket=${place#store:}
  doing="asking whether $place keeps old versions"
  ask_rclone "$ANSWER_SECONDS" backend versioning "$place" ||
    fail "The store does not say whether the bucket $bucket keeps old versions, as its location says; these keys need the right s3:GetBucketVersioning on it: $(why "$TMP/errors")"
  state=$(tr -d '"\n' <"$TMP/answer")
  [ "$state" = Enabled ] ||
    fail "The bucket $bucket is to keep old versions, and the store says '$state': what is replaced or removed would be lost. Enable them, as with aws s3api put-bucket-versioning --bucket $bucket --versioning-configuration Status=Enabled, or do not say \`versioned: true\` of its location."
}

# list PLACE FILE: one sorted line for each object, `size;time;name`, with the time at which the store got it. Control
# characters in a name are shown by signs, so that it never is more than one line.
list() {
  doing="listing $1"
  ask_rclone "$STEP_SECONDS" lsf --recursive --files-only --use-server-modtime --format stp --time-format max "$1" || {
    # A prefix that is not there is an empty list; code 3 is for a bucket (rclone v1.76.0, backend/s3).
    [ "$code" -ne 3 ] || fail "The bucket of $1 does not exist."
    fail "The store does not list $1: $(why "$TMP/errors")"
  }
  sort "$TMP/answer" >"$2"
}

# count FILE: its lines.
count() {
  wc -l <"$1"
}

# bytes_in FILE: the sum of the sizes in a list.
bytes_in() {
  awk -F ';' '{ n += $1 } END { printf "%.0f", n }' "$1"
}

# names_in FILE: the names in a list, sorted.
names_in() {
  cut -d ';' -f 3- "$1" | sort
}

# sizes_in FILE: sizes and names, sorted.
sizes_in() {
  cut -d ';' -f 1,3- "$1" | sort
}

# in_both FILE FILE: the lines that both of two files have, in each of which no line comes twice.
in_both() {
  sort "$1" "$2" | uniq -d
}

# only_in FILE OTHER: the lines that the first of two such files has and the other has not. Not `comm`, which not every
# busybox brings.
only_in() {
  sort "$1" "$2" "$2" | uniq -u
}

# newer_than LIST FILE [TIME SECONDS]: the names in a list of which the other list has something newer; or something from after
# that time, `2026-01-02 03:04:05`, that what is in the first list has followed in fewer seconds.
newer_than() {
  since=${3:-} seconds=${4:-0} awk -F ';' '
    BEGIN { since = ENVIRON["since"]; seconds = ENVIRON["seconds"] }
    function moment(text) {
      text = substr(text, 1, 19)
      gsub(/[-:T]/, " ", text)
      return mktime(text)
    }
    { name = $0; sub(/^[^;]*;[^;]*;/, "", name) }
    NR == FNR { times[name] = $2; next }
    !(name in times) { next }
    times[name] < $2 { print name; next }
    since != "" && substr($2, 1, 19) > since && moment(times[name]) - moment($2) < seconds { print name }' "$1" "$2"
}

# refuse_fewer NUMBER PREVIOUS WHAT: fails when the source has sharply less of something than its last copy.
refuse_fewer() {
  ! is_shrunk "$1" "$2" || fail "There are $1 $3 in $SOURCE, and the last copy had $2: $MEANT."
}

# refuse_shrunk FILE: fails when the source, of which that is a list, is sharply smaller than its last copy.
refuse_shrunk() {
  refuse_fewer "$(count "$1")" "$(previously items)" objects
  refuse_fewer "$(bytes_in "$1")" "$(previously bytes)" bytes
}

# find_vanished FILE: leaves in $TMP/copied the list of the copy, and in $SCRATCH/vanished the names that it has and the
# source, of which that is a list, has not.
find_vanished() {
  list "$COPY" "$TMP/copied"
  names_in "$TMP/copied" >"$TMP/names-copied"
  names_in "$1" >"$TMP/names"
  only_in "$TMP/names-copied" "$TMP/names" >"$SCRATCH/vanished"
  copied=$(count "$TMP/copied")
  vanished=$(count "$SCRATCH/vanished")
}

# Whether the source has sharply less than all objects of the copy. The number can be right and the objects others, where a
# bucket was made again.
has_lost_much() {
  is_shrunk "$((copied - vanished))" "$copied"
}

# some FILE: one of the names in it, for a message.
some() {
  printf "'%s'" "$(head -n 1 "$1")"
}
