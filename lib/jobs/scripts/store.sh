# shellcheck shell=sh
# shellcheck disable=SC2034 # for those who read it
# What the scripts share that mirror the store of another tool. Its objects are of layers, each of which points to objects
# of the layers below it: entries for backups to what they are made of, and so on down to data. An object is of the first
# layer whose pattern in $LAYERS matches its name, and of the lowest when none does; what $LEFT_OUT matches is of none.

# How many layers there are.
depth=$(($(printf '%s\n' "$LAYERS" | wc -w) + 1))

# of_layer N FILE: the lines of a list whose objects are of a layer, 1 for the highest.
of_layer() {
  wanted=$1 awk '
    BEGIN { n = split(ENVIRON["LAYERS"], patterns, " "); left_out = ENVIRON["LEFT_OUT"] }
    {
      name = $0
      sub(/^[^;]*;[^;]*;/, "", name)
      if (left_out != "" && name ~ left_out) next
      layer = n + 1
      for (i = 1; i <= n; i++) if (name ~ patterns[i]) { layer = i; break }
      if (layer == ENVIRON["wanted"]) print
    }' "$2"
}

# named_in NAMES FILE: the lines of a list whose objects have one of these names.
named_in() {
  awk '
    NR == FNR { names[$0] = 1; next }
    { name = $0; sub(/^[^;]*;[^;]*;/, "", name); if (name in names) print }' "$1" "$2"
}
