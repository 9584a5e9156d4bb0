#!/bin/sh
# Runs an experiment at its quick size; its tables, pictures and CSV files must hold something.
# usage: check_experiment.sh SCRIPT OUT      CURVES, FROZENLAKE: the programs; ARQ_PLUGIN_PATH: the games
set -eu
rm -f "$2"*.csv "$2"*.svg
OUT=$2 "$1" quick
found=0
for csv in "$2"*.csv; do
    lines=$(wc -l < "$csv")
    if [ "$lines" -lt 4 ]; then
        echo "$csv holds $lines lines"
        exit 1
    fi
    grep -q '<polyline' "${csv%.csv}.svg"
    grep -q '</svg>' "${csv%.csv}.svg"
    found=$((found + 1))
done
echo "$found files of each kind"
