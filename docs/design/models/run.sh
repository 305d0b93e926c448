#!/bin/bash
# Runs every configuration of lane.pml and credit.pml, mutants included.  One line each:
#   ok|FAIL  states  seconds  what was seen  model  options
# Fails when a good configuration errs or does not finish, or when a mutant is not caught by an assertion.
# Needs spin 6.5 and gcc; uses one core and at most MEM megabytes (default 7500).  Arguments: only lines that contain them all.
set -u
here=$(cd "$(dirname "$0")" && pwd)
MEM=${MEM:-7500}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
bad=0; n=0; total=0; t0=$SECONDS

one() { # good|caught  model  options...
  local want=$1 model=$2; shift 2
  local line="$want $model $*" a
  for a in "${only[@]}"; do [[ "$line" == *"$a"* ]] || return 0; done
  n=$((n+1)); local start=$SECONDS seen states verdict=FAIL w=25 opt=-O2
  [ "$want" = caught ] && { w=22; opt=-O1; }
  ( cd "$tmp" && rm -f pan* out *.trail && spin -a "$@" "$here/$model.pml" >spin.out 2>&1 &&
    gcc $opt -w -DSAFETY -DCOLLAPSE -DNO_RESIZE -DMEMLIM="$MEM" -DVECTORSZ=4096 -o pan pan.c &&
    timeout 600 nice -n 10 ./pan -E -m200000 -w$w >out 2>&1 )
  local rc=$?
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$tmp/out" 2>/dev/null | head -1)
  if   [ $rc -ne 0 ]; then seen="did not finish (rc $rc)"
  elif grep -q 'assertion violated' "$tmp/out"; then seen="assertion violated"
  elif grep -q '^pan:1:' "$tmp/out"; then seen="model error"
  elif grep -q 'max search depth too small\|MEMLIM bound\|Search not completed' "$tmp/out"; then seen="not exhaustive"
  elif grep -q 'errors: 0' "$tmp/out"; then seen="no error, exhaustive"
  else seen="no result"; fi
  [ "$want" = good ]   && [ "$seen" = "no error, exhaustive" ] && verdict=ok
  [ "$want" = caught ] && [ "$seen" = "assertion violated" ] && verdict=ok
  [ $verdict = ok ] || bad=$((bad+1))
  printf '%-4s %14s %4ss  %-22s %s\n' "$verdict" "${states:--}" $((SECONDS-start)) "$seen" "$line"
}
only=("$@")

CONFIGS

echo "$n configurations, $bad failed, $((SECONDS-t0)) s"
[ $bad -eq 0 ]
