import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const { classes, $defs } = JSON.parse(
  readFileSync(new URL('1.8.0.schema.json', import.meta.url), 'utf8'),
) as { classes: Record<string, object>; $defs: object }

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
const checks: ReadonlyMap<string, ValidateFunction> = new Map(
  Object.entries(classes).map(([uid, schema]) => [uid, ajv.compile({ ...schema, $defs })]),
)

/** What OCSF's own schema has against an event, by its class; none: it is well formed. */
export function ocsfMistakes(event: object): string[] {
  const uid = 'class_uid' in event ? String(event.class_uid) : ''
  const check = checks.get(uid)
  if (check === undefined) return [`class ${uid} is not in the schema`]
  check(JSON.parse(JSON.stringify(event)))
  return (check.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath} ${message} ${JSON.stringify(params)}`
  })
}
