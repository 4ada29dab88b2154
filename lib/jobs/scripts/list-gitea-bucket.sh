#!/bin/sh
# list-gitea-bucket.sh FOLDER...: after the volume was copied, what is in the bucket, with the keys of the Gitea itself?
# The database is asked once more after that, so that nobody misses what was deleted meanwhile.
# shellcheck source=common.sh
. /scripts/common.sh
# shellcheck source=rclone.sh
. /scripts/rclone.sh

RCLONE_CONFIG_SOURCE_ENDPOINT=$SCHEME://$BUCKET_HOST:$BUCKET_PORT
export RCLONE_CONFIG_SOURCE_ENDPOINT

: >"$SCRATCH/lists/bucket"
for folder; do
  doing="listing $folder of the bucket $BUCKET_NAME"
  # A folder that is not there is an empty list.
  ask_rclone "$STEP_SECONDS" lsf --recursive --files-only --format sp "source:$BUCKET_NAME/$folder" || {
    [ "$code" -ne 3 ] || fail "The bucket $BUCKET_NAME does not exist."
    fail "The bucket $BUCKET_NAME is not listed with the keys of its ObjectBucketClaim: $(why "$TMP/errors")"
  }
  awk -v folder="$folder/" '{ at = index($0, ";"); print substr($0, 1, at - 1) " " folder substr($0, at + 1) }' \
    "$TMP/answer" >>"$SCRATCH/lists/bucket"
done
! is_full || fail 'The scratch volume is full: this job needs a larger one.'
wc -l <"$SCRATCH/lists/bucket" >"$PARTS/count.objects in the bucket"
echo "There are $(cat "$PARTS/count.objects in the bucket") objects in $BUCKET_NAME."
