#!/bin/bash
# Everything of `./workbook gpu` but the GPU: packs, unpacks where there are no development packages, runs every phase in
# the simulator, lets stand-ins answer for NVIDIA's tools, and keeps what they said.
#   rehearsal_test.sh BUILD_FOLDER
set -euo pipefail
cd "$(dirname "$0")/../../.."
root=$PWD
stand_ins=$root/common/gpu/tests/stand_ins
export WORKBOOK_BUILD_DIR=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# expect CODE WHAT COMMAND...: that exit code, and those words among what it says
expect() {
  local code=$1 what=$2 said rc=0
  shift 2
  said=$("$@" 2>&1) || rc=$?
  [ "$rc" = "$code" ] || fail "expected exit code $code of $*, found $rc: $said"
  [[ $said == *"$what"* ]] || fail "expected \"$what\" of $*, found: $said"
}

# check EXPRESSION: in Python, with the JSON files of $work/results by name
check() {
  python3 - "$work/results" "$1" <<'PYTHON' || fail "expected $1"
import glob, json, os, sys
files = {os.path.basename(f)[:-5]: json.load(open(f)) for f in glob.glob(sys.argv[1] + "/*.json")}
sys.exit(not eval(sys.argv[2], {}, files))
PYTHON
}

if ! PATH=$PATH:/usr/local/cuda/bin command -v nvcc >/dev/null; then
  expect 15 "expected nvcc" ./workbook gpu pack
  echo "skipped: nothing can be packed without nvcc"
  exit 77
fi

# From what selftest has built, for the processor it was configured for: nothing is built twice.
architecture=$(sed -n 's/^WORKBOOK_GPU_ARCHITECTURE:STRING=//p' "$WORKBOOK_BUILD_DIR/CMakeCache.txt")
WORKBOOK_GPU_BUILD_DIR=$WORKBOOK_BUILD_DIR ./workbook gpu pack --output "$work/pack" --architecture "$architecture"
ninja -C "$WORKBOOK_BUILD_DIR" gpu >"$work/log" || fail "nvcc refuses something: $(tail -n 30 "$work/log")"
size=$(stat -c %s "$work/pack/pack.tar.xz")
[ "$size" -lt $((40 << 20)) ] || fail "expected a pack below 40 MiB, found $size bytes"
expect 2 "earlier pack" ./workbook gpu pack --output "$root/lessons"
expect 2 "expected gpu pack, run or keep" ./workbook gpu fly

# A machine without compilers, headers and this workbook.
clean=(bwrap --ro-bind / / --tmpfs /usr/include --tmpfs /usr/local --tmpfs "$root" --dev /dev --proc /proc
  --bind "$work" "$work" --unshare-net --chdir "$work" --setenv PATH /usr/bin:/bin)
case $WORKBOOK_BUILD_DIR in "$root"/*) ;; *) clean+=(--tmpfs "$WORKBOOK_BUILD_DIR") ;; esac
for library in /usr/lib/*/lib{boost_context,fmt}.so*; do
  if [ ! -L "$library" ]; then clean+=(--ro-bind /dev/null "$library"); fi
done
run=(python3 "$work/pack/run.py" --results "$work/results")
expect 2 "expected phases of facts" "${run[@]}" --phases flying
if [ ! -e /dev/nvidiactl ] && [ ! -e /dev/dxg ]; then
  expect 15 "There is no GPU here" "${run[@]}"
  expect 15 "This machine has no GPU" ./workbook gpu run
fi
expect 0 "0 things are not as expected" "${clean[@]}" "${run[@]}" --rehearse
check "facts['rehearsal'] and facts['context']['rc'] == 0 and facts['cublas'] == 'not found'"
check "len(solutions) == 8 and all(s['one_process']['verdict'] == 'passed' for s in solutions)"
check "all(s['process_per_test']['verdict'] == 'passed' for s in solutions)"
check "any(t['verified'] == 'values' for s in solutions for t in s['process_per_test']['tests'])"
check "sum(m['expected'] for m in mistakes) > 8 and all(m['caught'] for m in mistakes if m['expected'])"
check "{c['problem'].split(';')[0] for c in benchmark['cases']} == {'there is no GPU'}"
check "counts['problem'] and sanitizer['problem']"
[ "$(find "$work/results" -type f | wc -l)" -le 8 ] || fail "expected at most 8 files"
expect 1 "it was a rehearsal" common/gpu/keep.py "$work/results" --root "$work/tree"

# The plugins for a GPU do load; without a driver they say what is wrong with the machine.
cp -r "$stand_ins" "$work/stand_ins"
expect 1 "14_cuda_softmax: not_verifiable_here in one process, not_verifiable_here" \
  "${clean[@]}" --ro-bind /dev/null /dev/nvidiactl --setenv PATH "$work/stand_ins:/usr/bin:/bin" \
  "${run[@]}" --phases facts,solutions
check "all(s['process_per_test']['verdict'] == 'not_verifiable_here' for s in solutions[:4])"
check "any('driver is older' in t['message'] for t in solutions[3]['one_process']['tests'])"


# NVIDIA's tools, as they answer.
mkdir "$work/unpacked"
tar -C "$work/unpacked" -xf "$work/pack/pack.tar.xz"
export STAND_IN_PACK=$work/unpacked/pack
PATH=$stand_ins:$PATH
tools=("${run[@]}" --rehearse --phases "facts,counts,sanitizer")
expect 0 "0 things are not as expected" "${tools[@]}"
check "len(counts['compared']) > 10 and all(c['launches'] and not c['problem'] for c in counts['compared'])"
check "facts['gpu']['name'] == 'Stand-in 9000' and len(sanitizer['runs']) == 32"
check "all(r['tests'] > 0 and ' 0 ' in r['summary'] for r in sanitizer['runs'])"
STAND_IN_ERROR=1 expect 1 "not as expected: memcheck on 14_cuda_softmax" "${tools[@]}"
check "all(c['launches'][0]['measured'] != c['launches'][0]['simulated'] for c in counts['compared'])"
STAND_IN_HANGS=1 expect 1 "did not end within" "${run[@]}" --rehearse --phases counts --limit 2
STAND_IN_INTERRUPTS=1 expect 130 "Interrupted" "${tools[@]}"

# As if it had been a GPU: the page shows it, and must say what the files say.
keep=(common/gpu/keep.py --root "$work/tree")
mkdir -p "$work/tree/docs/results"
expect 0 "not as expected" "${run[@]}" --rehearse
sed -i 's/"rehearsal": true/"rehearsal": false/' "$work/results/facts.json"
expect 0 "Kept in" "${keep[@]}" "$work/results"
expect 0 "" "${keep[@]}" --check
page=$work/tree/docs/results/gpu.md
grep -q "^## Stand-in 9000, " "$page" || fail "expected the card's name in the page"
grep -q "^| 17_cuda_flash | passed: " "$page" || fail "expected verdicts in the page"
hidden=$(sed -n 's/^TEST_CASE("\([^"]*\)".*/\1/p' testcases/14_cuda_softmax/hidden/*.cpp | head -n 1)
grep -q "\"name\": \"$hidden\"" "$work/results/solutions.json" || fail "expected \"$hidden\" in the results"
! grep -rq "$hidden" "$work/tree" || fail "expected hidden tests without their names in what is kept"
expect 0 "</html>" "$WORKBOOK_BUILD_DIR/bin/bench" report "$work/tree"/docs/results/gpu/*/benchmark.json
expect 0 "Kept in" "${keep[@]}" "$work/results"
[ "$(find "$work/tree/docs/results/gpu" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ] || fail "expected both runs to be kept"
sed -i 's/Stand-in 9000/Better card/' "$page"
expect 1 "is not what the files" "${keep[@]}" --check
echo '{' >"$work/results/counts.json"
expect 1 "expected JSON" "${keep[@]}" "$work/results"

# What was carried to compile a lesson again.
python3 - "$STAND_IN_PACK" "$work" <<'PYTHON' || fail "expected to compile and link a solution again"
import argparse, os, sys
sys.path.insert(0, sys.argv[1])
import phases
pack = phases.Run(argparse.Namespace(limit=300, rehearse=True), sys.argv[1], sys.argv[2])
contract = next(c for c in pack.recipe["contracts"] if c["id"] == "14_cuda_softmax")
plugin = f"{sys.argv[1]}/lessons/14_cuda_softmax/solution.gpu.so"
os.remove(plugin)
if not (pack.rebuild(contract) and os.path.exists(plugin)):
    sys.exit(open(pack.commands.log.name).read())
PYTHON
echo "rehearsed"
