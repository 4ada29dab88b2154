#!/bin/sh
# After the volume was copied: what does the database still say that is in files? What the dump names and this does not
# was deleted meanwhile, by someone who meant to.
# shellcheck source=common.sh
. /scripts/common.sh

doing="asking $PGHOST what it keeps in files"
run "$ANSWER_SECONDS" psql -X -q -A -t -F "$(printf '\t')" -v ON_ERROR_STOP=1 -v listed="$SCRATCH/lists/left" \
  -f /scripts/list-gitea.sql 2>"$TMP/errors" ||
  fail "PostgreSQL at $PGHOST does not say what it keeps in files: $(why "$TMP/errors")"
