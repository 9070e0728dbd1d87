import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Config } from '../../../services/config.ts'
import { parseAddress } from '../../../services/scoring/enrich/address.ts'
import { readNetworksFile } from '../../../services/scoring/enrich/networks-file.ts'
import { ROOT, readText } from '../../support/deploy/files.ts'
import { configOf } from '../../support/deploy/workload.ts'

/** The file with every suggestion taken: a commented line that reads as YAML loses its mark. */
function withSuggestions(file: string): string {
  return file.replaceAll(/^( *)# ((?: *)(?:- \{|[a-z_]+:).*)$/gm, '$1$2')
}

const load = (config_text: string) => configOf({ name: '', command: [], env: {}, config_text })

describe.each(['deploy/gatewatch.yaml', 'deploy/gatewatch.cluster.yaml'])('%s', (path) => {
  const text = readText(path)

  it('is a valid configuration as it stands', () => {
    expect(load(text).tenant).toBe('default')
  })

  it('is one with every suggestion taken too', () => {
    const suggested = withSuggestions(text)
    expect(suggested).not.toBe(text)
    expect(load(suggested)).toMatchObject({
      gateway: { oidc: { client_id: 'gatewatch' }, listen: { tls: {} } },
      feedback: { alerts: { alertmanager: { urls: expect.arrayContaining([expect.any(String)]) } } },
    })
  })

  it('suggests nothing that is the same without it', () => {
    expect(load(withSuggestions(text))).not.toEqual(load(text))
  })
})

describe('deploy/gatewatch.yaml', () => {
  it('names a policy that is there', () => {
    const { gateway } = Config.parse(parse(readText('deploy/gatewatch.yaml')))
    expect(existsSync(`${ROOT}${gateway.policy_file}`)).toBe(true)
  })

  it('shows a live source of each kind', () => {
    const { collector } = load(withSuggestions(readText('deploy/gatewatch.yaml')))
    expect(new Set(collector.sources.map(({ kind }) => kind))).toEqual(
      new Set(['file', 'http', 'syslog', 'grpc-als', 'kafka', 'okta', 'entra']),
    )
  })

  it('names an example of known networks that can be read', () => {
    const networkOf = readNetworksFile(`${ROOT}deploy/networks.yaml`)
    const kinds = ['192.0.2.1', '203.0.113.7', '203.0.113.200'].map((ip) => {
      const address = parseAddress(ip)
      return address === null ? null : networkOf(address)?.network_kind
    })
    expect(kinds).toEqual(['access', 'inflight', 'relay'])
  })
})

describe('deploy/gatewatch.cluster.yaml', () => {
  const config = load(readText('deploy/gatewatch.cluster.yaml'))

  it('is for Kafka and a ClickHouse server, over TLS, with secrets in files', () => {
    expect(config.kafka).toMatchObject({ ssl: { ca_file: expect.any(String) }, replication_factor: 3 })
    expect(config.kafka?.sasl?.password_file).toBeDefined()
    expect(new URL(config.clickhouse.url ?? '').protocol).toBe('https:')
    expect(config.clickhouse.password_file).toBeDefined()
    for (const { tls } of [config.gateway.listen, config.gateway.decision_point, config.feedback])
      expect(tls).toBeDefined()
  })

  it('denies when the spool is full', () => {
    expect(config.gateway.spool.when_full).toBe('deny')
  })
})
