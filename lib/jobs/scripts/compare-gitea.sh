#!/bin/sh
# compare-gitea.sh KIND=LOST=PLACE=FOLDER...: does the copy have every file, branch and tag that the database dump names, files
# of the right size and, where the name is a hash, with the right content? So many files of a kind may be lost as a person has
# said. PLACE is `volume`; or `bucket`, whose objects are listed, and copied by a job of its own; or `unseen`, of a bucket that
# nobody can list here.
# shellcheck source=common.sh
. /scripts/common.sh

LISTS=$SCRATCH/lists
FILES=$DATA/files
export LC_ALL=C
cd "$FILES" || fail "There is no copy of the volume."

doing='looking for the keys'
# Without it nobody with a second factor can log in, and no secret that Gitea holds can be read (its models/secret).
if [ -n "$CONFIGURATION" ]; then
  # SECRET_KEY_URI only says where it is, which may be outside of the volume.
  grep -qE '^[[:space:]]*SECRET_KEY[[:space:]]*=[[:space:]]*[^[:space:]]' "$CONFIGURATION" 2>"$TMP/errors" ||
    fail "There is no SECRET_KEY in $CONFIGURATION on the volume, so what Gitea has encrypted could not be read after a restore: say in settings which Secret has it."
fi

doing='comparing the copy with the database'
for list in dumped left; do
  [ "$(tail -n 1 "$LISTS/$list")" = end ] || fail "What the database keeps in files was not listed to its end."
  sed '$d' "$LISTS/$list" >"$LISTS/$list.rows"
done
# A row is known by its kind and path. What has changed its size meanwhile is uploaded anew at this moment.
awk -F '\t' -v OFS='\t' -v expected="$LISTS/expected" -v deleted="$LISTS/deleted" -v unfinished="$LISTS/unfinished" '
  { key = $1 "\t" $2 }
  FILENAME == ARGV[1] { left[key] = $3; next }
  $1 == "unfinished migrations" { print $2 >unfinished; next }
  !(key in left) { print >deleted; next }
  left[key] != $3 { $3 = "" }
  { print >expected }
' "$LISTS/left.rows" "$LISTS/dumped.rows"
touch "$LISTS/expected" "$LISTS/deleted" "$LISTS/unfinished"
wc -l <"$LISTS/unfinished" >"$PARTS/count.unfinished migrations"
while read -r name; do
  echo "Repository $name is left out: its migration goes on, or has failed."
done <"$LISTS/unfinished"
gone=$(awk -F '\t' '$1 == "repositories" { print $2; exit }' "$LISTS/deleted")
# What is left of it in the dump cannot be opened, and its name is taken.
[ -z "$gone" ] || fail "Repository $gone was deleted or renamed during the run: run again."

run "$STEP_SECONDS" find . -type f -exec stat -c '%s %n' {} + >"$LISTS/files" 2>"$TMP/errors" ||
  fail "The copy could not be listed: $(why "$TMP/errors")"

# Of a folder in a bucket the names begin without a dot.
lfs_place=
lfs_folder=
: >"$LISTS/hashes"
for described; do
  kind=${described%%=*}
  place=${described#*=}
  known=${place%%=*}
  place=${place#*=}
  folder=${place#*=}
  place=${place%%=*}
  doing="comparing $kind"
  grep "^$kind	" "$LISTS/expected" >"$LISTS/kind" || [ $? -eq 1 ]
  count=$(wc -l <"$LISTS/kind")
  case $place in
  unseen)
    echo "$count" >"$PARTS/count.$kind in a bucket, not compared"
    continue
    ;;
  bucket) there=$LISTS/bucket path=$folder where="$folder of the bucket" ;;
  *) there=$LISTS/files path=./$folder where=$folder ;;
  esac
  [ "$kind" != 'LFS objects' ] || lfs_place=$there lfs_folder=$path
  # A repository is a folder, which has a HEAD.
  suffix=
  [ "$kind" != repositories ] || suffix=/HEAD
  : >"$LISTS/lost"
  # A size with a plus is the least that a file has.
  wrong=$(awk -F '\t' -v kind="$kind" -v folder="$path/" -v suffix="$suffix" -v known="$known" -v lost="$LISTS/lost" '
    FILENAME == ARGV[1] { space = index($0, " "); size[substr($0, space + 1)] = substr($0, 1, space - 1); next }
    { path = folder $2 suffix }
    !(path in size) { if (!missing++) lacking = $2; print $2 >lost; next }
    $3 == "" || size[path] + 0 == $3 + 0 || ($3 ~ /[+]$/ && size[path] + 0 > $3 + 0) { next }
    { if (!differing++) other = $2 " with " size[path] " bytes instead of " $3 + 0; print $2 >lost }
    END {
      if (missing + differing <= known) exit
      if (missing) said = missing " are not there, " lacking " among them"
      if (differing) said = said (missing ? ", and " : "") differing " have another size, " other " among them"
      print said (suffix != "" ? "" : \
        ". If nobody can bring them back, say knownLosses: { \047" kind "\047: " missing + differing " }")
    }
  ' "$there" "$LISTS/kind")
  [ -z "$wrong" ] ||
    fail "Of $count $kind that the database names, in $where $wrong."
  lost=$(wc -l <"$LISTS/lost")
  [ "$lost" -eq 0 ] || echo "$lost" >"$PARTS/count.$kind without a file"
  echo "$count" >"$PARTS/count.$kind"
  # Content is read of what this run has copied.
  [ "$place" = volume ] || continue
  awk -F '\t' -v folder="$path/" '
    FILENAME == ARGV[1] { lost[$0] = 1; next }
    $4 != "" && !($2 in lost) { print $4 "  " folder $2 }
  ' "$LISTS/lost" "$LISTS/kind" >>"$LISTS/hashes"
done

# describe_ref REPOSITORY/refs/…: leaves in $ref how people call it, and in $kind what Gitea's dashboard can sync.
describe_ref() {
  repository=${1%%/refs/*}
  ref=${1#"$repository/refs/"}
  case $ref in
  heads/*) kind=branches ref="branch ${ref#heads/}" ;;
  *) kind=tags ref="tag ${ref#tags/}" ;;
  esac
}

doing='comparing branches and tags'
# One that the database names before and after the copy was there meanwhile, whatever was pushed or deleted.
for kind in branches tags; do
  grep "^$kind	" "$LISTS/expected" >"$LISTS/$kind" || [ $? -eq 1 ]
  wc -l <"$LISTS/$kind" >"$PARTS/count.$kind"
done
lacking=$(awk -F '\t' 'FILENAME == ARGV[1] { there[$0] = 1; next } !($2 in there) { print $2; exit }' \
  "$SCRATCH/refs" "$LISTS/branches" "$LISTS/tags")
if [ -n "$lacking" ]; then
  describe_ref "$lacking"
  fail "Repository $repository has no $ref, which the database names: refs were lost. If they were removed without Gitea, let it sync its $kind: Site Administration, Dashboard."
fi

doing='comparing commits'
# One that was the same before and after was pushed before the dump, and what was pushed over git keeps for two weeks.
awk 'FILENAME == ARGV[1] { left[$0] = 1; next } $0 in left' "$LISTS/left.rows" "$LISTS/branches" "$LISTS/tags" \
  >"$LISTS/settled"
lacking=$(awk -F '\t' '
  FILENAME == ARGV[1] { absent[$0] = 1; next }
  { name = substr($2, 1, index($2, ".git/refs/") + 3) }
  (name "\t" $4) in absent { print $2 "\t" $4; exit }
' "$SCRATCH/absent" "$LISTS/settled")
if [ -n "$lacking" ]; then
  describe_ref "${lacking%	*}"
  fail "Repository $repository does not have commit ${lacking##*	}, which the database names for $ref: the folder of the repository is older than the database, so bring back a newer one. If it is as it should be, let Gitea sync its $kind: Site Administration, Dashboard."
fi

doing='looking for what has lost all refs'
lacking=$(awk -F '\t' '
  FILENAME == ARGV[1] { refs[$1] = $2; next }
  $1 == "repositories with content" && refs[$2] == 0 { print $2; exit }
' "$SCRATCH/repositories" "$LISTS/expected")
[ -z "$lacking" ] ||
  fail "Repository $lacking has no branch, no tag and no other ref, and the database says that it is not empty: its refs were lost. If it is as it should be, delete it in Gitea, or push to it."
lacking=$(awk -F '\t' '
  FILENAME == ARGV[1] { refs[$1] = $2; next }
  $1 != "repositories" { next }
  { sub(/git$/, "wiki.git", $2) }
  $2 in refs && refs[$2] == 0 { print $2; exit }
' "$SCRATCH/repositories" "$LISTS/expected")
# Gitea makes one where somebody has asked for it over SSH (routers/private/serv.go).
[ -z "$lacking" ] ||
  fail "The wiki $lacking has no refs: they were lost. If it never had a page, remove that folder from the volume."

doing='comparing with the last copy'
grep -o '"refs of wiki [0-9]*"' "$PARTS/previous" >"$LISTS/wikis-before" 2>/dev/null || true
: >"$LISTS/wikis"
lacking=$(awk -F '\t' -v wikis="$LISTS/wikis" '
  FILENAME == ARGV[1] { refs[$1] = $2; next }
  FILENAME == ARGV[2] { before[$0] = 1; next }
  $1 != "enabled wikis" { next }
  { key = "refs of wiki " $4 }
  refs[$2] > 0 { print refs[$2] "\t" key >wikis; next }
  ("\"" key "\"") in before && !lost { lost = $2 }
  END { print lost }
' "$SCRATCH/repositories" "$LISTS/wikis-before" "$LISTS/expected")
[ -z "$lacking" ] || [ "$SMALLEST_PERCENT" -eq 0 ] ||
  fail "The wiki $lacking is gone, and the last copy had it: $MEANT."
while IFS="$(printf '\t')" read -r refs key; do
  echo "$refs" >"$PARTS/count.$key"
done <"$LISTS/wikis"
for counted in 'git repositories checked' 'git refs'; do
  now=$(cat "$PARTS/count.$counted")
  before=$(previously_counted "$counted")
  ! is_shrunk "$now" "$before" || fail "There are $now $counted, and at the last copy there were $before: $MEANT."
done

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
if [ -n "$lfs_place" ]; then
  awk -v folder="$lfs_folder/" '
    FILENAME == ARGV[1] { there[substr($0, index($0, " ") + 1)] = 1; next }
    !(folder substr($0, 1, 2) "/" substr($0, 3, 2) "/" substr($0, 5) in there)
  ' "$lfs_place" "$LISTS/pointers" >"$LISTS/dangling"
  wc -l <"$LISTS/dangling" >"$PARTS/count.LFS pointers without an object"
fi

wc -l <"$LISTS/deleted" >"$PARTS/count.deleted during the run"
# So that whoever restores knows which rows have no file.
[ ! -s "$LISTS/deleted" ] || cp "$LISTS/deleted" "$DATA/deleted-during-the-run.tsv"
