#!/bin/sh
# Tunes the danger model: training in an environment of its own, thresholds in the service's.
set -eu
cd "$(dirname "$0")/.."
tune=.venvs/tune/bin
if ! [ -f .venvs/tune/ready ]; then
    python3.11 -m venv --clear .venvs/tune
    grep -v '^gt-all' requirements/tune.in > .venvs/tune/needed.txt
    "$tune/pip" install --quiet -r .venvs/tune/needed.txt
    "$tune/pip" install --quiet --no-deps "$(sed -n 's/^\(gt-all[^ ]*\).*/\1/p' requirements/tune.in)"
    touch .venvs/tune/ready
fi
weights=$(dirname "$(find .venvs/tune -name model.safetensors | head -n 1)")
"$tune/python" -m safeguarding.tuning --weights "$weights" --half
"$tune/python" -m safeguarding.tuning --weights "$weights" --half --onward --epochs 3
"$tune/python" -m safeguarding.tuning --weights "$weights" --half --further
.venvs/service/bin/python -m safeguarding.tuning.calibrate --weights "$weights"
