import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Manifest } from './chart.ts'
import type { DeployTools } from './tools.ts'

/**
 * What the API of a Kubernetes version would refuse in a manifest: wrong types
 * and, since the schemas are strict, fields that do not exist. Null for a kind
 * that Kubernetes itself does not have.
 */
export function kubernetesProblems(
  { kubernetes_schemas }: DeployTools,
  version: string,
): (manifest: Manifest) => string[] | null {
  const directory = join(kubernetes_schemas, `v${version}.0-local-strict`)
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(directory, name), 'utf8'))
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(read('_definitions.json'), '/api/_definitions.json')
  return (manifest) => {
    const [group = '', apiVersion] = manifest.apiVersion.split('/')
    const name = [manifest.kind, group.split('.')[0], apiVersion].filter(Boolean).join('-').toLowerCase()
    const file = `${name}.json`
    if (!existsSync(join(directory, file))) return null
    const validate = ajv.getSchema(file) ?? ajv.addSchema(read(file), file).getSchema(file)
    if (!validate) throw new Error(`${file} is no schema`)
    if (validate(manifest)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    )
  }
}
