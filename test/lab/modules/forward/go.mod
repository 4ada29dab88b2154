module lab/forward

go 1.26.0
