"""Lints and renders a chart with Helm's own code, as `helm lint --strict` and `helm template` do.

Reads one JSON object (chart, values, name, namespace) and prints one
(lint, manifests, error); test/support/deploy/chart.ts runs it.
"""
import json
import sys

import helm_python as helm

asked = json.load(sys.stdin)
answer = {"lint": [], "manifests": {}, "error": None}
lint = helm.lint(asked["chart"], asked["values"], strict=True, namespace=asked["namespace"])
answer["lint"] = lint["messages"] + [{"severity": 3, "error": error} for error in lint["errors"]]
try:
    with helm.Chart.load(asked["chart"]) as chart:
        chart.validate_schema(asked["values"])
        answer["manifests"] = chart.render(asked["values"], name=asked["name"], namespace=asked["namespace"])
except helm.HelmError as error:
    answer["error"] = str(error)
print(json.dumps(answer))
