# The SHA-256 of the objects of LFS that blobs point to, one a line, out of `git cat-file --batch`, which writes a line
# with name, type and size before each blob (git-lfs, docs/spec.md: the version comes first, then extensions, then oid).

NF == 3 && $2 == "blob" { at = "start"; next }
at == "start" { at = $0 == "version https://git-lfs.github.com/spec/v1" ? "pointer" : ""; next }
at == "pointer" && /^oid sha256:/ { print substr($0, 12); at = "" }
at == "pointer" && !/^ext-/ { at = "" }
