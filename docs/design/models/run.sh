#!/bin/bash
# Runs every configuration of lane.pml and credit.pml, mutants included.  One line each:
#   ok|FAIL  states  seconds  what was seen  model  options
# Fails when a good configuration errs or does not finish, or when a mutant is not caught by an assertion.
# Needs spin 6.5 and gcc; uses one core and at most MEM megabytes (default 7500).  Arguments: only lines that contain them all.
# LONG=1 adds the configurations that take minutes each.
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

# --- lane.pml, must hold ---
one good lane -DN=2 -DG=1 -DK=2 -DNP=1 -DMAXB=2
one good lane -DN=3 -DG=1 -DK=1 -DNP=1 -DMAXB=2
one good lane -DN=2 -DG=2 -DK=1 -DNP=1 -DMAXB=2 -DF=1
one good lane -DN=2 -DG=1 -DK=1 -DNP=2 -DMAXB=2
one good lane -DN=1 -DG=1 -DK=2 -DNP=2
one good lane -DN=1 -DG=1 -DK=1 -DNP=2 -DF=1
one good lane -DN=2 -DG=0 -DK=2 -DNP=2 -DNR=3 -DNE=1
one good lane -DN=2 -DG=0 -DK=1 -DNP=2 -DNR=2 -DNE=1 -DF=1 -DMAXB=2
one good lane -DN=2 -DG=1 -DK=1 -DNP=2 -DNR=2 -DNE=1 -DF=1
one good lane -DOTHER -DN=1 -DG=2 -DK=1 -DNP=1 -DF=1
one good lane -DDRAIN -DN=1 -DG=1 -DNR=2 -DNE=2 -DK=2
one good lane -DDRAIN -DN=2 -DG=1 -DNR=1 -DNE=1 -DK=2
if [ "${LONG:-0}" = 1 ]; then
one good lane -DOTHER -DN=1 -DG=1 -DK=1 -DNP=2
one good lane -DOTHER -DN=1 -DG=2 -DK=2 -DNP=1
one good lane -DN=1 -DG=1 -DK=2 -DNP=2 -DNR=3 -DNE=1
one good lane -DDRAIN -DN=2 -DG=1 -DNR=1 -DNE=1 -DK=2 -DNP=2
fi
# --- lane.pml, mutants ---
one caught lane -DM_LINKEARLY -DN=2 -DG=2 -DK=2
one caught lane -DM_HEADFIRST -DN=2 -DG=1 -DK=0
one caught lane -DM_DELIVERFIRST -DN=2 -DG=2 -DK=2
one caught lane -DM_FREEFIRST -DN=2 -DG=2 -DK=2
one caught lane -DM_LEASEFIRST -DN=2 -DG=2 -DK=2
one caught lane -DM_STAMP -DN=2 -DG=2 -DK=2
one caught lane -DM_TAILFIRST -DN=2 -DG=2 -DK=2
one caught lane -DM_FIELDSLATE -DN=2 -DG=2 -DK=2
one caught lane -DM_INTENTLATE -DN=2 -DG=2 -DK=2
one caught lane -DM_TAKENLATE -DN=2 -DG=2 -DK=2
one caught lane -DM_GENLATE -DOTHER -DN=1 -DG=2 -DK=1
one caught lane -DM_NOGEN -DN=2 -DG=0 -DK=2 -DNP=2 -DNR=3 -DNE=1
one caught lane -DM_NOVALID -DN=2 -DG=0 -DK=1 -DNP=2 -DNR=2 -DNE=1
one caught lane -DM_LEASECHECK -DN=2 -DG=0 -DK=2 -DNP=2 -DNR=3 -DNE=1
one caught lane -DM_ADD -DN=2 -DG=0 -DK=1 -DNP=2 -DNR=2 -DNE=1
# --- credit.pml, must hold ---
one good credit -DM=2
one good credit -DM=2 -DK=1
one good credit -DM=2 -DTRYFULL
one good credit -DM=2 -DLIMITFIRST
one good credit -DM=2 -DF=1 -DAGENT
one good credit -DM=1 -DBYTES -DCAPB=2 -DK=1
one good credit -DM=1 -DBYTES -DCAPB=2 -DK=2
one good credit -DM=1 -DBYTES -DCAPB=2 -DK=1 -DF=1 -DAGENT
one good credit -DM=1 -DONELANE -DCAPM=1 -DK=1 -DNP=2
one good credit -DM=2 -DBATCH
one good credit -DM=2 -DBATCH -DBYTES -DCAPB=2
one good credit -DM=2 -DBATCH -DF=1 -DAGENT
one good credit -DM=1 -DNS=3 -DCAPM=1 -DK=1 -DNOEARLY
one good credit -DM=1 -DNS=3 -DCAPM=1 -DSETTLE2
if [ "${LONG:-0}" = 1 ]; then
one good credit -DM=1 -DONELANE -DCAPM=1 -DK=1 -DNP=2 -DSETTLE2
one good credit -DM=1 -DNS=3 -DCAPM=1 -DK=1
one good credit -DM=1 -DBYTES -DCAPB=2 -DK=1 -DNP=2
fi
# --- credit.pml, mutants ---
one caught credit -DM_NOTAG -DM=1
one caught credit -DM_NOREREAD -DM=2
one caught credit -DM_MSGONLY -DM=1 -DBYTES
one caught credit -DM_NO2ND -DM=2
one caught credit -DM_NORING -DM=2
one caught credit -DM=1 -DCAPM=1 -DF=1
one caught credit -DM_SENTLATE -DM=1 -DK=1
one caught credit -DM_NOVCHECK -DM=2 -DTRYFULL
one caught credit -DM_LIMITFIRST -DM=2
one caught credit -DM_NOLANEVAL -DM=1 -DONELANE -DCAPM=1 -DK=1 -DNP=2
one caught credit -DM_SETTLENOVAL -DM=1 -DONELANE -DCAPM=1 -DSETTLE2
one caught credit -DM_SETTLENOHELP -DM=1 -DONELANE -DCAPM=1 -DK=1

echo "$n configurations, $bad failed, $((SECONDS-t0)) s"
[ $bad -eq 0 ]
