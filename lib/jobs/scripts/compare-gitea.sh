#!/bin/sh
# compare-gitea.sh KIND=FOLDER...: does the copy have every file and branch that the database dump names, files of the right
# size and, where the name is a hash, with the right content? An empty folder is of a kind whose files are in a bucket: only
# the copy of that can have them.
# shellcheck source=common.sh
. /scripts/common.sh

LISTS=$SCRATCH/lists
FILES=$DATA/files
export LC_ALL=C
cd "$FILES" || fail "There is no copy of the volume."

doing='looking for the keys'
# Without it nobody with a second factor can log in, and no secret that Gitea holds can be read (its models/secret).
if [ -n "$CONFIGURATION" ]; then
  grep -qE '^[[:space:]]*SECRET_KEY(_URI)?[[:space:]]*=[[:space:]]*[^[:space:]]' "$CONFIGURATION" 2>"$TMP/errors" ||
    fail "There is no SECRET_KEY in $CONFIGURATION on the volume, so what Gitea has encrypted could not be read after a restore."
fi

doing='comparing the copy with the database'
for list in dumped left; do
  [ "$(tail -n 1 "$LISTS/$list")" = end ] || fail "What the database keeps in files was not listed to its end."
  sed '$d' "$LISTS/$list" >"$LISTS/$list.rows"
done
# A row is known by its kind and path: its size is the dump's.
awk -F '\t' -v expected="$LISTS/expected" -v deleted="$LISTS/deleted" '
  { key = $1 "\t" $2 }
  FILENAME == ARGV[1] { left[key] = 1; next }
  { print >(key in left ? expected : deleted) }
' "$LISTS/left.rows" "$LISTS/dumped.rows"
touch "$LISTS/expected" "$LISTS/deleted"
gone=$(awk -F '\t' '$1 == "repositories" { print $2; exit }' "$LISTS/deleted")
# What is left of it in the dump cannot be opened, and its name is taken.
[ -z "$gone" ] || fail "Repository $gone was deleted or renamed during the run: run again."

run "$STEP_SECONDS" find . -type f -exec stat -c '%s %n' {} + >"$LISTS/files" 2>"$TMP/errors" ||
  fail "The copy could not be listed: $(why "$TMP/errors")"

lfs=
: >"$LISTS/hashes"
for pair; do
  kind=${pair%%=*}
  folder=${pair#*=}
  doing="comparing $kind"
  grep "^$kind	" "$LISTS/expected" >"$LISTS/kind" || true
  count=$(wc -l <"$LISTS/kind")
  [ "$kind" != 'LFS objects' ] || lfs=$folder
  if [ -z "$folder" ]; then
    echo "$count" >"$PARTS/count.$kind in a bucket, not compared"
    continue
  fi
  # A repository is a folder, which has a HEAD.
  suffix=
  [ "$kind" != repositories ] || suffix=/HEAD
  wrong=$(awk -F '\t' -v folder="./$folder/" -v suffix="$suffix" '
    FILENAME == ARGV[1] { space = index($0, " "); size[substr($0, space + 1)] = substr($0, 1, space - 1); next }
    { path = folder $2 suffix }
    !(path in size) { if (!missing++) lacking = $2; next }
    $3 != "" && size[path] != $3 { if (!differing++) other = $2 " has " size[path] " bytes instead of " $3 }
    END {
      if (missing) print missing " are not there, " lacking " among them"
      else if (differing) print differing " have another size, and " other
    }
  ' "$LISTS/files" "$LISTS/kind")
  [ -z "$wrong" ] ||
    fail "Of $count $kind that the database names, in $folder $wrong."
  awk -F '\t' -v folder="./$folder/" '$4 != "" { print $4 "  " folder $2 }' "$LISTS/kind" >>"$LISTS/hashes"
  echo "$count" >"$PARTS/count.$kind"
done

doing='comparing branches'
# One that the database names before and after the copy was there meanwhile, whatever was pushed or deleted.
grep '^branches	' "$LISTS/expected" >"$LISTS/branches" || true
wc -l <"$LISTS/branches" >"$PARTS/count.branches"
lacking=$(awk -F '\t' 'FILENAME == ARGV[1] { there[$0] = 1; next } !($2 in there) { print $2; exit }' \
  "$SCRATCH/branches" "$LISTS/branches")
[ -z "$lacking" ] ||
  fail "Repository ${lacking%%/refs/heads/*} has no branch ${lacking#*/refs/heads/}, which the database names: refs were lost. If they were removed without Gitea, let it sync its branches: Site Administration, Dashboard."

doing='reading files whose name is a hash'
if [ -s "$LISTS/hashes" ]; then
  run "$STEP_SECONDS" sha256sum -c "$LISTS/hashes" >"$TMP/hashes" 2>"$TMP/errors" || {
    damaged=$(sed -n 's/: FAILED.*//p' "$TMP/hashes" | head -n 1)
    [ -z "$damaged" ] || fail "The file ${damaged#./} is damaged: its content has another hash than its name."
    fail "The files whose name is a hash could not be read: $(why "$TMP/errors")"
  }
fi

doing='comparing pointers to LFS with its objects'
sort -u "$SCRATCH/pointers" >"$LISTS/pointers"
wc -l <"$LISTS/pointers" >"$PARTS/count.LFS pointers"
# Such a pointer is no loss of this run: had the server ever had the object, the database would name it.
if [ -n "$lfs" ]; then
  awk -v folder="./$lfs/" '
    FILENAME == ARGV[1] { there[substr($0, index($0, " ") + 1)] = 1; next }
    !(folder substr($0, 1, 2) "/" substr($0, 3, 2) "/" substr($0, 5) in there)
  ' "$LISTS/files" "$LISTS/pointers" >"$LISTS/dangling"
  wc -l <"$LISTS/dangling" >"$PARTS/count.LFS pointers without an object"
fi

wc -l <"$LISTS/deleted" >"$PARTS/count.deleted during the run"
# So that whoever restores knows which rows have no file.
[ ! -s "$LISTS/deleted" ] || cp "$LISTS/deleted" "$DATA/deleted-during-the-run.tsv"
