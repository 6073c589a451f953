# How many instructions a thread issues in one round of a kernel's longest loop. Reads what `cuobjdump -sass` prints.
#
#   awk -f common/cuda/issued.awk -v kernel=ILi64ELb1E -v taken="0 1 0 1 15" flash.sass
#
# kernel: a part of the function's name. taken: for each conditional branch, in the order in which the round meets it for
# the first time, how often it is taken before it is not; a loop's last branch is taken once less than the loop runs.
# Where `taken` ends, the next branch is shown. Counts are from one barrier to the next.

/Function :/ { inside = index($0, kernel) > 0 }

inside && match($0, /\/\*[0-9a-f]+\*\//) && /;/ {
  address = substr($0, RSTART + 2, RLENGTH - 4)
  sub(/^0+/, "", address)
  text = substr($0, RSTART + RLENGTH)
  sub(/;.*/, "", text)
  sub(/^ +/, "", text)
  at["0x" address] = ++n
  where[n] = "0x" address
  code[n] = text
}

# The instruction that a branch goes to, or 0.
function target(text) {
  return text ~ /(^| )BRA/ && match(text, /0x[0-9a-f]+/) ? at[substr(text, RSTART, RLENGTH)] : 0
}

function tell(what) {
  printf "%-26s %5d instructions, of them %4d FFMA, %3d LDS, %2d STS\n", what, issued, kind["FFMA"], kind["LDS"], kind["STS"]
}

END {
  for (i = 1; i <= n; ++i)
    if ((to = target(code[i])) && to < i && i - to > last - first) {
      first = to
      last = i
    }
  given = split(taken, count, " ")
  for (i = first; i; i = next_one) {
    ++issued
    ++sum
    text = code[i]
    sub(/^@[!UPT0-9]+ +/, "", text)
    split(text, word, /[. ]/)
    ++kind[word[1]]
    total[word[1]] += 1
    if (word[1] == "BAR" || i == last) {
      tell((word[1] == "BAR" ? "to the barrier at " : "to the end at ") where[i])
      issued = 0
      for (name in kind) kind[name] = 0
    }
    if (i == last) break
    next_one = i + 1
    if (!(to = target(code[i]))) continue
    if (code[i] ~ /^@/ && !(i in turns)) {
      if (++asked > given) {
        print "how often is this branch taken?  " where[i] "  " code[i]
        exit 1
      }
      turns[i] = left[i] = count[asked]
    }
    if (code[i] !~ /^@/ || left[i]-- > 0) next_one = to
    else left[i] = turns[i]
  }
  for (name in total) kind[name] = total[name]
  issued = sum
  tell("all")
}
