#!/bin/sh
# Tries as the backup user what it is to do in every bucket that was granted to it, and what it must not be able to do:
# Ceph takes policies that grant nothing, a bucket that was made again has none, and a mask can be lifted by hand. Only a
# refusal for want of rights counts: a store that is not there refuses too.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

mkdir -p "$TMP"
object=backed-up-probe-$(date -u +%Y%m%dT%H%M%SZ)
echo 'Whoever finds this may remove it.' >"$TMP/object"
problems=

wrong() {
  echo "$1" >&2
  problems=$problems${problems:+; }$1
}

# refused WHAT ARGUMENTS...: whether rclone is not allowed to.
refused() {
  what=$1
  shift
  if ask_rclone "$ANSWER_SECONDS" "$@"; then
    wrong "$bucket lets it $what"
    return 1
  fi
  grep -q 'StatusCode: 403, .*AccessDenied' "$TMP/errors" ||
    wrong "whether $bucket lets it $what cannot be told: $(why "$TMP/errors")"
}

for bucket in $BUCKETS; do
  doing="probing $bucket"
  ask_rclone "$STEP_SECONDS" lsf --recursive --files-only --format sp "source:$bucket" || {
    wrong "$bucket is not listed: $(why "$TMP/errors")"
    continue
  }
  awk -F ';' '$1 > 0 && !/;\/|\/\// { print; exit }' "$TMP/answer" | cut -d ';' -f 2- >"$TMP/first"
  if [ -s "$TMP/first" ]; then
    ask_rclone "$STEP_SECONDS" cat --count 1 --files-from-raw "$TMP/first" "source:$bucket" ||
      wrong "$bucket is listed and cannot be read: $(why "$TMP/errors")"
    # Nothing is read, and no error said, of an object that others have removed meanwhile.
    [ -s "$TMP/answer" ] || [ -s "$TMP/errors" ] || echo "$(some "$TMP/first") has vanished from $bucket."
  else
    echo "Nothing in $bucket could be read, because nothing is in it."
  fi
  # What it could write after all is removed again, by the one who may.
  refused 'write' copyto --no-traverse "$TMP/object" "source:$bucket/$object" ||
    ask_rclone "$ANSWER_SECONDS" deletefile "source:$bucket/$object" || true
  # A deletion that is asked for without a look whether the object is there, and none is called so.
  refused 'delete' rmdir --s3-directory-markers "source:$bucket/$object" || true
done

[ -z "$problems" ] || fail "The grants of the backup user are not as they are to be: $problems."
echo "The backup user reads in $(echo "$BUCKETS" | wc -w) buckets and may do nothing else there."
