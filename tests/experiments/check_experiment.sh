#!/bin/sh
# Runs an experiment at its quick size; its tables, pictures and CSV files must hold something.
# usage: check_experiment.sh SCRIPT CURVES OUT
set -eu
rm -f "$3"*.csv "$3"*.svg
CURVES=$2 OUT=$3 "$1" quick
for csv in "$3"*.csv; do
    lines=$(wc -l < "$csv")
    if [ "$lines" -lt 4 ]; then
        echo "$csv holds $lines lines"
        exit 1
    fi
    grep -q '<polyline' "${csv%.csv}.svg"
    grep -q '</svg>' "${csv%.csv}.svg"
done
