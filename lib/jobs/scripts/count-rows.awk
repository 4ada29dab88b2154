# Counts the rows of each table, and large objects, in what `pg_restore --data-only` writes:
#
#     COPY public."my table" (id, text) FROM stdin;
#     1	one
#     \.
#
# A newline inside a value is written as `\n`, so one line is one row. Names may have any character.

in_rows && $0 == "\\." { in_rows = 0; next }
in_rows { rows[table]++; next }

header != "" { header = header "\n" $0 }
header == "" && /^COPY / { header = substr($0, 6) }
header != "" && / FROM stdin;$/ { table = quoted(header); rows[table] += 0; header = ""; in_rows = 1; next }

# PostgreSQL up to 16 writes both lines, later versions only the second, for each large object.
/^SELECT pg_catalog\.lo_open\(/ { objects++ }

END {
  # A dump that ends inside a table is not one that pg_restore accepts, but then it must not pass here either.
  if (in_rows || header != "") exit 1
  for (table in rows) printf "%.0f\t%s\n", rows[table], table
  printf "%.0f\t(large objects)\n", objects
}

# The name at the beginning of a text, with all its parts in quotes: public."my table" is "public"."my table".
function quoted(text,    rest, part) {
  part = identifier(text)
  rest = substr(text, length(written) + 2)
  part = part "." identifier(rest)
  gsub(/\\/, "\\\\&", part)
  gsub(/\n/, "\\n", part)
  gsub(/\t/, "\\t", part)
  return part
}

# The identifier at the beginning of a text in quotes; `written` is how it stood there.
function identifier(text) {
  if (substr(text, 1, 1) == "\"") match(text, /^"([^"]|"")*"/)
  else match(text, /^[^ ."]*/)
  written = substr(text, 1, RLENGTH)
  return substr(written, 1, 1) == "\"" ? written : "\"" written "\""
}
