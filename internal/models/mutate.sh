#!/usr/bin/env bash
# Breaks the operator on purpose, in one place at a time, and runs the tests of
# internal/models with each mutant. At least one test must fail for each mutant.
# The script changes no file of the repository.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
only=${1-} # run the mutants with this in their name

# mutant NAME FILE OLD NEW runs the tests with OLD replaced by NEW in FILE. The
# build tag selects the kernel's Go code, so that its mutants run.
mutant() {
	[[ $1 == *${only-}* ]] || return 0
	local name=$1 file=$2 old=$3 new=$4 source output
	source=$(<"$file")
	if [[ $source != *"$old"* ]]; then
		echo "STALE     $name: $file no longer contains $old"
		bad=1
		return
	fi
	printf '%s\n' "${source//"$old"/"$new"}" >"$work/mutant.go"
	printf '{"Replace": {"%s": "%s"}}\n' "$PWD/$file" "$work/mutant.go" >"$work/overlay.json"
	if ! go build -tags purego -overlay "$work/overlay.json" .; then
		echo "BROKEN    $name: doesn't compile"
		bad=1
	elif output=$(go test -timeout 2m -tags purego -overlay "$work/overlay.json" ./internal/models 2>&1); then
		echo "SURVIVED  $name"
		bad=1
	else
		echo "caught    $name, by $(grep -oP '(?<=^--- FAIL: )\w+|^panic: .{40}' <<<"$output" | head -12 | paste -sd ' ')"
	fi
}

go test -tags purego ./internal/models # the tests must pass without a mutant

echo "Slope"
mutant "alpha rounded to too few digits" do.go 'alpha: T(op.alpha)' 'alpha: T(float32(op.alpha))'
mutant "alpha of the gradient is 1" op.go 'kind: backward, alpha: op.alpha' 'kind: backward, alpha: 1'
mutant "the derivative of x² in place of x's" do.go 'l.g = l.x' 'l.g = l.x; l.alpha *= l.alpha'

echo "Comparison"
mutant "x ≥ 0" internal/kernel/generic.go 'if x > 0' 'if x >= 0'
mutant "x > 0 the wrong way round" internal/kernel/generic.go 'results[positive&1]' 'results[1-positive&1]'

echo "Aliasing"
mutant "in place always" inplace.go 'n == nil || !mayOverwrite(n)' 'n == nil'
mutant "in place as if every operator owned its result" memory.go 'return ownsResult[name]' 'return true || ownsResult[name]'
mutant "in place after Dropout" memory.go '"readOp": ' '"dropoutOp": true, "readOp": '
mutant "in place next to readers that share memory" inplace.go '&& !owns(m)' '&& !owns(m) && false'
mutant "in place over a result that shares memory" inplace.go '!owns(o)' 'false'
mutant "in place in a Set" inplace.go '|| inSet(n)' ''
mutant "the sign from a result that a Set overwrites" memory.go 'overwritesLive(m) == j ||' ''
mutant "the sign from a node that another node overwrites" diff.go 'by == nil' 'by == nil || true'

echo "Hash"
mutant "without alpha" op.go ' %s alpha=%016x", op.name, math.Float64bits(op.alpha))' ' %s", op.name)'
mutant "alpha to three digits" op.go 'alpha=%016x", op.name, math.Float64bits(op.alpha))' 'alpha=%.3f", op.name, op.alpha)'

echo "Differentiation"
mutant "DoDiff replaces the gradient" do.go 'add: true' 'add: false'
exit $bad
